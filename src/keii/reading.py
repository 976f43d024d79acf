"""One file of a case read into what a transaction can record: its members, their events, texts and indicators.

It runs in a worker process: it gets a ``Task``, writes event files, and returns ``Reading`` values. It never touches
the catalog, so that what is recorded does not depend on how many workers there are.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import pyarrow as pa

from keii.case.catalog import Reading, SourceRecord, Status
from keii.case.intake import begins_with
from keii.errors import KeiiError, LakeError, LimitError, UnreadableError
from keii.lake import index
from keii.lake.store import LakeFile, in_order, write_rows
from keii.model import Document, Indicator, IntelPattern, Skipped, Source
from keii.model.rule import IntelRule
from keii.readers.containers import Member, is_container, members
from keii.readers.containers_stream import Limits, MemberStream
from keii.readers.kinds import Kind, kind_of
from keii.readers.logs import Batch, Head
from keii.readers.logs.mapping import load_mapping, mapped_reader

# Raise it when a reader's output changes: every source is then read anew by the next run.
READING_VERSION = "8"

FLUSH_ROWS = 1_000_000  # rows of one table held before a file is written
FLUSH_BYTES = 256 * 1024**2  # bytes likewise
LARGEST_TEXT = 256 * 1024**2  # bytes of a document or an intel file, which are read whole
MOST_SKIPS = 1_000  # places told one by one for a source; further ones are summed by reason


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger entry to read: where its content lies, what it is known as, and where event files go."""

    path: str
    source: Source
    said: str
    lake: str
    tmp: str
    limits: Limits = Limits()
    mapping: tuple[str, str] | None = None  # name and text of the mapping file that describes it


def _mapped(task: Task) -> Kind | None:
    """Return the kind of a log that a mapping file describes, None without one."""
    if task.mapping is None:
        return None
    name, text = task.mapping
    return Kind(name="log", log=mapped_reader(load_mapping(text, name)))


class _Skips:
    """The skips of one source: the first ones by place, the rest summed by reason."""

    def __init__(self) -> None:
        self.kept: list[Skipped] = []
        self.rest: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.count = 0

    def add(self, skipped: Skipped) -> None:
        self.count += skipped.count
        if len(self.kept) < MOST_SKIPS:
            self.kept.append(skipped)
        else:
            self.rest[skipped.reason] += skipped.count
            self.places[skipped.reason] += 1

    def all(self) -> tuple[Skipped, ...]:
        summed = (
            Skipped(place=f"{self.places[reason]} further places", reason=reason, count=count)
            for reason, count in sorted(self.rest.items())
        )
        return (*self.kept, *summed)


class _Events:
    """The events of one source on their way into files, with bounded memory: one file is written while the next fills."""

    def __init__(self, lake: Path, source: str) -> None:
        self.lake, self.source = lake, source
        self.held: dict[str, list[pa.RecordBatch]] = {}
        self.rows: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()
        self.files: list[LakeFile] = []
        self.inferred: set[str] = set()
        self.writer: ThreadPoolExecutor | None = None
        self.writing: Future[LakeFile] | None = None

    def add(self, batch: Batch) -> None:
        if not batch.rows.num_rows:
            return
        self.inferred.update(batch.inferred)
        self.held.setdefault(batch.table, []).append(batch.rows)
        self.rows[batch.table] += batch.rows.num_rows
        self.bytes[batch.table] += batch.rows.nbytes
        if self.rows[batch.table] >= FLUSH_ROWS or self.bytes[batch.table] >= FLUSH_BYTES:
            self._flush(batch.table)

    def close(self) -> tuple[LakeFile, ...]:
        try:
            self._wait()
            for table in sorted(self.held):
                self.files.append(self._write(table, self.parts[table], self.held.pop(table)))
        finally:
            if self.writer is not None:
                self.writer.shutdown()
        return tuple(sorted(self.files, key=lambda file: file.path))

    def _flush(self, table: str) -> None:
        self._wait()  # one at a time bounds the memory
        self.writer = self.writer or ThreadPoolExecutor(1)
        self.writing = self.writer.submit(self._write, table, self.parts[table], self.held.pop(table))
        self.parts[table] += 1
        self.rows[table] = self.bytes[table] = 0

    def _wait(self) -> None:
        """Take the file being written. Raises LakeError where it could not be."""
        if self.writing is not None:
            writing, self.writing = self.writing, None
            self.files.append(writing.result())

    def _write(self, table: str, part: int, batches: list[pa.RecordBatch]) -> LakeFile:
        rows = in_order(table, self.source, batches)
        batches.clear()
        file = write_rows(self.lake, table, self.source, part, rows)
        index.build(self.lake, file, rows)
        return file


def read_unit(task: Task) -> tuple[Reading, ...]:
    """Read one file with everything in it.

    What cannot be read is a Reading that says why; the rest goes on. Raises LakeError where event files cannot be
    written or memory does not suffice, since a run without them would tell a clean host.
    """
    try:
        return _read_unit(task)
    except MemoryError as error:
        told = "not enough memory to read it; nothing of it was kept, the next run reads it again"
        raise LakeError(told, place=task.source.name) from error


