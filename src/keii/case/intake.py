"""Bringing files in: walked without leaving the folder, hashed while copied, visible only when whole."""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from keii.case.custody import TAIL
from keii.errors import CaseError

CHUNK = 1024 * 1024


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A path that was not taken, and why."""

    path: str
    reason: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A regular file to take: where it is and its name inside the case."""

    path: Path
    name: str


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 and size of a content, with the SHA-256 of its last 64 KiB."""

    sha256: str
    size: int
    tail: str


def walk(path: Path) -> Iterator[Found | Refused]:
    """Yield the files below ``path`` (or itself), sorted by name; links and special files come as refused."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        yield Refused(path=str(path), reason=error.strerror or "cannot be looked at")
        return
    if stat.S_ISDIR(mode):
        yield from _walk_folder(path, path.resolve().name)
    elif stat.S_ISLNK(mode) and not path.exists():
        yield Refused(path=str(path), reason="a symbolic link to nothing")
    else:
        # A path that a person names is taken even where it is a link; what lies inside a folder is not.
        yield _take(path, path.name, path.stat().st_mode)


def _walk_folder(folder: Path, name: str) -> Iterator[Found | Refused]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refused(path=str(folder), reason=error.strerror or "cannot be listed")
        return
    for entry in entries:
        path, inner = folder / entry.name, f"{name}/{entry.name}"
        if entry.is_symlink():
            yield Refused(path=str(path), reason="a symbolic link inside a folder is not followed")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk_folder(path, inner)
        else:
            yield _take(path, inner, entry.stat(follow_symlinks=False).st_mode)


def _take(path: Path, name: str, mode: int) -> Found | Refused:
    if not stat.S_ISREG(mode):
        return Refused(path=str(path), reason="not a regular file (device, pipe or socket)")
    return Found(path=path, name=safe_name(name))


def safe_name(name: str) -> str:
    """Return a name that can be written to a ledger and a disk: no control characters, no undecodable bytes."""
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join("_" if ord(letter) < 32 or letter == "\x7f" else letter for letter in name)


def is_text(name: str) -> bool:
    """Return whether a name can be written to the ledger and found again by it."""
    try:
        name.encode()
    except UnicodeEncodeError:  # surrogates stand for bytes that are not UTF-8
        return False
    return True


def digest(path: Path) -> Digest:
    """Return hash and size of a file, read once. Raises OSError."""
    whole, size = hashlib.sha256(), 0
    last = b""
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            whole.update(chunk)
            size += len(chunk)
            last = (last + chunk)[-TAIL:]
    return Digest(sha256=whole.hexdigest(), size=size, tail=hashlib.sha256(last).hexdigest())


def copy(source: Path, target: Path, temporary: Path) -> Digest:
    """Copy ``source`` to ``temporary``, flush it, and return its digest; ``target`` is only named in the error.

    Raises CaseError where the disk refuses; an unreadable source raises OSError from its own open.
    """
    whole, size = hashlib.sha256(), 0
    last = b""
    with source.open("rb") as handle:
        try:
            with temporary.open("wb") as out:
                while chunk := handle.read(CHUNK):
                    out.write(chunk)
                    whole.update(chunk)
                    size += len(chunk)
                    last = (last + chunk)[-TAIL:]
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise CaseError(f"could not be copied: {error.strerror}", place=str(target)) from error
    return Digest(sha256=whole.hexdigest(), size=size, tail=hashlib.sha256(last).hexdigest())


def publish(temporary: Path, target: Path) -> None:
    """Give a flushed temporary file its name, read-only, and flush the folder so that the name survives a crash."""
    temporary.chmod(0o444)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to disk where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def linked_state(path: Path, size: int, tail: str, sha256: str) -> str:
    """Return what became of a linked original: ``same``, ``grown``, ``changed`` or ``missing``.

    ``same`` is told from size and tail alone; ``grown`` means that the recorded content begins the new one.
    """
    try:
        found = path.stat().st_size
        with path.open("rb") as handle:
            handle.seek(max(0, min(size, found) - TAIL))
            same_tail = hashlib.sha256(handle.read(min(size, TAIL))).hexdigest() == tail
            if found == size and same_tail:
                return "same"
            if found <= size or not same_tail:
                return "changed"
        return "grown" if begins_with(path, size, sha256) else "changed"
    except OSError:
        return "missing"


def find_moved(path: Path, size: int, sha256: str) -> Path | None:
    """Return where a rotated log went: a file beside ``path``, named after it, that begins with that content."""
    for beside in sorted(path.parent.glob(f"{glob.escape(path.name)}*"), key=lambda found: found.name):
        if beside == path or beside.is_symlink() or not beside.is_file() or beside.stat().st_size < size:
            continue
        if begins_with(beside, size, sha256):
            return beside
    return None


def begins_with(path: Path, size: int, sha256: str) -> bool:
    """Return whether the first ``size`` bytes of a file have this hash (False for a shorter one). Raises OSError."""
    whole, left = hashlib.sha256(), size
    with path.open("rb") as handle:
        while left and (chunk := handle.read(min(CHUNK, left))):
            whole.update(chunk)
            left -= len(chunk)
    return not left and whole.hexdigest() == sha256
