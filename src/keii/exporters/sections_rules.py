"""What became of the rules that were added as intel, as tables: those that hold, and what the others rest on."""

from __future__ import annotations

import re
from collections import defaultdict

from keii.exporters.shown import Cell, Row, Section, clean, minute, places, section
from keii.model.report import Report
from keii.model.rule import RuleOutcome
from keii.wording import Lang, say

_LEVELS = ("critical", "high", "medium", "low", "informational")
_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)
_TONES = {"critical": "contradicted", "high": "contradicted"}


def techniques(outcome: RuleOutcome) -> tuple[str, ...]:
    """Return the ids of the ATT&CK techniques that a rule's author names, in their order."""
    found = (_TECHNIQUE.fullmatch(tag) for tag in outcome.rule.tags)
    return tuple(dict.fromkeys(match[1].upper() for match in found if match))


def rank(outcome: RuleOutcome) -> tuple[int, int, str, str]:
    """Return the order in which people read matches: by level, then the rarer the earlier, then by name."""
    level = outcome.rule.level or ""
    return (
        _LEVELS.index(level) if level in _LEVELS else len(_LEVELS),
        outcome.events,
        outcome.rule.title,
        outcome.rule.id,
    )


def rules(report: Report, lang: Lang) -> Section:
    """Return the rules that hold, with their authors, whom the Detection Rule Licence wants named."""
    sources = {s.id: s.name for s in report.sources}
    found = report.rules.outcomes if report.rules else ()
    rows: list[Row] = [
        [
            Cell(clean(one.rule.level or "?"), tone=_TONES.get(one.rule.level or "", "")),
            clean(one.rule.title),
            clean(one.rule.author or ""),
            ", ".join(techniques(one)),
            ", ".join(clean(host.host or "?") for host in one.hosts[:4]) + (" …" if len(one.hosts) > 4 else ""),
            minute(one.first_seen, report),
            minute(one.last_seen, report),
            f"{one.events:,}",
            places(one.locators, sources),
        ]
        for one in sorted((one for one in found if one.status == "matched"), key=rank)
    ]
    names = ("level", "rule", "author", "technique", "host", "first", "last", "events", "record")
    return section("rules", lang, rows, *names)


def revised(report: Report, lang: Lang) -> Section:
    """Return what later versions of the same intel add and withdraw."""
    rows: list[Row] = [
        [
            clean(one.source_name),
            clean(one.before),
            _some(one.added),
            _some(one.withdrawn),
            f"{one.seen:,}",
        ]
        for one in report.revisions
    ]
    return section("revised", lang, rows, "report", "before", "added", "withdrawn", "seen")


def _some(values: tuple[str, ...]) -> str:
    shown = ", ".join(clean(value) for value in values[:8])
    return f"{len(values):,}" + (f": {shown}" + (" …" if len(values) > 8 else "") if values else "")


def rules_asked(report: Report, lang: Lang) -> Section:
    """Return what became of the other rules: those with the same outcome for the same reason together."""
    grouped: dict[tuple[str, str, str], list[RuleOutcome]] = defaultdict(list)
    for one in report.rules.outcomes if report.rules else ():
        if one.status != "matched":
            grouped[(one.status, one.why, repr(sorted(one.facts.items())))].append(one)
    ordered = sorted(grouped.items(), key=lambda item: (item[0][0], -len(item[1]), item[0]))
    rows: list[Row] = [
        [
            say(f"rules.status.{status}", lang),
            f"{len(found):,}",
            clean(say(why, lang, {name: clean(text) for name, text in found[0].facts.items()})),
            ", ".join(clean(one.rule.title) for one in found[:3]) + (" …" if len(found) > 3 else ""),
        ]
        for (status, why, _), found in ordered
    ]
    counts = report.rules.counts if report.rules else {}
    note = "\n".join(say(f"sigma.status.{status}", lang, {"count": f"{count:,}"}) for status, count in counts.items())
    return section("rules-asked", lang, rows, "outcome", "rules", "why", "examples", note=note)
