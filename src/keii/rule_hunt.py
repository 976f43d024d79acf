"""The hunt by Sigma rules over a case, or over logs without one: joins the case and the rule engine, as the pipeline does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.case.case import Case
from keii.errors import UsageError
from keii.hunt.sigma.hunting import MOST, hunt_rules
from keii.hunt.sigma.outcome import RulesHunted
from keii.hunt.sigma.plan import prepare
from keii.ingest import Progress, ingest
from keii.lake.store import Lake
from keii.pipeline import passing_case

RULES_FOLDER = "rules"  # of a case: derived, the plan of the rules last asked


class RuleHunt(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of every rule, the names of the sources, what could not be read, and the events where asked for."""

    hunted: RulesHunted
    names: dict[str, str]
    unread: tuple[str, ...]
    events: dict[tuple[str, int], dict[str, Any]] = {}


def hunt_by_rules(
    paths: Sequence[Path],
    rules: Sequence[Path],
    progress: Progress,
    *,
    values: Mapping[str, Sequence[str]] | None = None,
    most: int = MOST,
    events: bool = False,
) -> RuleHunt:
    """Ask the rules of a case (as it was last read), or of logs that are read for this question only.

    Args:
        paths: one case, or logs.
        rules: rule files, folders or ZIP archives.
        progress: told how far reading is.
        values: of placeholders (``%name%``).
        most: places that each outcome carries.
        events: whether the rows of these places are wanted too.

    Raises:
        UsageError: no rule at the paths.
        RuleError: a path of rules cannot be read.
    """
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return _hunted(case, rules, values or {}, most, case.root / RULES_FOLDER, events=events)
    with passing_case(paths, ()) as case:
        ingest(case, progress)
        return _hunted(case, rules, values or {}, most, None, events=events)


def _hunted(
    case: Case,
    rules: Sequence[Path],
    values: Mapping[str, Sequence[str]],
    most: int,
    kept_in: Path | None,
    *,
    events: bool,
) -> RuleHunt:
    prepared = prepare(rules, values, kept_in=kept_in)
    if not (prepared.rules or prepared.correlations or prepared.not_loaded):
        raise UsageError("no rule (*.yml, *.yaml) there", place=", ".join(map(str, rules)))
    hunted = hunt_rules(case.lake(), prepared, most=most)
    sources = case.catalog.sources()
    return RuleHunt(
        hunted=hunted,
        events=_rows(case.lake(), hunted) if events else {},
        names={record.source.id: record.source.name for record in sources},
        unread=tuple(f"{r.source.name}: {r.error}" for r in sources if r.status in ("unreadable", "unknown")),
    )


def _rows(lake: Lake, hunted: RulesHunted) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the rows at the places of all matches, without their empty columns."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for outcome in hunted.outcomes:
        for place in outcome.locators:
            wanted[place.source].add(place.record or 0)
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for file in lake.files:
        if file.source in wanted:
            records = pa.array(sorted(wanted[file.source]), pa.int64())
            rows = pq.read_table(lake.root / file.path, filters=pc.field("record").isin(records))
            for row in rows.to_pylist():
                found[file.source, row["record"]] = {name: value for name, value in row.items() if value is not None}
    return found
