"""The hunt by Sigma rules over a case, or over logs without one: joins the case and the rule engine, as the pipeline does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from keii.case.case import Case
from keii.errors import UsageError
from keii.hunt.sigma.hunting import MOST, hunt_rules
from keii.hunt.sigma.outcome import RulesHunted
from keii.hunt.sigma.plan import prepare
from keii.ingest import Progress, ingest
from keii.pipeline import passing_case

RULES_FOLDER = "rules"  # of a case: derived, the plan of the rules last asked


class RuleHunt(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of every rule, the names of the sources, and what could not be read."""

    hunted: RulesHunted
    names: dict[str, str]
    unread: tuple[str, ...]


def hunt_by_rules(
    paths: Sequence[Path],
    rules: Sequence[Path],
    progress: Progress,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    most: int = MOST,
) -> RuleHunt:
    """Ask the rules of a case (as it was last read), or of logs that are read for this question only.

    Args:
        paths: one case, or logs.
        rules: rule files, folders or ZIP archives.
        progress: told how far reading is.
        values: of placeholders (``%name%``).
        most: places that each outcome carries.

    Raises:
        UsageError: no rule at the paths.
        RuleError: a path of rules cannot be read.
    """
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return _hunted(case, rules, values or {}, most, case.root / RULES_FOLDER)
    with passing_case(paths, ()) as case:
        ingest(case, progress)
        return _hunted(case, rules, values or {}, most, None)


def _hunted(
    case: Case, rules: Sequence[Path], values: Mapping[str, Sequence[str]], most: int, kept_in: Path | None
) -> RuleHunt:
    prepared = prepare(rules, values, kept_in=kept_in)
    if not (prepared.rules or prepared.correlations or prepared.not_loaded):
        raise UsageError("no rule (*.yml, *.yaml) there", place=", ".join(map(str, rules)))
    hunted = hunt_rules(case.lake(), prepared, most=most)
    sources = case.catalog.sources()
    return RuleHunt(
        hunted=hunted,
        names={record.source.id: record.source.name for record in sources},
        unread=tuple(f"{r.source.name}: {r.error}" for r in sources if r.status in ("unreadable", "unknown")),
    )
