"""Which proposals hold: the quote stands in the text, the topic in the vocabulary, the value in the quote."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from keii.data import load
from keii.model import (
    Category,
    Claim,
    Date,
    Document,
    Duration,
    Embedded,
    Interval,
    Locator,
    Moment,
    Number,
    Value,
    claim_id,
)
from keii.model.claim import Modality, Polarity
from keii.moments import parse_dates
from keii.proposals.numbers import holds_number, numbers_in
from keii.proposals.prompt import Piece

_LONGEST = 400  # characters of a quote
_SHORTEST = 4
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_UNIT = re.compile(r"[A-Za-z][A-Za-z-]{0,19}")
_ISO = re.compile(r"P(?=\w)(?:\d+(?:\.\d+)?[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?")

Why = Literal[
    "shape", "quote", "topic", "type", "category", "item-not-in-quote", "value-not-in-quote", "speaker-not-in-text", "known"
]  # fmt: skip


class Proposal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One claim as a model proposes it."""

    quote: str
    topic: str
    value: Value
    approximation: Literal["exact", "about", "more-than", "at-least", "up-to"] = "exact"
    polarity: Polarity = "affirmed"
    modality: Modality = "certain"
    speaker: str | None = None


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole answer; each claim is decoded on its own, so that a broken one does not take the others with it."""

    claims: tuple[msgspec.Raw, ...]


class Held(msgspec.Struct, frozen=True):
    """What keeps a value: the value as keii reads it, and its moment for a time."""

    value: Value
    moment: Moment | None = None


def decoded(raw: msgspec.Raw) -> Proposal | Why:
    """Return a proposal, or ``shape`` where it is not of the form that was asked for."""
    try:
        return msgspec.json.decode(raw, type=Proposal)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "shape"


def held(one: Proposal, piece: Piece, document: Document, proposed: str) -> Claim | Why:
    """Return the claim of a proposal that holds, or why it does not.

    The quote must stand in the piece character for character; a value is not believed either: a number or a date must be
    readable in the quote, an item and a speaker must be words of the text.
    """
    at = piece.text.find(one.quote)
    if at < 0 or one.quote != one.quote.strip() or not _SHORTEST <= len(one.quote) <= _LONGEST:
        return "quote"
    about = load("topics").get(one.topic)
    if about is None:
        return "topic"
    if one.speaker is not None and (not one.speaker.strip() or one.speaker not in document.text):
        return "speaker-not-in-text"
    start, end = piece.start + at, piece.start + at + len(one.quote)
    within = _within(document, start, end)
    kept = _value(one, about, document, within)
    if not isinstance(kept, Held):
        return kept
    return Claim(
        id=claim_id("proposed", document.source, document.name, start, end, one.topic, msgspec.json.encode(kept.value)),
        source=document.name,
        basis="stated",
        topic=one.topic,
        value=kept.value,
        approximation=one.approximation,
        polarity=one.polarity,
        state="not-established" if one.polarity == "not-confirmed" else None,
        modality=one.modality,
        speaker=one.speaker,
        within=within.id if within else None,
        published=within.published if within else document.published,
        moment=kept.moment,
        quote=one.quote,
        start=start,
        end=end,
        locators=(Locator(source=document.source, start=start, end=end),),
        note="Proposed by a model and not checked by a person: only the quote, and the value in it, were held against the text.",
        proposed=proposed,
    )


def known(one: Claim, others: list[Claim]) -> bool:
    """Return whether the same is said by another claim at the same place."""
    return any(
        one.topic == other.topic
        and one.polarity == other.polarity
        and _same(one.value, other.value)
        and one.start < other.end
        and other.start < one.end
        for other in others
    )


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, Category) and isinstance(other, Category):
        return one.cat == other.cat
    return one == other


def _within(document: Document, start: int, end: int) -> Embedded | None:
    return next(
        (one for one in document.embedded if any(first <= start and end <= last for first, last in one.spans)), None
    )


def _value(one: Proposal, about: dict[str, Any], document: Document, within: Embedded | None) -> Held | Why:
    value, wanted = one.value, about["value"]
    if isinstance(value, Number) and wanted == "number":
        told = holds_number(one.quote, value.num) and (value.high is None or holds_number(one.quote, value.high))
        return Held(value) if told and _UNIT.fullmatch(value.unit) else "value-not-in-quote"
    if isinstance(value, Date | Interval) and wanted == "date":
        return _time(one.quote, value, document, within)
    if isinstance(value, Duration) and wanted == "duration":
        numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", value.iso)}
        told = bool(_ISO.fullmatch(value.iso) and numbers) and numbers <= numbers_in(one.quote)
        return Held(value) if told else "value-not-in-quote"
    if isinstance(value, Category) and wanted == "category":
        if value.cat not in about["cats"] if about.get("cats") else not _CATEGORY.fullmatch(value.cat):
            return "category"
        in_quote = all(item.strip() and item in one.quote for item in value.items)
        return Held(value) if in_quote else "item-not-in-quote"
    return "type"


def _time(quote: str, value: Date | Interval, document: Document, within: Embedded | None) -> Held | Why:
    """Return the time that keii itself reads in the quote where it is the proposed one; a model's arithmetic is not taken."""
    reference = within.published if within else document.published
    zone = reference.zone if reference else None
    for found in parse_dates(quote, document.lang, reference, zone):
        if found.moment.edtf.rstrip("~") == value.edtf.rstrip("~"):
            edtf = found.moment.edtf
            return Held(Interval(edtf=edtf) if "/" in edtf else Date(edtf=edtf), found.moment)
    return "value-not-in-quote"
