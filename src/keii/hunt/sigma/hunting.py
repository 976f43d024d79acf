"""The hunt by rules over the lake: every rule has an outcome, and every zero says what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from keii.hunt.sigma import telling
from keii.hunt.sigma.correlation import as_matches, correlate, fields_needed
from keii.hunt.sigma.gathering import Gathered
from keii.hunt.sigma.kept import Answer, digest, joined, read, write
from keii.hunt.sigma.mapping import witnesses
from keii.hunt.sigma.outcome import RuleOutcome, RulesHunted
from keii.hunt.sigma.rules import RuleSet
from keii.hunt.sigma.searched import Offers
from keii.hunt.sigma.sharing import ask
from keii.lake.store import Lake

MOST = 20  # locators that an outcome carries


def hunt_rules(lake: Lake, rules: RuleSet, *, most: int = MOST, kept: Path | None = None) -> RulesHunted:
    """Ask every rule of every event that can witness what it looks for.

    Args:
        lake: the events; the outcome does not depend on how they are cut into files.
        rules: what to ask.
        most: locators per rule; the others are counted.
        kept: file of the answers of an earlier hunt, of which only new rules and new event files are asked then; the
            outcome is that of a hunt without it. Rules that a correlation rests on are asked of everything again.

    Returns:
        One outcome per rule, correlation and rule that could not be loaded.

    Raises:
        LakeError: an event file is damaged.
    """
    gathered = Gathered(rules.rules, fields_needed(rules.correlations))
    answers = _answers(lake, rules, gathered, most, kept)
    seen = dict.fromkeys(witness for rule in rules.rules for witness in witnesses(rule.logsource))
    offers = Offers(lake, seen)
    of_rules = [telling.of_rule(rule, answer, offers) for rule, answer in zip(rules.rules, answers, strict=True)]
    outcomes = [outcome for outcome, rule in zip(of_rules, rules.rules, strict=True) if rule.shown]
    outcomes += _correlated(rules, gathered, of_rules, most)
    outcomes += [telling.of_not_loaded(one) for one in rules.not_loaded]
    return RulesHunted(
        outcomes=tuple(outcomes),
        searched=offers.all(),
        counts=dict(sorted(Counter(outcome.status for outcome in outcomes).items())),
    )


def _answers(lake: Lake, rules: RuleSet, gathered: Gathered, most: int, kept: Path | None) -> list[Answer]:
    """Return the answer to every rule over the whole lake, and gather what correlations rest on."""
    if kept is None:
        found = ask(lake, rules.rules, range(len(rules.rules)), gathered, most)
        return [found[number] for number in range(len(rules.rules))]
    before = read(kept, lake)
    keys = [digest(rule, most) for rule in rules.rules]
    old = [n for n, key in enumerate(keys) if key in before.of and not gathered.wants(n)]
    others = sorted({*range(len(keys))}.difference(old))
    answers = ask(lake, rules.rules, others, gathered, most)
    fresh = Lake(lake.root, [file for file in lake.files if file.path not in before.files])
    later = ask(fresh, rules.rules, old, gathered, most)
    answers |= {number: joined(before.of[keys[number]], answer, most) for number, answer in later.items()}
    write(kept, lake, ((keys[number], answers[number]) for number in range(len(keys))))
    return [answers[number] for number in range(len(keys))]


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
