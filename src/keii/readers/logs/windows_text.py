"""Text exports of Windows events as UTF-8, whatever they were written in."""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, BinaryIO

_CHUNK = 1024 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BARE = ((re.compile(rb"[<{\[\s]\x00"), "utf-16-le"), (re.compile(rb"\x00[<{\[\s]"), "utf-16-be"))


def _encoding(front: bytes) -> tuple[int, str]:
    """Return the length of the byte order mark and the encoding that the first bytes show."""
    for bom, encoding in _BOMS:
        if front.startswith(bom):
            return len(bom), encoding
    for pattern, encoding in _BARE:
        if pattern.match(front):
            return 0, encoding
    return 0, "utf-8"


def head_text(data: bytes) -> bytes:
    """Return the head of a stream as UTF-8 without a byte order mark."""
    skip, encoding = _encoding(data[:4])
    return data[skip:] if encoding == "utf-8" else data[skip:].decode(encoding, "replace").encode()


def utf8(data: BinaryIO) -> io.BufferedReader[Any]:
    """Return the stream as UTF-8: UTF-16 is transcoded, with or without a byte order mark."""
    front = data.read(4)
    skip, encoding = _encoding(front)
    rest: io.BufferedReader[Any] = io.BufferedReader(_Rest(front[skip:], data), _CHUNK)
    return rest if encoding == "utf-8" else io.BufferedReader(_Transcoded(rest, encoding), _CHUNK)


class _Transcoded(io.RawIOBase):
    """A UTF-16 stream as UTF-8."""

    def __init__(self, data: BinaryIO, encoding: str) -> None:
        self._data = data
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            raw = self._data.read(_CHUNK)
            self._held = self._decoder.decode(raw, not raw).encode()
            if not raw:
                break
        part = self._held[: len(buffer)]
        self._held = self._held[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class _Rest(io.RawIOBase):
    """A stream with some bytes put back in front; every read is full but the last, so that ``peek`` sees enough."""

    def __init__(self, front: bytes, data: BinaryIO) -> None:
        self._front, self._data = front, data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        filled = 0
        while filled < len(buffer):
            part = self._front[: len(buffer)] or self._data.read(len(buffer) - filled)
            if not part:
                break
            self._front = self._front[len(part) :] if filled == 0 and self._front else b""
            buffer[filled : filled + len(part)] = part
            filled += len(part)
        return filled
