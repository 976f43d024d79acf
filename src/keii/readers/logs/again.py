"""A look at the start of a stream that cannot go back."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

HEAD = 65_536  # bytes


def with_head(data: BinaryIO) -> tuple[bytes, BinaryIO]:
    """Return the first bytes of a stream and a stream that still has them."""
    first = b""
    while len(first) < HEAD and (more := data.read(HEAD - len(first))):
        first += more
    return first, io.BufferedReader(_Again(first, data))


class _Again(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self.first = first
        self.rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        given = self.first[: len(buffer)] or self.rest.read(len(buffer))
        self.first = self.first[len(given) :]
        buffer[: len(given)] = given
        return len(given)
