"""Time-respecting search: against a search that tries every walk, and over instants that are parted by no cut."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from keii.trace import path
from keii.trace.path import ALWAYS, NEVER, Graph, graph, reached, sources


def _slow_reached(edges: Graph, seeds: dict[int, int]) -> list[int]:
    arrival = [seeds.get(host, NEVER) for host in range(edges.hosts)]
    changed = True
    while changed:
        changed = False
        for src, dst, when in zip(edges.source.tolist(), edges.target.tolist(), edges.time.tolist(), strict=True):
            if arrival[src] <= when < arrival[dst]:
                arrival[dst], changed = when, True
    return arrival


def _slow_sources(edges: Graph, seeds: dict[int, int]) -> list[int]:
    departure = [seeds.get(host, ALWAYS) for host in range(edges.hosts)]
    changed = True
    while changed:
        changed = False
        for src, dst, when in zip(edges.source.tolist(), edges.target.tolist(), edges.time.tolist(), strict=True):
            if departure[dst] >= when > departure[src]:
                departure[src], changed = when, True
    return departure


@pytest.mark.parametrize("block", [8, path._BLOCK])
@pytest.mark.parametrize("seed", range(40))
def test_equals_the_slow_search(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Tiny blocks and few rounds lead through every way of settling a block.
    monkeypatch.setattr(path, "_BLOCK", block)
    monkeypatch.setattr(path, "_ROUNDS", 2 if block == 8 else path._ROUNDS)
    dice = np.random.default_rng(seed)
    hosts, count = int(dice.integers(2, 30)), int(dice.integers(1, 400))
    edges = graph(
        dice.integers(0, hosts, count),
        dice.integers(0, hosts, count),
        dice.integers(0, int(dice.integers(1, 200)), count),
        hosts,
    )
    seeds = {int(host): int(dice.integers(0, 150)) for host in dice.integers(0, hosts, 2)}
    assert reached(edges, seeds).tolist() == _slow_reached(edges, seeds)
    assert sources(edges, seeds).tolist() == _slow_sources(edges, seeds)


def test_a_long_chain_is_walked_in_one_instant_and_in_order() -> None:
    many = 3_000
    order = np.random.default_rng(1).permutation(many - 1)
    at_once = graph(order, order + 1, np.zeros(many - 1, np.int64), many)
    assert (reached(at_once, {0: 0}) == 0).all()
    in_order = graph(np.arange(many - 1), np.arange(1, many), np.arange(many - 1), many)
    assert reached(in_order, {0: 0}).tolist() == [0, *range(many - 1)]
    assert sources(in_order, {many - 1: many}).tolist() == [*range(many - 1), many]


def _shapes() -> dict[str, Graph]:
    """Return the shapes that a search by rounds is slowest on."""
    dice = np.random.default_rng(2)
    count = 400_000
    order = np.arange(count)
    ends = dice.integers(0, 200_000, (2, count))
    return {
        "chain": graph(order, order + 1, order, count + 1),
        "chain of ties": graph(order, order + 1, order // 3, count + 1),
        "one instant": graph(ends[0], ends[1], np.zeros(count, np.int64), 200_000),
        "two instants after a day": graph(
            ends[0], ends[1], np.where(order < 9, order, 100 + order // 300_000), 200_000
        ),
    }


@pytest.mark.parametrize("name", list(_shapes()))
def test_extreme_shapes_equal_a_walk_step_by_step(name: str) -> None:
    edges = _shapes()[name]
    seed = int(edges.source[0])
    arrival = {seed: 0}
    steps = list(zip(edges.source.tolist(), edges.target.tolist(), edges.time.tolist(), strict=True))
    for when, group in itertools.groupby(steps, key=lambda step: step[2]):
        out: dict[int, list[int]] = {}
        for src, dst, _ in group:
            out.setdefault(src, []).append(dst)
        front = [src for src in out if src in arrival]
        while front:
            for dst in out.pop(front.pop(), ()):
                if dst not in arrival:
                    arrival[dst] = when
                    front.append(dst)
    wanted = np.full(edges.hosts, NEVER)
    wanted[list(arrival)] = list(arrival.values())
    began = time.process_time()
    found = reached(edges, {seed: 0})
    assert (found == wanted).all()
    assert time.process_time() - began < 20  # a hang, no matter of speed


def test_an_edge_before_its_source_is_reached_leads_nowhere() -> None:
    edges = graph([1, 0], [2, 1], [5, 9], 3)
    assert reached(edges, {0: 0}).tolist() == [0, 9, NEVER]
    assert sources(edges, {2: 10}).tolist() == [ALWAYS, 5, 10]


@pytest.mark.slow
def test_ten_million_edges_in_half_a_second() -> None:
    dice = np.random.default_rng(3)
    count, hosts = 10_000_000, 200_000
    edges = graph(dice.integers(0, hosts, count), dice.integers(0, hosts, count), np.arange(count), hosts)
    began = time.process_time()
    reached(edges, {0: 0})
    assert time.process_time() - began < 30  # a hang, no matter of speed; `make bench` measures
