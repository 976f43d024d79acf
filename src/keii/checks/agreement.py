"""Two origins say the same: the same value, or the same after rounding to the coarser one."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from keii.checks.grounds import apart
from keii.checks.interface import Check, Claims, found
from keii.checks.values import relation
from keii.model import Claim, Date, Finding, Interval, Moment, Number

_BEGUN = "time.intrusion_start"


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per topic and group of claims that agree across at least two publications."""
    for topic in claims.topics:
        told = (*claims.of(topic), *(_begins(claims) if topic == _BEGUN else ()))
        told = tuple(claim for claim in told if claim.speaker != "author")  # who retells does not witness
        for group in _groups(told):
            tellers = {claims.teller(claim) for claim in group}
            if len(tellers) < 2:
                continue
            origins = sorted({claims.origin(claim) for claim in claims.without_echoes(group)})
            rounded = any(relation(group[0], claim).why == "rounding" for claim in group[1:])
            sure = {claim.modality == "certain" for claim in group}
            why = "rounding" if rounded else "same"
            if len(origins) == 1:
                why = "one-origin"
            elif len(sure) > 1:
                why = "hedged"
            elif sure == {False}:
                why = "possible"
            yield found(
                "agreement", "agreement", claims, group, why, tellers=str(len(tellers)), origins=str(len(origins))
            )


def _begins(claims: Claims) -> Iterator[Claim]:
    """Yield spans of the intrusion as claims on its begin, where the first day is told."""
    for claim in claims.of("time.intrusion"):
        first = claim.value.edtf.split("/")[0] if isinstance(claim.value, Interval) else ""
        if first and first != ".." and claim.moment is not None and claim.moment.earliest is not None:
            begun = Moment(edtf=first, earliest=claim.moment.earliest, latest=None, zone=claim.moment.zone)
            yield msgspec.structs.replace(claim, topic=_BEGUN, value=Date(edtf=first), moment=begun)


def _groups(claims: tuple[Claim, ...]) -> list[list[Claim]]:
    """Return the claims in groups: each is equal to the group's most exact member."""
    exact_first = sorted(claims, key=lambda claim: (claim.approximation != "exact", len(claim.quote)))
    groups: list[list[Claim]] = []
    for claim in exact_first:
        fits = [group for group in groups if _alike(group, claim)]
        if fits:
            min(fits, key=lambda group: _gap(group[0], claim)).append(claim)
        else:
            groups.append([claim])
    order = {claim.id: at for at, claim in enumerate(claims)}
    return [sorted(group, key=lambda claim: order[claim.id]) for group in groups if len(group) > 1]


def _alike(group: list[Claim], claim: Claim) -> bool:
    """Return whether a claim says what a group says: the same value, and of data the same things."""
    return relation(group[0], claim).kind == "equal" and not all(apart(one, claim) for one in group)


def _gap(one: Claim, other: Claim) -> float:
    """Return how far two counts are apart; 0 for what is no count."""
    if isinstance(one.value, Number) and isinstance(other.value, Number):
        return abs(one.value.num - other.value.num)
    return 0.0


CHECK = Check(id="agreement", asks="Where do independent sources say the same?", run=run)
