"""Time-respecting search over steps: who could have been reached when, and from whom a machine could have been entered.

Numpy over blocks of time-ordered steps; within a block the arrival times are relaxed to a fixpoint, a block that does not settle is
halved. Earliest arrival and its mirror, latest departure, are exact, also for steps of one instant in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

_BLOCK = 131_072  # steps; larger blocks need more rounds, smaller ones more Python
_ROUNDS = 12  # before a block is halved

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
        _block(state, source[start:stop], target[start:stop], time[start:stop])
        start = stop


def _block(state: _State, source: _Hosts, target: _Hosts, time: Times) -> None:
    entered: list[_Hosts] = []
    for _ in range(_ROUNDS):
        useful = state.useful(source, target, time)
        if not len(useful):
            for hosts in entered:
                state.open[hosts] = False
            return
        np.minimum.at(state.arrival, target[useful], time[useful])
        state.live[target[useful]] = True
        entered.append(target[useful])
    cut = int(np.searchsorted(time, time[len(time) // 2], "left")) or int(np.searchsorted(time, time[0], "right"))
    if cut == len(time):
        _instant(state, source, target, int(time[0]))
        return
    _block(state, source[:cut], target[:cut], time[:cut])
    _block(state, source[cut:], target[cut:], time[cut:])


def _instant(state: _State, source: _Hosts, target: _Hosts, when: int) -> None:
    """Relax steps of one instant: what can be reached from the hosts that are in hand by then, breadth first."""
    arrival = state.arrival
    order = np.argsort(source, kind="stable")
    source, target = source[order], target[order]
    front = np.unique(source[arrival[source] <= when])
    while len(front):
        low, high = np.searchsorted(source, front, "left"), np.searchsorted(source, front, "right")
        found = np.repeat(low - np.concatenate(([0], np.cumsum(high - low)[:-1])), high - low)
        next_ = np.unique(target[found + np.arange(len(found))])
        front = next_[arrival[next_] > when]
        arrival[front] = when
        state.live[front] = True
