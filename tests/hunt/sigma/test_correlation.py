"""Correlations over made matches, with the outcome reasoned by hand, and against an evaluator that tries every window."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.hunt.sigma.correlation import Fulfilled, Seen, as_matches, correlate, fields_needed
from keii.hunt.sigma.loading import RuleFile, load
from keii.hunt.sigma.rules import Correlation, RuleSet

BASE = """
title: {name}
name: {name}
id: 00000000-0000-4000-8000-00000000000{number}
logsource: {{product: windows, service: security}}
detection: {{selection: {{EventID: {number}}}, condition: selection}}
"""
IDS = {name: f"00000000-0000-4000-8000-00000000000{number}" for number, name in enumerate("abc", 1)}
SECOND = 1_000_000


def rules(**correlation: Any) -> RuleSet:
    texts = [BASE.format(name=name, number=number) for number, name in enumerate("abc", 1)]
    told = {
        "title": "C",
        "id": "00000000-0000-4000-8000-0000000000ff",
        "correlation": {"timespan": "10s", **correlation},
    }
    return load([RuleFile("rules.yml", "---".join([*texts, "\n" + yaml.safe_dump(told)]).encode())])


def correlation(**told: Any) -> Correlation:
    found = rules(**told)
    assert [one.reason for one in found.not_loaded] == []
    return found.correlations[0]


def seen(rule: str, second: float, **fields: str) -> Seen:
    return Seen(int(second * SECOND), "s-1", int(second * 100), None, "h", IDS.get(rule, rule), fields)


def matches(*found: Seen) -> dict[str, list[Seen]]:
    by_rule: dict[str, list[Seen]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    return by_rule


def told(found: list[Fulfilled]) -> list[tuple[tuple[str, ...], list[float], float | None]]:
    return [(one.group, [event.at / SECOND for event in one.events], one.value) for one in found]


def test_event_count_by_group_and_sliding_window() -> None:
    asked = correlation(type="event_count", rules="a", **{"group-by": ["User"]}, condition={"gte": 3})
    found = correlate(
        asked,
        matches(
            *(seen("a", t, User="Ann") for t in (0, 8, 10, 19)),
            seen("a", 9, User="Bob"),
            seen("a", 9.5),
            seen("a", 9.6, User="ANN"),
        ),
    )
    # 0, 8, 9.6, 10 within ten seconds; 8, 9.6, 10 again with 19 beyond 18: 9.6, 10, 19 are three. One episode.
    assert told(found) == [(("ann",), [0, 8, 9.6, 10, 19], 4)]


def test_both_ends_of_the_window_count_and_no_more() -> None:
    asked = correlation(type="event_count", rules="a", condition={"gte": 2})
    assert len(correlate(asked, matches(seen("a", 0), seen("a", 10)))) == 1
    assert correlate(asked, matches(seen("a", 0), seen("a", 10.000001))) == []


def test_range_is_asked_of_windows_one_after_another() -> None:
    asked = correlation(type="event_count", rules="a", condition={"gt": 1, "lte": 2})
    found = correlate(asked, matches(*(seen("a", t) for t in (0, 1, 2, 20, 21, 40))))
    assert told(found) == [((), [20, 21], 2)]


def test_value_count_of_distinct_values() -> None:
    asked = correlation(type="value_count", rules="a", **{"group-by": ["Ip"]}, condition={"field": "User", "gt": 2})
    names = ["Ann", "ann", "Bob", "Carl"]
    found = correlate(asked, matches(*(seen("a", t, Ip="192.0.2.1", User=name) for t, name in enumerate(names))))
    assert told(found) == [(("192.0.2.1",), [0, 1, 2, 3], 3)]


@pytest.mark.parametrize(
    ("kind", "condition", "value"),
    [
        ("value_sum", {"field": "Bytes", "gt": 100}, 110),
        ("value_avg", {"field": "Bytes", "gt": 30}, 36 + 2 / 3),
        ("value_median", {"field": "Bytes", "gte": 10}, 10),
        ("value_percentile", {"field": "Bytes", "percentile": 90, "gte": 99}, 0x63),
    ],
)
def test_numbers(kind: str, condition: dict[str, Any], value: float) -> None:
    asked = correlation(type=kind, rules=["a"], condition=condition)
    found = correlate(
        asked,
        matches(seen("a", 0, Bytes="1"), seen("a", 1, Bytes="10"), seen("a", 2, Bytes="0x63"), seen("a", 3, Bytes="-")),
    )
    assert found[0].value == pytest.approx(value)


def test_temporal_wants_every_rule_in_any_order() -> None:
    asked = correlation(type="temporal", rules=["a", "b"], **{"group-by": ["User"]})
    found = correlate(
        asked, matches(seen("b", 0, User="x"), seen("a", 5, User="x"), seen("a", 6, User="y"), seen("b", 30, User="y"))
    )
    assert told(found) == [(("x",), [0, 5], 2)]


def test_temporal_ordered_wants_the_order() -> None:
    asked = correlation(type="temporal_ordered", rules=["a", "b", "c"])
    assert correlate(asked, matches(seen("b", 0), seen("a", 1), seen("c", 2))) == []
    assert len(correlate(asked, matches(seen("b", 0), seen("a", 1), seen("b", 2), seen("c", 2)))) == 1
    assert correlate(asked, matches(seen("a", 0), seen("b", 5), seen("c", 11))) == []


def test_expression_over_rules() -> None:
    asked = correlation(type="temporal", rules=["a", "b", "c"], condition="a and (b or c)")
    assert len(correlate(asked, matches(seen("a", 0), seen("c", 1)))) == 1
    assert correlate(asked, matches(seen("b", 0), seen("c", 1))) == []
    without = correlation(type="temporal", rules=["a", "b"], condition="a and not b")
    assert told(correlate(without, matches(seen("a", 0), seen("b", 5), seen("a", 20)))) == [((), [20], 1)]


def test_aliases_join_fields_of_other_names() -> None:
    asked = correlation(
        type="temporal", rules=["a", "b"], **{"group-by": ["ip"]}, aliases={"ip": {"a": "Source", "b": "Target"}}
    )
    found = correlate(asked, matches(seen("a", 0, Source="192.0.2.1"), seen("b", 1, Target="192.0.2.1", Source="x")))
    assert told(found) == [(("192.0.2.1",), [0, 1], 2)]


CHAIN = """
title: many
name: many
id: 00000000-0000-4000-8000-0000000000f1
correlation: {type: event_count, rules: [a], group-by: [Computer], timespan: 10s, condition: {gte: 3}}
---
title: then
id: 00000000-0000-4000-8000-0000000000f2
correlation: {type: temporal_ordered, rules: [many, b], group-by: [User], timespan: 60s}
"""


def test_correlation_over_a_correlation_groups_by_its_own_fields() -> None:
    texts = [BASE.format(name=name, number=number) for number, name in enumerate("ab", 1)]
    found = load([RuleFile("rules.yml", "---".join([*texts, CHAIN]).encode())])
    many, then = found.correlations
    assert fields_needed(found.correlations)[IDS["a"]] == {"Computer", "User"}
    assert [rule.shown for rule in found.rules] == [False, False]
    assert (many.shown, then.shown) == (False, True)
    of_rules = matches(
        *(seen("a", t, Computer="pc", User="ann") for t in (0, 1, 2, 9)),
        seen("b", 5, User="ann"),
        seen("b", 6, User="bob"),
    )
    of_rules[many.about.id] = as_matches(many, correlate(many, of_rules))
    # The third failure fulfils the first correlation at 2 s, before the success at 5 s.
    assert [one.group for one in correlate(then, of_rules)] == [("ann",)]


@pytest.mark.parametrize(
    ("told_wrong", "why"),
    [
        ({"type": "event_count", "rules": ["nowhere"], "condition": {"gte": 1}}, "not there: nowhere"),
        ({"type": "event_counts", "rules": ["a"], "condition": {"gte": 1}}, "event_counts"),
        ({"type": "event_count", "rules": ["a"], "condition": {"gte": "many"}}, "count"),
        ({"type": "event_count", "rules": ["a"], "condition": {"gte": 1}, "timespan": "1 day"}, "1 day"),
        ({"type": "value_count", "rules": ["a"], "condition": {"gte": 1}}, "field"),
        ({"type": "temporal", "rules": ["a"], "condition": "a and"}, "parse"),
        ({"type": "event_count", "rules": ["C", "00000000-0000-4000-8000-0000000000ff"], "condition": {"gte": 1}}, "not there"),
    ],
)  # fmt: skip
def test_broken_correlation_says_why(told_wrong: dict[str, Any], why: str) -> None:
    found = rules(**told_wrong)
    assert found.correlations == ()
    assert why in found.not_loaded[0].reason


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.sampled_from("xy")), max_size=25),
    st.integers(1, 4),
    st.sampled_from(["event_count", "value_count", "temporal"]),
)
def test_same_events_as_trying_every_window(found: list[tuple[str, int, str]], least: int, kind: str) -> None:
    condition: dict[str, Any] = {"gte": least}
    if kind == "value_count":
        condition["field"] = "User"
    asked = correlation(type=kind, rules=["a", "b"], condition=condition)
    events = sorted(
        (
            Seen(at * SECOND, "s-1", number, None, None, IDS[rule], {"User": user})
            for number, (rule, at, user) in enumerate(found)
        ),
        key=lambda one: one.at,
    )
    inside = set()
    for first in events:
        window = [one for one in events if first.at <= one.at <= first.at + 10 * SECOND]
        value = {
            "event_count": len(window),
            "value_count": len({one.fields["User"] for one in window}),
            "temporal": len({one.rule for one in window}),
        }[kind]
        if value >= least:
            inside |= {one.record for one in window}
    episodes = correlate(asked, matches(*events))
    assert {event.record for one in episodes for event in one.events} == inside
    assert all(before.events[-1].at <= after.events[0].at for before, after in pairwise(episodes))
