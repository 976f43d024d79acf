"""The tables of the report in the order in which people read."""

from __future__ import annotations

from keii.exporters.sections_logs import files, hosts, matches, path, searched, tampering, transfers
from keii.exporters.sections_public import claims, findings, sources, statement
from keii.exporters.sections_rules import rules, rules_asked
from keii.exporters.sections_time import chronology, over_time

SECTIONS = (
    chronology,
    over_time,
    hosts,
    path,
    files,
    transfers,
    tampering,
    matches,
    searched,
    rules,
    rules_asked,
    findings,
    statement,
    claims,
    sources,
)

OF_RULES = ("rules", "rules-asked")  # ids of the sections that only a case with rules has
PUBLIC = (chronology, over_time, findings, statement, claims, sources)  # where a case holds no logs
