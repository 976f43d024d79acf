"""Publications in order of time, and how each claim stands to what was published before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

import msgspec

from keii.model.document import Document
from keii.model.moment import Moment

ChangeKind = Literal[
    "first",
    "other",
    "admitted",
    "denied",
    "withdrawn",
    "grew",
    "shrank",
    "revised",
    "happened",
    "contradicts",
    "not-confirmed",
    "affirmed",
    "confirmed",
    "hedge-lost",
    "sharper",
    "agrees",
    "repeated",
    "inferred",
]
NEWS: frozenset[str] = frozenset(ChangeKind.__args__) - {"agrees", "repeated", "inferred"}  # type: ignore[attr-defined]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A document, or a source quoted inside one, as an entry of its own.

    Attributes:
        number: 1-based, in order of publication.
        document: file name; ``within`` the id of the quoted source inside it, None for the document itself.
        publisher: as stated, else the file name; ``title``, ``lang``, ``kind`` as stated.
        published, updated: with time of day and zone where known.
    """

    number: int
    document: str
    within: str | None
    publisher: str
    title: str
    lang: str
    kind: str
    published: Moment | None
    updated: Moment | None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """How a claim stands to all that earlier publications said on its topic.

    Attributes:
        claim: id of the claim; ``publication`` the number of the publication that it stands in.
        voice: who says it, as a name for comparison: the victim under any of its names is ``victim``.
        kind: ``first`` nobody had spoken of it; ``other`` a further value that excludes none;
            of the same voice: ``admitted`` after a denial or «not confirmed», ``denied`` after an affirmation,
            ``withdrawn`` to «not confirmed», ``grew``, ``shrank`` or ``revised`` value, ``happened`` after a plan;
            of another voice: ``contradicts``, ``not-confirmed`` where others affirm, ``affirmed`` where others did not,
            ``confirmed`` as certain by the victim, ``hedge-lost`` in retelling, ``sharper`` than before,
            ``agrees`` from another origin, ``repeated`` from the same one; ``inferred`` by the author, who is no source.
        against: ids of the earlier claims that this was compared with, newest last, at most 5.
        within: hours, rounded up, that passed at most since the newest of them was published; None where unknown.
    """

    claim: str
    publication: int
    voice: str
    kind: ChangeKind
    against: tuple[str, ...] = ()
    within: int | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What one voice last said on a topic: its claims in the newest publication that quotes it."""

    voice: str
    publication: int
    claims: tuple[str, ...]


class TopicState(msgspec.Struct, frozen=True, kw_only=True):
    """A topic after a publication that speaks of it: what it said, and who says what until then.

    Attributes:
        publication: its number in the chronology.
        told: how each of its claims on the topic stands to what was said before, in order of the text.
        standing: every voice with what it last said, in order of first appearance.
    """

    publication: int
    told: tuple[Change, ...]
    standing: tuple[Standing, ...]


class TopicHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A topic over time. A publication that is not among ``states`` is silent on it and leaves the state as it was."""

    topic: str
    states: tuple[TopicState, ...]


def publications(documents: Iterable[Document]) -> tuple[Publication, ...]:
    """Return documents and the sources quoted in them, numbered in order of publication.

    An entry stands where it was certainly out: one that is known to the day only comes after those of that day with a
    time. A quoted source without a time of its own stands just before the document that quotes it. Undated documents
    come last; ties go by document, by order of appearance, and a document comes after what it quotes.
    """
    found: list[tuple[tuple[dt.datetime, dt.datetime, str, int], Publication]] = []
    for document in documents:
        own = Publication(
            number=0,
            document=document.name,
            within=None,
            publisher=document.publisher or document.name,
            title=document.title,
            lang=document.lang,
            kind=document.kind,
            published=document.published,
            updated=document.updated,
        )
        found.append((_place(own, len(document.embedded) + 1), own))
        in_text = sorted(document.embedded, key=lambda quoted: quoted.spans[:1] or ((len(document.text), 0),))
        for at, quoted in enumerate(in_text, start=1):
            entry = Publication(
                number=0,
                document=document.name,
                within=quoted.id,
                publisher=quoted.publisher or document.name,
                title=quoted.title,
                lang=document.lang,
                kind=quoted.kind,
                published=quoted.published,
                updated=quoted.updated,
            )
            found.append((_place(entry, at, document), entry))
    found.sort(key=lambda one: one[0])
    return tuple(msgspec.structs.replace(entry, number=number) for number, (_, entry) in enumerate(found, start=1))


def _place(entry: Publication, at: int, quoting: Document | None = None) -> tuple[dt.datetime, dt.datetime, str, int]:
    never = dt.datetime.max.replace(tzinfo=dt.UTC)
    moment = entry.published or entry.updated or (quoting and (quoting.published or quoting.updated)) or None
    earliest = moment.earliest if moment and moment.earliest else never
    latest = moment.latest if moment and moment.latest else earliest
    return latest, earliest, entry.document, at
