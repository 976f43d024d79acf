"""Ingest: every source of the ledger read once, its events into the lake, all else into the catalog.

Each ledger entry is one transaction, written in the order of the ledger by this process alone; workers only read. A run
killed at any moment leaves whole transactions and perhaps files that no transaction knows, which the next run sweeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

import msgspec

from keii.case.case import Case
from keii.case.catalog import Reading, SourceRecord
from keii.case.custody import Entry
from keii.case.verify import ledger_mark
from keii.ingest_workers import read_all
from keii.lake.index_runs import merge
from keii.model import Source
from keii.readers.containers_stream import Limits
from keii.reading import READING_VERSION, Task


class Progress(Protocol):
    """Who is told how far a run is."""

    def start(self, task: str, total: int) -> None:
        """Begin a task of ``total`` bytes."""

    def advance(self, count: int) -> None:
        """Tell that ``count`` more bytes are done."""

    def finish(self) -> None:
        """End the task."""


class Quiet:
    """Tells nobody."""

    def start(self, task: str, total: int) -> None:
        """Begin."""

    def advance(self, count: int) -> None:
        """Go on."""

    def finish(self) -> None:
        """End."""


class IngestReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of ingest did. Counts are of this run; ``sources`` are the records it wrote.

    ``renewed`` are the names of linked originals that had grown or were replaced.
    """

    sources: tuple[SourceRecord, ...] = ()
    events: int = 0
    skipped: int = 0
    unreadable: int = 0
    copies: int = 0
    renewed: tuple[str, ...] = ()


def ingest(
    case: Case, progress: Progress | None = None, *, workers: int | None = None, limits: Limits | None = None
) -> IngestReport:
    """Read what the catalog does not hold yet and return what was done.

    Args:
        case: where; its lock is held meanwhile.
        progress: who is told, in bytes of source.
        workers: processes that read; None decides by the size of what there is to do. The result is the same.
        limits: bounds for archives.

    Raises:
        CaseError: another run is writing, or the ledger is broken.
        LakeError: event files cannot be written (disk full). What was recorded before stays.
    """
    told = progress or Quiet()
    with case.writing():
        renewed = case.refresh_links()
        case.sweep()
        case.catalog.put_meta("ledger", ledger_mark(case.ledger_entries()))
        records: list[SourceRecord] = []
        # A grown original takes the copies of its old content with it; they must then be read themselves: a loop.
        while pending := _pending(case):
            records += _run(case, pending, told, workers, limits or Limits())
        case.sweep()
        merge(case.lake_root, case.lake().files)
    return IngestReport(
        sources=tuple(records),
        events=sum(record.events for record in records),
        skipped=sum(record.skipped for record in records),
        unreadable=sum(record.status in ("unreadable", "unknown") for record in records),
        copies=sum(record.status == "copy" for record in records),
        renewed=tuple(entry.path for entry in renewed),
    )


def _versions(case: Case, entry: Entry, inferred: Iterable[str]) -> str:
    """Return all that a reading depends on beside the content: a year and a zone only where its times lacked them."""
    mapping = case.mapping(entry.kind)
    digest = hashlib.sha256(mapping[1].encode()).hexdigest()[:16] if mapping else ""
    lacks = {mark.partition("-")[0] for mark in inferred}
    year = f" year={entry.year}" if "year" in lacks and entry.year else ""
    zone = f" zone={_zone(case, entry)}" if "zone" in lacks and _zone(case, entry) else ""
    carve = " carve" if entry.carve else ""
    return f"{READING_VERSION} {entry.kind} {digest}".rstrip() + year + zone + carve


def _zone(case: Case, entry: Entry) -> str:
    """Return the zone of times that write none: as stated for the file, else for the logs of the case, else empty."""
    return entry.zone or case.settings.logs.time_zone


def _pending(case: Case) -> list[tuple[int, Entry]]:
    """Return the entries to read with their place in the ledger; forget what other readers read, or is damaged."""
    wanted: dict[str, tuple[int, Entry]] = {}
    for ordinal, entry in enumerate(_as_last_stated(case.entries())):
        wanted.setdefault(entry.sha256, (ordinal, entry))
    done, lacking = dict(case.catalog.units()), case.catalog.inferred()
    stale = _damaged(case) & done.keys()
    stale |= {
        sha for sha in done.keys() & wanted.keys() if done[sha] != _versions(case, wanted[sha][1], lacking.get(sha, ()))
    }
    if stale:
        stale = set(case.catalog.drop_units(stale))
        case.sweep()
    return [wanted[sha] for sha in wanted if sha not in done or sha in stale]


