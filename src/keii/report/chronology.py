"""The numbered chronology of publications, as analysts keep it by hand: time of day, publisher, what was new."""

from __future__ import annotations

from collections.abc import Sequence

from keii.model import Claim, Document, Embedded, Moment
from keii.model.report import ChronologyEntry


def chronology(documents: Sequence[Document], claims: Sequence[Claim]) -> tuple[ChronologyEntry, ...]:
    """Return every publication, quoted ones included, in order of publication; undated ones come last."""
    told: dict[tuple[str, str | None], list[Claim]] = {}
    for claim in claims:
        if claim.basis == "stated":
            told.setdefault((claim.source, claim.within), []).append(claim)
    entries: list[tuple[Document, Embedded | None]] = [(document, None) for document in documents]
    entries += [(document, quoted) for document in documents for quoted in document.embedded]
    known: set[tuple[str, str]] = set()
    rows = []
    for number, (document, quoted) in enumerate(sorted(entries, key=lambda entry: _order(*entry)), start=1):
        own = sorted(told.get((document.name, quoted.id if quoted else None), []), key=lambda claim: claim.start)
        new = [claim.id for claim in own if claim.speaker != "author" and _said(claim) not in known]
        known.update(_said(claim) for claim in own)
        rows.append(_row(number, document, quoted, own, new))
    return tuple(rows)


def _said(claim: Claim) -> tuple[str, str]:
    return claim.topic, f"{claim.polarity}|{claim.value!r}"


def _order(document: Document, quoted: Embedded | None) -> tuple[str, str, str]:
    published = quoted.published if quoted else document.published
    return _instant(published), document.name, quoted.id if quoted else ""


def _instant(moment: Moment | None) -> str:
    return moment.earliest.isoformat() if moment and moment.earliest else "~"


def _row(
    number: int, document: Document, quoted: Embedded | None, own: Sequence[Claim], new: Sequence[str]
) -> ChronologyEntry:
    return ChronologyEntry(
        number=number,
        document=document.name,
        within=quoted.id if quoted else None,
        publisher=(quoted.publisher if quoted else document.publisher) or document.name,
        title=quoted.title if quoted else document.title,
        lang=document.lang,
        kind=quoted.kind if quoted else document.kind,
        published=quoted.published if quoted else document.published,
        updated=quoted.updated if quoted else document.updated,
        claims=tuple(claim.id for claim in own),
        new=tuple(new),
    )
