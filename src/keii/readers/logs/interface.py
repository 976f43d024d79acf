"""The shape of a log reader: open bytes in, Arrow batches and skips out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec
import pyarrow as pa

from keii.model import Skipped, Source

BATCH_ROWS = 65_536  # rows per batch a reader aims at; bounds memory whatever the file size
TIMES = ("zoned", "head", "own", "local", "loose")  # what docs/logs.md says of a reader's times
MAX_LINE = 16 * 1024 * 1024  # bytes; a longer line is skipped and counted, never held in memory


class Batch(msgspec.Struct, frozen=True):
    """Rows of one table of ``lake.schema``; columns it lacks are null. ``source`` is filled by the writer.

    ``inferred`` are the marks of times whose zone or year the rows do not say (``local_time``, ``syslog_year``), sorted.
    """

    table: str
    rows: pa.RecordBatch
    inferred: tuple[str, ...] = ()


class Head(msgspec.Struct, frozen=True):
    """The first 64 KiB of a stream, decompressed, and its name (a hint only: the content decides)."""

    data: bytes
    name: str


class LogReader(msgspec.Struct, frozen=True, kw_only=True):
    """A reader of one log format.

    Attributes:
        id: stable id, also the file name (``zeek``).
        title: what a person calls it.
        accepts: how surely the head is this format, 0 (not) to 1 (the format's own magic). The surest reader wins.
        read: yields batches and skips; good + skipped = what was there. It never raises for a bad record. It raises
            ``UnreadableError`` where the stream as a whole cannot be read. ``data`` need not be seekable.
        tables: of ``lake.schema`` that its rows go to, in the schema's order.
        times: which times it meets, one of ``TIMES``.
    """

    id: str
    title: str
    accepts: Callable[[Head], float]
    read: Callable[[BinaryIO, Source], Iterator[Batch | Skipped]]
    tables: tuple[str, ...] = ()
    times: str = ""
