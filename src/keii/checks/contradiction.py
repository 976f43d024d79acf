"""Two voices say what cannot both be true; what only looks different is told as compatible, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from keii.checks.headline import adds_up, agreeing, headline, totals
from keii.checks.interface import Check, Claims, found, is_inference, is_single
from keii.checks.values import granularity, relation
from keii.model import Category, Claim, Finding, Number

_TOLD_AGAIN = "Told again"  # by an author in whose text the source itself stands: the source speaks for itself
_TOLD = {"rounding", "precision", "bound", "scope", "planned-then-actual", "not-established", "range", "hedged"}


def run(claims: Claims) -> Iterator[Finding]:
    """Yield contradictions and compatible pairs, once per topic and pair of different values."""
    for topic in claims.topics:
        pairs: dict[tuple[str, ...], tuple[list[Claim], list[Claim]]] = {}
        said = [
            claim for claim in claims.of(topic) if not is_inference(claim) and not claim.note.startswith(_TOLD_AGAIN)
        ]
        told = headline(claims, said)
        agree, sums = agreeing(claims, told), totals(claims, said)
        for one, other in combinations(told, 2):
            kind, why = _judge(claims, one, other)
            if (
                why in ("number", "time", "items", "category")
                and frozenset((claims.teller(one), claims.teller(other))) in agree
            ):
                continue  # they share a value; what else each names is more, not other
            if why in ("number", "time") and (
                _known_there(claims, said, one, other) or _known_there(claims, said, other, one)
            ):
                continue
            if why == "number" and (adds_up(claims, sums, one, other) or adds_up(claims, sums, other, one)):
                continue
            if not kind or (why == "logs" and (_borne_out(one, told) or _borne_out(other, told))):
                continue
            if kind == "contradiction" and (claims.past_word(one) or claims.past_word(other)):
                continue  # what was said before is held against what the same voice says now
            if kind == "contradiction" and (claims.corrects(one, other) or claims.corrects(other, one)):
                continue  # what newly came to light is a revision, whoever tells it
            first, second = sorted((_position(one, why), _position(other, why)))
            left, right = pairs.setdefault(
                (kind, why) if kind == "compatible" else (kind, why, first, second), ([], [])
            )
            if kind == "compatible":
                finer, coarser = (one, other) if _sort_of(one, why) <= _sort_of(other, why) else (other, one)
                left.append(finer)
                right.append(coarser)
                continue
            for claim in (one, other):
                (left if _position(claim, why) == first else right).append(claim)
        for (kind, why, *_), (left, right) in pairs.items():
            yield found("contradiction", kind, claims, left, why, against=[one for one in right if one not in left])


def _known_there(claims: Claims, said: Sequence[Claim], one: Claim, other: Claim) -> bool:
    """Return whether the publication of ``other`` gives the value of ``one`` too, as a part or for another event."""
    teller = claims.teller(other)
    return any(
        claims.teller(claim) == teller and claim.polarity == one.polarity and relation(one, claim).kind == "equal"
        for claim in said
    )


def _judge(claims: Claims, one: Claim, other: Claim) -> tuple[str, str]:
    """Return (kind, why) of a pair, ("", "") if there is nothing to tell."""
    if one.basis == other.basis == "observed":
        return "", ""  # readings of the same logs: the report tells how each was counted
    told = relation(one, other)
    if told.kind == "equal" and told.why == "rounding":
        return "compatible", "rounding"
    if told.kind == "compatible" and told.why in _TOLD:
        return "compatible", told.why
    if told.kind == "incomparable" and told.why == "other-event":
        valued = not isinstance(one.value, Category)  # that there was another incident too looks like no contradiction
        return ("compatible", "other-event") if valued and one.about != other.about else ("", "")
    if told.why == "polarity" and one.topic.startswith("impact."):
        return "", ""  # one service stood still while another did not
    if told.kind != "different" or not (is_single(one.topic) or told.why == "polarity"):
        return "", ""
    if claims.same_speaker(one, other):
        return "", ""  # One voice that changes its word is a revision, not a contradiction.
    if "observed" in (one.basis, other.basis) and one.basis != other.basis:
        return "contradiction", "logs"
    return "contradiction", told.why


def _sort_of(claim: Claim, why: str) -> tuple[object, ...]:
    """Return what puts the claims of a compatible pair on the same side wherever they are told: the finer one first."""
    if why == "other-event":
        return (claim.about is not None,)
    if why == "not-established":
        return (claim.polarity == "affirmed",)
    if isinstance(claim.value, Number):
        return (granularity(claim.value.num), claim.value.num)
    if claim.moment is not None and claim.moment.earliest is not None and claim.moment.latest is not None:
        return ((claim.moment.latest - claim.moment.earliest).total_seconds(),)
    return (float("inf"),) if claim.moment is not None else (repr(claim.value),)


def _borne_out(stated: Claim, told: Sequence[Claim]) -> bool:
    """Return whether some reading of the logs agrees with what is stated: then another reading does not contradict it."""
    if stated.basis == "observed":
        return False
    return any(claim.basis == "observed" and relation(stated, claim).kind in ("equal", "compatible") for claim in told)


def _position(claim: Claim, why: str) -> str:
    """Return what a claim stands for: its value, or for categories that differ in polarity the category alone."""
    if isinstance(claim.value, Category) and why != "items":
        return f"{claim.polarity}|{claim.value.cat}"
    return f"{claim.polarity}|{claim.value!r}"


CHECK = Check(id="contradiction", asks="Where do sources say what cannot both be true?", run=run)
