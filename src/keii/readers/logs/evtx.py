"""EVTX, the binary log of Windows: every record that can be read, and a word on every part that cannot.

The file is a header of 4,096 bytes and chunks of 65,536 bytes (libyal, "Windows XML Event Log (EVTX) format"). Each
chunk is given to the ``evtx`` library by itself: for a whole file it says nothing of a cut end or a zeroed chunk.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
import orjson
from evtx import PyEvtxParser

from keii.errors import UnreadableError
from keii.model import Skipped, Source
from keii.readers.logs.evtx_record import Flattener
from keii.readers.logs.evtx_slack import MAGIC, RECORD, RECORDS_AT, SMALLEST, alone, is_sound, size_at, slack
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.windows_form import Gather, why_none
from keii.readers.logs.windows_records import MAX_DEPTH, TooDeepError

HEADER, CHUNK = 4096, 65536
_FILE, _CHUNK = b"ElfFile\x00", b"ElfChnk\x00"
_OLD = b"\x30\x00\x00\x00LfLe"  # the log of Windows before Vista
_MOST_RECORDS = CHUNK // 24  # a record's head alone has 24 bytes; bounds the library's iterator
_DIRTY, _NO_CRC = 1, 2  # file flags: not closed properly; written without checksums


class FileHeader(msgspec.Struct, frozen=True):
    """What the header says: chunks in use, the number that the next record would get, and its flags."""

    chunks: int
    next_record: int
    dirty: bool
    without_crc: bool


class Found(msgspec.Struct):
    """How far the walk has come: ordinal of the record, last and highest record number of a chunk header, chunks."""

    flattener: Flattener
    ordinal: int = 0
    last_number: int = 0
    highest: int = 0
    chunks: int = 0


class Lost(msgspec.Struct, frozen=True):
    """A run of blocks that should be chunks and are not."""

    chunks: int = 0
    at: int = 0
    zeros: bool = True

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.chunks} chunks from byte {self.at}"

    @property
    def reason(self) -> str:
        """What stands there instead."""
        return "zeroed" if self.zeros else "overwritten with something else"


def accepts(head: Head) -> float:
    """Return 1 for the magic of the file, 0.9 for that of old .Evt or for a first chunk behind a damaged header."""
    if head.data.startswith(_FILE):
        return 1.0
    if head.data.startswith(_OLD):
        return 0.9  # so that it is named in the refusal
    return 0.9 if head.data[HEADER : HEADER + 8] == _CHUNK else 0.0


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``windows``; ``record`` is the ordinal of the record in the file, unreadable ones included.

    Where the source shall be carved, what is left in the free space of chunks comes too: ``record`` is then the byte
    where it starts, below zero, and its field ``carved`` says so.

    Raises UnreadableError where there is neither a file header nor a chunk.
    """
    raw = _fill(data, HEADER)
    if raw.startswith(_OLD):
        raise UnreadableError("a binary .Evt log of Windows before Vista, which keii does not read", place=source.name)
    header = _header(raw)
    if header and not header.without_crc and not _header_whole(raw):
        yield _damage("file header", "its checksum does not fit: what it counts may be wrong")
    gather, found = Gather(), Found(Flattener())
    index, foreign, lost = 0, 0, Lost()
    while block := _fill(data, CHUNK):
        at = HEADER + index * CHUNK
        in_use = header is None or index < header.chunks
        index += 1
        if block[:8] == _CHUNK:
            if header is None and not found.chunks:
                yield _damage("file header", "damaged, so the chunks are read without it")
            found.chunks += 1
            if lost.chunks:
                yield _hole(found, block, lost)
                lost = Lost()
            yield from _chunk(block, f"chunk {index - 1} at byte {at}", header, gather, found)
            yield from _carved(block, at, gather, found) if source.carve else ()
            if gather.full and (batch := gather.take()):
                yield batch
        elif in_use:
            # Among the chunks in use this is damage; behind them a log is zeros, made beforehand.
            lost = Lost(lost.chunks + 1, lost.at or at, lost.zeros and not block.strip(b"\x00"))
        else:
            foreign += bool(block.strip(b"\x00"))
    if header is None and not found.chunks:
        raise UnreadableError("neither a file header nor a chunk of an event log found", place=source.name)
    if batch := gather.take():
        yield batch
    yield from _end(header, index, lost, found)
    if foreign:
        place = f"{foreign} blocks behind the last chunk in use"
        yield Skipped(place=place, reason="neither empty nor chunks of an event log", count=0)


