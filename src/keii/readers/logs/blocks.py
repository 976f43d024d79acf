"""Whole lines of a stream in bounded blocks, with the number of the first one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from keii.model import Skipped
from keii.readers.logs.interface import MAX_LINE

BLOCK = 8 * 1024 * 1024  # bytes read at once


class Block(msgspec.Struct, frozen=True):
    """Whole lines, each with its line end. ``first`` is the 1-based number of the first line in the stream."""

    first: int
    data: bytes


def blocks(data: BinaryIO, *, size: int = BLOCK, longest: int = MAX_LINE) -> Iterator[Block | Skipped]:
    """Yield the lines of a stream in blocks of about ``size`` bytes; carriage returns before a line end are dropped.

    A line longer than ``longest`` bytes comes as one Skipped and is never held in memory. A missing last line end is
    added.
    """
    held, number = b"", 1
    while chunk := _chunk(data, size):
        held += chunk
        end = held.rfind(b"\n") + 1
        if end:
            yield from _bounded(held[:end], number, longest)
            number += int(np.count_nonzero(np.frombuffer(held, np.uint8, end) == 10))
            held = held[end:]
        if len(held) > longest:
            yield _too_long(number, longest)
            held = _rest_of_line(data, size)
            number += 1
    if held:
        yield from _bounded(held + b"\n", number, longest)


def _chunk(data: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes even from a stream that gives them in small pieces."""
    parts, left = [], size
    while left and (part := data.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _bounded(data: bytes, first: int, longest: int) -> Iterator[Block | Skipped]:
    """Yield the lines of a buffer without those that are too long."""
    if b"\r" in data and b"\r\n" in data:  # one byte is sought ten times as fast as two
        data = data.replace(b"\r\n", b"\n")
    if len(data) <= longest:
        yield Block(first, data)
        return
    start = position = 0
    number = begin = first
    while position < len(data):
        end = data.index(b"\n", position) + 1
        if end - position > longest:
            if position > start:
                yield Block(begin, data[start:position])
            yield _too_long(number, longest)
            start, begin = end, number + 1
        position, number = end, number + 1
    if start < len(data):
        yield Block(begin, data[start:])


def _too_long(number: int, longest: int) -> Skipped:
    return Skipped(place=f"line {number}", reason=f"longer than {longest} bytes", record=number)


def _rest_of_line(data: BinaryIO, size: int) -> bytes:
    """Read to the end of the current line and return what was read beyond it."""
    while chunk := data.read(size):
        end = chunk.find(b"\n")
        if end >= 0:
            return chunk[end + 1 :]
    return b""


def line_ends(data: bytes) -> npt.NDArray[np.int64]:
    """Return where the line feeds stand."""
    return np.flatnonzero(np.frombuffer(data, np.uint8) == 10)


def as_utf8(data: bytes) -> bytes:
    r"""Return the bytes with those that are not UTF-8 written as ``\xNN``."""
    if data.isascii():
        return data
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace").encode("utf-8")
    return data
