"""Windows events as CSV: what Splunk, the event viewer of other tools and PowerShell's ``Export-Csv`` write."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from keii.model import Skipped, Source
from keii.readers.logs.again import with_head
from keii.readers.logs.blocks import as_utf8
from keii.readers.logs.delimited_rows import rows
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.windows_form import Gather, is_event, why_none

_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_HEADER = 60_000  # bytes; the head that a reader is shown ends soon behind


def _delimiter(head: bytes) -> str:
    """Return the delimiter of a first row that names the parts of a Windows event, empty where it does not."""
    line = as_utf8(head[:_LONGEST_HEADER].removeprefix(b"\xef\xbb\xbf")).decode().lstrip("\ufeff").split("\n", 1)[0]
    for delimiter in _DELIMITERS:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        if len(names) > 2 and is_event(name.strip() for name in names):
            return delimiter
    return ""


def accepts(head: Head) -> float:
    """Return 0.9 where the first row names an event id, and a channel or a provider."""
    return 0.9 if b"\0" not in head.data[:4096] and _delimiter(head.data) else 0.0


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``windows``; ``record`` is the line on which a row starts. An empty cell is no field."""
    head, whole = with_head(data)
    gather = Gather(source.time_zone)
    for found in rows(whole, delimiter=_delimiter(head) or ","):
        if isinstance(found, Skipped):
            yield found
            continue
        parts = [(name, cell) for name, cell in zip(found.names, found.cells, strict=True) if cell]
        names, values = tuple(name for name, _ in parts), tuple(cell for _, cell in parts)
        if not gather.add(found.record, names, values, sum(map(len, values))):
            reason = f"not a Windows event: {why_none(names)}"
            yield Skipped(place=f"line {found.record}", reason=reason, record=found.record)
        if gather.full and (batch := gather.take()):
            yield batch
    if batch := gather.take():
        yield batch


READER = LogReader(
    id="windows-csv", title="Windows events as CSV", accepts=accepts, read=read, tables=("windows",), times="local"
)
