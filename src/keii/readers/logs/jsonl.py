"""JSON lines of no known kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from keii.model import Skipped, Source
from keii.readers.logs.blocks import Block, blocks
from keii.readers.logs.frame import RecordFrame, flatten
from keii.readers.logs.generic_fields import generic, pick
from keii.readers.logs.interface import BATCH_ROWS, Batch, Head, LogReader
from keii.readers.logs.json_lines import Numbered, objects

_MOST = 0.35


def accepts(head: Head) -> float:
    """Return up to 0.35, by the share of lines that are objects with a field that names a time."""
    if not head.data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return 0.0
    lines = head.data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(lines) > 1:
        lines = lines[:-1] if lines[-1] and len(head.data) >= 65_536 else lines
    kept = b"\n".join(lines[:50])
    found = list(objects(Block(1, kept)))
    good = sum(not isinstance(item, Skipped) and pick(item[1], "time") is not None for item in found)
    return _MOST * good / len(found) if found else 0.0


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``generic`` with every text value."""
    rows: list[Numbered] = []
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        if block.first == 1:
            block = Block(1, block.data.removeprefix(b"\xef\xbb\xbf"))
        for found in objects(block):
            if isinstance(found, Skipped):
                yield found
                continue
            rows.append((found[0], flatten(found[1])))
            if len(rows) >= BATCH_ROWS:
                yield _batch(rows, source.time_zone)
                rows = []
    if rows:
        yield _batch(rows, source.time_zone)


def _batch(rows: list[Numbered], zone: str | None) -> Batch:
    return generic("jsonl", RecordFrame([item for _, item in rows], [number for number, _ in rows]), zone)


READER = LogReader(
    id="jsonl", title="JSON lines of no known kind", accepts=accepts, read=read, tables=("generic",), times="loose"
)
