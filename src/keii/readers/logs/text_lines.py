"""Lines of text that one expression takes apart, as columns; a line that does not fit is skipped and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Skipped
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.blocks import Block, as_utf8, blocks

_NONE = pa.scalar(None, pa.string())


def numbered(block: Block) -> tuple[pa.Array, pa.Array]:
    """Return the lines of a block that are not blank, and their numbers."""
    lines = pa.array(as_utf8(block.data).decode().split("\n"), pa.string())
    numbers = pa.array(range(block.first, block.first + len(lines)), pa.int64())
    full = pc.invert(pc.match_substring_regex(lines, r"^\s*$"))
    return lines.filter(full), numbers.filter(full)


def parsed(data: BinaryIO, pattern: str, *, unset: str = "-", what: str) -> Iterator[ArrayFrame | Skipped]:
    """Yield the named groups of an RE2 expression as columns, and a skip for every line it does not fit.

    A group that is ``unset`` or empty is null. ``what`` names the format in the reason of a skip.
    """
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        lines, numbers = numbered(block)
        found = pc.extract_regex(lines, pattern)
        fits = pc.is_valid(found)
        for number in numbers.filter(pc.invert(fits)).to_pylist():
            yield Skipped(place=f"line {number}", reason=f"not a line of {what}", record=number)
        found = found.filter(fits)
        if len(found):
            columns = {field.name: _known(pc.struct_field(found, field.name), unset) for field in found.type}
            yield ArrayFrame(columns, numbers.filter(fits))


def _known(values: pa.Array, unset: str) -> pa.Array:
    return pc.if_else(pc.or_(pc.equal(values, unset), pc.equal(values, "")), _NONE, values)


def share(head: bytes, pattern: str) -> float:
    """Return the share of the whole lines of a head that fit an expression, blank and ``#`` lines apart; 0 for none."""
    text = as_utf8(head[:65_536]).decode().removeprefix("\ufeff")
    lines = text.split("\n")
    if len(lines) > 1 and len(head) >= 65_536:
        lines = lines[:-1]  # cut in the middle
    kept = [line.rstrip("\r") for line in lines[:200] if line.strip() and not line.startswith("#")]
    if not kept:
        return 0.0
    fits = pc.match_substring_regex(pa.array(kept, pa.string()), pattern)
    return float(pc.sum(pc.cast(fits, pa.int64())).as_py() or 0) / len(kept)
