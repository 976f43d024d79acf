"""The JSON that others may rely on (``docs/json.md``): plain objects made from the nouns."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from keii import names
from keii.model import Claim, Document, Finding, Moment
from keii.model.publication import Change, TopicHistory
from keii.model.rating import ClaimRating, SourceRating
from keii.model.report import ChronologyEntry
from keii.wording import say


def _time(moment: Moment | None) -> dict[str, object] | None:
    if moment is None:
        return None
    shape: dict[str, object] = {"edtf": moment.edtf, "as_text": moment.as_text}
    if moment.zone is not None:
        shape |= {"zone": moment.zone, "zone_inferred": moment.zone_inferred}
    return shape


def source_entry(
    document: Document, ratings: Mapping[tuple[str, str | None], SourceRating] | None = None
) -> dict[str, object]:
    """Return a document as ``keii sources --json`` tells it."""
    known = ratings or {}
    return {
        "id": document.source,
        "name": document.name,
        "publisher": document.publisher,
        "title": document.title,
        "url": document.url,
        "author": document.author,
        "kind": document.kind,
        "lang": document.lang,
        "published": _time(document.published),
        "updated": _time(document.updated),
        "reliability": _rating(known.get((document.name, None))),
        "rejected": [{"as_text": r.as_text, "place": r.place, "reason": r.reason} for r in document.rejected],
        "embedded": [
            {
                "id": quoted.id,
                "publisher": quoted.publisher,
                "title": quoted.title,
                "kind": quoted.kind,
                "published": _time(quoted.published),
                "updated": _time(quoted.updated),
                "reliability": _rating(known.get((document.name, quoted.id))),
                "spans": [list(span) for span in quoted.spans],
            }
            for quoted in document.embedded
        ],
        "notes": list(document.notes),
    }


def _rating(rating: SourceRating | None) -> dict[str, object] | None:
    if rating is None:
        return None
    why = rating.why.why.partition(".")[2]
    return {"letter": rating.letter, "by": rating.by, "why": why, "says": say(rating.why.why, "en")}


def claim_rating(rating: ClaimRating) -> dict[str, object]:
    """Return the rating of a claim: letter and digit apart, and what the digit rests on."""
    return {
        "letter": rating.letter,
        "digit": rating.digit,
        "by": rating.by,
        "why": rating.why.why.partition(".")[2],
        "supports": list(rating.supports),
        "against": list(rating.against),
    }


def chronology_entry(
    entry: ChronologyEntry, claims: Mapping[str, Claim], ratings: Mapping[str, ClaimRating]
) -> dict[str, object]:
    """Return a publication as ``keii chronology --json`` tells it."""
    return {
        "number": entry.number,
        "published": _time(entry.published),
        "updated": _time(entry.updated),
        "publisher": entry.publisher,
        "kind": entry.kind,
        "lang": entry.lang,
        "reliability": entry.reliability,
        "title": entry.title,
        "document": entry.document,
        "within": entry.within,
        "quotes": list(entry.quotes),
        "new": [change_entry(change, claims, ratings) for change in entry.news],
        "claims": list(entry.claims),
    }


def change_entry(change: Change, claims: Mapping[str, Claim], ratings: Mapping[str, ClaimRating]) -> dict[str, object]:
    """Return how a claim stands to earlier ones, with what it says."""
    claim = claims[change.claim]
    return {
        "claim": claim.id,
        "change": change.kind,
        "against": list(change.against),
        "within": change.within,
        "topic": claim.topic,
        "value": msgspec.to_builtins(claim.value),
        "approximation": claim.approximation,
        "polarity": claim.polarity,
        "state": claim.state,
        "modality": claim.modality,
        "speaker": claim.speaker,
        "quote": claim.quote,
        "rating": claim_rating(ratings[claim.id]) if claim.id in ratings else None,
    }


def history_entry(
    history: TopicHistory,
    entries: Mapping[int, ChronologyEntry],
    claims: Mapping[str, Claim],
    ratings: Mapping[str, ClaimRating],
) -> dict[str, object]:
    """Return a topic over time as ``keii claims --over-time --json`` tells it."""
    return {
        "topic": history.topic,
        "states": [
            {
                "publication": state.publication,
                "published": _time(entries[state.publication].published),
                "publisher": entries[state.publication].publisher,
                "document": entries[state.publication].document,
                "within": entries[state.publication].within,
                "told": [change_entry(change, claims, ratings) for change in state.told],
                "standing": [
                    {"voice": one.voice, "publication": one.publication, "claims": list(one.claims)}
                    for one in state.standing
                ],
            }
            for state in history.states
        ],
    }


def comparison(finding: Finding, claims: Mapping[str, Claim]) -> dict[str, object]:
    """Return a finding as ``keii compare --json`` tells it."""
    ids = (*finding.claims, *finding.against)
    return {
        "id": finding.id,
        "kind": finding.kind,
        "check": finding.check,
        "topic": finding.topic,
        "sources": list(finding.sources),
        "documents": list(dict.fromkeys(claims[i].source for i in ids if i in claims)),
        "claims": list(finding.claims),
        "against": list(finding.against),
        "why": finding.why.split(".", 2)[2],
        "says": names.why(finding, "en"),
        "facts": finding.facts,
    }
