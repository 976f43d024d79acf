"""The score of pairs: against a plain one over lists, and the same for any order and any cut into lots."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.data import load
from keii.lake.store import Lake, write_file
from keii.trace import prune, rhythm
from keii.trace.clocks import apply_clocks
from keii.trace.internal import Networks
from keii.trace.talks import gather_talks
from tests.trace.conftest import batch

_TABLE: dict[str, Any] = {
    "least_check_ins": 4,
    "shortest_interval": 3,
    "regular_from": 0.0,
    "established_weeks": 4,
    "established_within": 3,
    "established_share": 0.9,
}
_Rows = list[tuple[int, int, int]]


def _of_gaps(gaps: list[float]) -> tuple[float, float, float]:
    middle = statistics.median(gaps)
    jitter = statistics.median(abs(gap - middle) for gap in gaps)
    inside = sum(abs(gap - middle) <= middle / 2 for gap in gaps) / len(gaps)
    return middle, jitter, inside * (1 - min(1, jitter / middle))


def _longest_free(hours: set[int]) -> list[int]:
    """Return the hours of the longest stretch of the day without any of ``hours``, the first of equally long ones."""
    best: list[int] = []
    for first in range(24):
        run = list(itertools.takewhile(lambda hour: hour % 24 not in hours, range(first, first + 24)))
        if len(run) > len(best):
            best = run
    return best


def _slow(rows: _Rows) -> dict[int, tuple[int, float, float, float]]:
    told = {}
    for pair in {row[0] for row in rows}:
        stamps = sorted(row[1] for row in rows if row[0] == pair)
        ends = [(a / 1e6, b / 1e6) for a, b in itertools.pairwise(stamps) if b - a >= 3_000_000]
        if len(ends) + 1 < _TABLE["least_check_ins"]:
            continue
        best = _of_gaps([b - a for a, b in ends])
        free = _longest_free({int(b % 86_400 // 3_600) for _, b in ends})
        if len(free) >= 6:
            opens = [b // 86_400 * 86_400 + free[0] * 3_600 for _, b in ends]
            within = [
                b - a
                for (a, b), day in zip(ends, opens, strict=True)
                if not any(a < day + more * 86_400 <= b for more in range(-int((b - a) // 86_400) - 2, 2))
            ]
            enough = len(within) + 1 >= _TABLE["least_check_ins"] and 3 * len(within) >= len(ends)
            if enough and len(within) < len(ends) and _of_gaps(within)[2] > best[2]:
                best = _of_gaps(within)
        told[pair] = (len(ends) + 1, *best)
    return told


def _scored(rows: _Rows) -> dict[int, tuple[float, ...]]:
    connection = duckdb.connect()
    talk = pa.table(
        {
            "client": pa.array([f"10.0.0.{row[0]}" for row in rows], pa.string()),
            "far": pa.array(["203.0.113.9"] * len(rows), pa.string()),
            "occurred": pa.array([row[1] for row in rows], pa.timestamp("us", tz="UTC")),
            "out": pa.array([row[2] for row in rows], pa.int64()),
        }
    )
    connection.register("talk", talk)
    rhythm.score_pairs(connection, _TABLE)
    found = connection.execute("SELECT client, check_ins, interval, jitter, score, steady FROM rhythm").fetchall()
    return {int(row[0].rsplit(".", 1)[1]): row[1:] for row in found}


_ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4_000_000_000), st.integers(0, 50)), min_size=0, max_size=120
)
# Contacts of days, by the quarter of an hour from 8 to 17 o'clock: nights without a contact.
_OFFICE = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(32, 68)), max_size=90).map(
    lambda rows: [(pair, (day * 96 + quarter) * 900_000_000, 9) for pair, day, quarter in rows]
)


@given(st.one_of(_ROWS, _OFFICE), st.randoms(use_true_random=False))
def test_equals_the_plain_score_in_any_order(rows: _Rows, dice: Any) -> None:
    found = _scored(rows)
    wanted = _slow(rows)
    assert found.keys() == wanted.keys()
    for pair, values in wanted.items():
        assert found[pair][:4] == pytest.approx(values)
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert _scored(shuffled) == found


def test_lots_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(4)
    rows = [(pair, int(at), 300) for pair in range(9) for at in np.cumsum(dice.uniform(2e9, 4e9, 20 + pair))]
    whole = _scored(rows)
    monkeypatch.setattr(rhythm, "_LOT", 50)
    monkeypatch.setattr(prune, "_HELD", 60)  # several passes over the contacts
    assert _scored(rows) == whole
    assert len(whole) == 9


def test_what_comes_later_elsewhere_does_not_change_a_score() -> None:
    own = [(1, at * 3_600_000_000, 300) for at in range(40)]
    far_later = [(2, 10**14 + at * 86_400_000_000, 300) for at in range(40)]
    assert _scored(own)[1] == _scored(own + far_later)[1] == (40, 3600.0, 0.0, 1.0, 1.0)


def test_a_pair_with_very_many_contacts_is_thinned_without_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(5)
    check_ins = np.cumsum(dice.uniform(2e7, 4e7, 60)).astype(int)
    # Every check-in is a burst, some longer than the shortest interval.
    rows = [(1, int(at + more), 300) for at in check_ins for more in dice.uniform(0, 5e6, 40)]
    rows += [(2, at * 60_000_000, 300) for at in range(30)]
    whole = _scored(rows)
    monkeypatch.setattr(rhythm, "_LOT", 200)  # the first pair alone fills twelve lots
    assert _scored(rows) == whole
    assert len(whole) == 2


def test_what_is_pruned_is_not_regular(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(6)
    rows: _Rows = []
    for pair in range(60):  # from steady to as a person clicks
        gaps = 3e9 * (1 + dice.uniform(-1, 1, 30) * (pair % 20) / 20) if pair < 40 else dice.exponential(3e9, 30)
        rows += [(pair, int(at), 300) for at in np.cumsum(gaps)]
    monkeypatch.setitem(_TABLE, "regular_from", 0.6)
    whole = _scored(rows)
    assert 10 < len(whole) < 50
    monkeypatch.setattr(rhythm, "_LOT", 50)
    assert _scored(rows) == whole


@pytest.mark.parametrize("period", [1.5, 2, 4])
def test_working_hours_only_are_told_by_what_happens_in_them(period: float) -> None:
    dice = np.random.default_rng(8)
    stamps = np.cumsum(period * 3_600 * (1 + dice.uniform(-0.1, 0.1, 2_000)))
    office = stamps[(stamps % 86_400 >= 9 * 3_600) & (stamps % 86_400 < 18 * 3_600) & (stamps // 86_400 % 7 < 5)]
    person = np.sort(dice.uniform(9 * 3_600, 18 * 3_600, 400) + dice.integers(0, 100, 400) * 86_400)
    rows = [(1, int(at * 1e6), 300) for at in office] + [(2, int(at * 1e6), 300) for at in person]
    found = _scored(rows)
    assert found[1][3] > 0.75
    assert found[1][1] == pytest.approx(period * 3_600, rel=0.1)
    assert found[2][3] < 0.5


_PIECES = st.lists(st.integers(0, 59), max_size=4)


@settings(max_examples=25, deadline=None)
@given(_PIECES, st.integers(-400, 400), st.randoms(use_true_random=False))
def test_the_score_knows_no_file_and_no_calendar(cuts: list[int], days: int, dice: Any) -> None:
    """The same contacts in other files, in another order, on other days, beside others that reach years further."""
    times = [at * 5_400 + at % 7 * 400 for at in range(60)]
    dice.shuffle(order := list(range(60)))
    edges = sorted({0, *cuts, 60})
    since = dt.datetime(2021, 3, 1, tzinfo=dt.UTC)

    def flow(at: float, far: str) -> dict[str, Any]:
        return {
            "occurred": since + dt.timedelta(seconds=at),
            "src_ip": "10.1.0.5",
            "dst_ip": far,
            "dst_port": 443,
            "protocol": "tcp",
        }

    def told(files: list[list[dict[str, Any]]]) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory() as place:
            for number, rows in enumerate(files):
                write_file(Path(place), "network", f"s-{number:04d}", 0, [batch("network", rows)])
            connection = Lake.of_folder(Path(place)).connect(threads=1)
            apply_clocks(connection, ())
            gather_talks(connection, Networks(blocks=("10.0.0.0/8",), inferred=False), load("trace/destinations"))
            rhythm.score_pairs(connection, load("trace/destinations"))
            query = "SELECT check_ins, interval, jitter, score FROM rhythm WHERE far = '203.0.113.9'"
            (row,) = connection.execute(query).fetchall()
            return tuple(row)

    whole = told([[flow(at, "203.0.113.9") for at in times]])
    cut = [
        [flow(times[order[at]] + days * 86_400, "203.0.113.9") for at in range(a, b)]
        for a, b in itertools.pairwise(edges)
    ]
    others = [flow(at * 86_400 * 40, "203.0.113.10") for at in range(30)]
    assert whole[3] > 0.6
    assert told([*cut, others]) == whole
