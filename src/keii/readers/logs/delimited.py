"""Comma, semicolon, tab or bar separated tables of no known kind, with a header that names a time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from keii.model import Skipped, Source
from keii.readers.logs.again import with_head
from keii.readers.logs.blocks import as_utf8
from keii.readers.logs.delimited_rows import frames
from keii.readers.logs.generic_fields import generic, pick
from keii.readers.logs.interface import Batch, Head, LogReader

_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_NAME = 64  # characters; longer cells are prose, not the names of columns


def _shape(head: bytes) -> tuple[str, float]:
    """Return the delimiter and how surely the head is a table that has times."""
    lines = as_utf8(head.removeprefix(b"\xef\xbb\xbf")).decode().splitlines()[:50]
    lines = [line for line in lines if line.strip()]
    if len(lines) < 2:
        return ",", 0.0
    best = (",", 0.0)
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        names = [cell.strip() for cell in rows[0]]
        if (
            len(names) < 2
            or any(not name or len(name) > _LONGEST_NAME for name in names)
            or len(set(names)) < len(names)
        ):
            continue
        share = sum(len(row) == len(names) for row in rows[1:]) / max(1, len(rows) - 1)
        sure = 0.45 * share if pick(names, "time") else 0.0
        best = max(best, (delimiter, sure), key=lambda found: found[1])
    return best


def accepts(head: Head) -> float:
    """Return up to 0.45 where the first row names a time and the others are as wide as it."""
    return 0.0 if b"\0" in head.data[:4096] else _shape(head.data)[1]


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``generic`` with every text value."""
    head, whole = with_head(data)
    for found in frames(whole, delimiter=_shape(head)[0]):
        yield found if isinstance(found, Skipped) else generic("csv", found, source.time_zone)


READER = LogReader(
    id="delimited", title="CSV of no known kind", accepts=accepts, read=read, tables=("generic",), times="loose"
)
