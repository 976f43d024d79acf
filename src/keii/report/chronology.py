"""The numbered chronology of publications, as analysts keep it by hand: time of day, publisher, title, words, what was new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keii.model import Claim, Document
from keii.model.publication import NEWS, Change, Publication, publications
from keii.model.rating import SourceRating
from keii.model.report import ChronologyEntry


def chronology(
    documents: Sequence[Document],
    claims: Sequence[Claim],
    changes: Sequence[Change] = (),
    ratings: Sequence[SourceRating] = (),
) -> tuple[ChronologyEntry, ...]:
    """Return every publication, quoted ones included, in order of publication; undated ones come last.

    Args:
        documents: with the sources quoted in them.
        claims: of those documents; observed ones are left out.
        changes: how each claim stands to earlier ones, as ``checks.changes`` tells.
        ratings: of the publications; ``F`` where none is given.
    """
    told: dict[tuple[str, str | None], list[Claim]] = {}
    for claim in claims:
        if claim.basis == "stated":
            told.setdefault((claim.source, claim.within), []).append(claim)
    letters = {(rating.document, rating.within): rating.letter for rating in ratings}
    known = {change.claim: change for change in changes}
    rows = []
    for entry in publications(documents):
        key = (entry.document, entry.within)
        own = sorted(told.get(key, ()), key=lambda claim: (claim.start, claim.end, claim.id))
        rows.append(_row(entry, own, known, letters.get(key, "F")))
    return tuple(rows)


def _row(entry: Publication, own: Sequence[Claim], known: Mapping[str, Change], letter: str) -> ChronologyEntry:
    news = [known[claim.id] for claim in own if claim.id in known and known[claim.id].kind in NEWS]
    new = {change.claim for change in news}
    return ChronologyEntry(
        number=entry.number,
        document=entry.document,
        within=entry.within,
        publisher=entry.publisher,
        title=entry.title,
        lang=entry.lang,
        kind=entry.kind,
        reliability=letter,
        published=entry.published,
        updated=entry.updated,
        claims=tuple(claim.id for claim in own),
        new=tuple(change.claim for change in news),
        news=tuple(news),
        quotes=quotes([claim for claim in own if claim.id in new]),
    )


def quotes(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return the words of claims in order of the text, each stretch of text once: of overlapping words the longest."""
    spans = sorted({(c.start, c.end, c.quote) for c in claims if c.quote}, key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int, str]] = []
    for start, end, words in spans:
        if kept and start < kept[-1][1]:
            if end - start > kept[-1][1] - kept[-1][0]:
                kept[-1] = (start, end, words)
            continue
        kept.append((start, end, words))
    return tuple(words for _, _, words in kept)
