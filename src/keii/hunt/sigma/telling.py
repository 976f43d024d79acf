"""What is told of each rule after a hunt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from keii.hunt.sigma.correlation import Fulfilled, Seen
from keii.hunt.sigma.kept import Answer
from keii.hunt.sigma.mapping import witnesses
from keii.hunt.sigma.matching import absent
from keii.hunt.sigma.outcome import Episode, HostSeen, RuleOutcome
from keii.hunt.sigma.rules import About, Correlation, NotLoaded, Rule
from keii.hunt.sigma.searched import Offers
from keii.hunt.sigma.tally import iso
from keii.model import Locator


def of_rule(rule: Rule, answer: Answer, offers: Offers) -> RuleOutcome:
    """Return the outcome of a rule about single events."""
    known = witnesses(rule.logsource)
    searched = tuple(one for witness in known if (one := offers.of(witness)) is not None)
    if not known:
        return _absent(rule.about, "sigma.unknown_log", {"log": str(rule.logsource)})
    if not searched:
        return _absent(rule.about, "sigma.no_log", {"log": "; ".join(witness.title for witness in known)})
    if not answer.events:
        events = sum(one.events for one in searched)
        asked = bool(answer.filled)
        return RuleOutcome(
            rule=rule.about,
            status="no-match",
            why="sigma.no_match" if asked else "sigma.no_such_event",
            facts={"events": f"{events:,}", "logs": "; ".join(one.log for one in searched)},
            searched=searched,
            absent=absent(rule, answer.filled) if asked else (),
        )
    return RuleOutcome(
        rule=rule.about,
        status="matched",
        why="sigma.matched",
        facts={"events": f"{answer.events:,}"},
        events=answer.events,
        first_seen=None if answer.first is None else iso(answer.first),
        last_seen=None if answer.last is None else iso(answer.last),
        hosts=tuple(HostSeen(host=host, events=events) for host, events in answer.hosts),
        locators=tuple(Locator(source=name, record=record, record_id=own) for _, name, record, own in answer.found),
        searched=searched,
    )


def _absent(rule: About, why: str, facts: dict[str, str]) -> RuleOutcome:
    return RuleOutcome(rule=rule, status="not-applicable", why=why, facts=facts)


def of_not_loaded(one: NotLoaded) -> RuleOutcome:
    """Return the outcome of a rule that cannot run."""
    about = About(id=one.id or "", title=one.title or one.place, place=one.place)
    if one.lacks is not None:
        return _absent(about, "sigma.placeholder", {"name": one.lacks})
    if one.withdrawn is not None:
        return _absent(about, "sigma.withdrawn", {"status": one.withdrawn})
    return RuleOutcome(
        rule=about, status="not-loadable", why="sigma.not_loadable", facts={"place": one.place, "reason": one.reason}
    )


def of_correlation(
    one: Correlation, found: Sequence[Fulfilled], rests_on: Mapping[str, RuleOutcome], most: int, without_time: int
) -> RuleOutcome:
    """Return the outcome of a correlation, by those of the rules that it rests on."""
    based = [rests_on[rule] for rule in one.rules if rule in rests_on]
    asked = [outcome for outcome in based if outcome.status in ("matched", "no-match")]
    searched = tuple(dict.fromkeys(log for outcome in asked for log in outcome.searched))
    if not asked:
        return _absent(one.about, "sigma.rests_on", {"rules": ", ".join(o.rule.title for o in based)})
    if not found:
        events = sum(log.events for log in searched)
        facts = {"events": f"{events:,}", "logs": "; ".join(log.log for log in searched)}
        if without_time:
            facts["without_time"] = f"{without_time:,}"
        return RuleOutcome(rule=one.about, status="no-match", why="sigma.no_match", facts=facts, searched=searched)
    distinct = {(event.source, event.record): event for episode in found for event in episode.events}
    ordered = sorted(distinct.values(), key=lambda event: (event.at, event.source, event.record))
    return RuleOutcome(
        rule=one.about,
        status="matched",
        why="sigma.matched_together",
        facts={"episodes": f"{len(found):,}", "events": f"{len(ordered):,}"},
        events=len(ordered),
        first_seen=iso(ordered[0].at),
        last_seen=iso(ordered[-1].at),
        hosts=_hosts(ordered),
        locators=tuple(Locator(source=e.source, record=e.record, record_id=e.record_id) for e in ordered[:most]),
        searched=searched,
        episodes=tuple(_episode(episode) for episode in found[:most]),
    )


def _hosts(events: Sequence[Seen]) -> tuple[HostSeen, ...]:
    counts = Counter(event.host for event in events)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ""))
    return tuple(HostSeen(host=host, events=count) for host, count in ordered)


def _episode(episode: Fulfilled) -> Episode:
    first, last = episode.events[0].at, episode.events[-1].at
    return Episode(
        group=episode.group, first=iso(first), last=iso(last), events=len(episode.events), value=episode.value
    )
