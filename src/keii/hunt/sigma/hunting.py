"""The hunt by rules over the lake: every rule has an outcome, and every zero says what it rests on."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from keii.hunt.sigma.columns import Rows
from keii.hunt.sigma.mapping import witnesses
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.outcome import RuleOutcome, RulesHunted
from keii.hunt.sigma.rules import About, NotLoaded, Rule, RuleSet
from keii.hunt.sigma.scanning import matches, places
from keii.hunt.sigma.searched import Offers
from keii.hunt.sigma.tally import Places, Tally
from keii.lake.schema import TABLES
from keii.lake.store import Lake

MOST = 20  # locators that an outcome carries


def hunt_rules(lake: Lake, rules: RuleSet, *, most: int = MOST) -> RulesHunted:
    """Ask every rule of every event that can witness what it looks for.

    Args:
        lake: the events; the outcome does not depend on how they are cut into files.
        rules: what to ask.
        most: locators per rule; the others are counted.

    Returns:
        One outcome per rule, correlation and rule that could not be loaded.

    Raises:
        LakeError: an event file is damaged.
    """
    engine = Engine(rules.rules)
    tallies: dict[int, Tally] = defaultdict(lambda: Tally(most))
    for table in TABLES:
        if table not in engine.tables():
            continue
        for chunk, hits in matches(lake, engine, table):
            found: dict[int, list[Rows]] = defaultdict(list)
            for hit in hits:
                found[hit.rule].append(hit.rows)
            if not found:
                continue
            held = {number: np.unique(np.concatenate(rows)) for number, rows in found.items()}
            every = np.unique(np.concatenate(list(held.values())))
            found_at = Places(places(chunk, every))
            for number, rows in held.items():
                tallies[number].add(found_at, np.searchsorted(every, rows))
    offers = Offers(lake, engine.tables())
    outcomes = [
        _outcome(number, rule, tallies.get(number), offers, engine)
        for number, rule in enumerate(rules.rules)
        if rule.shown
    ]
    outcomes += [_not_loaded(one) for one in rules.not_loaded]
    return RulesHunted(
        outcomes=tuple(outcomes),
        searched=offers.all(),
        counts=dict(sorted(Counter(outcome.status for outcome in outcomes).items())),
    )


def _outcome(number: int, rule: Rule, tally: Tally | None, offers: Offers, engine: Engine) -> RuleOutcome:
    known = witnesses(rule.logsource)
    searched = tuple(one for witness in known if (one := offers.of(witness)) is not None)
    if not known:
        return _absent(rule.about, "sigma.unknown_log", {"log": str(rule.logsource)})
    if not searched:
        return _absent(rule.about, "sigma.no_log", {"log": "; ".join(witness.title for witness in known)})
    if tally is None:
        events = sum(one.events for one in searched)
        asked = engine.asked(number)
        return RuleOutcome(
            rule=rule.about,
            status="no-match",
            why="sigma.no_match" if asked else "sigma.no_such_event",
            facts={"events": f"{events:,}", "logs": "; ".join(one.log for one in searched)},
            searched=searched,
            absent=engine.absent(number) if asked else (),
        )
    return RuleOutcome(
        rule=rule.about,
        status="matched",
        why="sigma.matched",
        facts={"events": f"{tally.events:,}"},
        events=tally.events,
        first_seen=tally.first_seen,
        last_seen=tally.last_seen,
        hosts=tally.hosts,
        locators=tally.locators,
        searched=searched,
    )


def _absent(rule: About, why: str, facts: dict[str, str]) -> RuleOutcome:
    return RuleOutcome(rule=rule, status="not-applicable", why=why, facts=facts)


def _not_loaded(one: NotLoaded) -> RuleOutcome:
    about = About(id=one.id or "", title=one.title or one.place, place=one.place)
    if one.lacks is not None:
        return _absent(about, "sigma.placeholder", {"name": one.lacks})
    return RuleOutcome(
        rule=about, status="not-loadable", why="sigma.not_loadable", facts={"place": one.place, "reason": one.reason}
    )