def _fill(data: BinaryIO, size: int) -> bytes:
    parts = []
    while size and (part := data.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


_HEADER_SIZE = 128  # bytes that the header says of itself, always


def _header(raw: bytes) -> FileHeader | None:
    if len(raw) < 128 or not raw.startswith(_FILE):
        return None
    (following,) = struct.unpack_from("<Q", raw, 24)
    (chunks,) = struct.unpack_from("<H", raw, 42)
    (flags,) = struct.unpack_from("<I", raw, 120)
    (size,) = struct.unpack_from("<I", raw, 32)
    if size != _HEADER_SIZE:
        return None  # zeroed or overwritten behind its magic
    return FileHeader(chunks, following, bool(flags & _DIRTY), bool(flags & _NO_CRC))


def _hole(found: Found, block: bytes, lost: Lost) -> Skipped:
    """Tell of a run of lost chunks, and how many records it held where the record numbers around it say."""
    (first,) = struct.unpack_from("<Q", block, 8)
    missing = first - found.last_number - 1
    if not found.last_number or not 0 < missing <= lost.chunks * _MOST_RECORDS:
        return _damage(lost.place, lost.reason)
    found.ordinal += missing
    return _damage(lost.place, lost.reason, missing, found.ordinal - missing + 1)


def _chunk(
    block: bytes, place: str, header: FileHeader | None, gather: Gather, found: Found
) -> Iterator[Batch | Skipped]:
    cut = len(block) < CHUNK
    if cut:
        yield _damage(place, f"cut after {len(block)} of {CHUNK} bytes")
        block = block.ljust(CHUNK, b"\x00")
    first, last = struct.unpack_from("<QQ", block, 8)
    expected = last - first + 1 if 0 < last - first + 1 <= _MOST_RECORDS else 0
    before, bad = found.ordinal, 0
    mended = _mended(block)
    if mended is not block:
        told = "a record's size is wrong in it, so reading went on at the next whole record"
        yield _damage(place, told, record=found.ordinal + 1)
    for item in _records(mended):
        found.ordinal += 1
        if isinstance(item, str):
            reason: str | None = item
        else:
            reason = _take(gather, found, item)
        if reason:
            bad += 1
            yield Skipped(place=f"record {found.ordinal} in {place}", reason=reason, record=found.ordinal)
    missing = expected - (found.ordinal - before)
    if missing > 0:
        reason = f"the chunk counts {expected} records, {expected - missing} are there"
        yield _damage(place, reason, missing, found.ordinal + 1)
        found.ordinal += missing
    elif not bad and not cut and header and not header.without_crc:
        # The service keeps the sums of a log in use true; only the file header's counts lag behind.
        if not _whole(block):
            yield _damage(place, "its checksum does not fit: values in it may be altered", record=before + 1)
        if not _head_whole(block):
            reason = "the checksum of its header does not fit: the count of its records may be wrong"
            yield _damage(place, reason, record=before + 1)
    if expected:
        found.last_number = last
        found.highest = max(found.highest, last)  # a full log begins anew in its first chunk


def _damage(place: str, reason: str, count: int = 0, record: int | None = None) -> Skipped:
    return Skipped(place=place, reason=reason, count=count, record=record, damage=True)


def _header_whole(raw: bytes) -> bool:
    """Tell whether the checksum of the file header fits (at byte 124, over the first 120)."""
    return bool(struct.unpack_from("<I", raw, 124)[0] == zlib.crc32(memoryview(raw)[:120]))


def _head_whole(block: bytes) -> bool:
    """Tell whether the checksum of the chunk's header fits (at byte 124, over all of it but itself and the flags)."""
    head = memoryview(block)
    return bool(struct.unpack_from("<I", block, 124)[0] == zlib.crc32(head[128:512], zlib.crc32(head[:120])))


def _whole(block: bytes) -> bool:
    """Tell whether the checksum of the chunk's records fits (at byte 52, over the bytes up to the free space)."""
    free, crc = struct.unpack_from("<II", block, 48)
    return bool(512 <= free <= CHUNK and zlib.crc32(memoryview(block)[512:free]) == crc)


def _mended(block: bytes) -> bytes:
    """Return the chunk with each stretch that is no record made to lead to the next whole one.

    The library goes from record to record by their sizes and gives up the chunk where one is wrong.
    """
    (free,) = struct.unpack_from("<I", block, 48)
    end = free if RECORDS_AT <= free <= CHUNK else CHUNK
    at, mended = RECORDS_AT, bytearray()
    while at < end:
        if size := size_at(block, at):
            at += size
            continue
        starts = (match.start() for match in RECORD.finditer(block, at + 1, end))
        following = next((start for start in starts if size_at(block, start)), None)
        if following is None or following - at < SMALLEST:
            break
        mended = mended or bytearray(block)
        struct.pack_into("<4sI", mended, at, MAGIC, following - at)
        at = following
    return bytes(mended) if mended else block


def _records(block: bytes) -> Iterator[dict[str, Any] | str]:
    """Yield the records of a chunk as the library gives them, and the reason for each that it cannot read."""
    head = bytearray(HEADER)
    struct.pack_into("<8sQQQIHHHH", head, 0, _FILE, 0, 0, 1, 128, 1, 3, HEADER, 1)
    struct.pack_into("<I", head, 124, zlib.crc32(memoryview(head)[:120]))
    try:
        records = PyEvtxParser(io.BytesIO(bytes(head) + block), number_of_threads=1).records_json()
    except (RuntimeError, OSError, ValueError) as error:
        yield _reason(error)
        return
    for _ in range(_MOST_RECORDS):
        try:
            record: Any = next(records)
            yield record
        except StopIteration:
            return
        except (RuntimeError, OSError, ValueError) as error:  # not the end: the next record may be whole
            yield _reason(error)


def _carved(block: bytes, at: int, gather: Gather, found: Found) -> Iterator[Skipped]:
    """Take the records in the free space of a chunk that starts at a byte of the file, and tell how many there were."""
    starts, lost = slack(block)
    taken = 0
    for start in starts:
        record = list(_records(alone(block, start)))[-1]
        try:
            names, values = ((), ()) if isinstance(record, str) else found.flattener.flat(record["data"])
        except (orjson.JSONDecodeError, TooDeepError):
            names, values = (), ()
        where = f"free space of the chunk at byte {at}"
        sound = bool(names) and is_sound(block, start, names, values)
        if sound and gather.add(-(at + start), (*names, "carved"), (*values, where), size_at(block, start)):
            taken += 1
        else:
            lost += 1
    if taken or lost:
        reason = f"{taken} records carved from it; of {lost} more the templates or names are overwritten"
        yield Skipped(place=f"free space of the chunk at byte {at}", reason=reason, count=0)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")


def _take(gather: Gather, found: Found, record: dict[str, Any]) -> str | None:
    """Take one record; return why it could not be taken."""
    text = record["data"]
    try:
        names, values = found.flattener.flat(text)
    except orjson.JSONDecodeError as error:
        return f"the library's rendering is no JSON: {error.msg}"
    except TooDeepError:
        return f"nested deeper than {MAX_DEPTH} levels"
    return None if gather.add(found.ordinal, names, values, len(text)) else why_none(names)


def _end(header: FileHeader | None, index: int, lost: Lost, found: Found) -> Iterator[Skipped]:
    """Tell what the file was said to hold and does not."""
    if header is None:
        if lost.chunks:
            yield Skipped(
                place=lost.place, reason=f"{lost.reason}; without the header one cannot tell if ever used", count=0
            )
        return
    absent = max(header.chunks - index, 0)
    missing = header.next_record - 1 - found.highest
    if not absent and not lost.chunks:
        if missing > 0 and found.highest and not header.without_crc:
            reason = f"the header counts records up to {header.next_record - 1}, the last one there is {found.highest}"
            yield Skipped(place="end of the file", reason=reason, count=0)
        return
    count = missing if found.highest and 0 < missing <= (absent + lost.chunks + 1) * _MOST_RECORDS else 0
    place, reason = lost.place, lost.reason
    if absent:
        place = f"byte {HEADER + index * CHUNK}"
        reason = f"cut: the header counts {header.chunks} chunks, {index} are there"
    yield _damage(place, reason, count, found.ordinal + 1)


READER = LogReader(
    id="evtx", title="Windows event log (EVTX)", accepts=accepts, read=read, tables=("windows",), times="zoned"
)
