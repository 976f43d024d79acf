"""The catalog of a case: what was read, what is in the lake, what the stages found; one transaction per source."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files as package_files
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from keii.errors import CaseError
from keii.lake.store import LakeFile
from keii.model import (
    Claim,
    Document,
    Finding,
    HuntCoverage,
    Indicator,
    IntelPattern,
    Match,
    Skipped,
    Source,
    Trace,
    Verdict,
)
from keii.model.rule import IntelRule, RulesHunted

VERSION = "1"  # of the tables; a catalog of another version is made again, since all but notes can be

Status = Literal["read", "copy", "unreadable", "unknown", "archive"]
T = TypeVar("T")


class SourceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one source: a file, or a member of an archive.

    Attributes:
        source: the source itself.
        kind: log, intel, document, archive or unknown. An intel report that is a document too is ``intel``.
        reader: id of the reader that read it; two joined with ``+`` where an intel reader and a document reader did.
        status: ``read``; ``copy`` (the same content is read as ``copy_of``, so it has no events of its own);
            ``unreadable`` (``error`` says why); ``unknown`` (no reader knows its kind); ``archive`` (its members are
            sources of their own).
        events: rows in the lake; ``skipped`` records that were there and could not be read.
        first, last: of the events, ISO 8601 UTC.
        error: why it could not be read, empty otherwise.
        inferred: marks of what its times do not say and how it was filled, sorted (``readers.logs.local_time`` and
            ``syslog_year``): ``zone``, ``zone-stated``, ``year``, ``year-unknown`` … Empty where its times say all.
        content: SHA-256 of the content as read (of the member, not of its archive), empty where it could not be.
    """

    source: Source
    kind: str
    reader: str = ""
    status: Status = "read"
    events: int = 0
    skipped: int = 0
    first: str | None = None
    last: str | None = None
    error: str = ""
    content: str = ""
    copy_of: str | None = None
    inferred: tuple[str, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read from one source, as one transaction writes it."""

    record: SourceRecord
    skips: tuple[Skipped, ...] = ()
    files: tuple[LakeFile, ...] = ()
    document: Document | None = None
    indicators: tuple[Indicator, ...] = ()
    patterns: tuple[IntelPattern, ...] = ()
    rules: tuple[IntelRule, ...] = ()


class SkipRow(msgspec.Struct, frozen=True, kw_only=True):
    """A skip and the source it belongs to."""

    source: str
    skip: Skipped


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run over the case. Times are UTC, ISO 8601; ``ended`` is empty while it runs or where it was killed."""

    started: str
    ended: str = ""
    command: str = ""
    outcome: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """The analyst's own words about something (``target``: an id of a claim, finding, source or match)."""

    target: str
    words: str
    when: str = ""
    by: str = ""


class Catalog:
    """Typed access to ``case.sqlite``. Every ``put`` replaces the whole of what it names, in one transaction."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=30)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                self._db.execute(f"PRAGMA {pragma}")
            schema = package_files("keii.case").joinpath("catalog_schema.sql").read_text("utf-8")
            self._db.executescript(schema)
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('version', ?)", [VERSION])
        except sqlite3.DatabaseError as error:
            hint = "delete it and run again: all but the notes is made anew from the sources"
            raise CaseError(f"the catalog cannot be opened ({error}); {hint}", place=str(path)) from error
        if self.meta("version") != VERSION:
            found = self.meta("version")
            raise CaseError(f"expected a catalog of version {VERSION}, found {found}; delete it and run again")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written together or not at all."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # what was read

    def put_unit(self, sha256: str, path: str, size: int, versions: str, ordinal: int, read: Iterable[Reading]) -> None:
        """Record one ledger entry and all that was read from it."""
        with self.transaction():
            self._db.execute("DELETE FROM units WHERE sha256 = ?", [sha256])
            self._db.execute("INSERT INTO units VALUES (?, ?, ?, ?, ?)", [sha256, path, size, versions, ordinal])
            for number, reading in enumerate(read):
                self._put_reading(sha256, number, reading)

    def _put_reading(self, unit: str, number: int, reading: Reading) -> None:
        record = reading.record
        source = record.source.id
        row = [source, unit, number, record.content, record.copy_of, _json(record)]
        self._db.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?)", row)
        skips = [(source, ordinal, _json(skip)) for ordinal, skip in enumerate(reading.skips)]
        self._db.executemany("INSERT INTO skips VALUES (?, ?, ?)", skips)
        self._db.executemany("INSERT INTO files VALUES (?, ?, ?)", [(f.path, source, _json(f)) for f in reading.files])
        documents = [reading.document] if reading.document else []
        for what, values in (
            ("document", documents),
            ("indicator", reading.indicators),
            ("pattern", reading.patterns),
            ("rule", reading.rules),
        ):
            rows = [(what, source, ordinal, _json(value)) for ordinal, value in enumerate(values)]
            self._db.executemany("INSERT INTO extracts VALUES (?, ?, ?, ?)", rows)

    def units(self) -> tuple[tuple[str, str], ...]:
        """Return (SHA-256, reader versions) of every ledger entry that was read."""
        return tuple(self._db.execute("SELECT sha256, versions FROM units ORDER BY ordinal, sha256"))

    def inferred(self) -> dict[str, frozenset[str]]:
        """Return for the SHA-256 of every ledger entry that was read what the times of its sources do not say."""
        found: dict[str, set[str]] = {}
        for unit, blob in self._db.execute("SELECT unit, json FROM sources"):
            found.setdefault(unit, set()).update(msgspec.json.decode(blob, type=SourceRecord).inferred)
        return {unit: frozenset(marks) for unit, marks in found.items()}

    def units_named(self, path: str) -> set[str]:
        """Return the SHA-256 of every ledger entry that was read under a name."""
        return {row[0] for row in self._db.execute("SELECT sha256 FROM units WHERE path = ?", [path])}

    def drop_units(self, shas: Iterable[str]) -> tuple[str, ...]:
        """Forget ledger entries, and those with copies of what they held; return all that were forgotten, sorted."""
        todo, gone = sorted(set(shas)), set[str]()
        with self.transaction():
            while todo:
                unit = todo.pop()
                if unit in gone:
                    continue
                gone.add(unit)
                copies = "SELECT DISTINCT unit FROM sources WHERE copy_of IN (SELECT id FROM sources WHERE unit = ?)"
                todo.extend(row[0] for row in self._db.execute(copies, [unit]))
            self._db.executemany("DELETE FROM units WHERE sha256 = ?", [(unit,) for unit in sorted(gone)])
        return tuple(sorted(gone))

    def reader_of_content(self, content: str) -> str | None:
        """Return the id of the source in which a content was read, None where it was not."""
        sql = "SELECT id FROM sources WHERE content = ? AND copy_of IS NULL LIMIT 1"
        row = self._db.execute(sql, [content]).fetchone()
        return row[0] if row else None

    def source(self, id_: str) -> SourceRecord | None:
        """Return the record of one source, None where there is none."""
        row = self._db.execute("SELECT json FROM sources WHERE id = ?", [id_]).fetchone()
        return msgspec.json.decode(row[0], type=SourceRecord) if row else None

    def source_ids(self) -> frozenset[str]:
        """Return the ids of all sources."""
        return frozenset(row[0] for row in self._db.execute("SELECT id FROM sources"))

    def sources(self) -> tuple[SourceRecord, ...]:
        """Return every source, in the order in which they came in, members behind their archive."""
        sql = "SELECT s.json FROM sources s JOIN units u ON s.unit = u.sha256 ORDER BY u.ordinal, u.sha256, s.ordinal"
        return self._all(sql, SourceRecord)

    def skips(self, source: str | None = None) -> tuple[SkipRow, ...]:
        """Return the skips of one source, or of all."""
        where, values = ("WHERE source = ?", [source]) if source else ("", [])
        sql = f"SELECT source, json FROM skips {where} ORDER BY source, ordinal"
        return tuple(
            SkipRow(source=row[0], skip=msgspec.json.decode(row[1], type=Skipped))
            for row in self._db.execute(sql, values)
        )

    def files(self) -> tuple[LakeFile, ...]:
        """Return the committed files of the lake, sorted by path."""
        return self._all("SELECT json FROM files ORDER BY path", LakeFile)

    def documents(self) -> tuple[Document, ...]:
        """Return every document, in the order of the sources."""
        return self._extracts("document", Document)

    def indicators(self) -> tuple[Indicator, ...]:
        """Return every indicator, in the order of the sources and of their text."""
        return self._extracts("indicator", Indicator)

    def patterns(self) -> tuple[IntelPattern, ...]:
        """Return every pattern, likewise."""
        return self._extracts("pattern", IntelPattern)

    def rules(self) -> tuple[IntelRule, ...]:
        """Return every rule as it was published, likewise."""
        return self._extracts("rule", IntelRule)

    def digest(self, what: Literal["lake", "document", "indicator", "pattern", "rule"]) -> str:
        """Return a hash over what was read: the input of a stage's fingerprint."""
        if what == "lake":
            rows = self._db.execute("SELECT json FROM files ORDER BY path")
        else:
            rows = self._db.execute("SELECT json FROM extracts WHERE what = ? ORDER BY source, ordinal", [what])
        whole = hashlib.sha256()
        for (blob,) in rows:
            whole.update(len(blob).to_bytes(8, "big") + blob)
        return whole.hexdigest()

    # what the stages found

    def put_matches(self, matches: Iterable[Match], coverage: HuntCoverage) -> None:
        """Record the matches of a hunt and what it could search."""
        with self.transaction():
            self._put("match", [(match.id, match) for match in matches])
            self._put("coverage", [("", coverage)])

    def matches(self) -> tuple[Match, ...]:
        """Return the matches, in the order in which the hunt told them."""
        return self._results("match", Match)

    def hunt_coverage(self) -> HuntCoverage | None:
        """Return what the last hunt could search, None where there was none."""
        return next(iter(self._results("coverage", HuntCoverage)), None)

    def put_rules(self, hunted: RulesHunted | None) -> None:
        """Record what became of every rule; None where the case holds no rule."""
        self._put("rules", [("", hunted)] if hunted is not None else [])

    def rules_hunted(self) -> RulesHunted | None:
        """Return what became of every rule, None where none was asked."""
        return next(iter(self._results("rules", RulesHunted)), None)

    def put_trace(self, trace: Trace) -> None:
        """Record the trace."""
        self._put("trace", [("", trace)])

    def trace(self) -> Trace | None:
        """Return the trace, None where there is none yet."""
        return next(iter(self._results("trace", Trace)), None)

    def put_claims(self, claims: Iterable[Claim], basis: Literal["observed", "stated"]) -> None:
        """Record the claims of one basis; those of the other stay."""
        self._put(f"claim-{basis}", [(claim.id, claim) for claim in claims])

    def claims(self) -> tuple[Claim, ...]:
        """Return all claims, observed ones first."""
        return (*self._results("claim-observed", Claim), *self._results("claim-stated", Claim))

    def put_findings(self, findings: Iterable[Finding], verdicts: Iterable[Verdict]) -> None:
        """Record what the checks found."""
        with self.transaction():
            self._put("finding", [(finding.id, finding) for finding in findings])
            self._put("verdict", [(f"{verdict.source}:{verdict.start}", verdict) for verdict in verdicts])

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings."""
        return self._results("finding", Finding)

    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the verdicts on the sentences of statements."""
        return self._results("verdict", Verdict)

    def fingerprint(self, stage: str) -> str | None:
        """Return the hash of the inputs from which a stage last ran to its end."""
        row = self._db.execute("SELECT fingerprint FROM stages WHERE stage = ?", [stage]).fetchone()
        return row[0] if row else None

    def put_fingerprint(self, stage: str, fingerprint: str) -> None:
        """Record that a stage ran to its end on these inputs; call it in the transaction that records its results."""
        self._db.execute("INSERT OR REPLACE INTO stages VALUES (?, ?)", [stage, fingerprint])

    # runs, notes, facts about the catalog itself

    def start_run(self, run: Run) -> int:
        """Record a run and return its number."""
        return int(self._db.execute("INSERT INTO runs (json) VALUES (?)", [_json(run)]).lastrowid or 0)

    def end_run(self, number: int, run: Run) -> None:
        """Record how a run ended."""
        self._db.execute("UPDATE runs SET json = ? WHERE id = ?", [_json(run), number])

    def runs(self) -> tuple[Run, ...]:
        """Return all runs in order."""
        return self._all("SELECT json FROM runs ORDER BY id", Run)

    def put_note(self, note: Note) -> None:
        """Add a note of the analyst."""
        self._db.execute("INSERT INTO notes (json) VALUES (?)", [_json(note)])

    def notes(self) -> tuple[Note, ...]:
        """Return all notes in order."""
        return self._all("SELECT json FROM notes ORDER BY id", Note)

    def meta(self, key: str) -> str | None:
        """Return a fact about the case that a run left for the next (``ledger``: its last line's number and hash)."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return row[0] if row else None

    def put_meta(self, key: str, value: str) -> None:
        """Leave such a fact."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value])

    def _put(self, what: str, values: list[tuple[str, msgspec.Struct]]) -> None:
        with self.transaction():
            self._db.execute("DELETE FROM results WHERE what = ?", [what])
            rows = [(what, ordinal, id_, _json(value)) for ordinal, (id_, value) in enumerate(values)]
            self._db.executemany("INSERT INTO results VALUES (?, ?, ?, ?)", rows)

    def _results(self, what: str, type_: type[T]) -> tuple[T, ...]:
        return self._all("SELECT json FROM results WHERE what = ? ORDER BY ordinal", type_, what)

    def _extracts(self, what: str, type_: type[T]) -> tuple[T, ...]:
        sql = (
            "SELECT e.json FROM extracts e JOIN sources s ON e.source = s.id JOIN units u ON s.unit = u.sha256 "
            "WHERE e.what = ? ORDER BY u.ordinal, u.sha256, s.ordinal, e.ordinal"
        )
        return self._all(sql, type_, what)

    def _all(self, sql: str, type_: type[T], *values: str) -> tuple[T, ...]:
        decode = msgspec.json.Decoder(type_).decode
        return tuple(decode(row[0]) for row in self._db.execute(sql, values))


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
