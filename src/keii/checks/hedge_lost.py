"""A possibility is retold as certain."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.grounds import apart, other_people
from keii.checks.interface import Check, Claims, found
from keii.checks.values import relation
from keii.model import Finding

HEDGED = ("possible", "suspected", "alleged")
FAMILIES = ("leak.", "actor.", "entry.", "intrusion.")


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per topic where a later publication tells as certain what earlier ones only held possible."""
    for topic in claims.topics:
        if not topic.startswith(FAMILIES):
            continue
        told = [claim for claim in claims.of(topic) if claim.basis == "stated" and claim.polarity == "affirmed"]
        for at, later in enumerate(told):
            before = [
                claim
                for claim in told[:at]
                if claims.teller(claim) != claims.teller(later)
                and claims.earlier(claim, later)
                and relation(claim, later).kind == "equal"
                and not (apart(claim, later) or other_people(claim, later))
            ]
            # who is asked and confirms has lost no hedge
            admits = claims.voice(later) == "victim" or claims.is_inferred(later)
            if (
                later.modality == "certain"
                and not admits
                and before
                and all(claim.modality in HEDGED for claim in before)
            ):
                yield found("hedge-lost", "hedge-lost", claims, before, "retold", against=[later])
                break


CHECK = Check(id="hedge-lost", asks="Which possibility was retold as certain?", run=run)