def _as_last_stated(entries: tuple[Entry, ...]) -> list[Entry]:
    """Return entries whose year and zone are those last stated for their content, under whatever name that was.

    What was asked to be carved once is.
    """
    carved = {entry.sha256 for entry in entries if entry.carve}
    years = {entry.sha256: entry.year for entry in sorted(entries, key=_seq) if entry.year}
    zones = {entry.sha256: entry.zone for entry in sorted(entries, key=_seq) if entry.zone}
    return [
        msgspec.structs.replace(
            entry, year=years.get(entry.sha256, 0), zone=zones.get(entry.sha256, ""), carve=entry.sha256 in carved
        )
        for entry in entries
    ]


def _seq(entry: Entry) -> int:
    return entry.seq


def _damaged(case: Case) -> set[str]:
    """Return the ledger entries of which an event file is gone or has another size."""
    units = {record.source.id: record.source.sha256 for record in case.catalog.sources()}
    found = set()
    for file in case.catalog.files():
        path = case.lake_root / file.path
        if not path.is_file() or path.stat().st_size != file.bytes:
            found.add(units[file.source])
    return found


def _run(
    case: Case, pending: list[tuple[int, Entry]], progress: Progress, workers: int | None, limits: Limits
) -> list[SourceRecord]:
    standing = {entry.sha256 for entry in case.entries()}
    tasks = [_task(case, entry, limits) for _, entry in pending]
    sizes = [entry.size for _, entry in pending]
    records: list[SourceRecord] = []
    progress.start("ingest", sum(sizes))
    for (ordinal, entry), read in zip(pending, read_all(tasks, sizes, workers), strict=True):
        with case.catalog.transaction():
            case.catalog.drop_units(case.catalog.units_named(entry.path) - standing)
            kept = [_without_copies(case, reading, read[:number]) for number, reading in enumerate(read)]
            versions = _versions(case, entry, {mark for reading in kept for mark in reading.record.inferred})
            case.catalog.put_unit(entry.sha256, entry.path, entry.size, versions, ordinal, kept)
        records += [reading.record for reading in kept]
        progress.advance(entry.size)
    progress.finish()
    return records


def _task(case: Case, entry: Entry, limits: Limits) -> Task:
    source = Source(
        id=f"s-{entry.sha256[:16]}",
        name=entry.path,
        sha256=entry.sha256,
        size=entry.size,
        last_year=entry.year or None,
        time_zone=_zone(case, entry) or None,
        carve=entry.carve,
    )
    return Task(
        path=str(case.content(entry)),
        source=source,
        said=entry.kind,
        mapping=case.mapping(entry.kind),
        lake=str(case.lake_root),
        tmp=str(case.tmp),
        limits=limits,
    )


def _without_copies(case: Case, reading: Reading, before: tuple[Reading, ...]) -> Reading:
    """Return the reading, or only its record where the same content is read already: events count once."""
    record = reading.record
    if record.status != "read" or not record.content:
        return reading
    here = {other.record.source.id: other.record for other in before}
    first = next((id_ for id_, other in here.items() if other.content == record.content), None)
    first = first or case.catalog.reader_of_content(record.content)
    if first is None or first == record.source.id:
        return reading
    bare = SourceRecord(
        source=record.source,
        kind=record.kind,
        reader=record.reader,
        status="copy",
        content=record.content,
        copy_of=first,
        inferred=_unheard(record, here.get(first) or case.catalog.source(first)),
    )
    return Reading(record=bare)


def _unheard(copy: SourceRecord, first: SourceRecord | None) -> tuple[str, ...]:
    """Return marks of what was stated of a copy and does not hold for its events, which are those of the first."""
    if first is None or not copy.inferred:
        return ()
    year = copy.source.last_year is not None and copy.source.last_year != first.source.last_year
    zone = copy.source.time_zone is not None and copy.source.time_zone != first.source.time_zone
    lacks = {mark.partition("-")[0] for mark in copy.inferred}
    return tuple(f"{what}-of-copy" for what, said in (("year", year), ("zone", zone)) if said and what in lacks)
