"""A topic that rests on one origin, while several publications speak of the incident."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.interface import Check, Claims, found
from keii.data import load
from keii.model import ELSEWHERE, Finding


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
        origins = {claims.origin(claim) for claim in facts}
        if len(origins) > 1 or any(claim.basis == "observed" for claim in claims.of(topic)):
            continue
        tellers = {claims.teller(claim) for claim in facts}
        why = "copies" if len(tellers) > 1 else "one"
        yield found("single-origin", "single-source", claims, facts, why, source=claims.teller(facts[0]))


CHECK = Check(id="single-origin", asks="What rests on one origin alone?", run=run)
