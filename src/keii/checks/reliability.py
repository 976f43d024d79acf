"""Admiralty ratings by rule: the source by its kind, the claim by what independent origins say of it.

Follows the two scales of NATO AJP-2.1 (STANAG 2511): reliability A to F, credibility 1 to 6, told side by side and never
joined into one figure. Where no rule can be defended a source is F and a claim 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from keii.checks.interface import Claims
from keii.checks.origins import normal_name
from keii.checks.values import relation
from keii.data import load
from keii.model import Claim, Document
from keii.model.publication import Publication, publications
from keii.model.rating import ClaimRating, Ratings, SourceRating
from keii.model.trace import Reason

_HEDGED = ("possible", "suspected", "alleged")
_MOST = 5  # claims named for and against
_COMPARED = 400  # claims of a topic that one is compared with


def rate(claims: Claims, given: Mapping[str, str] | None = None) -> Ratings:
    """Return the ratings of all sources and claims.

    Args:
        claims: of the case, with its documents.
        given: the user's own: file name or publisher → letter, id of a claim → digit. They stand above every rule.
    """
    own = given or {}
    sources = rate_sources(claims.documents, own)
    rated = tuple(_rate_claims(claims, sources, own))
    known = {normal_name(entry.publisher) for entry in publications(claims.documents)}
    known |= {normal_name(document.name) for document in claims.documents} | {"logs"}
    ids = {claim.id for claim in claims.all}
    unmatched = tuple(key for key in own if key not in ids and normal_name(key) not in known)
    return Ratings(sources=sources, claims=rated, unmatched=unmatched)


def rate_sources(documents: Sequence[Document], given: Mapping[str, str] | None = None) -> tuple[SourceRating, ...]:
    """Return a rating for every document and every source quoted in one, in order of publication."""
    letters = {normal_name(key): letter for key, letter in (given or {}).items() if letter.isalpha()}
    return tuple(_rate_source(entry, letters) for entry in publications(documents))


def _rate_source(entry: Publication, letters: Mapping[str, str]) -> SourceRating:
    names = [entry.publisher] if entry.within else [entry.document, entry.publisher]
    for name in map(normal_name, names):
        if name in letters:
            return _source(entry, letters[name], "user", "user")
    kind = "news" if entry.kind == "other" else entry.kind  # a listed publisher is press whatever the page looks like
    rule = load("checks/reliability")["kinds"].get(kind)
    named = entry.publisher not in ("", entry.document)
    if rule is None or not named or (kind == "news" and not _is_press(entry.publisher)):
        return _source(entry, "F", "none", "none")
    if "publisher" in rule and not re.search(rule["publisher"], entry.publisher):
        return _source(entry, "F", "none", "none")
    return _source(entry, rule["letter"], "rule", rule["why"])


def _source(entry: Publication, letter: str, by: str, why: str) -> SourceRating:
    return SourceRating(
        document=entry.document, within=entry.within, letter=letter, by=by, why=Reason(why=f"reliability.{why}")
    )


def _is_press(publisher: str) -> bool:
    listed = load("documents/publishers")["names"]
    known = {normal_name(name) for main, others in listed.items() for name in (main, *(others or ()))}
    return normal_name(publisher) in known


def _rate_claims(claims: Claims, sources: Sequence[SourceRating], given: Mapping[str, str]) -> list[ClaimRating]:
    by_place = {(rating.document, rating.within): rating.letter for rating in sources}
    by_name = {
        normal_name(entry.publisher): by_place[entry.document, entry.within]
        for entry in reversed(publications(claims.documents))
    }
    logs = (
        given.get("logs") or load("checks/reliability")["logs_erased" if claims.of("log.erased") else "logs"]["letter"]
    )
    weighed = {topic: _distinct(claims, claims.of(topic)) for topic in claims.topics}
    known: dict[tuple[object, ...], ClaimRating] = {}
    found = []
    for claim in claims.all:
        letter = logs if claim.basis == "observed" else _letter(claim, by_place, by_name)
        if claim.id in given:
            why = Reason(why="credibility.user")
            found.append(ClaimRating(claim=claim.id, letter=letter, digit=int(given[claim.id]), by="user", why=why))
            continue
        said = _as_said(claims, claim)
        if said not in known:
            known[said] = _credibility(claims, claim, weighed[claim.topic])
        found.append(msgspec.structs.replace(known[said], claim=claim.id, letter=letter))
    return found


def _distinct(claims: Claims, of: Sequence[Claim]) -> list[Claim]:
    """Return one claim of each that the same voice said in the same words of the model at the same time."""
    return list({_as_said(claims, claim): claim for claim in reversed(of) if claim.speaker != "author"}.values())[::-1]


def _as_said(claims: Claims, claim: Claim) -> tuple[object, ...]:
    return (
        claim.topic,
        claim.speaker == "author",
        claim.basis,
        claims.voice(claim),
        _origin(claims, claim),
        claim.value,
        claim.polarity,
        claim.modality,
        claim.approximation,
        claim.scope,
        claim.about,
        claim.published.edtf if claim.published else None,
    )


def _letter(claim: Claim, by_place: Mapping[tuple[str, str | None], str], by_name: Mapping[str, str]) -> str:
    """Return the letter of a stated claim: a chain is as reliable as its weakest link, an unnamed one cannot be judged."""
    teller = by_place.get((claim.source, claim.within), "F")
    speaker = claim.speaker or ""
    if speaker.startswith("anonymous:"):
        return "F"
    return max(teller, by_name.get(normal_name(speaker), teller))  # letters sort from A, best, to F


def _credibility(claims: Claims, claim: Claim, weighed: Sequence[Claim]) -> ClaimRating:
    """Return the digit by what other origins say of the same; the letter is filled in by the caller."""
    if claim.speaker == "author" and claim.modality != "certain":
        return ClaimRating(claim=claim.id, letter="F", digit=6, by="rule", why=Reason(why="credibility.inference"))
    others = [(other, relation(claim, other)) for other in weighed[:_COMPARED] if other.id != claim.id]
    own = _origin(claims, claim)
    equal = [other for other, how in others if how.kind == "equal" and _origin(claims, other) != own]
    near = [
        other
        for other, how in others
        if how.kind == "compatible" and how.why in _CONSISTENT and _origin(claims, other) != own
    ]
    different = [
        other
        for other, how in others
        if (how.kind == "different" or how.why == "hedged") and _origin(claims, other) != own
    ]
    later = [
        other
        for other, how in others
        if how.kind == "different" and claims.same_speaker(claim, other) and claims.earlier(claim, other)
    ]
    digit, why = _digit(claims, claim, equal, near, different, later)
    origins = len({_origin(claims, c) for c in equal}) + (claim.speaker != "author")
    return ClaimRating(
        claim=claim.id,
        letter="F",
        digit=digit,
        by="rule",
        why=Reason(why=f"credibility.{why}", facts={"origins": str(origins)}),
        supports=tuple(other.id for other in (equal or near)[:_MOST]),
        against=tuple(other.id for other in (*different, *later)[:_MOST]),
    )


_CONSISTENT = ("precision", "bound", "range")


def _digit(
    claims: Claims,
    claim: Claim,
    equal: Sequence[Claim],
    near: Sequence[Claim],
    different: Sequence[Claim],
    later: Sequence[Claim],
) -> tuple[int, str]:
    against = {_origin(claims, other) for other in different if other.modality not in _HEDGED}
    if different and equal:
        return 3, "disputed"
    if "logs" in against:
        return 5, "contradicted-by-logs"
    if different:  # a possibility does not speak against what is told as certain
        return ((6, "open"), (4, "doubtful"), (5, "contradicted"))[min(len(against), 2)]
    if later:
        return 4, "revised"
    firm = {_origin(claims, other) for other in equal if other.modality not in _HEDGED}
    needed = 2 if claim.speaker == "author" else 1  # who writes about others is no origin beside them
    if len(firm) >= needed and claim.modality not in _HEDGED:
        return 1, "confirmed"
    if equal:
        return 2, "probable"
    if claim.basis == "observed":
        return 2, "recorded"
    return (3, "consistent") if near else (6, "single")


def _origin(claims: Claims, claim: Claim) -> str:
    """Return whom a claim goes back to; unnamed voices count as one: two papers may have asked the same person."""
    return "anonymous" if (claim.speaker or "").startswith("anonymous:") else claims.origin(claim)
