"""Claims: what one source says. Logs and people yield the same kind of value."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from keii.model.moment import Moment
from keii.model.source import Locator

Basis = Literal["observed", "stated"]
Polarity = Literal["affirmed", "denied", "not-confirmed"]
State = Literal["not-established", "under-investigation", "declined"]
Modality = Literal["certain", "possible", "suspected", "alleged"]
Approximation = Literal["exact", "about", "more-than", "at-least", "up-to"]


ELSEWHERE = "other incident"  # ``Claim.about`` of what a source tells about another breach than its own


class Number(msgspec.Struct, frozen=True, tag="number", kw_only=True, omit_defaults=True):
    """A count or an amount. ``high`` is set for a range (``2万~3万``)."""

    num: float | int
    unit: str
    high: float | int | None = None


class Date(msgspec.Struct, frozen=True, tag="date", kw_only=True):
    """A point in time at the precision of the source."""

    edtf: str


class Interval(msgspec.Struct, frozen=True, tag="interval", kw_only=True):
    """A span of time, either end may be open (``..``)."""

    edtf: str


class Duration(msgspec.Struct, frozen=True, tag="duration", kw_only=True):
    """A length of time, ISO 8601 (``P6M``)."""

    iso: str


class Category(msgspec.Struct, frozen=True, tag="category", kw_only=True, omit_defaults=True):
    """A word from the closed list of the topic, with the items that the source names."""

    cat: str
    items: tuple[str, ...] = ()


Value = Number | Date | Interval | Duration | Category


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one source says about one topic. Not what is true.

    Attributes:
        id: ``c-`` and 12 hex digits over source, place, topic and value: the same claim has the same id in every run.
        source: name of the source (file name of a document; name of the case's log for observed claims).
        basis: ``observed`` for a log, ``stated`` for a person.
        topic: an id of ``data/topics.yaml``.
        value: number, date, interval, duration or category.
        approximation: how exact the source says the value is. Two qualifiers at once (at least about) join with ``+``.
        polarity: affirmed, denied or not-confirmed; ``state`` then says which kind of not.
        modality: certain, possible, suspected or alleged.
        speaker: who says it: a name as written, ``author`` or ``anonymous:関係者``; for logs ``log:<source name>``.
        via: the chain between the speaker and this source, outermost last (``["NHK"]``).
        within: id of the embedded source (``e2``) that the words stand in, None for the document itself.
        as_of: EDTF of the time for which the speaker says it, where told.
        scope: confirmed, potential, new, cumulative, or None.
        about: whom or what it is about where told (host, organisation, file; ELSEWHERE for another breach), None otherwise.
        published: when the (embedded) source said it; None where unknown.
        moment: the value as a moment with its bounds, for topics that are times.
        quote: exact substring of the extracted text; for logs the record in short.
        start: offset of the quote in the extracted text, -1 for logs.
        end: end of it, exclusive, -1 for logs.
        locators: the places it rests on, at most 20; ``evidence`` counts them all.
        evidence: number of records or spans that it rests on.
        note: how the value came about, in English, one sentence; how a number was counted, what an inference rests on.
        covers: for observed claims, what was searched, in words; empty for stated ones.
        proposed: the model and the prompt that proposed it (``name, prompt 0123456789ab``); None for what a rule or a log
            tells. A proposed claim never joins the others by itself.
    """

    id: str
    source: str
    basis: Basis
    topic: str
    value: Value
    approximation: str = "exact"
    polarity: Polarity = "affirmed"
    state: State | None = None
    modality: Modality = "certain"
    speaker: str | None = None
    via: tuple[str, ...] = ()
    within: str | None = None
    as_of: str | None = None
    scope: str | None = None
    about: str | None = None
    published: Moment | None = None
    moment: Moment | None = None
    quote: str = ""
    start: int = -1
    end: int = -1
    locators: tuple[Locator, ...] = ()
    evidence: int = 1
    note: str = ""
    covers: str = ""
    proposed: str | None = None


def claim_id(*parts: object) -> str:
    """Return ``c-`` and 12 hex digits over the parts, stable across runs and machines."""
    return "c-" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:12]
