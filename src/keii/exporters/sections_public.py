"""What sources say, as tables: findings, statement, claims, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keii import names
from keii.exporters.shown import (
    LINES,
    Cell,
    Line,
    Row,
    Section,
    clean,
    facts,
    lined,
    locator,
    minute,
    more,
    section,
    short_quote,
)
from keii.model import Claim, Finding
from keii.model.report import Report
from keii.wording import Lang, say

_ORDER = (
    "contradiction",
    "denial-then-admission",
    "revision",
    "impossible-order",
    "hedge-lost",
    "omission",
    "single-source",
    "agreement",
    "compatible",
)


def by_weight(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with a YES, contradictions first."""
    return sorted(
        (f for f in findings if f.answer == "yes"),
        key=lambda f: (_ORDER.index(f.kind) if f.kind in _ORDER else 99, f.topic),
    )


def findings(report: Report, lang: Lang) -> Section:
    """Return the findings, contradictions first."""
    found = by_weight(report.findings)
    by_id = {claim.id: claim for claim in report.claims}

    def words(ids: Sequence[str]) -> Cell:
        told = [by_id[i] for i in ids if i in by_id]
        lines = [
            Line(f"{names.speaker(c, lang)}: {short_quote(c.quote or names.value(c.value, lang, report.zone))}")
            for c in told[:LINES]
        ]
        return lined([*lines, *more(told, LINES)], ids[:6])

    rows: list[Row] = [
        [
            Cell(say(f"kind.{f.kind}", lang), (f.id,), tone=f.kind),
            names.subject(f.facts["subject"], lang) if "subject" in f.facts else names.topic(f.topic, lang),
            clean(names.why(f, lang, report.zone)),
            words(f.claims),
            words(f.against),
        ]
        for f in found
    ]
    looked = Counter(f.answer for f in report.findings)
    note = say("html.findings-note", lang, {"no": looked["no"], "unknown": looked["unknown"]})
    return section("findings", lang, rows, "finding", "topic", "why", "words", "against", note=note, style="cards")


def statement(report: Report, lang: Lang) -> Section:
    """Return the statement, sentence by sentence."""
    rows: list[Row] = []
    for v in report.verdicts:
        why = say(v.why, lang, facts(v.facts, lang, report.zone))
        limits = [Line(say(w, lang, facts(f, lang, report.zone)), tone="soft") for w, f in v.limits[:3]]
        leaves = " ".join(say(w, lang) for w in v.leaves_open)
        rows.append(
            [
                Cell(say(f"verdict.{v.verdict}", lang), tone=v.verdict),
                Cell(clean(v.sentence), v.claims[:6]),
                lined([Line(why), *limits, *more(v.limits, 3)]),
                Cell(clean(leaves)),
                Cell(say("html.count", lang, {"count": len(v.supporting)}), v.supporting[:6]),
                Cell(say("html.count", lang, {"count": len(v.contradicting)}), v.contradicting[:6]),
            ]
        )
    return section(
        "statement", lang, rows, "verdict", "sentence", "why", "leaves-open", "for", "against", style="cards"
    )


def claims(report: Report, lang: Lang) -> Section:
    """Return every claim: what each citation stands for."""
    sources_by_id = {s.id: s.name for s in report.sources}

    ratings = {rating.claim: rating for rating in report.ratings.claims}

    def rating(c: Claim) -> Cell:
        own = ratings.get(c.id)
        if own is None:
            return Cell("")
        return lined([Line(own.code), Line(say(own.why.why, lang, own.why.facts), tone="soft")])

    def where(c: Claim) -> str:
        if c.basis == "stated":
            return f"{c.source} {c.start}–{c.end}"
        return "; ".join(locator(one, sources_by_id) for one in c.locators[:3]) + (
            f" (+{c.evidence - 3})" if c.evidence > 3 and len(c.locators) > 3 else ""
        )

    rows: list[Row] = [
        [
            Cell(c.id, (c.id,), tone="id"),
            names.speaker(c, lang),
            names.topic(c.topic, lang),
            names.told(c, lang, report.zone),
            rating(c),
            Cell(clean(c.quote or c.note)[:300]),
            where(c),
        ]
        for c in report.claims
    ]
    note = say("html.rating-note", lang) if ratings else ""
    return section("claims", lang, rows, "id", "speaker", "topic", "value", "rating", "words", "record", note=note)


def sources(report: Report, lang: Lang) -> Section:
    """Return every source with its hash and what was read and skipped."""
    rows: list[Row] = [
        [
            s.name,
            s.reader or s.kind,
            f"{s.events:,}",
            f"{s.skipped:,}" + (f" ({clean(s.skips[0].place)}: {clean(s.skips[0].reason)})" if s.skips else ""),
            minute(s.first, report),
            minute(s.last, report),
            Cell(
                clean(s.error) or names.word("statuses", s.status, lang),
                tone="contradicted" if s.status == "unreadable" else "",
            ),
            s.sha256[:16],
        ]
        for s in report.sources
    ]
    return section("sources", lang, rows, "name", "reader", "events", "skipped", "first", "last", "status", "sha256")
