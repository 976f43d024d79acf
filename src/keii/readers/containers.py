"""Archives opened in place: zip, tar, 7z, WARC, gzip, zstandard, xz, bzip2, also inside each other, always within bounds.

The content decides what is an archive, never its name. Nothing is ever written under a name from inside: what must be
laid down to be read (a zip inside a tar, a 7z) goes into an unnamed temporary file below ``tmp``.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

import msgspec

from keii.errors import LimitError, UnreadableError
from keii.model import Skipped, Source
from keii.readers.containers_names import clean_name, zip_name
from keii.readers.containers_seven import seven_members
from keii.readers.containers_stream import (
    DAMAGE,
    HEAD,
    Budget,
    FileStream,
    Limits,
    MemberStream,
    Windowed,
    ZstandardFile,
    words,
)
from keii.readers.containers_warc import MAGIC as WARC
from keii.readers.containers_warc import warc_records

_STREAMS: tuple[tuple[str, bytes, tuple[str, ...]], ...] = (  # format, magic, name endings that stand for it
    ("gzip", b"\x1f\x8b\x08", (".gz", ".tgz", ".z")),
    ("zstandard", b"\x28\xb5\x2f\xfd", (".zst", ".zstd", ".tzst")),
    ("xz", b"\xfd7zXZ\x00", (".xz", ".txz")),
    ("bzip2", b"BZh", (".bz2", ".tbz2", ".tbz")),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SEVEN = b"7z\xbc\xaf\x27\x1c"
# A zip that holds one of these is a document or a program, read as a whole or not at all.
_NOT_ARCHIVES = ("[Content_Types].xml", "META-INF/MANIFEST.MF", "META-INF/container.xml", "content.xml")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One readable stream. ``open`` may be called once, before the next member is asked for."""

    source: Source
    open: Callable[[], MemberStream]


