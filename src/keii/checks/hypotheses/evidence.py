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


def groups(claims: Claims, topics: Iterable[str], without: str | None = None) -> list[Group]:
    """Return the groups of these topics in order of topic and time.

    Args:
        claims: all claims.
        topics: ids, without families.
        without: an origin whose claims are left out as if it had never spoken.

    An author's inferences make rows of their own, which do not count: they are hypotheses, not evidence.
    """
    found: list[Group] = []
    for topic in sorted(set(topics)):
        heard = [claim for claim in claims.of(topic) if without is None or claims.origin(claim) != without]
        for counts in (True, False):
            found += _alike([claim for claim in heard if is_inference(claim) is not counts], counts=counts)
    return found


def _alike(claims: Sequence[Claim], *, counts: bool) -> list[Group]:
    rows: list[list[Claim]] = []
    for claim in claims:
        row = next((row for row in rows if _same(row[0], claim)), None)
        if row is None:
            rows.append([claim])
        else:
            row.append(claim)
    return [Group(tuple(row), min(row, key=_vagueness), counts) for row in rows]


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
