"""Two voices say what cannot both be true; what only looks different is told as compatible, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from keii.checks.exclusive import excludes
from keii.checks.grounds import missing_ground, other_services, taken_back
from keii.checks.headline import adds_up, agreeing, headline, totals
from keii.checks.interface import Check, Claims, found, is_inference, is_single
from keii.checks.values import granularity, relation
from keii.model import Category, Claim, Finding, Number

_TOLD_AGAIN = "Told again"  # by an author in whose text the source itself stands: the source speaks for itself
_TOLD = {"rounding", "precision", "bound", "scope", "planned-then-actual", "not-established", "range", "hedged"}


def run(claims: Claims) -> Iterator[Finding]:
    """Yield contradictions and compatible pairs, once per topic and pair of different values."""
    for topic in claims.topics:
        told = _Topic(claims, topic)
        pairs: dict[tuple[str, ...], tuple[list[Claim], list[Claim]]] = {}
        for one, other in combinations(told.headline, 2):
            kind, why = _judge(claims, one, other)
            if kind and not told.explains(kind, why, one, other):
                _sort_in(pairs, kind, why, one, other)
        for (kind, why, *_), (left, right) in pairs.items():
            yield found("contradiction", kind, claims, left, why, against=[one for one in right if one not in left])


class _Topic:
    """What is told on one topic, and what of it explains a difference of two values."""

    def __init__(self, claims: Claims, topic: str) -> None:
        self._claims = claims
        self._said = [
            claim for claim in claims.of(topic) if not is_inference(claim) and not claim.note.startswith(_TOLD_AGAIN)
        ]
        self.headline = headline(claims, self._said)
        self._agree = agreeing(claims, self.headline)
        self._sums = totals(claims, self._said)

    def explains(self, kind: str, why: str, one: Claim, other: Claim) -> bool:
        """Return whether what else is told on the topic explains the difference."""
        both = ((one, other), (other, one))
        if why in ("number", "time", "items", "category") and self._share(one, other):
            return True  # they share a value; what else each names is more, not other
        if why in ("number", "time") and any(self._known_there(*pair) for pair in both):
            return True
        if why == "number" and any(adds_up(self._claims, self._sums, *pair) for pair in both):
            return True
        if why == "logs" and any(_borne_out(claim, self.headline) for claim in (one, other)):
            return True
        return kind == "contradiction" and (
            any(map(self._claims.past_word, (one, other)))  # held against what the same voice says now
            or any(self._put_right(*pair) for pair in both)  # newly come to light: a revision, whoever tells it
            or (why != "logs" and any(taken_back(self._claims, self._said, *pair) for pair in both))
        )

    def _put_right(self, before: Claim, now: Claim) -> bool:
        """Return whether ``now``, or another claim of its value, came to light newly after ``before`` was said."""
        return any(
            self._claims.corrects(before, later)
            for later in self._said
            if later is now or (later.polarity == now.polarity and relation(later, now).kind == "equal")
        )

    def _share(self, one: Claim, other: Claim) -> bool:
        return frozenset((self._claims.teller(one), self._claims.teller(other))) in self._agree

    def _quotes(self, claim: Claim, one: Claim, other: Claim) -> bool:
        """Return whether a publication tells ``claim`` as the word of the voice of ``one``, and ``other`` as another's."""
        own = self._claims.voice(other)
        return (
            bool(claim.speaker) and self._claims.voice(one) == self._claims.voice(claim) != own and bool(other.speaker)
        )

    def _known_there(self, one: Claim, other: Claim) -> bool:
        """Return whether the publication of ``other`` gives the value of ``one`` too, as a part or for another event."""
        teller = self._claims.teller(other)
        return any(
            self._claims.teller(claim) == teller
            and not self._quotes(claim, one, other)
            and claim.polarity == one.polarity
            and relation(one, claim).kind == "equal"
            for claim in self._said
        )


def _sort_in(
    pairs: dict[tuple[str, ...], tuple[list[Claim], list[Claim]]], kind: str, why: str, one: Claim, other: Claim
) -> None:
    """Put a pair to the others of its kind, each claim on the side that it stands for."""
    if kind == "compatible":
        left, right = pairs.setdefault((kind, why), ([], []))
        finer, coarser = (one, other) if _sort_of(one, why) <= _sort_of(other, why) else (other, one)
        left.append(finer)
        right.append(coarser)
        return
    first, second = sorted((_position(one, why), _position(other, why)))
    left, right = pairs.setdefault((kind, why, first, second), ([], []))
    for claim in (one, other):
        (left if _position(claim, why) == first else right).append(claim)


def _judge(claims: Claims, one: Claim, other: Claim) -> tuple[str, str]:
    """Return (kind, why) of a pair, ("", "") if there is nothing to tell."""
    if one.basis == other.basis == "observed":
        return "", ""  # readings of the same logs: the report tells how each was counted
    told = relation(one, other)
    if told.kind == "equal" and told.why == "rounding":
        return "compatible", "rounding"
    if told.why == "not-established" and claims.same_speaker(one, other):
        return "", ""  # what was open once and is told by the same voice now: an admission or a word taken back
    if told.why == "planned-then-actual" and other_services(one, other):
        return "", ""
    if told.kind == "compatible" and told.why in _TOLD:
        return "compatible", told.why
    if told.kind == "incomparable" and told.why == "other-event":
        valued = not isinstance(one.value, Category)  # that there was another incident too looks like no contradiction
        return ("compatible", "other-event") if valued and one.about != other.about else ("", "")
    if not claims.same_speaker(one, other) and excludes(claims, one, other):
        return "contradiction", "exclusive"
    if told.kind != "different" or not (is_single(one.topic) or told.why == "polarity"):
        return "", ""
    if claims.same_speaker(one, other):
        return "", ""  # One voice that changes its word is a revision, not a contradiction.
    if "observed" in (one.basis, other.basis) and one.basis != other.basis:
        return "contradiction", "logs"
    why = missing_ground(claims, one, other, told)
    return ("contradiction", told.why) if why is None else ("compatible" if why else "", why)


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
    if isinstance(claim.value, Category) and why == "exclusive":
        return f"{claim.value.cat}|{claim.source}|{claim.start}"
    if isinstance(claim.value, Category) and why != "items":
        return f"{claim.polarity}|{claim.value.cat}"
    return f"{claim.polarity}|{claim.value!r}"


CHECK = Check(id="contradiction", asks="Where do sources say what cannot both be true?", run=run)
