"""Indicators against keys: all at once, by binary search in sorted keys, never row by row.

Whatever a target holds for is a range of keys: an exact value from itself to its next, a network from its first to its
last address, a name with all below it since labels stand reversed, a registry key likewise.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.target_list import Block, Positions, TargetList
from keii.lake.index_keys import HELD

Pair = tuple[Positions, Positions]


class _Ranges(msgspec.Struct, frozen=True):
    """Targets of one kind and form as ranges from ``lows`` to before ``highs``, by ``lows``.

    ``low`` are the first keys, ``reach`` the highest end so far; ``first`` is the number of the first target.
    """

    lows: pa.Array
    highs: pa.Array
    low: list[bytes]
    reach: list[bytes]
    first: int

    def within(self, first: bytes | None, last: bytes | None) -> slice:
        """Return the ranges that can touch keys between two bounds, both included; None for no bound."""
        start = 0 if first is None else bisect_right(self.reach, first)
        return slice(start, max(start, len(self.low) if last is None else bisect_right(self.low, last)))

    def find(self, keys: pa.Array) -> Pair:
        """Return (row, target) pairs of sorted keys and the ranges that they lie in."""
        place = self.within(keys[0].as_py(), keys[-1].as_py())
        lows, highs = self.lows[place], self.highs[place]
        first = _searched(keys, lows)
        # Most ranges are empty: only where the next key lies below the end is the end sought.
        inside = np.flatnonzero(first < len(keys))
        at = pa.array(inside)
        held = pc.less(keys.take(pa.array(first[inside])), highs.take(at)).to_numpy(zero_copy_only=False)
        inside = inside[held]
        start, end = first[inside], _searched(keys, highs.take(pa.array(inside)))
        counts = end - start
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(start, counts) + offsets, np.repeat(inside + place.start + self.first, counts)


class Matcher:
    """The targets of a hunt, sorted for look-up."""

    def __init__(self, targets: TargetList) -> None:
        self._ranges = [
            (block.what[1], block.what[0], _ranges(block, first))
            for block, first in zip(targets.blocks, targets.first, strict=False)
        ]

    def asks(self, form: str, kind: str, first: bytes | None, last: bytes | None) -> bool:
        """True where some target may hold for keys of a form between two bounds in a column of a kind."""
        found = (ranges.within(first, last) for ranges in self._of(form, kind))
        return any(place.start < place.stop for place in found)

    def match(self, form: str, kind: str, keys: pa.Array) -> Pair:
        """Return (row, target) pairs of the sorted keys of a form, in a column of a kind, that a target holds for."""
        pairs = [ranges.find(keys) for ranges in self._of(form, kind)] if len(keys) else []
        if not pairs:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])

    def _of(self, form: str, kind: str) -> list[_Ranges]:
        return [found for of, asked, found in self._ranges if of == form and asked in HELD[kind]]


def _ranges(block: Block, first: int) -> _Ranges:
    lows, highs = block.ranges()
    return _Ranges(lows, highs, lows.to_pylist(), list(accumulate(highs.to_pylist(), max)), first)


def _searched(keys: pa.Array, needles: pa.Array) -> Positions:
    return np.asarray(pc.search_sorted(keys, needles), np.int64)
