"""Patterns over the events of one machine: the search says what a slow, obvious evaluator says."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product

import pytest

from keii.errors import LimitError, RuleError
from keii.hunt.stix import evaluate
from keii.hunt.stix.evaluate import Evaluation, Event, leaves
from keii.hunt.stix.tree import Between, Joined, Observation, Observed, Repeats, Within, parse

A, B, C = (parse(f"[mutex:name = '{name}']") for name in "abc")
Held = Mapping[Observed, Sequence[Event]]


def sets(node: Observation, held: Held) -> set[frozenset[Event]]:
    """Return every set of events that fulfils a node, as the specification words it, without any cleverness."""
    if isinstance(node, Observed):
        return {frozenset((event,)) for event in held.get(node, ())}
    if isinstance(node, Between):
        return {s for s in sets(node.item, held) if all(node.start <= event.at < node.stop for event in s)}
    if isinstance(node, Within):
        return {
            s for s in sets(node.item, held)
            if max(event.at for event in s) - min(event.at for event in s) <= node.seconds * 1_000_000
        }  # fmt: skip
    if isinstance(node, Repeats):
        chosen = combinations(sorted(sets(node.item, held), key=sorted), node.times)
        return {frozenset().union(*some) for some in chosen if sum(map(len, some)) == len(frozenset().union(*some))}
    if node.word == "OR":
        return set().union(*(sets(item, held) for item in node.items))
    found = set()
    for some in product(*(sets(item, held) for item in node.items)):
        together = frozenset().union(*some)
        if sum(map(len, some)) != len(together):
            continue
        ends = [(min(event.at for event in s), max(event.at for event in s)) for s in some]
        if node.word == "AND" or all(one[1] <= other[0] for one, other in pairwise(ends)):
            found.add(together)
    return found


def _random(chance: random.Random, depth: int) -> Observation:
    if depth == 0 or chance.random() < 0.2:
        return chance.choice((A, B, C))
    kind = chance.randrange(6)
    if kind < 3:
        items = tuple(_random(chance, depth - 1) for _ in range(chance.choice((2, 2, 3))))
        return Joined(("AND", "OR", "FOLLOWEDBY")[kind], items)  # type: ignore[arg-type]
    item = _random(chance, depth - 1)
    if kind == 3:
        return Within(item, chance.randrange(6))
    if kind == 4:
        return Repeats(item, chance.choice((1, 2, 3)))
    start = chance.randrange(8) * 1_000_000
    return Between(item, start, start + chance.randrange(8) * 1_000_000)


def test_the_search_says_what_the_obvious_evaluator_says() -> None:
    chance = random.Random(20_260_914)
    yes = 0
    for _ in range(1_500):
        events = [Event(chance.randrange(8) * 1_000_000, "s", number) for number in range(chance.randrange(6))]
        held = {leaf: sorted(e for e in events if chance.random() < 0.5) for leaf in (A, B, C)}
        pattern = _random(chance, 2)
        wanted = sets(pattern, held)  # type: ignore[arg-type]
        found = next(Evaluation(pattern, held).episodes(1), None)  # type: ignore[arg-type]
        assert (found is not None) == bool(wanted), (pattern, held)
        if found is not None:
            assert frozenset(found) in wanted
            yes += 1
    assert 300 < yes < 1_200  # both answers were tried


def test_every_episode_is_told_once() -> None:
    pattern = parse("([mutex:name = 'a'] FOLLOWEDBY [mutex:name = 'b']) WITHIN 5 SECONDS")
    held = {
        A: [Event(second * 1_000_000, "s", second) for second in (0, 100, 200)],
        B: [Event(second * 1_000_000, "s", second) for second in (3, 107, 205)],
    }
    found = list(Evaluation(pattern, held).episodes(10))  # type: ignore[arg-type]
    assert [[event.at // 1_000_000 for event in one] for one in found] == [[0, 3], [200, 205]]


def test_a_search_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "MOST_STEPS", 5_000)
    events = [Event(0, "s", number) for number in range(40)]
    pattern = parse("[mutex:name = 'a'] REPEATS 20 TIMES AND [mutex:name = 'a'] REPEATS 21 TIMES")
    with pytest.raises(LimitError):
        list(Evaluation(pattern, {A: events}).episodes(1))  # type: ignore[dict-item]


def test_leaves_are_told_once() -> None:
    assert leaves(parse("[mutex:name = 'a'] AND ([mutex:name = 'b'] OR [mutex:name = 'a'])")) == [A, B]


def test_precedence_of_the_words() -> None:
    found = parse(
        "[mutex:name='a'] FOLLOWEDBY [mutex:name='b'] OR [mutex:name='c'] AND [mutex:name='a'] REPEATS 2 TIMES"
    )
    assert found == Joined("FOLLOWEDBY", (A, Joined("OR", (B, Joined("AND", (C, Repeats(A, 2)))))))


@pytest.mark.parametrize(
    "pattern",
    [
        "", "[", "[mutex:name]", "[mutex:name = ]", "mutex:name = 'a'", "[mutex:name = 'a'", "[mutex:name = 'a'] AND",
        "[mutex:name = 'a'] WITHIN 'x' SECONDS", "[mutex:name = 'a'] REPEATS 0 TIMES", "[mutex:name = 'a'] REPEATS 2",
        "[mutex:name = 'a'] START t'never' STOP t'2020-01-01T00:00:00Z'", "[mutex:name = 'a'] [mutex:name = 'a']",
        "(" * 60 + "[mutex:name = 'a']" + ")" * 60, "[mutex:name IN ('a' 'b')]", "[mutex:name ~ 'a']",
    ],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(RuleError):
        parse(pattern)
