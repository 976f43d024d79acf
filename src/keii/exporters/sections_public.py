"""What sources say, as tables: chronology, claims over time, findings, statement, claims, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from keii import names
from keii.exporters.shown import Cell, Line, Row, Section, clean, facts, lined, locator, minute, section
from keii.model import Claim, Finding, Moment
from keii.model.publication import Change, TopicState
from keii.model.rating import SourceRating
from keii.model.report import ChronologyEntry, Report
from keii.wording import Lang, say

_QUOTES, _QUOTE = 5, 140  # quotes shown of a publication, characters of each
_NEWS = 8  # new points shown of a publication
_LINES = 4  # values shown of one topic in one publication
_WIDE = 40  # publications shown beside each other
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
_TURNS = ("admitted", "denied", "withdrawn", "grew", "shrank", "revised", "happened")  # a voice changes its own word
_TONES = {
    "admitted": "contradicted",
    "denied": "contradicted",
    "contradicts": "contradicted",
    "withdrawn": "not-verifiable",
    "not-confirmed": "not-verifiable",
    "hedge-lost": "not-verifiable",
    "grew": "not-verifiable",
    "shrank": "not-verifiable",
    "revised": "not-verifiable",
    "agrees": "supported",
    "confirmed": "supported",
    "repeated": "not-checkable",
    "inferred": "not-checkable",
}


def mark(change: Change, lang: Lang) -> str:
    """Return how a claim stands to earlier ones, in a word; a change of word with the time that it took."""
    word = say(f"change.{change.kind}", lang)
    if change.kind not in _TURNS or change.within is None:
        return word
    unit, count = ("hours", change.within) if change.within <= 48 else ("days", -(-change.within // 24))
    return say(f"change.within.{unit}", lang, {"change": word, "count": f"{count:,}"})


def publisher(entry: ChronologyEntry, ratings: Mapping[tuple[str, str | None], SourceRating], lang: Lang) -> list[Line]:
    """Return the publisher with the kind of source, where it is quoted if it is not at hand itself, and its rating."""
    lines = [Line(say("html.publisher", lang, {"name": entry.publisher, "kind": names.kind(entry.kind, lang)}))]
    if entry.within:
        lines.append(Line(say("html.quoted-in", lang, {"document": entry.document}), tone="soft"))
    rating = ratings.get((entry.document, entry.within))
    if rating is not None:
        why = say(rating.why.why, lang, rating.why.facts)
        lines.append(Line(say("reliability.line", lang, {"letter": rating.letter, "why": why}), tone="soft"))
    return lines


def published(of: Moment | None, report: Report, lang: Lang) -> str:
    """Return a time of publication in the zone of the case, empty where there is none."""
    return names.moment(of, lang, report.zone) if of else ""


def when(entry: ChronologyEntry, report: Report, lang: Lang) -> list[Line]:
    """Return the time of publication, and that of the update where there is one."""
    lines = [Line(names.moment(entry.published, lang, report.zone))]
    if entry.updated is not None:
        updated = names.moment(entry.updated, lang, report.zone)
        lines.append(Line(say("html.updated-at", lang, {"updated": updated})))
    return lines


def news(entry: ChronologyEntry, claims: Mapping[str, Claim], lang: Lang, zone: str = "UTC") -> list[Line]:
    """Return what was new in a publication: topic, value with its hedges, who says it, and how it is new."""
    lines: list[Line] = []
    for change in entry.news:
        claim = claims.get(change.claim)
        if claim is None:
            continue
        words = say(
            "html.news", lang, {"topic": names.topic(claim.topic, lang), "value": names.told(claim, lang, zone)}
        ) + _by(claim, entry.publisher, lang)
        line = Line(words, mark(change, lang), mark_tone=_TONES.get(change.kind, ""))
        if line not in lines:
            lines.append(line)
    return lines


def _by(claim: Claim, teller: str, lang: Lang) -> str:
    who = claim.speaker or teller
    return "" if who == teller else say("html.by", lang, {"who": names.voice(who, lang)})


def chronology(report: Report, lang: Lang) -> Section:
    """Return the numbered chronology with the words that matter and what was new against all earlier ones."""
    claims = {claim.id: claim for claim in report.claims}
    ratings = {(rating.document, rating.within): rating for rating in report.ratings.sources}
    rows: list[Row] = []
    for entry in report.chronology:
        lines, quotes = news(entry, claims, lang, report.zone), [_short(words) for words in entry.quotes]
        title = entry.title or ("" if entry.publisher == entry.document else entry.document)
        rows.append(
            [
                Cell(str(entry.number)),
                msgspec.structs.replace(lined(when(entry, report, lang)), tone="when"),
                lined(publisher(entry, ratings, lang)),
                clean(title),
                lined([Line(say("html.quote", lang, {"words": words})) for words in quotes[:_QUOTES]] + _more(quotes, _QUOTES)),
                lined([*lines[:_NEWS], *_more(lines, _NEWS)], entry.new[:6]),
            ]
        )  # fmt: skip
    ids = [f"p-{entry.number}" for entry in report.chronology]
    columns = ("number", "published", "publisher", "title", "words", "new")
    note = say("html.chronology-note", lang) if rows else ""
    return section("chronology", lang, rows, *columns, ids=ids, note=note, style="cards chronology")


def _more(items: Sequence[object], shown: int) -> list[Line]:
    return [Line(f"… (+{len(items) - shown})")] if len(items) > shown else []


def _short(words: str) -> str:
    flat = " ".join(words.split())
    for open_, close in ("「」", "『』", "“”"):  # a quotation mark whose other half lies outside
        flat = flat.removesuffix(close) if open_ not in flat else flat
        flat = flat.removeprefix(open_) if close not in flat else flat
    return flat if len(flat) <= _QUOTE else flat[: _QUOTE - 1] + "…"


def over_time(report: Report, lang: Lang) -> Section:
    """Return topics as rows and publications as columns: what each said, how sure, and what that changed."""
    claims = {claim.id: claim for claim in report.claims}
    speaking = {state.publication for history in report.over_time for state in history.states}
    entries = [entry for entry in report.chronology if entry.number in speaking]
    shown = entries[:_WIDE]
    rows = []
    for history in report.over_time:
        states = {state.publication: state for state in history.states}
        cells = [_state(states[e.number], claims, e, report, lang) if e.number in states else Cell("") for e in shown]
        rows.append((Cell(clean(names.topic(history.topic, lang)), tone="head"), *cells))
    note = say("html.over-time-note", lang) if rows else ""
    if len(entries) > len(shown):
        note += " " + say("html.showing", lang, {"shown": len(shown), "all": f"{len(entries):,}"})
    heads = [
        say(
            "html.over-time-head",
            lang,
            {"number": e.number, "publisher": e.publisher, "at": names.moment(e.published, lang, report.zone)},
        )
        for e in shown
    ]
    return Section(
        id="over-time",
        title=say("html.over-time", lang),
        columns=(say("html.column.topic", lang), *(clean(head) for head in heads)),
        rows=tuple(rows),
        total=len(rows),
        note=note,
        style="over-time",
        links=("", *(f"p-{e.number}" for e in shown)),
    )


def _state(state: TopicState, claims: Mapping[str, Claim], entry: ChronologyEntry, report: Report, lang: Lang) -> Cell:
    """Return what a publication says of a topic: each value once, what is only repeated last."""
    told = sorted(state.told, key=lambda change: change.kind in ("repeated", "inferred"))
    lines: list[Line] = []
    seen: set[str] = set()
    for change in told:
        claim = claims.get(change.claim)
        words = names.told(claim, lang, report.zone) + _by(claim, entry.publisher, lang) if claim else ""
        if claim is None or words in seen:
            continue
        seen.add(words)
        tone = {"denied": "contradicted", "not-confirmed": "not-verifiable"}.get(claim.polarity, "")
        lines.append(Line(words, mark(change, lang), tone, _TONES.get(change.kind, "")))
    return lined([*lines[:_LINES], *_more(lines, _LINES)], [change.claim for change in told[:6]])


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
            Line(f"{names.speaker(c, lang)}: {_short(c.quote or names.value(c.value, lang, report.zone))}")
            for c in told[:_LINES]
        ]
        return lined([*lines, *_more(told, _LINES)], ids[:6])

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
        limits = " ".join(f"[{say(w, lang, facts(f, lang, report.zone))}]" for w, f in v.limits[:3])
        leaves = " ".join(say(w, lang) for w in v.leaves_open)
        rows.append(
            [
                Cell(say(f"verdict.{v.verdict}", lang), tone=v.verdict),
                Cell(clean(v.sentence), v.claims[:6]),
                Cell(clean(" ".join(part for part in (why, limits) if part))),
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
            Cell(s.error or s.status, tone="contradicted" if s.status == "unreadable" else ""),
            s.sha256[:16],
        ]
        for s in report.sources
    ]
    return section("sources", lang, rows, "name", "reader", "events", "skipped", "first", "last", "status", "sha256")
