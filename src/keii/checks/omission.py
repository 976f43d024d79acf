"""What the official statement does not say: of what was known before it, and of what such statements should say."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.interface import Check, Claims, found
from keii.data import load
from keii.model import Claim, Document, Finding, finding_id


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per official statement and subject that it leaves out, with the claims that knew it."""
    for document in claims.documents:
        if document.kind == "statement":
            own = [c for c in claims.all if c.source == document.name and c.within is None]
            yield from _left_out(claims, document, document.publisher or document.name, "", own)
        for embedded in document.embedded:
            if embedded.kind == "statement":
                own = [c for c in claims.all if c.source == document.name and c.within == embedded.id]
                yield from _left_out(claims, document, embedded.publisher, embedded.id, own)


def _left_out(claims: Claims, document: Document, speaker: str, within: str, own: list[Claim]) -> Iterator[Finding]:
    if not own:
        return
    for subject, topics in load("checks/expected")["subjects"].items():
        if any(claim.topic in topics for claim in own):
            continue
        others = [
            claim
            for topic in topics
            for claim in claims.of(topic)
            if claim.id not in {c.id for c in own}
            and claim.polarity == "affirmed"
            and claim.speaker != "author"
            and (claim.basis == "observed" or not claims.earlier(own[0], claim))
        ]
        if others:
            yield found(
                "omission", "omission", claims, others, "known", topic=topics[0], subject=subject, statement=speaker
            )
        elif not within:  # A quoted statement is an excerpt: its silence shows nothing.
            yield Finding(
                id=finding_id("omission", document.name, subject),
                check="omission",
                kind="omission",
                answer="yes",
                topic=topics[0],
                sources=(speaker,),
                why="finding.omission.expected",
                facts={"subject": subject, "statement": speaker},
            )


CHECK = Check(id="omission", asks="What does the official statement leave out?", run=run)
