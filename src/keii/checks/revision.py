"""One voice says something else later."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.headline import headline
from keii.checks.interface import Check, Claims, found, is_inference, is_single
from keii.checks.values import is_planned, relation
from keii.model import Claim, Finding

_OUTCOMES = ("time.", "impact.cost")  # of a plan in other topics many things may come


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per change of one voice's word on one topic, from its last word before to the next."""
    for topic in claims.topics:
        voices: dict[str, list[Claim]] = {}
        for claim in headline(claims, claims.of(topic)):
            if claim.basis == "stated":
                voices.setdefault(claims.origins.voice(claim), []).append(claim)
        for said in voices.values():
            yield from _changes(claims, topic, said)
        yield from _corrections(claims, topic)
        yield from _outcomes(claims, topic)


def _changes(claims: Claims, topic: str, said: list[Claim]) -> Iterator[Finding]:
    for at, later in enumerate(said):
        for earlier in reversed(said[:at]):
            if not claims.said_before(earlier, later):
                continue
            told = relation(earlier, later)
            if told.why == "planned-then-actual" or (told.kind == "different" and is_planned(later)):
                yield found("revision", "revision", claims, [earlier], "planned", against=[later])
            elif told.kind == "different" and (is_single(topic) or told.why == "polarity"):
                yield found("revision", "revision", claims, [earlier], "changed", against=[later])
            break  # only against its last word before


def _corrections(claims: Claims, topic: str) -> Iterator[Finding]:
    """Yield what newly came to light, whoever tells it, against what other voices had said before."""
    told = [one for one in headline(claims, claims.of(topic)) if one.basis == "stated" and not is_inference(one)]
    put_right: dict[str, tuple[list[Claim], list[Claim]]] = {}
    for later in told:
        before = [
            one
            for one in told
            if not claims.same_speaker(one, later)
            and claims.corrects(one, later)
            and (made := relation(one, later)).kind == "different"
            and (is_single(topic) or made.why == "polarity")
        ]
        if before:
            left, right = put_right.setdefault(repr((later.polarity, later.value)), ([], []))
            left.extend(before)
            right.append(later)
    for left, right in put_right.values():
        yield found("revision", "revision", claims, left, "corrected", against=right)


def _outcomes(claims: Claims, topic: str) -> Iterator[Finding]:
    """Yield plans with what others later tell to have happened, once per plan."""
    if not topic.startswith(_OUTCOMES):
        return
    told = [one for one in claims.of(topic) if one.basis == "stated" and not is_inference(one)]
    for plan in dict.fromkeys(one for one in told if is_planned(one) and one.polarity == "affirmed"):
        came = [
            one
            for one in told
            if not claims.same_speaker(plan, one)
            and claims.earlier(plan, one)
            and (
                (made := relation(plan, one)).why == "planned-then-actual"
                or (made.kind == "different" and is_planned(one))
            )
        ]
        if came:
            yield found("revision", "revision", claims, [plan], "planned", against=came)


CHECK = Check(id="revision", asks="Who changed their word?", run=run)
