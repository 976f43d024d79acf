"""Suricata and Snort rules asked of the lake, as far as logs hold what they speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from keii.errors import RuleError
from keii.hunt.sigma.hunting import hunt_rules
from keii.hunt.sigma.rules import Rule, RuleSet
from keii.hunt.suricata.compile import about, compile_written
from keii.hunt.suricata.content import UnheldError
from keii.hunt.suricata.rule import take_apart
from keii.lake.store import Lake
from keii.model.rule import IntelRule, RuleOutcome, RulesHunted


def hunt_suricata(lake: Lake, rules: Sequence[IntelRule], *, kept: Path | None = None) -> RulesHunted:
    """Ask Suricata and Snort rules of names, requests, handshakes and connections.

    Args:
        lake: the events.
        rules: one a value, as written.
        kept: file of the answers of an earlier hunt (``hunt_rules``).

    Returns:
        One outcome per rule, by place and line. ``not-applicable`` names the keyword that no log answers.

    Raises:
        LakeError: an event file is damaged.
    """
    ready: list[Rule] = []
    told: list[RuleOutcome | None] = []
    for rule in sorted(rules, key=lambda one: (one.source_name, _line(one.place), one.text)):
        known = about(rule, None)
        disabled = rule.text.startswith("#")
        try:
            written = take_apart(rule.text.lstrip("# \t"))
            known = about(rule, written)
            if disabled:
                told.append(RuleOutcome(rule=known, status="not-applicable", why="sigma.withdrawn",
                                        facts={"status": "commented out"}))  # fmt: skip
                continue
            ready.append(compile_written(known, written))
            told.append(None)
        except UnheldError as error:
            told.append(RuleOutcome(rule=known, status="not-applicable", why="rules.keyword",
                                    facts={"keyword": error.message}))  # fmt: skip
        except RuleError as error:
            facts = {"place": rule.place, "reason": error.message}
            told.append(RuleOutcome(rule=known, status="not-loadable", why="sigma.not_loadable", facts=facts))
    hunted = hunt_rules(lake, RuleSet(rules=tuple(ready)), kept=kept)
    asked = iter(hunted.outcomes)
    outcomes = tuple(one if one is not None else next(asked) for one in told)
    counts = Counter(one.status for one in outcomes)
    return msgspec.structs.replace(hunted, outcomes=outcomes, counts=dict(sorted(counts.items())))


def _line(place: str) -> tuple[str, int]:
    name, _, line = place.rpartition(", line ")
    return name, int(line) if line.isdigit() else 0
