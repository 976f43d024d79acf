"""Claims that say the same of one topic become one row of evidence, with the origins that stand behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from keii.checks.interface import Claims, is_inference
from keii.checks.values import relation
from keii.model import Claim


class Group(msgspec.Struct, frozen=True):
    """Claims with one topic, one polarity and equal values; ``exact`` is the one that says it most exactly."""

    claims: tuple[Claim, ...]
    exact: Claim
    counts: bool


def groups(claims: Claims, topics: Iterable[str]) -> list[Group]:
    """Return the groups of these topics (ids, no families) in order of topic and time.

    An author's inferences make rows of their own, which do not count: they are hypotheses, not evidence.
    """
    found: list[Group] = []
    for topic in sorted(set(topics)):
        for counts in (True, False):
            told = [claim for claim in claims.of(topic) if is_inference(claim) is not counts]
            found += [_group(row, counts=counts) for row in _alike(told)]
    return found


def without(group: Group, origin: str, claims: Claims) -> Group | None:
    """Return a group as if an origin had never spoken, None where nothing is left; another claim may be the exact one."""
    left = [claim for claim in group.claims if claims.origin(claim) != origin]
    return _group(left, counts=group.counts) if left else None


def _group(claims: Sequence[Claim], *, counts: bool) -> Group:
    return Group(tuple(claims), min(claims, key=_vagueness), counts)


def _alike(claims: Sequence[Claim]) -> list[list[Claim]]:
    """Return claims that say the same, each with the first of its row; one said before in the same form is found at once."""
    rows: list[list[Claim]] = []
    said: dict[object, list[Claim]] = {}
    for claim in claims:
        form = (claim.value, claim.polarity, claim.scope, claim.about, claim.basis, _bound(claim))
        row = said.get(form) or next((row for row in rows if _same(row[0], claim)), None)
        if row is None:
            row = []
            rows.append(row)
        row.append(claim)
        said.setdefault(form, row)
    return rows


def _same(one: Claim, other: Claim) -> bool:
    """Return whether two claims make one row; «at least 1,514» is not the same evidence as «1,514»."""
    if one.polarity != other.polarity or one.scope != other.scope or _bound(one) != _bound(other):
        return False
    return relation(one, other).kind == "equal"


def _bound(claim: Claim) -> tuple[bool, bool]:
    """Return whether a claim leaves its value open upwards, and downwards."""
    above = "at-least" in claim.approximation or "more-than" in claim.approximation
    return above, "up-to" in claim.approximation


def _vagueness(claim: Claim) -> tuple[bool, bool, bool, str]:
    """Order claims: observed before stated, certain before hedged, exact before about."""
    return (claim.basis != "observed", claim.modality != "certain", claim.approximation != "exact", claim.id)


def origins_of(group: Group, claims: Claims) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the origins that are certain, and those that only hedge, each once and in order of time."""
    firm = dict.fromkeys(claims.origin(claim) for claim in group.claims if claim.modality == "certain")
    hedged = dict.fromkeys(claims.origin(claim) for claim in group.claims if claims.origin(claim) not in firm)
    return tuple(firm), tuple(hedged)
