"""The figure that a publication stands for: where it gives parts and their total, the total is compared, not each part."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from keii.checks.interface import Claims
from keii.checks.values import granularity, relation
from keii.model import Claim, Number


def headline(claims: Claims, told: Sequence[Claim]) -> list[Claim]:
    """Return claims on one topic without the smaller counts of a publication that gives a larger one in the same way.

    «8,122 people, of them 1,987 applicants» contradicts nobody who says 8,122: a part is no other total. Counts are
    apart where their unit, polarity or incident differ, and where they are called new, confirmed or potential. Claims that are no stated
    counts are kept.
    """
    groups: dict[tuple[object, ...], list[Claim]] = {}
    for claim in told:
        if _counted(claim):
            groups.setdefault(_key(claims, claim), []).append(claim)
    parts = {claim.id for group in groups.values() for claim in _parts(group)}
    return [claim for claim in told if claim.id not in parts]


def _parts(group: list[Claim]) -> list[Claim]:
    """Return the counts of one publication that are parts: smaller than another, or several of which none is the total."""
    numbers = sorted({_number(claim) for claim in group})
    plain = {_number(claim) for claim in group if claim.scope in (None, "cumulative")}
    if len(plain) > 1 and plain == set(numbers) and max(plain) < sum(plain - {max(plain)}):
        return group
    largest = {scope: max(_number(c) for c in group if _scope(c) == scope) for scope in {_scope(c) for c in group}}
    return [c for c in group if _number(c) < (largest[_scope(c)] if _scope(c) else numbers[-1])]


def _scope(claim: Claim) -> str:
    return claim.scope if claim.scope in ("new", "confirmed", "potential", "planned") else ""


def agreeing(claims: Claims, told: Sequence[Claim]) -> frozenset[frozenset[str]]:
    """Return the pairs of publications that agree on some value of a topic: what else they name is more, not other."""
    return frozenset(
        frozenset((claims.teller(one), claims.teller(other)))
        for one, other in combinations(told, 2)
        if one.polarity == other.polarity == "affirmed"
        and one.basis == other.basis == "stated"
        and (made := relation(one, other)).kind in ("equal", "compatible")
        and made.why not in ("scope", "planned-then-actual", "bound")
    )


def totals(claims: Claims, told: Sequence[Claim]) -> dict[tuple[str, str], float]:
    """Return the sum of the counts of each publication and unit that names several: parts that may add up."""
    numbers: dict[tuple[str, str], set[float]] = {}
    for claim in told:
        if _counted(claim) and claim.polarity == "affirmed" and isinstance(claim.value, Number):
            numbers.setdefault((claims.teller(claim), claim.value.unit), set()).add(_number(claim))
    return {key: _together(found) for key, found in numbers.items() if len(found) > 1}


def _together(numbers: set[float]) -> float:
    """Return the sum of counts, or the largest where the others are its parts: a headline gives the total beside them."""
    largest = max(numbers)
    rest = sum(numbers) - largest
    return largest if len(numbers) > 2 and abs(rest - largest) < granularity(largest) else sum(numbers)


def adds_up(claims: Claims, sums: dict[tuple[str, str], float], part: Claim, total: Claim) -> bool:
    """Return whether the counts of one publication, of which ``part`` is one, add up to what another says."""
    if not (isinstance(part.value, Number) and isinstance(total.value, Number)):
        return False
    together = sums.get((claims.teller(part), part.value.unit))
    return together is not None and abs(together - total.value.num) < granularity(total.value.num)


def _counted(claim: Claim) -> bool:
    return isinstance(claim.value, Number) and claim.basis == "stated"


def _number(claim: Claim) -> float:
    return float(claim.value.high or claim.value.num) if isinstance(claim.value, Number) else 0.0


def _key(claims: Claims, claim: Claim) -> tuple[object, ...]:
    unit = claim.value.unit if isinstance(claim.value, Number) else ""
    return claims.teller(claim), claim.source, unit, claim.polarity, claim.about
