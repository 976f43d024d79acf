"""Web archives (WARC 1.0 and 1.1, ISO 28500): every retrieved page as a stream of its own, within bounds."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, cast
from urllib.parse import unquote, urlsplit

import msgspec

from keii.errors import UnreadableError
from keii.model import Skipped

MAGIC = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n")
_MAX_LINE = 64 * 1024  # bytes of one header line; addresses in use stay under 8 KiB
_MAX_HEADERS = 200
# What a crawler notes beside the pages: no evidence is lost by leaving it out.
_NOTES = {"warcinfo", "request", "metadata"}
# Parts of a page that hold no text of their own.
_PARTS = re.compile(
    r"(?:image|audio|video|font)/|(?:text|application)/(?:css|(?:x-)?javascript|ecmascript|json|manifest\+json|font|x-font|wasm)"
)
_PEEK = 16 * 1024


class Record(msgspec.Struct, frozen=True):
    """A record that holds a page: its name for people, and its bytes with its own header before them."""

    name: str
    stream: IO[bytes]


class _Block(io.RawIOBase):
    """A record's header and the ``size`` bytes behind it. Raises EOFError where the archive ends inside."""

    def __init__(self, inner: IO[bytes], size: int) -> None:
        self._inner = inner
        self._left = size
        self._ready = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def peek(self, size: int) -> bytes:
        """Return up to ``size`` bytes without consuming them."""
        while len(self._ready) < size and (more := self._take(size - len(self._ready))):
            self._ready += more
        return self._ready[:size]

    def put_first(self, header: bytes) -> None:
        """Let ``header`` come before what is left."""
        self._ready = header + self._ready

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer."""
        view = memoryview(buffer).cast("B")
        piece = self._ready[: len(view)] or self._take(len(view))
        self._ready = self._ready[len(piece) :] if self._ready else b""
        view[: len(piece)] = piece
        return len(piece)

    def _take(self, size: int) -> bytes:
        if not self._left:
            return b""
        piece = self._inner.read(min(size, self._left))
        if not piece:
            raise EOFError("the archive ends inside a record")
        self._left -= len(piece)
        return piece

    def drain(self) -> None:
        """Read to the record's end."""
        self._ready = b""
        while self._take(1024 * 1024):
            pass


def warc_records(raw: IO[bytes]) -> Iterator[Record | Skipped]:
    """Yield the pages of a web archive, and what is left out of it by kind; ``raw`` is at its start.

    Raises:
        UnreadableError: the archive is cut or is none; the records before were yielded.
    """
    data = cast("IO[bytes]", io.BufferedReader(_Raw(raw), 256 * 1024))
    number, left = 0, Counter[str]()
    try:
        while (header := _header(data, number + 1)) is not None:
            number += 1
            lines, fields = header
            block = _Block(data, _length(fields, number))
            why = _left_out(fields, block)
            if why is None:
                block.put_first(lines)
                yield Record(_name(fields, number), cast("IO[bytes]", block))
            elif why:
                left[why] += 1
            block.drain()
    except (EOFError, OSError, ValueError) as error:
        yield from _told(left)
        raise UnreadableError(f"the web archive is cut or damaged in its record {number} ({error})") from error
    yield from _told(left)


def _told(left: Counter[str]) -> list[Skipped]:
    return [Skipped(place="the web archive", reason=reason, count=count) for reason, count in sorted(left.items())]


class _Raw(io.RawIOBase):
    """Any stream of ours as one that can be buffered."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer."""
        view = memoryview(buffer).cast("B")
        piece = self._inner.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


def _header(data: IO[bytes], number: int) -> tuple[bytes, dict[str, str]] | None:
    """Return the bytes and the fields of the next record's header, None at the end of the archive."""
    line = data.readline(_MAX_LINE)
    while line and not line.strip():
        line = data.readline(_MAX_LINE)
    if not line:
        return None
    if not MAGIC.fullmatch(line):
        raise UnreadableError(f"the web archive is damaged: no record begins behind its record {number - 1}")
    lines = [line]
    while (line := data.readline(_MAX_LINE)).strip():
        lines.append(line)
        if len(lines) > _MAX_HEADERS or not line.endswith(b"\n"):
            raise UnreadableError(f"the header of record {number} of the web archive is longer than any real one")
    if not line:
        raise EOFError("it ends inside a header")
    whole = b"".join(lines) + b"\r\n"
    return whole, fields_of(whole)


def fields_of(header: bytes) -> dict[str, str]:
    """Return the named fields of a WARC or HTTP header, names in small letters; the first of equal names counts."""
    found: dict[str, str] = {}
    for line in header.decode("utf-8", "replace").splitlines()[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _length(fields: dict[str, str], number: int) -> int:
    written = fields.get("content-length", "")
    if not re.fullmatch(r"\d{1,15}", written):
        raise UnreadableError(f"record {number} of the web archive does not tell its length")
    return int(written)


def _left_out(fields: dict[str, str], block: _Block) -> str | None:
    """Return None for a page, else why it is left out; empty for a crawler's own notes."""
    kind = fields.get("warc-type", "").lower()
    if kind in _NOTES or fields.get("warc-target-uri", "").strip("<>").startswith(("dns:", "metadata:")):
        return ""
    if kind not in {"response", "resource", "conversion"}:
        return f"a record of type {kind[:40] or 'unknown'} holds no page"
    media = fields.get("content-type", "").lower()
    if not media.startswith("application/http"):
        return f"{media.partition(';')[0][:60]} holds no text" if _PARTS.match(media) else None
    head = block.peek(_PEEK).partition(b"\r\n\r\n")[0]
    status = re.match(rb"HTTP/\d(?:\.\d)?\s+(\d{3})", head)
    if status is not None and not status[1].startswith(b"2"):
        return f"answered with status {status[1].decode()}"
    media = fields_of(head).get("content-type", "").lower().partition(";")[0].strip()
    return f"{media[:60]} holds no text" if _PARTS.match(media) else None


def _name(fields: dict[str, str], number: int) -> str:
    """Return a name without a scheme, as a person would call the page; never used as a path."""
    address = fields.get("warc-target-uri", "").strip("<>")
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"record {number}"
    query = f"?{parts.query}" if parts.query else ""
    named = f"{parts.netloc}{unquote(parts.path)}{query}".replace("!", "%21").replace("..", "%2E%2E").strip("/")
    return named[:400] or f"record {number}"
