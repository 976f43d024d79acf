"""The custody ledger: every source that came in, by whom and when, each line chained to the one before by its hash."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
from pathlib import Path
from typing import Literal

import msgspec

from keii.errors import CaseError

Action = Literal["added", "linked", "noted"]
FIRST = "0" * 64  # what the first line carries where others carry a hash
TAIL = 64 * 1024  # bytes at the end of a linked file that are hashed alone, to see quickly whether it changed


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    r"""One line of the ledger.

    Attributes:
        seq: 1-based number of the line.
        action: ``added`` (copied into ``sources/``), ``linked`` (left where it is) or ``noted`` (words only).
        path: the name inside the case, with ``/``; for an added file its path below ``sources/``. Empty for a note.
        origin: where it came from, absolute; bytes of its name that are not UTF-8 stand as ``\xff``.
        sha256, size: of the content.
        when: UTC, ISO 8601, when it was recorded. ``by``: login of who did it.
        previous: SHA-256 of the bytes of the line before, 64 zeros for the first.
        tail: SHA-256 of the last 64 KiB of a linked file, empty otherwise.
        kind: what the user says it is (``statement``, ``document``, ``intel``, ``log``); empty means by content.
        note: why this line exists, where it is not plain.
        year: of its last record, as the user stated it; 0 where nobody did.
        zone: IANA time zone of its times that write none, as the user stated it; empty where nobody did.
        carve: True where the user asked for what is left in its free space.
    """

    seq: int
    action: Action
    path: str = ""
    origin: str = ""
    sha256: str = ""
    size: int = 0
    when: str = ""
    by: str = ""
    previous: str = FIRST
    tail: str = ""
    kind: str = ""
    note: str = ""
    year: int = 0
    zone: str = ""
    carve: bool = False


class ChainBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the ledger that does not follow from the one before."""

    line: int
    detail: str


class Ledger:
    """The entries of a ``custody.jsonl``, and the only way to add one."""

    def __init__(self, path: Path, entries: tuple[Entry, ...], head: str) -> None:
        self.path = path
        self.entries = entries
        self._head = head

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Return the ledger for writing; a line cut by a kill is moved to ``custody.torn`` and a note says so.

        Raises CaseError where a whole line is broken: nothing may be added behind it.
        """
        whole, torn = _split(path)
        if torn:
            _keep_torn(path, whole, torn)
        entries, breaks, head = _walk(whole)
        if breaks:
            first = breaks[0]
            raise CaseError(f"the ledger is broken at line {first.line}: {first.detail}", place=str(path))
        ledger = cls(path, entries, head)
        if torn:
            ledger.append("noted", note=f"a line of {len(torn)} bytes was cut while written; kept in custody.torn")
        return ledger

    def append(
        self,
        action: Action,
        *,
        path: str = "",
        origin: str = "",
        sha256: str = "",
        size: int = 0,
        tail: str = "",
        kind: str = "",
        note: str = "",
        year: int = 0,
        zone: str = "",
        carve: bool = False,
    ) -> Entry:
        """Write one entry to disk, flushed, and return it."""
        entry = Entry(
            seq=len(self.entries) + 1,
            action=action,
            path=path,
            origin=origin,
            sha256=sha256,
            size=size,
            when=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            by=_login(),
            previous=self._head,
            tail=tail,
            kind=kind,
            note=note,
            year=year,
            zone=zone,
            carve=carve,
        )
        line = msgspec.json.encode(entry)
        with self.path.open("ab") as handle:
            handle.write(line + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        self._head = hashlib.sha256(line).hexdigest()
        self.entries = (*self.entries, entry)
        return entry


def current(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return the sources as they stand: the last entry of every path, in the order in which the paths came in."""
    latest: dict[str, Entry] = {}
    for entry in entries:
        if entry.action != "noted":
            latest[entry.path] = entry
    return tuple(latest.values())


def inspect(path: Path) -> tuple[tuple[Entry, ...], tuple[ChainBreak, ...], int]:
    """Return the readable entries, the broken lines, and the bytes of a torn last line, changing nothing."""
    whole, torn = _split(path)
    entries, breaks, _ = _walk(whole)
    return entries, breaks, len(torn)


def _split(path: Path) -> tuple[list[bytes], bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CaseError("the custody ledger is missing", place=str(path)) from error
    *lines, torn = data.split(b"\n")
    return lines, torn


def _walk(lines: list[bytes]) -> tuple[tuple[Entry, ...], tuple[ChainBreak, ...], str]:
    entries: list[Entry] = []
    breaks: list[ChainBreak] = []
    head = FIRST
    for number, line in enumerate(lines, start=1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError as error:
            breaks.append(ChainBreak(line=number, detail=f"not a ledger entry ({error})"))
        else:
            if entry.previous != head:
                breaks.append(ChainBreak(line=number, detail="it does not carry the hash of the line before"))
            if entry.seq != number:
                breaks.append(ChainBreak(line=number, detail=f"it is numbered {entry.seq}"))
            entries.append(entry)
        head = hashlib.sha256(line).hexdigest()
    return tuple(entries), tuple(breaks), head


def _keep_torn(path: Path, whole: list[bytes], torn: bytes) -> None:
    """Move a cut line aside, the copy first: a second kill in between leaves the line twice, never not at all."""
    with path.with_name("custody.torn").open("ab") as handle:
        handle.write(torn + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
    with path.open("r+b") as handle:
        handle.truncate(sum(len(line) + 1 for line in whole))
        os.fsync(handle.fileno())


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a bare container
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
