"""STIX patterns asked of the lake: their observations in one pass, their operators machine by machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from keii.errors import LimitError, RuleError
from keii.hunt.sigma.matching import Engine, absent
from keii.hunt.sigma.rules import LogSource, Rule
from keii.hunt.sigma.scanning import found
from keii.hunt.sigma.searched import Offers
from keii.hunt.sigma.tally import iso
from keii.hunt.stix.compile import NotHeldError, compile_test, not_held
from keii.hunt.stix.evaluate import Evaluation, Event, leaves
from keii.hunt.stix.gathering import MOST_EVENTS, Held
from keii.hunt.stix.tree import Joined, Observation, Observed, parse
from keii.lake.store import Lake
from keii.model import Locator
from keii.model.rule import About, Episode, HostSeen, IntelRule, LogSearched, RuleOutcome, RulesHunted

MOST = 20  # locators and episodes that an outcome carries
MOST_EPISODES = 1_000  # on one machine
_SOURCE = LogSource("stix", None, "stix")


class _Pattern(NamedTuple):
    """A pattern that can be asked: its tree and the numbers of its observations among the engine's rules."""

    about: About
    tree: Observation
    numbers: dict[Observed, int]
    lacks: tuple[str, ...]


def hunt_patterns(lake: Lake, patterns: Sequence[IntelRule]) -> RulesHunted:
    """Ask STIX patterns of every event; what must come together must do so on one machine.

    Args:
        lake: the events; a machine is the event's host, on the wire the address that began the connection.
        patterns: in STIX, each as its indicator wrote it.

    Returns:
        One outcome per pattern, by place. ``not-applicable`` names the properties that no event has.

    Raises:
        LakeError: an event file is damaged.
    """
    rules: list[Rule] = []
    of_leaf: dict[Observed, int] = {}
    ready: list[_Pattern] = []
    outcomes: dict[int, RuleOutcome] = {}
    ordered = sorted(patterns, key=lambda one: (one.place, one.id, one.text))
    for place, pattern in enumerate(ordered):
        about = _about(pattern)
        try:
            ready.append(_prepared(about, pattern.text, rules, of_leaf))
        except NotHeldError as error:
            outcomes[place] = _told(about, "not-applicable", "rules.not_held", properties=error.message)
        except RuleError as error:
            outcomes[place] = _told(
                about, "not-loadable", "sigma.not_loadable", place=about.place, reason=error.message
            )
    engine = Engine(rules)
    held = _gathered(lake, engine)
    offers = Offers(lake, engine.witnesses())
    decided = iter([_decided(one, held, offers, engine, rules) for one in ready])
    told = tuple(outcomes[place] if place in outcomes else next(decided) for place in range(len(ordered)))
    return RulesHunted(
        outcomes=told, searched=offers.all(), counts=dict(sorted(Counter(one.status for one in told).items()))
    )


def _about(pattern: IntelRule) -> About:
    return About(
        id=pattern.id,
        title=pattern.title or pattern.text[:120],
        place=pattern.place,
        level=pattern.level,
        author=pattern.author,
        tags=pattern.tags,
        language="stix",
    )


def _told(about: About, status: str, why: str, **facts: str) -> RuleOutcome:
    return RuleOutcome(rule=about, status=status, why=why, facts=facts)  # type: ignore[arg-type]


def _prepared(about: About, text: str, rules: list[Rule], of_leaf: dict[Observed, int]) -> _Pattern:
    """Compile the observations of a pattern and number them. Raises RuleError; nothing is numbered then."""
    tree = parse(text)
    lacks = tuple(sorted(set().union(*(not_held(leaf.test) for leaf in leaves(tree)))))
    compiled = {}
    missing = []
    for leaf in leaves(tree):
        try:
            compiled[leaf] = compile_test(leaf.test)
        except NotHeldError as error:
            missing.append(error)
    if missing and not _can_hold(tree, frozenset(compiled)):
        raise NotHeldError(", ".join(lacks) or missing[0].message)
    numbers = {}
    for leaf, expression in compiled.items():
        if leaf not in of_leaf:
            of_leaf[leaf] = len(rules)
            rules.append(Rule(about=about, logsource=_SOURCE, expression=expression))
        numbers[leaf] = of_leaf[leaf]
    return _Pattern(about, tree, numbers, lacks)


