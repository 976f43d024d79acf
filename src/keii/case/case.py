"""A case on disk: settings, sources with their custody, the lake, the catalog. One writer at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from keii.case import custody, intake
from keii.case.catalog import Catalog
from keii.case.custody import Entry, Ledger
from keii.case.intake import Digest, Found, Refused
from keii.case.settings import Settings, is_zone, read_settings, template
from keii.errors import CaseError, UsageError
from keii.lake.index_runs import is_derived
from keii.lake.store import Lake
from keii.wording import Lang

GONE = "replaced: this content is no longer where it was linked"  # the note of an entry whose original is gone
YEARS = (1970, 2199)  # of a log's last record
KINDS = ("statement", "document", "intel", "log")  # what a user may say that a source is


class AddReport(msgspec.Struct, frozen=True, kw_only=True):
    """What ``add`` did: entries written, files whose content was there already (path, name there), paths refused."""

    added: tuple[Entry, ...]
    already: tuple[tuple[str, str], ...]
    refused: tuple[Refused, ...]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of files they add; what is empty (0) is not said.

    Attributes:
        kind: one of ``KINDS``, or ``log:<mapping>``.
        year: of the last record, for logs whose times have none.
        zone: IANA time zone of times that write none.
        carve: read what is left in the free space of event logs.
    """

    kind: str = ""
    year: int = 0
    zone: str = ""
    carve: bool = False

    def over(self, entry: Entry) -> Said:
        """Return this, and what an earlier entry says where this says nothing."""
        return Said(
            kind=self.kind or entry.kind,
            year=self.year or entry.year,
            zone=self.zone or entry.zone,
            carve=self.carve or entry.carve,
        )