Walk = Iterator["Member | Skipped"]


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the nesting we are: the outermost source, the path inside it, how deep."""

    outermost: Source
    inner: str
    depth: int
    budget: Budget
    tmp: Path | None

    def at(self, name: str) -> _Place:
        inner = f"{self.inner}!{name}" if self.inner else name
        return msgspec.structs.replace(self, inner=inner, depth=self.depth + 1)

    def source(self, size: int | None = None) -> Source:
        if not self.inner:
            return self.outermost
        outer = self.outermost
        parent = self.inner.rpartition("!")[0]
        return Source(
            id=member_id(outer.sha256, self.inner),
            name=f"{outer.name}!{self.inner}",
            sha256=outer.sha256,
            size=size,
            container=member_id(outer.sha256, parent) if parent else outer.id,
            last_year=outer.last_year,
            time_zone=outer.time_zone,
            carve=outer.carve,
        )


def member_id(sha256: str, path: str) -> str:
    """Return the id of a member: ``s-`` and 16 hex digits of the SHA-256 of ``"<sha256 of the archive>!<path>"``."""
    return "s-" + hashlib.sha256(f"{sha256}!{path}".encode()).hexdigest()[:16]


def container_kind(data: bytes) -> str | None:
    """Return which archive format the first bytes are (``zip``, ``7z``, ``tar``, ``gzip`` …), None where none."""
    for name, magic, _ in _STREAMS:
        if data.startswith(magic) and (name != "bzip2" or data[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
            return name
    if data.startswith(_ZIP):
        return "zip"
    if data.startswith(_SEVEN):
        return "7z"
    if WARC.match(data):
        return "warc"
    return "tar" if _is_tar(data) else None


def members(path: Path, source: Source, limits: Limits | None = None, tmp: Path | None = None) -> Walk:
    """Yield the readable streams of a file: its members where it is an archive, itself where it is not.

    Args:
        path: the file. Only its first ``source.size`` bytes are read, where that is set.
        source: what it is known as.
        limits: bounds.
        tmp: folder for temporary files, all without a name and gone when closed.

    Yields:
        Member, or Skipped for a member that was there and cannot be read: its place is the member's path.

    Raises:
        UnreadableError: the archive as a whole cannot be read.
        LimitError: a bound was reached; the members before it were yielded.
    """
    with path.open("rb") as file:
        size = source.size if source.size is not None else path.stat().st_size
        raw = io.BufferedReader(Windowed(file, size), HEAD)
        budget = Budget(limits or Limits(), size)
        place = _Place(outermost=source, inner="", depth=0, budget=budget, tmp=tmp)
        head = raw.read(HEAD)
        raw.seek(0)
        yield from _walk(raw, container_kind(head), place)


def is_container(path: Path) -> bool:
    """True where ``members`` would look inside."""
    with path.open("rb") as file:
        kind = container_kind(file.read(HEAD))
        if kind != "zip":
            return kind is not None
        file.seek(0)
        return not _whole_zip(file)


def _walk(raw: IO[bytes], kind: str | None, place: _Place) -> Walk:
    """Yield what is in one stream; ``raw`` is at its start and seekable for zip and 7z."""
    if kind == "zip" and _whole_zip(raw):
        kind = None
    if kind is None:
        stream = raw if isinstance(raw, MemberStream) else MemberStream(raw)
        if not place.inner:
            stream = FileStream(raw, place.outermost.sha256)
        yield Member(source=place.source(getattr(raw, "size", None)), open=lambda: stream)
    elif place.depth >= place.budget.limits.depth:
        deep = f"an archive more than {place.budget.limits.depth} archives deep is not opened"
        yield Skipped(place=place.inner, reason=deep, count=0)
    elif kind == "zip":
        yield from _zip(raw, place)
    elif kind == "7z":
        yield from _seven(raw, place)
    elif kind == "tar":
        yield from _tar(raw, place)
    elif kind == "warc":
        yield from _warc(raw, place)
    else:
        yield from _single(raw, kind, place)


def _enter(stream: MemberStream, place: _Place) -> Walk:
    """Look into a member: yield it, or what is in it where it is an archive itself; its failure is its own."""
    kind = container_kind(stream.head())
    try:
        if kind in ("zip", "7z"):
            with tempfile.TemporaryFile(dir=place.tmp) as spool:
                while piece := stream.read(1024 * 1024):
                    spool.write(piece)
                if stream.damage:
                    raise UnreadableError(stream.damage)
                spool.seek(0)
                yield from _walk(spool, kind, place)
        else:
            yield from _walk(cast("IO[bytes]", stream), kind, place)
    except LimitError:
        raise
    except UnreadableError as error:
        yield Skipped(place=place.inner, reason=error.message, count=0)
    place.budget.spend(0)  # a member that ran into the bound ended quietly; the archive ends here, told


def _single(raw: IO[bytes], kind: str, place: _Place) -> Walk:
    """gzip, zstandard, xz, bzip2: one stream, often a tar."""
    opened: IO[bytes]
    if kind == "gzip":
        opened = cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb"))
    elif kind == "zstandard":
        opened = cast("IO[bytes]", ZstandardFile(raw))
    elif kind == "xz":
        opened = cast("IO[bytes]", lzma.LZMAFile(raw))  # noqa: SIM115 - read to the end by its stream
    else:
        opened = cast("IO[bytes]", bz2.BZ2File(raw))
    place.budget.count()
    own = (place.inner or place.outermost.name).rpartition("!")[2].rpartition("/")[2]
    stream = MemberStream(opened, place.budget)
    stream.head()
    if stream.damage and not stream.taken:
        raise UnreadableError(f"the {kind} stream cannot be read: {stream.damage}", place=place.inner or None)
    if container_kind(stream.head()) == "tar":  # tar.gz is one archive, not one in another
        yield from _tar(cast("IO[bytes]", stream), place)
    else:
        yield from _enter(stream, place.at(_without_ending(own, kind)))


def _zip(raw: IO[bytes], place: _Place) -> Walk:
    try:
        archive = zipfile.ZipFile(raw)
    except DAMAGE as error:
        raise UnreadableError(
            f"the zip archive is cut or damaged ({words(error)})", place=place.inner or None
        ) from error
    seen: dict[str, int] = {}
    for info in archive.infolist():
        if info.is_dir():
            continue
        place.budget.count()
        name, refused = clean_name(zip_name(info), place.budget.limits.name, seen)
        if not refused and (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
            refused = "a link or special file is not followed"
        if not refused and info.flag_bits & 0x1:
            refused = "it is encrypted"
        if refused:
            yield Skipped(place=place.at(name).inner, reason=refused, count=0)
            continue
        try:
            opened = archive.open(info)
        except DAMAGE as error:
            yield Skipped(place=place.at(name).inner, reason=f"cannot be opened ({words(error)})", count=0)
            continue
        with opened:
            yield from _enter(MemberStream(opened, place.budget), place.at(name))


def _tar(raw: IO[bytes], place: _Place) -> Walk:
    seen: dict[str, int] = {}
    inner = place.inner or None
    try:
        archive = tarfile.open(fileobj=raw, mode="r|", bufsize=HEAD)  # noqa: SIM115 - closed with the stream
    except DAMAGE as error:
        raise UnreadableError(f"the tar archive is cut or damaged ({words(error)})", place=inner) from error
    while True:
        try:
            info = archive.next()
        except DAMAGE as error:
            found = f"the tar archive is cut or damaged behind its member {place.budget.members} ({words(error)})"
            raise UnreadableError(found, place=inner) from error
        if info is None:
            break
        setattr(archive, "members", [])  # noqa: B010 - untyped; the library keeps every header otherwise
        if info.isdir():
            continue
        place.budget.count()
        name, refused = clean_name(info.name, place.budget.limits.name, seen)
        if not refused and not info.isreg():
            refused = "a link or special file is not followed"
        opened = None if refused else archive.extractfile(info)
        if opened is None:
            yield Skipped(place=place.at(name).inner, reason=refused or "it has no content", count=0)
        else:
            yield from _enter(MemberStream(opened, place.budget), place.at(name))
    damage = getattr(raw, "damage", "")
    if damage:
        raise UnreadableError(f"the tar archive ends early: {damage}", place=inner)


def _seven(raw: IO[bytes], place: _Place) -> Walk:
    seen: dict[str, int] = {}
    for written, opened, refused in seven_members(cast("BinaryIO", raw), place.budget, place.tmp):
        name, bad = clean_name(written, place.budget.limits.name, seen)
        if opened is None or bad:
            yield Skipped(place=place.at(name).inner, reason=refused or bad, count=0)
        else:
            yield from _enter(MemberStream(opened), place.at(name))


def _warc(raw: IO[bytes], place: _Place) -> Walk:
    """Each page of a web archive; what a page holds is not opened further, its reader undoes the transfer's packing."""
    seen: dict[str, int] = {}
    for found in warc_records(raw):
        place.budget.count()
        if isinstance(found, Skipped):
            yield msgspec.structs.replace(found, place=place.inner or found.place)
            continue
        name, refused = clean_name(found.name, place.budget.limits.name, seen)
        inner = place.at(name)
        if refused:
            yield Skipped(place=inner.inner, reason=refused, count=1)
            continue
        stream = MemberStream(found.stream)
        yield Member(source=inner.source(), open=lambda stream=stream: stream)  # type: ignore[misc]
    if damage := getattr(raw, "damage", ""):
        raise UnreadableError(f"the web archive ends early: {damage}", place=place.inner or None)


def _whole_zip(raw: IO[bytes]) -> bool:
    """True for DOCX, XLSX, ODT, EPUB, JAR: zip files that are one thing. A broken zip is told as such elsewhere."""
    try:
        names = zipfile.ZipFile(raw).NameToInfo
        return any(name in names for name in _NOT_ARCHIVES)
    except DAMAGE:
        return False
    finally:
        raw.seek(0)


def _is_tar(data: bytes) -> bool:
    """True where the first block is a tar header: its checksum holds, which random bytes do not manage."""
    if len(data) < 512 or not data[0]:
        return False
    try:
        stated = int(data[148:156].split(b"\x00")[0].strip() or b"x", 8)
    except ValueError:
        return False
    return stated == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def _without_ending(name: str, kind: str) -> str:
    for format_, _, endings in _STREAMS:
        for ending in endings if format_ == kind else ():
            if name.lower().endswith(ending) and len(name) > len(ending):
                return name[: -len(ending)]
    return name
