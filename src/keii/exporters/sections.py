"""The tables of the report in the order in which people read."""

from __future__ import annotations

from keii.exporters.sections_logs import (
    files,
    first_hosts,
    hosts,
    labels,
    matches,
    path,
    searched,
    steps,
    tampering,
    transfers,
)
from keii.exporters.sections_public import claims, findings, sources, statement
from keii.exporters.sections_rules import revised, rules, rules_asked
from keii.exporters.sections_time import chronology, over_time
from keii.model.report import Report

SECTIONS = (
    chronology,
    over_time,
    hosts,
    first_hosts,
    path,
    files,
    labels,
    steps,
    transfers,
    tampering,
    matches,
    searched,
    revised,
    rules,
    rules_asked,
    findings,
    statement,
    claims,
    sources,
)


def has(report: Report, id_: str) -> bool:
    """Return whether a section says something of a case: rules and revised intel are told only where there are some."""
    if id_ == "revised":
        return bool(report.revisions)
    if id_ == "labels":
        return bool(report.labels)
    return report.rules is not None or id_ not in ("rules", "rules-asked")


PUBLIC = (chronology, over_time, findings, statement, claims, sources)  # where a case holds no logs
