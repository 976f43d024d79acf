"""What two claims must share before one can contradict the other: the thing, the people, the house, the moment, the certainty.

A difference of two values shows nothing where the sources speak of different things. Each function here asks for one thing
in common; where it is missing the pair is told as compatible, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from keii.checks.interface import Claims
from keii.checks.things import named, things
from keii.checks.values import Relation, relation
from keii.data import load
from keii.model import Category, Claim, Number

_ABOUT_DATA = ("data.", "leak.")


def missing_ground(claims: Claims, one: Claim, other: Claim, how: Relation) -> str | None:
    """Return why two different claims do not contradict each other, None where they speak of one thing as of fact.

    ``""`` where there is nothing to tell of the pair; else the word of the sentence ``finding.compatible.<word>``.
    """
    if how.why == "polarity" and (
        one.topic in load("checks/grounds")["many"] or apart(one, other) or _denies_else(one) or _denies_else(other)
    ):
        return ""
    if _whose(claims, one) != _whose(claims, other):
        return "other-event" if not isinstance(one.value, Category) else ""
    if how.why == "number" and (other_people(one, other) or other_things(one, other)):
        return "scope"
    if how.why == "time" and any(claim.modality == "possible" and not _is_likely(claim) for claim in (one, other)):
        return "unsure" if one.modality == other.modality else "possible-time"
    if how.why == "number" and _later_count(claims, one, other):
        return "so-far"
    if (how.why == "category" and _half_sure(one, other)) or (
        how.why == "number" and "suspected" in (one.modality, other.modality) and one.modality != other.modality
    ):
        return "unsure"
    return None


def apart(one: Claim, other: Claim) -> bool:
    """Return whether two claims about data name different things: who denies card numbers does not deny addresses.

    A denial that names things denies only these; an assertion without any is about data at large.
    """
    if not one.topic.startswith(_ABOUT_DATA):
        return False
    first, second = things(one.quote), things(other.quote)
    if first and second:
        return not first & second
    denied = [found for claim, found in ((one, first), (other, second)) if claim.polarity == "denied"]
    return bool(denied and denied[0]) and one.topic in ("leak.occurred", "leak.personal", "data.personal")


def _denies_else(claim: Claim) -> bool:
    """Return whether the words of a denial are about something near: who never met a demand does not deny the demand."""
    words = load("checks/grounds")["denies_else"].get(claim.topic, ())
    return claim.polarity == "denied" and any(re.search(word, claim.quote, re.I) for word in words)


def other_people(one: Claim, other: Claim) -> bool:
    """Return whether two counts are of groups of people that have none in common."""
    first, second = named("people", one.quote), named("people", other.quote)
    return bool(first and second) and not first & second


def other_things(one: Claim, other: Claim) -> bool:
    """Return whether two counts are of different kinds of data, or one is of a part that somebody looked at."""
    first, second = things(one.quote), things(other.quote)
    words = load("checks/grounds")["looked_at"]
    looked_at = any(re.search(word, claim.quote, re.I) for claim in (one, other) for word in words)
    return looked_at or (bool(first and second) and not first & second)


def other_services(one: Claim, other: Claim) -> bool:
    """Return whether two claims name services or works that have none in common: a plan for one is not that of the other.

    A report that is promised comes true only as a report.
    """
    first, second = named("services", one.quote), named("services", other.quote)
    if ("report" in first) != ("report" in second):
        return True
    return bool(first and second) and not first & second


def taken_back(claims: Claims, said: Iterable[Claim], claim: Claim, other: Claim) -> bool:
    """Return whether the voice of ``claim`` has since said what goes with ``other``: then its own word is revised."""
    return any(
        claims.earlier(claim, later)
        and claims.same_speaker(claim, later)
        and (
            (relation(claim, later).kind == "different" and relation(later, other).kind in ("equal", "compatible"))
            or (
                claim.polarity == "denied" != later.polarity
                and other.polarity == "affirmed"
                and _one_kind(later, other)
            )
        )
        for later in said
    )


def _whose(claims: Claims, claim: Claim) -> str:
    """Return of whose house a claim speaks, for topics of which everyone speaks for itself: of the victim's by default."""
    grounds = load("checks/grounds")
    if claim.topic not in grounds["own"] or claim.basis == "observed":
        return ""
    party = claims.origins.other_party(claim)
    if party:
        return party
    limited = claim.polarity == "denied" and any(re.search(word, claim.quote, re.I) for word in grounds["own_words"])
    return claims.voice(claim) if limited and claims.voice(claim) != "victim" else ""


def _later_count(claims: Claims, one: Claim, other: Claim) -> bool:
    """Return whether the earlier count was told as that so far, or as of another time, and the later one is larger."""
    first, second = (one, other) if claims.earlier(one, other) else (other, one)
    if not (isinstance(first.value, Number) and isinstance(second.value, Number) and claims.earlier(first, second)):
        return False
    so_far = any(re.search(word, first.quote, re.I) for word in load("checks/grounds")["so_far"])
    other_time = bool(first.as_of and second.as_of and first.as_of != second.as_of)
    return (so_far or other_time) and first.value.num < second.value.num


def _half_sure(one: Claim, other: Claim) -> bool:
    """Return whether one of two is told only as possible; what is suspected is an assessment, and held against others."""
    return "possible" in (one.modality, other.modality)


def _is_likely(claim: Claim) -> bool:
    """Return whether a possibility is told as the likely one: an assessment, which is held against others."""
    return any(re.search(word, claim.quote, re.I) for word in load("checks/grounds")["likely"])


def _one_kind(one: Claim, other: Claim) -> bool:
    return isinstance(one.value, Category) and isinstance(other.value, Category) and one.value.cat == other.value.cat
