"""Correlations: matches of rules that together mean something, within a span of time and for the same values.

A window begins at an event and ends ``timespan`` after it, both ends included. Where more events can only help (counts
and sums with ``gt`` or ``gte``, temporal) every event begins a window, and fulfilled windows that overlap are one
episode. Where they can harm (``lt``, ``lte``, ``eq``, ``neq``, ranges, averages, percentiles) the windows follow one
another, the first from the first event. Values are compared without case, as Sigma does.
An event without one of the values to group by belongs to no group.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from keii.hunt.sigma.predicates import number
from keii.hunt.sigma.rules import BoolTerm, Correlation, RefTerm, Threshold

_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}
_RISING = frozenset({"gt", "gte"})


class Seen(NamedTuple):
    """A match of a rule. ``at`` is in microseconds; ``fields`` are by the names that the rule uses."""

    at: int
    source: str
    record: int
    record_id: str | None
    host: str | None
    rule: str
    fields: Mapping[str, str | None]


class Fulfilled(NamedTuple):
    """Events that together fulfil a correlation, by time.

    ``value`` is the highest count (sum …) of its windows; ``since`` the time (microseconds) of the event that first
    fulfilled it.
    """

    group: tuple[str, ...]
    events: tuple[Seen, ...]
    value: float | None
    since: int


def field_of(correlation: Correlation, rule: str, name: str) -> str:
    """Return the field of a rule that a name in ``group-by`` or ``field`` stands for."""
    return correlation.aliases.get(name, {}).get(rule, name)


def fields_needed(correlations: Sequence[Correlation]) -> dict[str, set[str]]:
    """Return per rule (id) the fields that must be known of its matches.

    What a correlation over another one asks for must be known of the events that the other one rests on.
    """
    needed: dict[str, set[str]] = defaultdict(set)
    for correlation in reversed(correlations):  # those that others rest on stand first
        names = {*correlation.group_by}
        if isinstance(correlation.condition, tuple):
            names |= {name for threshold in correlation.condition for name in threshold.fields}
        for rule in correlation.rules:
            needed[rule] |= {field_of(correlation, rule, name) for name in names} | needed[correlation.about.id]
    return needed


def as_matches(correlation: Correlation, found: Sequence[Fulfilled]) -> list[Seen]:
    """Return episodes as matches for a correlation that rests on this one.

    Every event of an episode stands for it, from the time on at which the condition was fulfilled.
    """
    return [
        event._replace(at=max(event.at, episode.since), rule=correlation.about.id)
        for episode in found
        for event in episode.events
    ]


def correlate(correlation: Correlation, matches: Mapping[str, Sequence[Seen]]) -> list[Fulfilled]:
    """Return the episodes of a correlation, ordered by time and group.

    Args:
        correlation: what to ask.
        matches: per rule (id) its matches with a time, in any order.
    """
    groups: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
    for rule in correlation.rules:
        for seen in matches.get(rule, ()):
            values = [seen.fields.get(field_of(correlation, rule, name)) for name in correlation.group_by]
            if all(values):
                groups[tuple(str(value).lower() for value in values)].append(seen)
    order = {rule: place for place, rule in enumerate(correlation.rules)}
    found: list[Fulfilled] = []
    for group, events in groups.items():
        events.sort(key=lambda one: (one.at, order[one.rule], one.source, one.record))
        if not correlation.type.startswith("temporal"):  # an event that two rules match is one event
            events = list({(one.source, one.record): one for one in reversed(events)}.values())[::-1]
        found += [Fulfilled(group, *episode) for episode in _episodes(correlation, events)]
    return sorted(found, key=lambda one: (one.events[0].at, one.group, one.events[-1].at))


def _episodes(correlation: Correlation, events: list[Seen]) -> Iterator[tuple[tuple[Seen, ...], float | None, int]]:
    """Yield the events, peak and time of fulfilment of windows that overlap."""
    held: tuple[int, int, float, int] | None = None  # first event, behind the last, peak, since
    for start, stop, value in _fulfilled(correlation, events):
        if held is not None and start < held[1]:
            held = held[0], stop, max(held[2], value), held[3]
            continue
        if held is not None:
            yield tuple(events[held[0] : held[1]]), held[2], held[3]
        held = start, stop, value, _since(correlation, events, start, stop)
    if held is not None:
        yield tuple(events[held[0] : held[1]]), held[2], held[3]


def _since(correlation: Correlation, events: list[Seen], start: int, stop: int) -> int:
    """Return when the window that begins with an event was first fulfilled."""
    if not _rises(correlation):
        return events[stop - 1].at
    measure = _measure(correlation)
    for at in range(start, stop):
        measure.enter(events[at])
        value = measure.value(events, start, at + 1)
        if value is not None and _holds(correlation.condition, value, measure):
            return events[at].at
    return events[stop - 1].at


def _rises(correlation: Correlation) -> bool:
    condition = correlation.condition
    if correlation.type in ("value_avg", "value_median", "value_percentile"):
        return False
    return not isinstance(condition, tuple) or all(one.operator in _RISING for one in condition)


def _fulfilled(correlation: Correlation, events: list[Seen]) -> Iterator[tuple[int, int, float]]:
    """Yield windows (first event, behind the last, value) that fulfil the condition, by their first event."""
    condition = correlation.condition
    every = _rises(correlation)
    measure = _measure(correlation)
    stop, following = 0, 0
    span = correlation.seconds * 1_000_000
    for start, first in enumerate(events):
        if start < following:
            measure.leave(first)
            continue
        while stop < len(events) and events[stop].at - first.at <= span:
            measure.enter(events[stop])
            stop += 1
        value = measure.value(events, start, stop)
        if value is not None and _holds(condition, value, measure):
            yield start, stop, value
        if not every:
            following = stop
        measure.leave(first)


def _holds(condition: tuple[Threshold, ...] | RefTerm | BoolTerm, value: float, measure: _Measure) -> bool:
    if isinstance(condition, tuple):
        return all(_COMPARED[one.operator](value, one.number) for one in condition)
    return _term(condition, measure.rules)


def _term(term: RefTerm | BoolTerm, rules: Mapping[str, int]) -> bool:
    if isinstance(term, RefTerm):
        return rules.get(term.rule, 0) > 0
    held = (_term(item, rules) for item in term.items)
    if term.operator == "and":
        return all(held)
    return any(held) if term.operator == "or" else not next(held)


def _measure(correlation: Correlation) -> _Measure:
    kind = correlation.type
    if kind == "temporal":
        return _Measure(correlation)
    if kind == "temporal_ordered":
        return _Ordered(correlation)
    if kind == "event_count":
        return _Events(correlation)
    if kind == "value_count":
        return _Distinct(correlation)
    return _Numbers(correlation)


class _Measure:
    """What is counted of a window as events enter and leave it: here, how many of the rules have matched."""

    def __init__(self, correlation: Correlation) -> None:
        self.correlation = correlation
        self.rules: Counter[str] = Counter()

    def enter(self, event: Seen) -> None:
        self.rules[event.rule] += 1

    def leave(self, event: Seen) -> None:
        self.rules[event.rule] -= 1
        if not self.rules[event.rule]:
            del self.rules[event.rule]

    def value(self, events: Sequence[Seen], start: int, stop: int) -> float | None:  # noqa: ARG002 - for the others
        return len(self.rules)

    def counted(self, event: Seen) -> tuple[str, ...] | None:
        """Return the values of the counted fields, None where one is absent."""
        condition = self.correlation.condition
        assert isinstance(condition, tuple)  # noqa: S101 - pySigma allows expressions for temporal types only
        names = [field_of(self.correlation, event.rule, name) for name in condition[0].fields]
        values = [event.fields.get(name) for name in names]
        return tuple(str(value).lower() for value in values) if all(values) else None


class _Events(_Measure):
    def value(self, events: Sequence[Seen], start: int, stop: int) -> float | None:  # noqa: ARG002 - as the others
        return stop - start


class _Ordered(_Measure):
    """How many of the rules match in the order told; of one time, any order will do."""

    def value(self, events: Sequence[Seen], start: int, stop: int) -> float | None:
        condition, rules = self.correlation.condition, self.correlation.rules
        if isinstance(condition, tuple) and len(self.rules) < min(one.number for one in condition):
            return 0  # too few rules for any order
        longest = [0] * len(rules)
        place = {rule: number for number, rule in enumerate(rules)}
        for event in events[start:stop]:
            at = place[event.rule]
            longest[at] = max(longest[at], 1 + max(longest[:at], default=0))
        if isinstance(condition, tuple) or max(longest) == len(self.rules):
            return max(longest)
        return None  # of an expression every rule that matched must stand in order


class _Distinct(_Measure):
    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._values: Counter[tuple[str, ...]] = Counter()

    def enter(self, event: Seen) -> None:
        if (value := self.counted(event)) is not None:
            self._values[value] += 1

    def leave(self, event: Seen) -> None:
        if (value := self.counted(event)) is not None:
            self._values[value] -= 1
            if not self._values[value]:
                del self._values[value]

    def value(self, events: Sequence[Seen], start: int, stop: int) -> float | None:  # noqa: ARG002 - as the others
        return len(self._values)


class _Numbers(_Measure):
    """Sum, average, median or percentile (nearest rank) of a field's numbers; other values do not count."""

    def __init__(self, correlation: Correlation) -> None:
        super().__init__(correlation)
        self._sorted: list[float] = []

    def _number(self, event: Seen) -> float | None:
        values = self.counted(event)
        return number(values[0]) if values else None

    def enter(self, event: Seen) -> None:
        if (value := self._number(event)) is not None:
            insort(self._sorted, value)

    def leave(self, event: Seen) -> None:
        if (value := self._number(event)) is not None:
            del self._sorted[bisect_left(self._sorted, value)]

    def value(self, events: Sequence[Seen], start: int, stop: int) -> float | None:  # noqa: ARG002 - as the others
        values, kind = self._sorted, self.correlation.type
        if not values:
            return None
        if kind == "value_sum":
            return float(sum(values))
        if kind == "value_avg":
            return sum(values) / len(values)
        if kind == "value_median":
            return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
        condition = self.correlation.condition
        asked = condition[0].percentile if isinstance(condition, tuple) else None
        share = 50 if asked is None else asked
        return values[max(0, -(-share * len(values) // 100) - 1)]