def _read_unit(task: Task) -> tuple[Reading, ...]:
    path, readings, skips = Path(task.path), list[Reading](), _Skips()
    error, archive = "", False
    try:
        if not begins_with(path, task.source.size or 0, task.source.sha256):
            raise UnreadableError("its content is no longer what the ledger records")
        archive = is_container(path)
        for found in members(path, task.source, task.limits, Path(task.tmp)):
            if isinstance(found, Skipped):
                skips.add(found)
            else:
                readings.append(_read_member(found, task))
    except UnreadableError as failed:
        error = failed.message
    except OSError as failed:
        error = failed.strerror or str(failed)
    if not archive and not error:
        return tuple(readings)
    status: Status = "unreadable" if error and not readings else "archive"
    if error and readings:
        skips.add(Skipped(place="the rest of the archive", reason=error, count=0))
    kind = "archive" if archive else "unknown"
    record = SourceRecord(source=task.source, kind=kind, status=status, skipped=skips.count, error=error)
    return (Reading(record=record, skips=skips.all()), *readings)


def _read_member(member: Member, task: Task) -> Reading:
    stream = member.open()
    try:
        head = stream.head()
        kind = _mapped(task) or kind_of(Head(head, member.source.name), task.said)
        if kind.name in ("unknown", "archive"):
            return _failed(member.source, "unknown", _what_instead(head, stream))
        data = io.BufferedReader(cast("io.RawIOBase", stream), 1024 * 1024)
        reading = _log(data, member.source, kind, task) if kind.log else _text(data, member.source, kind, task)
    except (LakeError, MemoryError):
        raise
    except KeiiError as error:
        return _failed(member.source, "unreadable", error.message)
    except Exception as error:  # noqa: BLE001 - the outermost loop: a reader's own fault becomes a row people see
        return _failed(member.source, "unreadable", f"the reader failed ({type(error).__name__}: {error})")
    return _finished(reading, stream)


def _finished(reading: Reading, stream: MemberStream) -> Reading:
    """Add what only the end tells: the hash of the content, or the damage that ended it early."""
    content = stream.content()
    record = msgspec.structs.replace(reading.record, content=content)
    skips = reading.skips
    if stream.damage:
        record = msgspec.structs.replace(record, error=record.error or stream.damage)
        skips = (*skips, Skipped(place="the rest of the file", reason=stream.damage, count=0))
    return msgspec.structs.replace(reading, record=record, skips=skips)


def _log(data: BinaryIO, source: Source, kind: Kind, task: Task) -> Reading:
    assert kind.log is not None  # noqa: S101 - the caller looked
    events, skips, error = _Events(Path(task.lake), source.id), _Skips(), ""
    try:
        for found in kind.log.read(data, source):
            if isinstance(found, Skipped):
                skips.add(found)
            else:
                events.add(found)
    except (LakeError, MemoryError):
        raise
    except Exception as failed:  # noqa: BLE001 - the outermost loop; what was read before stays
        own = failed.message if isinstance(failed, UnreadableError) else f"{type(failed).__name__}: {failed}"
        error = own if isinstance(failed, UnreadableError) else f"the reader failed ({own})"
        skips.add(Skipped(place="the rest of the file", reason=error, count=0))
    files = events.close()
    firsts, lasts = [file.first for file in files if file.first], [file.last for file in files if file.last]
    record = SourceRecord(
        source=source,
        kind="log",
        reader=kind.reader,
        status="unreadable" if error and not files else "read",
        events=sum(file.rows for file in files),
        skipped=skips.count,
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        error=error,
        inferred=tuple(sorted(events.inferred)),
    )
    return Reading(record=record, skips=skips.all(), files=files)


def _text(data: BinaryIO, source: Source, kind: Kind, task: Task) -> Reading:
    """Documents and intel: read whole, by one reader or by both; the failure of one does not take the other with it."""
    content = data.read(LARGEST_TEXT + 1)
    if len(content) > LARGEST_TEXT:
        raise LimitError(f"larger than {LARGEST_TEXT:,} bytes, the bound for documents and intel")
    skips, errors = _Skips(), list[str]()
    document: Document | None = None
    found: tuple[Indicator | IntelPattern | IntelRule, ...] = ()
    if kind.intel:
        try:
            found = tuple(_without_skips(kind.intel.read(content, source), skips))
        except UnreadableError as error:
            errors.append(error.message)
    if kind.document:
        try:
            document = kind.document.read(content, source)
        except UnreadableError as error:
            errors.append(error.message)
    if document and task.said == "statement":
        document = msgspec.structs.replace(document, kind="statement")
    if document is not None and not found and not errors:
        kind = Kind(name="document", document=kind.document)  # looked like a report, and tells nothing to look for
    nothing = document is None and not found and bool(errors)
    record = SourceRecord(
        source=source,
        kind=kind.name,
        reader=kind.reader,
        status="unreadable" if nothing else "read",
        skipped=skips.count,
        error="; ".join(errors),
    )
    return Reading(
        record=record,
        skips=skips.all(),
        document=document,
        indicators=tuple(value for value in found if isinstance(value, Indicator)),
        patterns=tuple(value for value in found if isinstance(value, IntelPattern)),
        rules=tuple(value for value in found if isinstance(value, IntelRule)),
    )


def _without_skips(
    found: Iterator[Indicator | IntelPattern | IntelRule | Skipped], skips: _Skips
) -> Iterator[Indicator | IntelPattern | IntelRule]:
    for value in found:
        if isinstance(value, Skipped):
            skips.add(value)
        else:
            yield value


def _failed(source: Source, status: Status, error: str) -> Reading:
    return Reading(record=SourceRecord(source=source, kind="unknown", status=status, error=error))


def _what_instead(head: bytes, stream: MemberStream) -> str:
    if stream.damage:
        return stream.damage
    if not head:
        return "it is empty"
    if not head.strip(b"\x00"):
        return "it begins with zeros only"
    return "no reader knows what it is"
