"""A STIX pattern over the events of one machine: which events, each used once, together fulfil it.

Observations that are joined must be fulfilled by different events (STIX 2.1, 9.3): the search binds events to the
observations from left to right, the earliest first, and goes back where an event is needed elsewhere. Its steps are
bounded; a pattern that needs more is told as undecided, never as absent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import combinations, groupby
from typing import NamedTuple

from keii.errors import LimitError
from keii.hunt.stix.tree import Between, Joined, Observation, Observed, Repeats, Within

MOST_REPEATS = 100  # of more than one observation
MOST_STEPS = 1_000_000  # of one pattern on one machine, about a second
EARLIEST, LATEST = -(2**62), 2**62
_SECOND = 1_000_000  # microseconds


class Event(NamedTuple):
    """An event by time (microseconds since 1970) and place."""

    at: int
    source: str
    record: int
    record_id: str | None = None


Used = frozenset[Event]


class Evaluation:
    """One pattern over the events (by time) that fulfil each of its observations on one machine."""

    def __init__(self, pattern: Observation, events: Mapping[Observed, Sequence[Event]]) -> None:
        self._pattern, self._events = pattern, events
        self._times = {leaf: [event.at for event in found] for leaf, found in events.items()}
        self._steps = 0

    def episodes(self, most: int) -> Iterator[tuple[Event, ...]]:
        """Yield events that fulfil the pattern, by time, one group after the other and no event twice.

        Raises LimitError where it cannot be decided in bounded time.
        """
        used: Used = frozenset()
        begin = EARLIEST
        for _ in range(most):
            self._steps = 0
            found = next(self._bind(self._pattern, begin, LATEST, used), None)
            if found is None:
                return
            yield tuple(sorted(found))
            begin = max(event.at for event in found)
            used |= found

    def _bind(self, node: Observation, first: int, last: int, used: Used) -> Iterator[Used]:
        """Yield sets of events from ``first`` to ``last`` that fulfil a node without the used ones."""
        if isinstance(node, Observed):
            for event in self._between(node, first, last):
                self._step()
                if event not in used:
                    yield frozenset((event,))
        elif isinstance(node, Between):
            yield from self._bind(node.item, max(first, node.start), min(last, node.stop - 1), used)
        elif isinstance(node, Within):
            span = round(node.seconds * _SECOND)
            for begin in self._begins(node.item, first, last):
                self._step()
                yield from self._bind(node.item, begin, min(last, begin + span), used)
        elif isinstance(node, Repeats):
            yield from self._repeats(node, first, last, used)
        elif node.word == "OR":
            for item in node.items:
                yield from self._bind(item, first, last, used)
        elif all(self._possible(item, first, last) for item in node.items):
            yield from self._each(node, 0, first, last, used)

    def _repeats(self, node: Repeats, first: int, last: int, used: Used) -> Iterator[Used]:
        if isinstance(node.item, Observed):
            for chosen in combinations([e for e in self._between(node.item, first, last) if e not in used], node.times):
                self._step()
                yield frozenset(chosen)
        else:
            yield from self._repeated(node, node.times, first, last, used)

    def _each(self, node: Joined, number: int, first: int, last: int, used: Used) -> Iterator[Used]:
        """Bind the items of AND or FOLLOWEDBY from ``number`` on."""
        if number == len(node.items):
            yield frozenset()
            return
        follows = node.word == "FOLLOWEDBY"
        for found in self._bind(node.items[number], first, last, used):
            begin = max(event.at for event in found) if follows else first
            if follows and not all(self._possible(item, begin, last) for item in node.items[number + 1 :]):
                if isinstance(node.items[number], Observed):
                    return  # events come by time: a later one leaves even less
                continue
            for rest in self._each(node, number + 1, begin, last, used | found):
                yield found | rest

    def _repeated(self, node: Repeats, left: int, first: int, last: int, used: Used) -> Iterator[Used]:
        if not left:
            yield frozenset()
            return
        if left > MOST_REPEATS:
            raise LimitError(f"several observations that repeat more than {MOST_REPEATS} times")
        for found in self._bind(node.item, first, last, used):
            for rest in self._repeated(node, left - 1, first, last, used | found):
                yield found | rest

    def _between(self, leaf: Observed, first: int, last: int) -> Iterator[Event]:
        times, events = self._times.get(leaf, []), self._events.get(leaf, ())
        return (events[at] for at in range(bisect_left(times, first), bisect_right(times, last)))

    def _possible(self, node: Observation, first: int, last: int) -> bool:
        """Tell whether a node could be fulfilled if events could serve twice: False is certain."""
        self._step()
        if isinstance(node, Observed):
            times = self._times.get(node, [])
            at = bisect_left(times, first)
            return at < len(times) and times[at] <= last
        if isinstance(node, Between):
            return self._possible(node.item, max(first, node.start), min(last, node.stop - 1))
        if isinstance(node, Within | Repeats):
            return self._possible(node.item, first, last)
        found = (self._possible(item, first, last) for item in node.items)
        return any(found) if node.word == "OR" else all(found)

    def _begins(self, node: Observation, first: int, last: int) -> Iterator[int]:
        """Yield the times of the events that a window can begin with, each once, rising."""
        times = merge(*((event.at for event in self._between(leaf, first, last)) for leaf in leaves(node)))
        return (at for at, _ in groupby(times))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise LimitError(f"not decided after {MOST_STEPS:,} steps")


def leaves(node: Observation) -> list[Observed]:
    """Return the observations of a pattern, each once, in order."""
    if isinstance(node, Observed):
        return [node]
    if isinstance(node, Joined):
        return list(dict.fromkeys(leaf for item in node.items for leaf in leaves(item)))
    return leaves(node.item)
