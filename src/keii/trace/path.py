"""Time-respecting search over steps: who could have been reached when, and from whom a machine could have been entered.

Numpy over blocks of time-ordered steps; within a block the arrival times are relaxed to a fixpoint. A block that does not settle in
a few rounds (a long chain of entries in a row) is walked step by step, one of a single instant breadth first. Earliest arrival and
its mirror, latest departure, are exact, also for steps of one instant in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

_BLOCK = 131_072  # steps; larger blocks need more rounds, smaller ones more Python
_ROUNDS = 8  # before a block is walked step by step

Times = npt.NDArray[np.int64]
_Hosts = npt.NDArray[np.int32]
NEVER = np.iinfo(np.int64).max
ALWAYS = np.iinfo(np.int64).min


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """Steps in order of time: ``source[i]`` entered ``target[i]`` at ``time[i]`` (any unit); hosts are numbers below ``hosts``."""

    source: _Hosts
    target: _Hosts
    time: Times
    hosts: int


def graph(
    source: Sequence[int] | _Hosts, target: Sequence[int] | _Hosts, time: Sequence[int] | Times, hosts: int
) -> Graph:
    """Return the steps sorted by time; loops are left out."""
    src, dst, when = np.asarray(source, np.int32), np.asarray(target, np.int32), np.asarray(time, np.int64)
    keep = src != dst
    src, dst, when = src[keep], dst[keep], when[keep]
    if len(when) > 1 and np.any(np.diff(when) < 0):
        order = np.argsort(when, kind="stable")
        src, dst, when = src[order], dst[order], when[order]
    return Graph(source=src, target=dst, time=when, hosts=hosts)


def reached(steps: Graph, seeds: Mapping[int, int]) -> Times:
    """Return for every host the earliest time at which it could have been entered, ``NEVER`` where it could not.

    ``seeds``: host → time from which it is in the adversary's hands. A step can be taken from the moment its source is reached.
    """
    arrival = np.full(steps.hosts, NEVER, np.int64)
    for host, since in seeds.items():
        arrival[host] = min(since, int(arrival[host]))
    _relax(arrival, steps.source, steps.target, steps.time)
    return arrival


def sources(steps: Graph, seeds: Mapping[int, int]) -> Times:
    """Return for every host the latest time at which one can have set out from it to a seed, ``ALWAYS`` where one cannot.

    ``seeds``: host → time by which it was entered.
    """
    departure = np.full(steps.hosts, NEVER, np.int64)
    for host, until in seeds.items():
        departure[host] = min(-until, int(departure[host]))
    # Steps after the last seed lead to none.
    stop = int(np.searchsorted(steps.time, max(seeds.values(), default=ALWAYS), "right"))
    _relax(departure, steps.target[:stop][::-1], steps.source[:stop][::-1], -steps.time[:stop][::-1])
    return np.where(departure == NEVER, ALWAYS, -departure)


class _State:
    """Arrival times with two marks a byte wide: they decide most steps without touching the times.

    ``live``: the host is reached at some time. ``open``: it may still be reached earlier than by the steps to come.
    """

    def __init__(self, arrival: Times) -> None:
        self.arrival = arrival
        self.live = arrival != NEVER
        self.open = np.ones(len(arrival), np.bool_)
        self.led: npt.NDArray[np.bool_] | None = None  # scratch of ``_steps``, a place per host
        self.place: _Hosts | None = None

    def useful(self, source: _Hosts, target: _Hosts, time: Times) -> npt.NDArray[np.intp]:
        """Return the numbers of the steps that lower an arrival time."""
        live = self.live[source]
        if 2 * np.count_nonzero(live) > len(live):
            live &= self.open[target]
        found = np.flatnonzero(live)
        found = found[self.open[target[found]]]
        when = time[found]
        lower = (self.arrival[source[found]] <= when) & (when < self.arrival[target[found]])
        return found[lower]


def _relax(arrival: Times, source: _Hosts, target: _Hosts, time: Times) -> None:
    """Lower ``arrival`` in place along steps that are sorted by time; no cut parts steps of one instant."""
    state = _State(arrival)
    # Before the first host is in hand no step can be taken.
    start = int(np.searchsorted(time, arrival.min(), "left")) if len(arrival) else len(time)
    while start < len(time):
        stop = min(start + _BLOCK, len(time))
        stop = int(np.searchsorted(time, time[stop - 1], "right"))
        first = int(np.searchsorted(time, time[stop - 1], "left"))
        large = stop - first > _BLOCK
        if large and first > start:
            stop, large = first, False
        (_large_instant if large else _block)(state, source[start:stop], target[start:stop], time[start:stop])
        start = stop


def _block(state: _State, source: _Hosts, target: _Hosts, time: Times) -> None:
    entered: list[_Hosts] = []
    for _ in range(_ROUNDS):
        useful = state.useful(source, target, time)
        if not len(useful):
            break
        np.minimum.at(state.arrival, target[useful], time[useful])
        state.live[target[useful]] = True
        entered.append(target[useful])
    else:
        entered.append(_steps(state, source, target, time))
    for hosts in entered:
        state.open[hosts] = False


def _steps(state: _State, source: _Hosts, target: _Hosts, time: Times) -> _Hosts:
    """Walk the steps of a block one after the other and return the hosts entered.

    A step whose source is not in hand waits for the other steps of its instant.
    """
    led = np.zeros(len(state.arrival), np.bool_) if state.led is None else state.led
    state.led = led
    led[target] = True
    kept = np.flatnonzero((state.live[source] | led[source]) & state.open[target])
    led[target] = False
    source, target, time = source[kept], target[kept], time[kept]
    # One number per host of the block: where it was written last.
    ends = np.concatenate((source, target))
    place = np.empty(len(state.arrival), np.int32) if state.place is None else state.place
    state.place = place
    place[ends] = np.arange(len(ends), dtype=np.int32)
    numbers = place[ends].tolist()
    arrival = state.arrival[ends].tolist()
    tied = np.append(time[1:] == time[:-1], False).tolist() if len(time) else []
    waiting: dict[int, list[int]] = {}
    entered: list[int] = []
    now = ALWAYS
    for src, dst, when, more in zip(numbers[: len(time)], numbers[len(time) :], time.tolist(), tied, strict=True):
        if when != now:
            now = when
            if waiting:
                waiting = {}
        if arrival[src] > when:
            if more:
                waiting.setdefault(src, []).append(dst)
        elif arrival[dst] > when:
            arrival[dst] = when
            entered.append(dst)
            front = waiting.pop(dst, []) if waiting else None
            while front:
                host = front.pop()
                if arrival[host] > when:
                    arrival[host] = when
                    entered.append(host)
                    front += waiting.pop(host, [])
    at = np.array(entered, np.intp)
    hosts = ends[at]
    state.arrival[hosts] = np.array(arrival, np.int64)[at]
    state.live[hosts] = True
    return hosts


def _large_instant(state: _State, source: _Hosts, target: _Hosts, time: Times) -> None:
    """Relax very many steps of one instant: piece by piece, in which most is reached, then breadth first what is left."""
    for _ in range(_ROUNDS // 2):
        changed = False
        for start in range(0, len(time), _BLOCK):
            part = slice(start, start + _BLOCK)
            useful = state.useful(source[part], target[part], time[part]) + start
            hosts = target[useful]
            state.arrival[hosts] = time[0]
            state.live[hosts] = True
            state.open[hosts] = False  # earlier than this instant it is not reached any more
            changed = changed or len(hosts) > 0
        if not changed:
            return
    _breadth_first(state, source, target, int(time[0]))


def _breadth_first(state: _State, source: _Hosts, target: _Hosts, when: int) -> None:
    """Enter what can be reached at one instant from the hosts in hand by then."""
    arrival = state.arrival
    new = arrival > when
    before = new.copy()
    kept = np.flatnonzero(new[target])
    source, target = source[kept], target[kept]
    both = np.sort((source.astype(np.int64) << 32) | target)  # one number a step sorts faster than two
    source, target = (both >> 32).astype(np.int32), both.astype(np.int32)
    begin = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=len(arrival)))))
    count = np.diff(begin)
    front = np.flatnonzero(~new & (count > 0))
    place = np.empty(len(arrival), np.int32)
    while len(front):
        many = count[front]
        found = np.repeat(begin[front] - np.concatenate(([0], np.cumsum(many)[:-1])), many)
        found += np.arange(len(found))
        front = target[found]
        front = front[new[front]]
        new[front] = False
        numbers = np.arange(len(front), dtype=np.int32)
        place[front] = numbers
        front = front[(place[front] == numbers) & (count[front] > 0)]  # each host once
    entered = np.flatnonzero(before & ~new)
    arrival[entered] = when
    state.live[entered] = True
    state.open[entered] = False
