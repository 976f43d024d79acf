"""Files of text lines from many programs: each line by its dialect, the rest as events with host and program."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import IO, BinaryIO, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Skipped, Source
from keii.readers.logs.again import with_head
from keii.readers.logs.blocks import as_utf8, blocks
from keii.readers.logs.dialect import Dialect, Lines, joined, rows
from keii.readers.logs.dialects import DIALECTS
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.syslog_head import FRAMED, taken_off
from keii.readers.logs.syslog_year import Turns, Years, day_numbers, first_year
from keii.readers.logs.text import values_of
from keii.readers.logs.text_lines import numbered

_YEARLESS = re.compile(rb"^\x00*(?:<\d{1,3}>)?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d", re.MULTILINE)
_IN_MEMORY = 32 * 1024 * 1024  # bytes of a stream that are kept in memory while its years are counted
_LOOKED_AT = 200  # lines of a head
_UNKNOWN = Years(0, None)


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield the rows of each dialect's table, and ``generic`` for lines of no dialect.

    Lines with nothing but blanks are no records. A line of nothing but control characters is skipped.
    """
    first, data = with_head(data)
    if source.last_year is None and not _YEARLESS.search(first):
        yield from _read(data, _UNKNOWN, source.time_zone)
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        while piece := data.read(1024 * 1024):
            kept.write(piece)
        kept.seek(0)
        years = first_year(_texts(kept), source)
        kept.seek(0)
        yield from _read(cast(BinaryIO, kept), years, source.time_zone)


def _texts(data: IO[bytes]) -> Iterator[pa.Array]:
    for block in blocks(cast(BinaryIO, data)):
        if not isinstance(block, Skipped):
            yield numbered(block)[0]


def _read(data: BinaryIO, years: Years, zone: str | None) -> Iterator[Batch | Skipped]:
    marks: set[str] = set()  # of the file's year, once a line without a year was met
    for part in _whole_events(_lines(data, years, zone, marks)):
        if isinstance(part, Skipped):
            yield part
            continue
        for batch in _by_dialect(part):
            yield msgspec.structs.replace(batch, inferred=tuple(sorted({*batch.inferred, *marks})))


def _lines(data: BinaryIO, years: Years, zone: str | None, marks: set[str]) -> Iterator[Lines | Skipped]:
    turns = Turns()
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        texts, numbers = numbered(block)
        empty = pc.match_substring_regex(texts, r"^[\x00-\x20\x7F]*$")
        for number in numbers.filter(empty).to_pylist():
            yield Skipped(place=f"line {number}", reason="nothing but control characters", record=number)
        texts, numbers = texts.filter(pc.invert(empty)), numbers.filter(pc.invert(empty))
        if len(texts):
            if years.marks() and pc.any(pc.is_valid(day_numbers(texts))).as_py():
                marks.update(years.marks())
            yield taken_off(texts, numbers, years, turns, zone)


def _whole_events(parts: Iterable[Lines | Skipped]) -> Iterator[Lines | Skipped]:
    """Yield lines block by block, with those of events that may go on held back until the next block is there."""
    before: Lines | None = None
    for part in parts:
        if isinstance(part, Skipped):
            yield part
        elif before is None:
            before = part
        elif not pc.any(going_on := _going_on(before)).as_py():
            yield before
            before = part
        else:
            yield before.filter(pc.invert(going_on))
            before = joined([before.filter(going_on), part])
    if before is not None:
        yield before


def _going_on(lines: Lines) -> pa.Array:
    found = pa.repeat(pa.scalar(value=False), len(lines))
    for dialect in DIALECTS:
        if dialect.open is not None:
            signed = pc.match_substring_regex(lines.tail, dialect.sign)
            own = lines.filter(signed)
            numbers = own.number.filter(dialect.open(own)) if len(own) else own.number
            found = pc.or_(found, pc.is_in(lines.number, value_set=numbers))
    return found


def _by_dialect(lines: Lines) -> Iterator[Batch]:
    unclaimed: list[Lines] = []
    for dialect in DIALECTS:
        if not len(lines):
            break
        signed = pc.match_substring_regex(lines.tail, dialect.sign)
        if not pc.any(signed).as_py():
            continue
        own = lines.filter(signed)
        batches, taken = dialect.take(own)
        yield from batches
        if not pc.all(taken).as_py():
            unclaimed.append(own.filter(pc.invert(taken)))
        lines = lines.filter(pc.invert(signed))
    rest = joined([lines, *unclaimed]) if unclaimed else lines
    if len(rest):
        yield _other(rest)


def _other(lines: Lines) -> Batch:
    words = pa.array([values_of(line) for line in lines.text.to_pylist()], pa.list_(pa.string()))

    def finish(columns: Columns) -> None:
        columns.values["values"] = words
        columns.taken["time"] = None  # the whole line is in ``message``

    spec = Spec(table="generic", columns={"message": ("line",)}, constants={"log": "syslog"}, finish=finish)
    return rows(spec, lines, {"line": lines.text})


@lru_cache(maxsize=4)
def _shares(head: bytes) -> tuple[float, dict[str, float]]:
    """Return the share of the lines of a head that have a syslog head, and the share of each dialect."""
    lines = as_utf8(head[:65_536]).decode().split("\n")
    lines = lines[:-1] if len(lines) > 1 and len(head) >= 65_536 else lines  # cut in the middle
    kept = [line.rstrip("\r") for line in lines[:_LOOKED_AT] if line.strip() and not line.startswith("#")]
    if not kept:
        return 0.0, {}
    texts = pa.array(kept, pa.string())
    framed = pc.sum(pc.cast(pc.match_substring_regex(texts, FRAMED), pa.int64())).as_py()
    found = taken_off(texts, pa.array(range(len(kept)), pa.int64()), _UNKNOWN, Turns())
    shares: dict[str, float] = {}
    for dialect in DIALECTS:
        own = found.filter(pc.match_substring_regex(found.tail, dialect.sign))
        taken = pc.sum(pc.cast(dialect.take(own)[1], pa.int64())).as_py() if len(own) else 0
        shares[dialect.id] = (taken or 0) / len(kept)
    return framed / len(kept), shares


def accepts(head: Head) -> float:
    """Return up to 0.5, by the share of lines with a syslog head; up to 0.9 by the share of all dialects together."""
    if b"\0" in head.data[:4096].lstrip(b"\0"):
        return 0.0
    framed, shares = _shares(head.data)
    return max(0.5 * framed, 0.9 * min(1.0, sum(shares.values())))


def _reader(dialect: Dialect) -> LogReader:
    def accepts_own(head: Head) -> float:
        return 0.92 * _shares(head.data)[1].get(dialect.id, 0.0) if accepts(head) else 0.0

    return LogReader(
        id=dialect.id, title=dialect.title, accepts=accepts_own, read=read, tables=dialect.tables, times=dialect.times
    )


READER = LogReader(
    id="syslog",
    title="Syslog, and text logs of several programs",
    accepts=accepts,
    read=read,
    tables=("generic",),
    times="head",
)
READERS = (*(_reader(dialect) for dialect in DIALECTS), READER)