def _can_hold(node: Observation, known: frozenset[Observed]) -> bool:
    if isinstance(node, Observed):
        return node in known
    if isinstance(node, Joined):
        found = (_can_hold(item, known) for item in node.items)
        return any(found) if node.word == "OR" else all(found)
    return _can_hold(node.item, known)


def _gathered(lake: Lake, engine: Engine) -> dict[int, Held]:
    held: dict[int, Held] = defaultdict(Held)
    for one in found(lake, engine):
        for number, rows in one.rows.items():
            held[number].add(one.places, np.searchsorted(one.every, rows))
    return held


def _decided(
    one: _Pattern, held: dict[int, Held], offers: Offers, engine: Engine, rules: Sequence[Rule]
) -> RuleOutcome:
    searched = tuple(log for witness in engine.witnesses() if (log := offers.of(witness)) is not None)
    if not searched:
        return _told(one.about, "not-applicable", "sigma.no_log", log="; ".join(w.title for w in engine.witnesses()))
    of_leaf = {leaf: held[number] for leaf, number in one.numbers.items() if number in held}
    facts = {"properties": ", ".join(one.lacks)} if one.lacks else {}
    if any(found.too_many for found in of_leaf.values()):
        return _told(one.about, "not-loadable", "rules.too_many", count=f"{MOST_EVENTS:,}")
    try:
        groups = list(_groups(one.tree, of_leaf))
    except LimitError as error:
        return _told(one.about, "not-loadable", "sigma.not_loadable", place=one.about.place, reason=error.message)
    if not groups:
        lacking = (absent(rules[number], engine.noted(number, asked=True)) for number in one.numbers.values())
        fields = tuple(sorted(set().union(*lacking)))
        return _no_match(one, searched, fields, facts, sum(found.without_time for found in of_leaf.values()))
    return _matched(one, groups, searched)


def _groups(tree: Observation, of_leaf: dict[Observed, Held]) -> Iterator[tuple[str | None, tuple[Event, ...]]]:
    """Yield the events that together fulfil the pattern, with their machine."""
    hosts = {host for found in of_leaf.values() for host in found.by_host}
    for host in sorted(hosts, key=lambda name: (name is None, name or "")):
        if isinstance(tree, Observed):
            yield from ((host, (event,)) for event in of_leaf[tree].of(host))
            continue
        evaluation = Evaluation(tree, {leaf: found.of(host) for leaf, found in of_leaf.items()})
        yield from ((host, events) for events in evaluation.episodes(MOST_EPISODES))


def _no_match(
    one: _Pattern, searched: tuple[LogSearched, ...], absent: tuple[str, ...], facts: dict[str, str], without_time: int
) -> RuleOutcome:
    events = sum(log.events for log in searched)
    told = {"events": f"{events:,}", "logs": "; ".join(log.log for log in searched), **facts}
    if without_time:
        told["without_time"] = f"{without_time:,}"
    why = "rules.no_match_in_part" if one.lacks else "rules.no_match_untimed" if without_time else "sigma.no_match"
    return RuleOutcome(rule=one.about, status="no-match", why=why, facts=told, searched=searched, absent=absent)


def _matched(
    one: _Pattern, groups: list[tuple[str | None, tuple[Event, ...]]], searched: tuple[LogSearched, ...]
) -> RuleOutcome:
    distinct = sorted({event for _, events in groups for event in events}, key=lambda event: event[:3])
    hosts: Counter[str | None] = Counter()
    for host, events in groups:
        hosts[host] += len(events)
    together = not isinstance(one.tree, Observed)
    groups = sorted(groups, key=lambda group: (group[1][0][:3], group[0] or ""))
    return RuleOutcome(
        rule=one.about,
        status="matched",
        why="sigma.matched_together" if together else "sigma.matched",
        facts={"episodes": f"{len(groups):,}", "events": f"{len(distinct):,}"} if together else
              {"events": f"{len(distinct):,}"},
        events=len(distinct),
        first_seen=iso(distinct[0].at),
        last_seen=iso(distinct[-1].at),
        hosts=tuple(HostSeen(host=host, events=count) for host, count in
                    sorted(hosts.items(), key=lambda item: (-item[1], item[0] or ""))),
        locators=tuple(Locator(source=e.source, record=e.record, record_id=e.record_id) for e in distinct[:MOST]),
        searched=searched,
        episodes=tuple(
            Episode(group=(host or "?",), first=iso(events[0].at), last=iso(events[-1].at), events=len(events))
            for host, events in groups[:MOST]
        ) if together else (),
    )  # fmt: skip
