"""Records in the free space of a chunk: of an earlier life of the log, or not yet counted by its header.

When a log is cleared or begins anew, the chunk's header forgets its records, and their bytes stay until others are
written over them. What is left of one can be read where the templates that it names still stand at their place; a record
whose template was overwritten would be rendered with the wrong words, so it is counted and not read.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from collections.abc import Iterator, Sequence

RECORDS_AT, SMALLEST = 512, 28  # bytes: where records start in a chunk; head of a record and its size again behind
MAGIC = b"\x2a\x2a\x00\x00"
RECORD = re.compile(re.escape(MAGIC))
_BODY = 24  # bytes of a record's head: magic, size, number, time
_INSTANCE = re.compile(rb"\x0c\x01(?P<id>....)(?P<at>....)", re.DOTALL)  # of a template: its id, where it is defined
_DEFINED = 24  # bytes before the content of a definition: next one, GUID (which begins with the id), size


def size_at(block: bytes, at: int) -> int:
    """Return the size of the record that starts here, 0 where none does: magic, and the size before and behind."""
    if not RECORD.match(block, at) or at + SMALLEST > len(block):
        return 0
    (size,) = struct.unpack_from("<I", block, at + 4)
    if not SMALLEST <= size <= len(block) - at:
        return 0
    return size if struct.unpack_from("<I", block, at + size - 4)[0] == size else 0


def slack(block: bytes) -> tuple[list[int], int]:
    """Return where whole records start in the free space of a chunk, and how many there lack a template."""
    (free,) = struct.unpack_from("<I", block, 48)
    at = free if RECORDS_AT <= free <= len(block) else RECORDS_AT
    starts, lacking = [], 0
    while found := RECORD.search(block, at):
        at = found.start()
        if size := size_at(block, at):
            if _templates_stand(block, at, at + size):
                starts.append(at)
            else:
                lacking += 1
        at += size or 1
    return starts, lacking


def _templates_stand(block: bytes, start: int, end: int) -> bool:
    """Tell whether every template that a record names is defined where it says."""
    places: Iterator[tuple[bytes, int]] = (
        (found["id"], struct.unpack("<I", found["at"])[0]) for found in _INSTANCE.finditer(block, start + _BODY, end)
    )
    named = [(id_, at) for id_, at in places if RECORDS_AT <= at <= len(block) - _DEFINED]
    return bool(named) and all(block[at + 4 : at + 8] == id_ for id_, at in named)


def alone(block: bytes, start: int) -> bytes:
    """Return a chunk in which the record that starts here is the last of two; the first is only stepped over."""
    led = bytearray(block)
    (number,) = struct.unpack_from("<Q", block, start + 8)
    struct.pack_into("<4sIQ", led, RECORDS_AT, MAGIC, start - RECORDS_AT, number ^ 1)
    struct.pack_into("<Q", led, 32, number)  # of the last record, at which the library stops
    struct.pack_into("<I", led, 48, start + size_at(block, start))
    return bytes(led)


def is_sound(block: bytes, start: int, names: Sequence[str], values: Sequence[object]) -> bool:
    """Tell whether a rendered record has the names of an event, and the time that its head has.

    Names that were overwritten, and templates that are others now, do not give these. (The number is no witness: an
    exported log counts its records anew, in their heads only.)
    """
    (ticks,) = struct.unpack_from("<Q", block, start + 16)
    told = dict(zip(names, values, strict=True))
    return str(told.get(_TIME, ""))[:19] == _instant(ticks) and all(_NAME.fullmatch(name) for name in names)


_TIME = "Event.System.TimeCreated.#attributes.SystemTime"
_NAME = re.compile(r"Event\.[\x21-\x7e ]{1,300}")
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)


def _instant(ticks: int) -> str:
    """Return a count of 100 ns since 1601 to the second, empty where it is beyond the calendar."""
    try:
        return (_EPOCH + dt.timedelta(microseconds=ticks // 10)).isoformat()[:19]
    except OverflowError:
        return ""
