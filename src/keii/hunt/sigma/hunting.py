"""The hunt by rules over the lake: every rule has an outcome, and every zero says what it rests on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from keii.hunt.sigma import telling
from keii.hunt.sigma.correlation import as_matches, correlate, fields_needed
from keii.hunt.sigma.gathering import Gathered
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.outcome import RuleOutcome, RulesHunted
from keii.hunt.sigma.rules import RuleSet
from keii.hunt.sigma.scanning import found
from keii.hunt.sigma.searched import Offers
from keii.hunt.sigma.tally import Tally
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
    gathered = Gathered(rules.rules, fields_needed(rules.correlations))
    engine.also_read(gathered.columns())
    tallies: dict[int, Tally] = defaultdict(lambda: Tally(most))
    for one in found(lake, engine):
        gathered.add(one.chunk, one.hits, one.places, one.every)
        for number, rows in one.rows.items():
            tallies[number].add(one.places, np.searchsorted(one.every, rows))
    offers = Offers(lake, engine.witnesses())
    of_rules = [telling.of_rule(n, rule, tallies.get(n), offers, engine) for n, rule in enumerate(rules.rules)]
    outcomes = [outcome for outcome, rule in zip(of_rules, rules.rules, strict=True) if rule.shown]
    outcomes += _correlated(rules, gathered, of_rules, most)
    outcomes += [telling.of_not_loaded(one) for one in rules.not_loaded]
    return RulesHunted(
        outcomes=tuple(outcomes),
        searched=offers.all(),
        counts=dict(sorted(Counter(outcome.status for outcome in outcomes).items())),
    )


def _correlated(
    rules: RuleSet, gathered: Gathered, of_rules: Sequence[RuleOutcome], most: int
) -> Iterator[RuleOutcome]:
    """Yield the outcomes of the correlations that are shown."""
    known: dict[str, RuleOutcome] = {}
    for outcome in of_rules:
        known.setdefault(outcome.rule.id, outcome)
    for one in rules.correlations:
        found = correlate(one, gathered.matches)
        gathered.matches[one.about.id] = as_matches(one, found)
        without_time = sum(gathered.without_time[rule] for rule in one.rules)
        known[one.about.id] = outcome = telling.of_correlation(one, found, known, most, without_time)
        if one.shown:
            yield outcome
