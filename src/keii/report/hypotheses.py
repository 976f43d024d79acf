"""An analysis of competing hypotheses in words: two tables and the sentences below them, for a terminal or a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from keii import names
from keii.case.hypothesis import band_of
from keii.model import Claim
from keii.model.hypothesis import Analysis, EvidenceRow, Removal, Standing
from keii.wording import Lang, say

_LEVELS = ("low", "moderate", "high")
_SHOWN = 10  # logs that cannot speak, in words; the analysis holds all of them


class ShownTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of plain text; a column whose name begins with ``#`` holds numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class ShownAnalysis(msgspec.Struct, frozen=True, kw_only=True):
    """The analysis as people read it.

    Attributes:
        standings: rank, hypothesis, its text, origins against, rows that fit, highest confidence the matrix bears.
        matrix: topic and what is said of it, origins, one column per hypothesis, how far the row tells them apart.
        legend: what the marks mean.
        points: sentences in order: judgements, the removal test, what nobody speaks of, what cannot speak, notes.
    """

    standings: ShownTable
    matrix: ShownTable
    legend: str
    points: tuple[str, ...]


def shown_analysis(analysis: Analysis, claims: Mapping[str, Claim], lang: Lang) -> ShownAnalysis:
    """Return an analysis in words; ``claims`` maps the ids in it to claims."""
    return ShownAnalysis(
        standings=_standings(analysis, lang),
        matrix=_matrix(analysis, claims, lang),
        legend=say("hypotheses.legend", lang),
        points=tuple(dict.fromkeys(_points(analysis, claims, lang))),
    )


def _standings(analysis: Analysis, lang: Lang) -> ShownTable:
    columns = [say(f"hypotheses.column.{name}", lang) for name in ("hypothesis", "text", "against", "fits", "at-most")]
    rows = [
        (
            str(one.rank),
            one.hypothesis,
            one.text,
            say("hypotheses.against", lang, {"firm": one.firm, "hedged": one.hedged}) if one.hedged else str(one.firm),
            str(one.consistent),
            say(f"hypotheses.level.{one.at_most}", lang),
        )
        for one in analysis.standings
    ]
    return ShownTable(title=say("hypotheses.title", lang), columns=("#", *columns), rows=tuple(rows))


def _matrix(analysis: Analysis, claims: Mapping[str, Claim], lang: Lang) -> ShownTable:
    order = [one.hypothesis for one in analysis.standings]
    strong = sum(row.counts and row.diagnosticity == "strong" for row in analysis.rows)
    rows = []
    for row in analysis.rows:
        marks = {cell.hypothesis: cell.mark + ("*" if cell.by == "analyst" else "") for cell in row.cells}
        tells = say(f"hypotheses.tells.{row.diagnosticity}" if row.counts else "hypotheses.not-counted", lang)
        said = say("hypotheses.said", lang, {"topic": names.topic(row.topic, lang), "said": _said(row, claims, lang)})
        rows.append((said, _origins(row, analysis, lang), *(marks[name] for name in order), tells))
    return ShownTable(
        title=say("hypotheses.matrix", lang, {"rows": len(rows), "strong": strong}),
        columns=(
            say("cli.column.said", lang),
            say("hypotheses.column.origins", lang),
            *order,
            say("hypotheses.column.tells", lang),
        ),
        rows=tuple(rows),
    )


def _said(row: EvidenceRow, claims: Mapping[str, Claim], lang: Lang) -> str:
    """Return what the claim says that stands for the row, with its hedge and polarity."""
    exact = next((claims[id_] for id_ in row.claims if id_ in claims and claims[id_].value == row.value), None)
    return names.told(exact, lang) if exact else names.value(row.value, lang)


def _origins(row: EvidenceRow, analysis: Analysis, lang: Lang) -> str:
    comma = "、" if lang == "ja" else ", "
    firm, hedged = (comma.join(_name(one, analysis, lang) for one in some) for some in (row.firm, row.hedged))
    told = [firm, say("hypotheses.hedged", lang, {"origins": hedged}) if hedged else ""]
    return "; ".join(part for part in told if part)


def _name(origin: str, analysis: Analysis, lang: Lang) -> str:
    return say("hypotheses.logs", lang) if origin == "logs" else analysis.named.get(origin) or origin


def _points(analysis: Analysis, claims: Mapping[str, Claim], lang: Lang) -> Iterator[str]:
    for one in analysis.standings:
        yield from _judgement(one, lang)
    for one in analysis.standings:
        if one.limited_by and one.rank == 1:
            reasons = ("、" if lang == "ja" else "; ").join(say(reason, lang) for reason in one.limited_by)
            level = say(f"hypotheses.level.{one.at_most}", lang)
            yield say("hypotheses.limited", lang, {"hypothesis": one.hypothesis, "level": level, "reasons": reasons})
    for removal in analysis.removals:
        yield _removal(removal, analysis, lang)
    if not analysis.removals and analysis.tried:
        yield say("hypotheses.removal.none", lang, {"tried": analysis.tried})
    for row in analysis.rows:
        if row.id in analysis.linchpins:
            facts = {"topic": names.topic(row.topic, lang), "said": _said(row, claims, lang)}
            yield say("hypotheses.linchpin", lang, facts)
    yield from _silences(analysis, claims, lang)
    for note in analysis.notes:
        yield say(note, lang)


def _judgement(one: Standing, lang: Lang) -> Iterator[str]:
    """Yield the analyst's likelihood and confidence, each in a sentence of its own."""
    band = band_of(one.likelihood) if one.likelihood else None
    if band is not None:
        wanted = " ".join(one.likelihood.casefold().replace("-", " ").split())
        english = wanted if wanted in band["terms"] else band["terms"][0]
        facts = {
            "hypothesis": one.hypothesis,
            "term": band["ja"][0] if lang == "ja" else english,
            "low": band["low"],
            "high": band["high"],
        }
        yield say("hypotheses.likelihood", lang, facts)
    if one.confidence:
        level = say(f"hypotheses.level.{one.confidence}", lang)
        yield say("hypotheses.confidence", lang, {"hypothesis": one.hypothesis, "level": level})
        if _LEVELS.index(one.confidence) > _LEVELS.index(one.at_most):
            level = say(f"hypotheses.level.{one.at_most}", lang)
            yield say("hypotheses.above", lang, {"hypothesis": one.hypothesis, "level": level})


