"""What sources say along time, as tables: the chronology, and every topic after each publication."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from keii import names
from keii.exporters.shown import LINES, Cell, Line, Row, Section, clean, lined, more, section, short_quote
from keii.model import Claim, Moment
from keii.model.publication import Change, TopicState
from keii.model.rating import SourceRating
from keii.model.report import ChronologyEntry, Report
from keii.wording import Lang, say

_QUOTES = 5  # quotes shown of a publication
_NEWS = 8  # new points shown of a publication
_WIDE = 40  # publications shown beside each other
_VALUES = 8  # values that stand in the end
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
        lines, quotes = news(entry, claims, lang, report.zone), [short_quote(words) for words in entry.quotes]
        title = entry.title or ("" if entry.publisher == entry.document else entry.document)
        rows.append(
            [
                Cell(str(entry.number)),
                msgspec.structs.replace(lined(when(entry, report, lang)), tone="when"),
                lined(publisher(entry, ratings, lang)),
                clean(title),
                lined([Line(say("html.quote", lang, {"words": words})) for words in quotes[:_QUOTES]] + more(quotes, _QUOTES)),
                lined([*lines[:_NEWS], *more(lines, _NEWS)], entry.new[:6]),
            ]
        )  # fmt: skip
    ids = [f"p-{entry.number}" for entry in report.chronology]
    columns = ("number", "published", "publisher", "title", "words", "new")
    note = say("html.chronology-note", lang) if rows else ""
    return section("chronology", lang, rows, *columns, ids=ids, note=note, style="cards chronology")


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
        now = _now(history.states[-1], claims, report, lang)
        rows.append((Cell(clean(names.topic(history.topic, lang)), tone="head"), *cells, now))
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
        columns=(say("html.column.topic", lang), *(clean(head) for head in heads), say("html.column.now", lang)),
        rows=tuple(rows),
        total=len(rows),
        note=note,
        style="over-time",
        links=("", *(f"p-{e.number}" for e in shown), ""),
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
    return lined([*lines[:LINES], *more(lines, LINES)], [change.claim for change in told[:6]])


def _now(state: TopicState, claims: Mapping[str, Claim], report: Report, lang: Lang) -> Cell:
    """Return who says what after all publications: each value once, with every voice whose last word it is."""
    publishers = {entry.number: entry.publisher for entry in report.chronology}
    holders: dict[str, list[str]] = {}
    cites: list[str] = []
    for standing in state.standing:
        for claim in (claims[one] for one in standing.claims if one in claims):
            who = names.voice(claim.speaker or publishers.get(standing.publication, claim.source), lang)
            voices = holders.setdefault(names.told(claim, lang, report.zone), [])
            if who not in voices:
                voices.append(who)
                cites.append(claim.id)
    comma = "、" if lang == "ja" else ", "
    lines = [Line(words + say("html.by", lang, {"who": comma.join(voices)})) for words, voices in holders.items()]
    return lined([*lines[:_VALUES], *more(lines, _VALUES)], cites[:6])
