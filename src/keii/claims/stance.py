"""How a clause stands to what it speaks of: affirmed, denied or not confirmed; certain, possible, suspected, alleged."""

from __future__ import annotations

import re

from keii.claims.lexicon import states
from keii.claims.places import Where
from keii.claims.sentences import Clause

_QUESTION = re.compile(r"[^\s。]*か[」』]?(?=[\s。]|$)")  # «流出か» in a headline, whose parts are set apart by spaces
_REACH = 300  # characters over which a hedge or a denial covers a place: keeps the work linear
_NEGATIVE_TOPICS = ("disclosure.refusal", "detect.missed", "log.gap", "log.erased", "disclosure.delay_reason")
_PLAIN_TOPICS = ("time.disclosed", "time.notified_authority", "time.notified_customers", "disclosure.refusal")


def polarity(where: Where, clause: Clause, start: int, topic: str) -> tuple[str, str | None]:
    """Return polarity and state. Topics that are negative by themselves (a refusal) stay affirmed."""
    lang = where.document.lang
    if topic in _PLAIN_TOPICS or topic.startswith("disclosure."):
        return "affirmed", None
    for name, pattern in states(lang, "polarity"):
        if topic in _NEGATIVE_TOPICS and name != "denied":
            continue
        first = start if lang == "ja" else max(clause.start, start - _REACH)
        if pattern.search(where.folded, first, min(clause.end, start + _REACH)):
            return ("denied", None) if name == "denied" else ("not-confirmed", name)
    return "affirmed", None


def modality(where: Where, clause: Clause, start: int, topic: str) -> str:
    """Return the hedge that covers a place: the next one after it in Japanese, one of its clause in English."""
    lang, text, end = where.document.lang, where.folded, where.sentence.end
    if topic in _PLAIN_TOPICS:
        return "certain"
    if lang == "ja":
        if text[end - 1] != "。" and _QUESTION.match(text[start:end]):
            return "possible"
        hits = [
            (hit.start(), order, name)
            for order, (name, pattern) in enumerate(states("ja", "modality"))
            if (hit := pattern.search(text, start, clause.reach))
        ]
        return min(hits)[2] if hits else "certain"
    for name, pattern in states("en", "modality"):
        if pattern.search(text, max(clause.start, start - _REACH), min(clause.end, start + _REACH)):
            return name
    return "certain"
