"""How a clause stands to what it speaks of: affirmed, denied or not confirmed; certain, possible, suspected, alleged."""

from __future__ import annotations

import re

from keii.claims.lexicon import states, words
from keii.claims.places import Where
from keii.claims.sentences import Clause

_QUESTION = re.compile(r"[^\s。]*か[」』]?(?=[\s。]|$)")  # «流出か» in a headline, whose parts are set apart by spaces
_ATTRIBUTE = re.compile(
    r"(?:stolen|leaked|exfiltrated) (?:\w+ )?(?:data|files|records|documents|information|material|passwords|list)\b",
    re.I,
)
_AMONG = re.compile(r"\b(?:not|n't) (?:\w+ )?(?:includ|contain|involv)", re.I)
_TAKEN = re.compile(r"\b(?:stolen|taken|obtained|copied|acquired|accessed|downloaded|exposed|leaked|viewed)\b", re.I)
_REACH = 300  # characters over which a hedge or a denial covers a place: keeps the work linear
_NEGATIVE_TOPICS = ("disclosure.refusal", "detect.missed", "log.gap", "log.erased", "disclosure.delay_reason")
_PLAIN_TOPICS = ("time.disclosed", "time.notified_authority", "time.notified_customers", "disclosure.refusal")
# «no one was monitoring» affirms a weakness, and a «not» beside a measure is another's.
_PLAIN_EN = (*_PLAIN_TOPICS, "response.measure", "root.contributing")
_GIVEN_TOPICS = ("intrusion.occurred", "malware.kind", "detect.by")  # what a sentence takes as given, then goes on from
_ATTRIBUTED = ("leak.", "affected.", "data.")
_OWN_CLAUSE = ("log.", "detect.", "disclosure.", "response.")  # told as a fact beside what is hedged later
_BESIDE = 40  # characters before a place in which an attribute of it stands


_ONLY = re.compile(r"しか[^、。]*$")  # «1年分しか保存していなかった» says that there was a year of them
_SHIKA = 16


def presupposed(where: Where, end: int) -> bool:
    """Return whether a Japanese sentence takes what stands before ``end`` as given («…を受け、», «…による被害»)."""
    return where.document.lang == "ja" and words("ja", "states", "presupposed").match(where.folded, end) is not None


def polarity(where: Where, clause: Clause, start: int, end: int, topic: str) -> tuple[str, str | None]:
    """Return polarity and state. Topics that are negative by themselves (a refusal) stay affirmed."""
    by_topic = _by_topic(where, clause, start, topic)
    if by_topic is None and where.document.lang == "ja":
        by_topic = _given(where, clause, end, topic)
    if by_topic is not None:
        return by_topic, None
    lang = where.document.lang
    last = _answered(where, clause) if lang == "ja" else clause.end
    for name, pattern in states(lang, "polarity"):
        if not where.seen & pattern.flags or (name != "denied" and _only_denied(topic)):
            continue
        if topic in _NEGATIVE_TOPICS and lang == "en":
            continue
        first = start if lang == "ja" else max(clause.start, start - _REACH)
        hit = where.find(pattern, first, min(last, start + _REACH))
        if hit and not (
            lang == "ja" and _ONLY.search(where.folded, max(clause.start, hit.start() - _SHIKA), hit.start())
        ):
            if name != "denied":
                return "not-confirmed", name
            beside = lang == "en" and (_given_with(where, topic, start) or _beside(where, clause, end, hit, topic))
            return ("affirmed" if beside else "denied"), None
    return "affirmed", None


def _only_denied(topic: str) -> bool:
    """Return whether a topic can be denied and not left open: «調査を行った結果、経路の特定には至らなかった» tells what was done."""
    return topic in _NEGATIVE_TOPICS or topic == "response.measure"


def _by_topic(where: Where, clause: Clause, start: int, topic: str) -> str | None:
    """Return the polarity that the topic decides, None where the words do."""
    lang = where.document.lang
    if topic.startswith("disclosure.") or topic in (_PLAIN_EN if lang == "en" else _PLAIN_TOPICS):
        return "affirmed"
    if topic == "duty.reported":
        denied = words(lang, "states", "denied_acts").search(where.folded, clause.start, clause.end)
        return "denied" if denied else "affirmed"
    if lang == "ja":
        return None
    if topic.startswith("ransom.") and where.find(words("en", "states", "denied_pay"), clause.start, clause.end):
        return "denied"
    if topic == "intrusion.occurred":
        first, last = max(clause.start, start - _REACH), min(clause.end, start + _REACH)
        if not words("en", "states", "denied_intrusion").search(where.folded, first, last):
            return "affirmed"
    return None