class Case:
    """A folder that holds everything known of one breach."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.sources = root / "sources"
        self.lake_root = root / "lake"
        self.tmp = root / "tmp"
        self.report_root = root / "report"
        self.ledger_path = root / "custody.jsonl"
        self._catalog: Catalog | None = None
        self._lock: BinaryIO | None = None

    @classmethod
    def create(
        cls, path: Path, name: str | None = None, *, victim: str = "", time_zone: str = "UTC", lang: Lang = "en"
    ) -> Case:
        """Make a new case with a commented ``case.toml`` and return it. Raises UsageError where there is something."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError("expected a new or empty folder", place=str(path))
        for folder in (path, path / "sources", path / "lake", path / "tmp", path / "report"):
            folder.mkdir(parents=True, exist_ok=True)
        (path / "custody.jsonl").touch()
        text = template(name or path.resolve().name, victim=victim, time_zone=time_zone, lang=lang)
        unfinished = path / "tmp" / "case.toml"
        unfinished.write_text(text, "utf-8")
        unfinished.replace(path / "case.toml")  # last: a folder is a case once it has its settings
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Case:
        """Return the case at ``path``. Raises CaseError where there is none, SettingsError where case.toml is wrong."""
        if not (path / "case.toml").is_file():
            raise CaseError("no case here (no case.toml); `keii new` makes one", place=str(path))
        case = cls(path, read_settings(path / "case.toml"))
        if not case.ledger_path.is_file():
            raise CaseError("the custody ledger is missing", place=str(case.ledger_path))
        for folder in (case.sources, case.lake_root, case.tmp, case.report_root):
            folder.mkdir(exist_ok=True)
        return case

    @property
    def catalog(self) -> Catalog:
        """The catalog, opened once."""
        if self._catalog is None:
            self._catalog = Catalog(self.root / "case.sqlite")
        return self._catalog

    def close(self) -> None:
        """Close the catalog."""
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None

    def __enter__(self) -> Case:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lake(self) -> Lake:
        """Return the lake as the catalog has committed it."""
        return Lake(self.lake_root, self.catalog.files())

    def entries(self) -> tuple[Entry, ...]:
        """Return the sources as they stand, in the order in which they came in; broken lines are left to ``verify``."""
        return custody.current(self.ledger_entries())

    def ledger_entries(self) -> tuple[Entry, ...]:
        """Return every readable line of the ledger."""
        return custody.inspect(self.ledger_path)[0]

    def content(self, entry: Entry) -> Path:
        """Return where the content of an entry lies."""
        return Path(entry.origin) if entry.action == "linked" else self.sources / entry.path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the case's lock. Re-entrant in one Case; raises CaseError where another run holds it."""
        if self._lock is not None:
            yield
            return
        handle = (self.root / ".lock").open("ab")
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise CaseError("another run is writing to this case", place=str(self.root)) from error
            self._lock = handle
            yield
        finally:
            self._lock = None
            handle.close()

    def add(
        self,
        paths: Sequence[Path],
        *,
        link: bool = False,
        kind: str | None = None,
        year: int | None = None,
        zone: str | None = None,
        carve: bool = False,
    ) -> AddReport:
        """Take files, and folders with all that is in them, into the case.

        Args:
            paths: what to take.
            link: leave the files where they are and record hash, size and place.
            kind: what they are (one of ``KINDS``, or ``log:<mapping>``) where the content shall not decide.
            year: of their last record, where their times have none. Said of a file that is here already, it holds from
                now on, as ``kind`` and ``zone`` do.
            zone: IANA time zone of their times that write none.
            carve: read what is left in the free space of event logs (EVTX) too.

        Raises:
            UsageError: a path that does not exist, an unknown kind or zone, or a year outside ``YEARS``. Nothing was
                taken then.
            CaseError: another run writes, or the disk refuses.
        """
        if kind is not None and kind not in KINDS and not kind.startswith("log:"):
            raise UsageError(f"expected one of {', '.join(KINDS)}, found {kind!r}")
        _check_times(year, zone)
        said = Said(kind=kind or "", year=year or 0, zone=zone or "", carve=carve)
        for path in paths:
            if not path.exists() and not path.is_symlink():
                raise UsageError("no such file or folder", place=str(path))
        with self.writing():
            ledger = Ledger.open(self.ledger_path)
            intake_run = _Intake(self, ledger, said)
            take = intake_run.link if link else intake_run.copy
            for path in paths:
                for found in intake.walk(path):
                    if isinstance(found, Refused):
                        intake_run.refused.append(found)
                    elif self._inside(found.path):
                        intake_run.refused.append(Refused(path=str(found.path), reason="it belongs to this case"))
                    else:
                        take(found)
        return intake_run.report()

    def keep_mapping(self, path: Path) -> str:
        """Take a mapping file into ``mappings/`` and return the kind of the logs that it describes."""
        folder = self.root / "mappings"
        folder.mkdir(exist_ok=True)
        unfinished = self.tmp / path.name
        unfinished.write_bytes(path.read_bytes())
        unfinished.replace(folder / path.name)
        return f"log:{path.name}"

    def mapping(self, kind: str) -> tuple[str, str] | None:
        """Return name and text of the mapping of a kind ``log:<name>``, None for other kinds. Raises CaseError if it is gone."""
        if not kind.startswith("log:"):
            return None
        path = self.root / "mappings" / Path(kind.removeprefix("log:")).name
        if not path.is_file():
            raise CaseError("the mapping file is missing", place=str(path))
        return path.name, path.read_text("utf-8")

    def note(self, words: str) -> Entry:
        """Record a note in the ledger."""
        with self.writing():
            return Ledger.open(self.ledger_path).append("noted", note=words)

    def refresh_links(self) -> tuple[Entry, ...]:
        """Look again at every linked original; record those that grew or were replaced and return their new entries.

        A grown text log is recorded, and later read, anew as a whole. A replaced one (rotated) is looked for beside its
        old place; its old content keeps an entry of its own, so that what was read from it stays. The quick look is at
        size and tail; only where these differ is the file hashed.
        """
        with self.writing():
            ledger = Ledger.open(self.ledger_path)
            renewed = []
            for entry in custody.current(ledger.entries):
                if entry.action == "linked" and entry.note != GONE:
                    renewed += _renew(ledger, entry)
            return tuple(renewed)

    def sweep(self) -> None:
        """Remove what a killed run left: temporary files, and event files that no transaction ever recorded.

        The index of a file goes with it; merged indexes tell by themselves what they speak for.
        """
        with self.writing():
            for left in sorted(self.tmp.iterdir()):
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left)
                else:
                    left.unlink()
            kept = {file.path for file in self.catalog.files()}
            for path in sorted(self.lake_root.rglob("*")):
                name = path.relative_to(self.lake_root).as_posix()
                if path.is_file() and name.removeprefix("index/") not in kept and not is_derived(name):
                    path.unlink()

    def _inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self.root.resolve())


