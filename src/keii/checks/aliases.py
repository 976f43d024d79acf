"""Whose word it is in two languages: the company that Japanese and English publications of one incident speak of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from keii.model import ELSEWHERE, Claim, Date, Document, Number

_LEAST = 4  # characters of a short name
_SHARED = 2  # exact values that two publications must share to speak of one incident
_TELLING = 100  # a count from here on is hardly the same by chance
_FEW = 2  # claims of a speaker, so that it can be whom a publication is about


_WORDS = re.compile(r"[\w&'-]+")
_LEGAL = frozenset(("the", "inc", "corp", "co", "ltd", "llc", "plc", "company", "limited", "corporation", "a", "an"))


def short_names(speakers: Iterable[str], full: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield speakers that are the beginning of a longer name: «Alpha» is Alpha Logistics, Inc., if that speaks too."""
    longer = [(name, _words(name)) for name in full]
    for speaker in sorted(set(speakers)):
        words = _words(speaker)
        for name, whole in longer:
            if words and len("".join(words)) >= _LEAST and words != whole and whole[: len(words)] == words:
                yield name, speaker


def _words(name: str) -> list[str]:
    return [word for word in _WORDS.findall(name.lower()) if word not in _LEGAL]


def same_voices(claims: Sequence[Claim], documents: Iterable[Document]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names that stand for one speaker in publications of different languages.

    Two publications speak of one incident if they share at least two exact values: days of events, or counts of a hundred
    and more that are not rounded. Whom each of them is about is the named speaker with most of its claims, or who publishes
    a statement.
    """
    held = [document for document in documents if document.lang in ("ja", "en")]
    if len({document.lang for document in held}) < 2:
        return
    about = {document.name: subject_of(document, claims) for document in held}
    values = {
        document.name: exact_values(claim for claim in claims if claim.source == document.name) for document in held
    }
    for one, other in combinations(held, 2):
        first, second = about[one.name], about[other.name]
        if one.lang != other.lang and first and second and len(values[one.name] & values[other.name]) >= _SHARED:
            yield first, second


def subject_of(document: Document, claims: Sequence[Claim]) -> str:
    """Return whom a publication is about, an empty text where nobody stands out."""
    if document.kind == "statement":
        return document.publisher
    told = Counter(
        claim.speaker
        for claim in claims
        if claim.source == document.name and claim.speaker and claim.speaker not in ("author", document.publisher)
        and not claim.speaker.startswith(("anonymous:", "attacker:"))
    )  # fmt: skip
    named = [(count, name) for name, count in told.items() if name in document.text[:600] or name in document.title]
    most = max(named, default=(0, ""))
    return most[1] if most[0] >= _FEW else ""


def exact_values(claims: Iterable[Claim]) -> set[str]:
    """Return the exact days and counts that claims tell, as text; those of other incidents left out."""
    own = [claim for claim in claims if claim.about != ELSEWHERE]
    days = {
        f"{claim.topic} {claim.value.edtf[:10]}"
        for claim in own
        if isinstance(claim.value, Date)
        and len(claim.value.edtf) >= len("2020-01-01")
        and claim.topic != "time.disclosed"
    }
    return days | {
        f"{claim.value.unit} {claim.value.num}"
        for claim in own
        if isinstance(claim.value, Number) and claim.value.num >= _TELLING
    }