def _removal(removal: Removal, analysis: Analysis, lang: Lang) -> str:
    origin = _name(removal.origin, analysis, lang)
    first = [name for name, rank in removal.ranking if rank == 1]
    if removal.what == "order":
        return say("hypotheses.removal.order", lang, {"origin": origin})
    if len(first) == len(removal.ranking):
        return say("hypotheses.removal.all", lang, {"origin": origin})
    joined = ("、" if lang == "ja" else ", ").join(first)
    together = "together" if len(first) > 1 else "leader"
    return say(f"hypotheses.removal.{together}", lang, {"origin": origin, "first": joined})


def _silences(analysis: Analysis, claims: Mapping[str, Claim], lang: Lang) -> Iterator[str]:
    for lack in analysis.unspoken:
        key = "hypotheses.unspoken-value" if lack.value else "hypotheses.unspoken"
        facts = {
            "hypothesis": lack.hypothesis,
            "topic": names.topic(lack.topic, lang),
            "value": lack.value,
            "why": say(lack.why, lang),
        }
        yield say(key, lang, facts)
    limits = dict.fromkeys(_limit(claims[id_], lang) for id_ in analysis.limits if id_ in claims)
    yield from list(limits)[:_SHOWN]
    if len(limits) > _SHOWN:
        yield say("hypotheses.more-limits", lang, {"count": len(limits) - _SHOWN})


def _limit(claim: Claim, lang: Lang) -> str:
    facts = {
        "topic": names.topic(claim.topic, lang),
        "where": claim.about or claim.source,
        "who": names.speaker(claim, lang),
    }
    return say("hypotheses.limits", lang, facts)