def _given(where: Where, clause: Clause, end: int, topic: str) -> str | None:
    """Return the polarity of what a Japanese clause takes as given or counts among other things, None of what it tells."""
    if topic in _GIVEN_TOPICS and presupposed(where, end):
        return "affirmed"
    if topic.startswith("data.") and _NOT_AMONG.search(where.folded, end, clause.end):
        return "denied"
    return "affirmed" if words("ja", "states", "relative").match(where.folded, end) else None


def _answered(where: Where, clause: Clause) -> int:
    """Return where a clause ends that asks and is answered in quotation: «流出したかどうかについて「回答を控える」»."""
    if not _ASKED.search(where.folded, max(clause.start, clause.end - _SHIKA * 2), clause.end):
        return clause.end
    return max(clause.end, where.folded.find("」", clause.end, where.sentence.end))


_NOT_AMONG = re.compile(r"含(?:まれ|ん)(?:で|て)?(?:い(?:ない|ませ|なかっ)|お(?:らず|りませ)|な(?:い|かっ|く)|ませ|ず)")
_ASKED = re.compile(r"(?:かどうか|有無|可否|真偽)[^。「」]{0,12}「$")


def _given_with(where: Where, topic: str, start: int) -> bool:
    """Return whether a clause that denies something takes this as given: «not part of the stolen data», «disputes the claim»."""
    return topic == "actor.claim" or (topic == "leak.occurred" and _ATTRIBUTE.match(where.folded, start) is not None)


def _beside(where: Where, clause: Clause, end: int, denial: re.Match[str], topic: str) -> bool:
    """Return whether what is denied is only that something else is among it: «the records taken do not include cards»."""
    if not topic.startswith("leak.") or end > denial.start() or not _AMONG.search(denial.group()):
        return False
    return _TAKEN.search(where.folded, clause.start, denial.start()) is not None


def modality(
    where: Where, clause: Clause, start: int, end: int, topic: str, reach: int | None = None, verb: int | None = None
) -> str:
    """Return the hedge that covers a place: the next one after it in Japanese, one of its clause in English.

    Args:
        where: the sentence.
        clause: the clause of the place.
        start: first character of the place.
        end: its end, exclusive.
        topic: what is spoken of.
        reach: how far a Japanese hedge may stand, None for the reach of the clause.
        verb: where the verb of a fact (detected, closed) begins: only a hedge about it counts.
    """
    lang, text, last = where.document.lang, where.folded, where.sentence.end
    if topic in _PLAIN_TOPICS or (topic in _GIVEN_TOPICS and presupposed(where, end)):
        return "certain"
    if lang == "en":
        return _english(where, clause, start, topic, verb)
    if text[last - 1] != "。" and _QUESTION.match(text[start:last]):
        return "possible"
    if topic.startswith("data.") and (among := _NOT_AMONG.search(text, end, clause.end)):
        start = among.end()  # «被害が生じるおそれのある情報は含まれておりません» hedges nothing
    if reach is None:
        reach = clause.end if topic.startswith(_OWN_CLAUSE) else clause.reach
    hits = [
        (hit.start(), order, name)
        for order, (name, pattern) in enumerate(states("ja", "modality"))
        if (hit := where.find(pattern, start if verb is None else verb, reach))
    ]
    if hits:
        return min(hits)[2]
    if topic.startswith(_ATTRIBUTED):
        attribute = words("ja", "states", "attribute").search(text, max(clause.start, start - _BESIDE), start)
        if attribute:
            return "suspected" if attribute.group().startswith("疑") else "possible"
    return "certain"


def _english(where: Where, clause: Clause, start: int, topic: str, verb: int | None) -> str:
    if topic.startswith("disclosure."):
        return "certain"
    first, stop = max(clause.start, start - _REACH), min(clause.end, start + _REACH)
    if topic.startswith("detect."):
        stop = max(first, start)  # «detected activity consistent with…»: that it was detected is no guess
    if verb is not None:
        first, stop = max(clause.start, verb - _BESIDE), max(verb, clause.start)
    elif where.find(words("en", "states", "wide"), where.sentence.start, start):
        return "suspected"
    return next((name for name, pattern in states("en", "modality") if where.find(pattern, first, stop)), "certain")