class _Intake:
    """One run of ``add``: what came in so far, by content and by name."""

    def __init__(self, case: Case, ledger: Ledger, said: Said) -> None:
        self.case, self.ledger, self.said = case, ledger, said
        standing = custody.current(ledger.entries)
        self.by_content = {entry.sha256: entry for entry in standing}
        self.names = {entry.path: entry.sha256 for entry in standing}
        self.added: list[Entry] = []
        self.already: list[tuple[str, str]] = []
        self.refused: list[Refused] = []

    def report(self) -> AddReport:
        return AddReport(added=tuple(self.added), already=tuple(self.already), refused=tuple(self.refused))

    def copy(self, found: Found) -> None:
        temporary = self.case.tmp / f"adding.{os.getpid()}"
        try:
            content = intake.copy(found.path, self.case.sources / found.name, temporary)
        except OSError as error:
            self.refused.append(Refused(path=str(found.path), reason=error.strerror or "cannot be read"))
            return
        if self._known(found, content):
            temporary.unlink()
            return
        name = self._free_name(found.name, content)
        intake.publish(temporary, self.case.sources / name)
        self._record("added", name, found, content)

    def link(self, found: Found) -> None:
        if not intake.is_text(str(found.path.absolute())):
            self.refused.append(
                Refused(path=str(found.path), reason="its name is not UTF-8: it can be copied, not linked")
            )
            return
        try:
            content = intake.digest(found.path)
        except OSError as error:
            self.refused.append(Refused(path=str(found.path), reason=error.strerror or "cannot be read"))
            return
        if not self._known(found, content):
            self._record("linked", self._free_name(found.name, content), found, content)

    def _known(self, found: Found, content: Digest) -> bool:
        """Return whether the content is here already; if the user now says something else of it, that is recorded."""
        there = self.by_content.get(content.sha256)
        if there is None:
            return False
        said = self.said.over(there)
        if said != Said().over(there):
            again = Digest(sha256=there.sha256, size=there.size, tail=there.tail)
            origin = Path(there.origin)
            self._keep(_append(self.ledger, there.action, there.path, origin, again, said, there.note))
        else:
            self.already.append((str(found.path), there.path))
        return True

    def _free_name(self, name: str, content: Digest) -> str:
        """Return the name, or one with a piece of the hash where another content has it already."""
        for parent in reversed(Path(name).parents):
            if (self.case.sources / parent).is_file():  # a file was added under the name that is a folder here
                name = f"{parent.as_posix()}~{name[len(parent.as_posix()) :]}"
        target = self.case.sources / name
        orphan = target.is_file() and name not in self.names and intake.digest(target).sha256 == content.sha256
        if name not in self.names and (orphan or not target.exists()):
            return name
        stem, dot, ending = name.rpartition("/")[2].partition(".")
        folder = name[: len(name) - len(name.rpartition("/")[2])]
        return f"{folder}{stem}~{content.sha256[:8]}{dot}{ending}"

    def _record(self, action: custody.Action, name: str, found: Found, content: Digest) -> None:
        self._keep(_append(self.ledger, action, name, found.path, content, self.said, ""))

    def _keep(self, entry: Entry) -> None:
        self.by_content[entry.sha256] = entry
        self.names[entry.path] = entry.sha256
        self.added.append(entry)


def _renew(ledger: Ledger, entry: Entry) -> list[Entry]:
    """Record what became of a linked original, if anything did."""
    path = Path(entry.origin)
    state = intake.linked_state(path, entry.size, entry.tail, entry.sha256)
    if state not in ("grown", "changed"):
        return []
    said, renewed = Said().over(entry), []
    if state == "changed":
        moved = intake.find_moved(path, entry.size, entry.sha256)
        name = f"{entry.path}~{entry.sha256[:8]}"
        if moved is not None:
            content = intake.digest(moved)
            renewed.append(_append(ledger, "linked", name, moved, content, said, "rotated"))
        else:
            content = Digest(sha256=entry.sha256, size=entry.size, tail=entry.tail)
            renewed.append(_append(ledger, "linked", name, path, content, said, GONE))
    later = msgspec.structs.replace(said, year=0)  # the year was that of the old content's last record
    renewed.append(_append(ledger, "linked", entry.path, path, intake.digest(path), later, state))
    return renewed


def _append(
    ledger: Ledger, action: custody.Action, name: str, origin: Path, content: Digest, said: Said, note: str
) -> Entry:
    return ledger.append(
        action,
        path=name,
        origin=os.fsencode(origin.absolute()).decode("utf-8", "backslashreplace"),
        sha256=content.sha256,
        size=content.size,
        tail=content.tail if action == "linked" else "",
        kind=said.kind,
        note=note,
        year=said.year,
        zone=said.zone,
        carve=said.carve,
    )


def _check_times(year: int | None, zone: str | None) -> None:
    if year is not None and not YEARS[0] <= year <= YEARS[1]:
        raise UsageError(f"expected the year of the last record, {YEARS[0]} to {YEARS[1]}, found {year}")
    if zone is not None and not is_zone(zone):
        raise UsageError(f"expected an IANA time zone such as Asia/Tokyo, found {zone!r}")
