"""Findings: the answers of checks, with the claims that show them."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

Answer = Literal["yes", "no", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of one check.

    Attributes:
        id: ``f-`` and 12 hex digits over check, kind, topic and claims.
        check: id of the check (``contradiction``).
        kind: agreement, contradiction, revision, denial-then-admission, single-source, omission, compatible …
        answer: yes (it is so, these claims show it), no (it was looked for and is not so), unknown (could not look).
        topic: what it is about; empty if about no single topic.
        sources: publishers or sources in order of time.
        claims: ids of the claims that show it, for before against.
        against: ids of the claims that speak against it.
        why: id of a sentence in ``data/text/*.yaml`` (``finding.agreement.rounding``).
        facts: the values that the sentence needs, already formatted neutrally (ISO dates, plain digits).
    """

    id: str
    check: str
    kind: str
    answer: Answer
    topic: str = ""
    sources: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    why: str = ""
    facts: dict[str, str] = {}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence says of one sentence of a statement.

    Attributes:
        sentence: exact words; ``start``/``end`` their place in the statement's text.
        verdict: supported, contradicted, not-verifiable (the logs that could tell are missing), not-checkable
            (nothing that evidence could bear on), or unsupported (logs could have shown it and do not).
        claims: ids of the sentence's own claims.
        supporting, contradicting: ids of claims for and against.
        limits: sentence ids and facts of the coverage that limits the verdict, as ``why``/``facts`` pairs.
        why, facts: as in a finding.
        leaves_open: what careful wording leaves open, as ``why`` ids.
    """

    source: str
    sentence: str
    start: int
    end: int
    verdict: Literal["supported", "contradicted", "not-verifiable", "unsupported", "not-checkable"]
    claims: tuple[str, ...] = ()
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    limits: tuple[tuple[str, dict[str, str]], ...] = ()
    why: str = ""
    facts: dict[str, str] = {}
    leaves_open: tuple[str, ...] = ()


def finding_id(*parts: object) -> str:
    """Return ``f-`` and 12 hex digits over the parts."""
    return "f-" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:12]
