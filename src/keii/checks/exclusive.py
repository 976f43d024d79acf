"""Told as the only one: where several values can hold at once, a voice that excludes the others contradicts who tells one."""

from __future__ import annotations

import re
from functools import cache

from keii.checks.interface import Claims
from keii.checks.things import named
from keii.data import load
from keii.model import Category, Claim

_AROUND = 240  # characters before and behind a claim in which its sentence ends
_ENDS = re.compile(r"[。\n]|(?<=[a-z0-9)”\"])[.!?](?=\s)")


def excludes(claims: Claims, one: Claim, other: Claim) -> bool:
    """Return whether two affirmed claims of a topic with many values cannot both hold, for one tells its value as the only one."""
    rule = load("checks/exclusive")["topics"].get(one.topic)
    told = {one.polarity, other.polarity, *(c.modality for c in (one, other))}
    if rule is None or "possible" in told or told & {"denied", "not-confirmed"}:
        return False
    return any(_is_only(claims, first) and _is_another(first, second) for first, second in ((one, other), (other, one)))


def _is_only(claims: Claims, claim: Claim) -> bool:
    """Return whether the sentence of a claim tells its value as the only one."""
    text = claims.text_of(claim)
    behind = _ENDS.search(text, claim.end, claim.end + _AROUND)
    before = [end.end() for end in _ENDS.finditer(text, max(0, claim.start - _AROUND), claim.start)]
    sentence = text[before[-1] if before else max(0, claim.start - _AROUND) : behind.start() if behind else claim.end]
    return _only(claim.topic).search(sentence) is not None


@cache
def _only(topic: str) -> re.Pattern[str]:
    table = load("checks/exclusive")
    return re.compile("|".join([*table["any_topic"], *table["topics"][topic]["only"]]), re.IGNORECASE)


def _is_another(only: Claim, other: Claim) -> bool:
    """Return whether a claim names a value, or a thing, that is not among what was told as the only one."""
    if not (isinstance(only.value, Category) and isinstance(other.value, Category)):
        return False
    if only.value.cat != other.value.cat:
        together = load("checks/together").get(only.topic, ())
        return not any({only.value.cat, other.value.cat} <= set(group) for group in together)
    first, second = (_things(claim.topic, claim.quote) for claim in (only, other))
    return bool(first) and bool(second - first)


@cache
def _things(topic: str, quote: str) -> frozenset[str]:
    kinds = load("checks/exclusive")["topics"][topic].get("things", {})
    if isinstance(kinds, str):
        return named(kinds, quote)
    return frozenset(kind for kind, words in kinds.items() if any(re.search(word, quote, re.I) for word in words))
