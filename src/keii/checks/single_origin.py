"""A topic that rests on one origin, while several publications speak of the incident."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keii.checks.interface import Check, Claims, found
from keii.checks.origins import normal_name
from keii.checks.values import relation
from keii.data import load
from keii.model import ELSEWHERE, Claim, Finding, Number


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per topic of ``data/checks/weighty.yaml`` that one origin alone tells."""
    stated = [claim for claim in claims.all if claim.basis == "stated"]
    if len({claims.teller(claim) for claim in stated}) < 2:
        return
    for topic in claims.topics:
        if topic not in load("checks/weighty")["topics"]:
            continue
        told = [claim for claim in claims.of(topic) if claim.basis == "stated" and claim.polarity != "not-confirmed"]
        facts = [claim for claim in told if claim.speaker != "author" and claim.about != ELSEWHERE]
        if not facts:
            continue
        if len({claim.polarity for claim in told}) > 1:
            continue  # who denies it speaks of it too: that is a contradiction or a revision
        if any(claim.basis == "observed" for claim in claims.of(topic)):
            continue
        for told_alone in _alone(claims, facts):
            tellers = {claims.teller(claim) for claim in told_alone}
            why = "copies" if len(tellers) > 1 else "one"
            source = (
                claims.origins.shown(claims.without_echoes(told_alone))
                if why == "copies"
                else claims.teller(told_alone[0])
            )
            yield found("single-origin", "single-source", claims, told_alone, why, source=source)


def _alone(claims: Claims, facts: Sequence[Claim]) -> list[list[Claim]]:
    """Return the claims that one origin alone tells: all of a topic, or a figure that nobody else gives or comes near."""
    if len({claims.origin(claim) for claim in claims.without_echoes(facts)}) == 1 or _told_once(claims, facts):
        return [list(facts)]
    if not all(isinstance(claim.value, Number) for claim in facts):
        return []
    groups: dict[str, list[Claim]] = {}
    for claim in facts:
        groups.setdefault(claims.origin(claim), []).append(claim)
    return [
        group
        for origin, group in groups.items()
        if not any(
            _goes_with(one, other) for far, held in groups.items() if far != origin for one in group for other in held
        )
    ]


def _goes_with(one: Claim, other: Claim) -> bool:
    return relation(one, other).kind in ("equal", "compatible")


def _told_once(claims: Claims, facts: Sequence[Claim]) -> bool:
    """Return whether one publication alone tells it, in its own words and those of at most one voice that it names."""
    teller = {claims.teller(claim) for claim in facts}
    voices = {claims.voice(claim) for claim in facts} - {normal_name(name) for name in teller}
    return len(teller) == 1 and len({voice for voice in voices if "@" not in voice}) <= 1


CHECK = Check(id="single-origin", asks="What rests on one origin alone?", run=run)
