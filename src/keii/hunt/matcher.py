"""Indicators against keys: all at once, by binary search in sorted keys, never row by row.

Whatever a target holds for is a range of keys: an exact value from itself to its next, a network from its first to its
last address, a name with all below it since labels stand reversed, a registry key likewise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.targets import Target
from keii.lake.index_keys import HELD

Positions = npt.NDArray[np.int64]
Pair = tuple[Positions, Positions]

_BELOW = {"name": b".", "registry": b"\\"}  # forms whose targets hold for all below them, with the mark after each part


class _Ranges(msgspec.Struct, frozen=True):
    """Targets of one form and sort as ranges from ``low`` to before ``high``, by ``low``; ``reach`` the highest so far."""

    low: list[bytes]
    high: list[bytes]
    reach: list[bytes]
    lows: pa.Array
    highs: pa.Array
    targets: Positions

    def within(self, first: bytes | None, last: bytes | None) -> slice:
        """Return the ranges that can touch keys between two bounds, both included; None for no bound."""
        start = 0 if first is None else bisect_right(self.reach, first)
        return slice(start, max(start, len(self.low) if last is None else bisect_right(self.low, last)))

    def find(self, keys: pa.Array) -> Pair:
        """Return (row, target) pairs of sorted keys and the ranges that they lie in."""
        place = self.within(keys[0].as_py(), keys[-1].as_py())
        lows, highs, targets = self.lows[place], self.highs[place], self.targets[place]
        first = _searched(keys, lows)
        # Most ranges are empty: only where the next key lies below the end is the end sought.
        inside = np.flatnonzero(first < len(keys))
        at = pa.array(inside)
        held = pc.less(keys.take(pa.array(first[inside])), highs.take(at)).to_numpy(zero_copy_only=False)
        inside = inside[held]
        start, end = first[inside], _searched(keys, highs.take(pa.array(inside)))
        counts = end - start
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(start, counts) + offsets, np.repeat(targets[inside], counts)


class Matcher:
    """The targets of a hunt, sorted for look-up."""

    def __init__(self, targets: Sequence[Target]) -> None:
        sorted_out: dict[tuple[str, str], list[tuple[bytes, bytes, int]]] = {}
        for number, target in enumerate(targets):
            low, high = _range(target)
            sorted_out.setdefault((target.form, target.kind), []).append((low, high, number))
        self._ranges = {what: _ranges(sorted(found)) for what, found in sorted(sorted_out.items())}

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
        return [found for (of, asked), found in self._ranges.items() if of == form and asked in HELD[kind]]


def _ranges(found: list[tuple[bytes, bytes, int]]) -> _Ranges:
    low, high = [one[0] for one in found], [one[1] for one in found]
    return _Ranges(
        low, high, list(accumulate(high, max)), pa.array(low, pa.binary()), pa.array(high, pa.binary()),
        np.array([one[2] for one in found], np.int64),
    )  # fmt: skip


def _range(target: Target) -> tuple[bytes, bytes]:
    """Return the first key that a target holds for, and the first one after them."""
    if target.prefix is not None:
        first = int.from_bytes(target.key) >> (128 - target.prefix) << (128 - target.prefix)
        last = first | (1 << (128 - target.prefix)) - 1
        return first.to_bytes(16), last.to_bytes(16) + b"\x00"
    if not target.of_url and target.form in _BELOW and target.key.endswith(_BELOW[target.form]):
        return target.key, target.key[:-1] + bytes([target.key[-1] + 1])
    return target.key, target.key + b"\x00"


def _searched(keys: pa.Array, needles: pa.Array) -> Positions:
    return np.asarray(pc.search_sorted(keys, needles), np.int64)
