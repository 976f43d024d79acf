"""The rules that were added as intel, whatever their language, asked of the lake: one outcome each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from keii.hunt.sigma.hunting import hunt_rules
from keii.hunt.sigma.loading import RuleFile
from keii.hunt.sigma.plan import prepare_files
from keii.hunt.stix.hunting import hunt_patterns
from keii.hunt.suricata.hunting import hunt_suricata
from keii.lake.store import Lake
from keii.model.rule import IntelRule, LogSearched, RulesHunted


def hunt_intel_rules(lake: Lake, rules: Sequence[IntelRule], *, kept_in: Path | None = None) -> RulesHunted:
    """Ask every rule of every event that can witness what it looks for.

    Args:
        lake: the events.
        rules: as they were published; the outcome does not depend on their order.
        kept_in: folder for the Sigma rules ready to run and for what rules answered so far, None to keep none. The
            outcome is the same either way; with it, only new rules and new event files are asked, but for rules
            that a correlation rests on and for STIX patterns.

    Returns:
        One outcome per rule, by language and place; what cannot run is told as such.

    Raises:
        LakeError: an event file is damaged.
    """
    files = [RuleFile(rule.place, rule.text.encode()) for rule in rules if rule.language == "sigma"]
    patterns = [rule for rule in rules if rule.language == "stix"]
    parts = [hunt_rules(lake, prepare_files(files, kept_in=kept_in), kept=_kept(kept_in, "sigma"))] if files else []
    parts += [hunt_patterns(lake, patterns)] if patterns else []
    signatures = [rule for rule in rules if rule.language == "suricata"]
    parts += [hunt_suricata(lake, signatures, kept=_kept(kept_in, "suricata"))] if signatures else []
    return joined(parts)


def _kept(folder: Path | None, language: str) -> Path | None:
    return folder / f"{language}.answers" if folder is not None else None


def joined(parts: Sequence[RulesHunted]) -> RulesHunted:
    """Return several hunts over one lake as one: a log that several searched counts once."""
    searched: dict[str, LogSearched] = {}
    for part in parts:
        for log in part.searched:
            searched.setdefault(log.log, log)
    outcomes = tuple(outcome for part in parts for outcome in part.outcomes)
    return RulesHunted(
        outcomes=outcomes,
        searched=tuple(searched[name] for name in sorted(searched)),
        counts=dict(sorted(Counter(outcome.status for outcome in outcomes).items())),
    )
