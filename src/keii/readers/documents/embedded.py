"""Sources quoted inside a document: other papers' articles and companies' statements, with their own times and words."""

from __future__ import annotations

import msgspec

from keii.model import Embedded
from keii.readers.documents import inline
from keii.readers.documents.blocks import Block, blocks_of
from keii.readers.documents.statements import statements_of

_Spans = list[tuple[int, int]]


def embedded_sources(text: str, lang: str, own_publisher: str = "") -> tuple[Embedded, ...]:
    """Return the sources that ``text`` quotes, in order of appearance.

    Three layouts are read: blocks headed by a publisher and a time (tables, numbered lists, block quotes), words handed
    over in a sentence (``according to X``, ``と報じた``, ``記事より引用``), and an organisation's own statement quoted with
    ``「…」と発表``. The author's own words are in no span.
    """
    blocks = blocks_of(text, lang)
    taken = [span for block in blocks for span in (block.header, *block.spans)]
    later = inline.quotes_of(text, lang, taken, {block.key: block for block in blocks}, own_publisher)
    taken += [span for quote in later for span in quote.spans]
    merged = _merge([*blocks, *later, *statements_of(text, lang, taken)])
    return tuple(
        Embedded(
            id=f"e{number}", publisher=block.publisher, title=block.title, published=block.published,
            updated=block.updated, spans=tuple(sorted(set(block.spans))), kind=block.kind,
        )
        for number, block in enumerate(merged, start=1)
    )  # fmt: skip


def _merge(blocks: list[Block]) -> list[Block]:
    """Join later quotes of the same publisher to its dated block; two dated articles of one paper stay two."""
    merged: list[Block] = []
    for block in sorted(blocks, key=lambda block: block.at):
        same = next((i for i, other in enumerate(merged) if other.key == block.key and not _differ(other, block)), None)
        if same is None:
            merged.append(block)
            continue
        first = merged[same]
        merged[same] = msgspec.structs.replace(
            first, spans=(*first.spans, *block.spans), title=first.title or block.title,
            published=first.published or block.published, updated=first.updated or block.updated,
        )  # fmt: skip
    return merged


def _differ(first: Block, second: Block) -> bool:
    if first.published is None or second.published is None:
        return False
    return first.published.edtf != second.published.edtf
