"""What is looked for, as sorted columns: a list of a million values is a few arrays, and one target is made when it hits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import overload

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Indicator

Positions = npt.NDArray[np.int64]
What = tuple[str, str, bool]  # kind of indicator, form of key, whether the host of a URL


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value to look for, with every indicator that asks for it.

    ``prefix``: bits of a network, None for exact. ``of_url``: the host of a URL, looked for where a log shows no paths.
    """

    kind: str
    form: str
    key: bytes
    prefix: int | None
    indicators: tuple[Indicator, ...]
    of_url: bool = False


class Block(msgspec.Struct, frozen=True):
    """Targets of one kind and form: distinct keys in order, each with the places of the indicators that ask for it.

    ``prefixes``: bits of networks, None where all are exact. Those of key ``n`` are ``places[starts[n]:starts[n + 1]]``.
    """

    what: What
    keys: pa.Array
    prefixes: tuple[int, ...] | None
    places: Positions
    starts: Positions

    @classmethod
    def of_keys(cls, what: What, keys: pa.Array, places: Positions) -> Block:
        """Return exact keys as a block; the same key twice is one."""
        order = _order(what[1], keys)
        keys, places = keys.take(pa.array(order)), places[order]
        first = np.ones(len(keys), np.bool_)
        if len(keys) > 1:
            first[1:] = pc.not_equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
        starts = np.flatnonzero(first)
        if len(starts) < len(keys):
            keys = keys.take(pa.array(starts))
        return cls(what, keys, None, places, np.append(starts, len(places)))

    @classmethod
    def of_networks(cls, what: What, asked: Sequence[tuple[bytes, int, int]]) -> Block:
        """Return networks (first address, bits, place of the indicator) as a block."""
        found: dict[tuple[bytes, int], list[int]] = {}
        for key, bits, place in asked:
            found.setdefault((key, bits), []).append(place)
        kept = sorted(found)
        places = [place for one in kept for place in found[one]]
        starts = np.cumsum([0, *(len(found[one]) for one in kept)])
        keys = pa.array([key for key, _ in kept], pa.binary())
        return cls(what, keys, tuple(bits for _, bits in kept), np.array(places, np.int64), starts)

    def without(self, keys: pa.Array) -> Block:
        """Return the block without some keys."""
        left = np.flatnonzero(~pc.is_in(self.keys, value_set=keys).to_numpy(zero_copy_only=False))
        counts = np.diff(self.starts)
        held = np.repeat(np.isin(np.arange(len(self.keys)), left), counts)
        starts = np.append(0, np.cumsum(counts[left]))
        return Block(self.what, self.keys.take(pa.array(left)), self.prefixes, self.places[held], starts)

    def ranges(self) -> tuple[pa.Array, pa.Array]:
        """Return the first key that each target holds for, and the first one after them."""
        if self.prefixes is not None:
            pairs = [_network(key, bits) for key, bits in zip(self.keys.to_pylist(), self.prefixes, strict=True)]
            low, high = zip(*pairs, strict=True) if pairs else ((), ())
            return pa.array(low, pa.binary()), pa.array(high, pa.binary())
        mark = None if self.what[2] else _BELOW.get(self.what[1])
        if mark is None:
            return self.keys, _ending(self.keys, b"\x00")
        return self.keys, _ending(pc.binary_slice(self.keys, 0, -1), bytes([mark[0] + 1]))


_BELOW = {"name": b".", "registry": b"\\"}  # forms whose targets hold for all below them, with the mark after each part


def _ending(keys: pa.Array, end: bytes) -> pa.Array:
    return pc.binary_join_element_wise(keys, pa.scalar(end, pa.binary()), pa.scalar(b"", pa.binary()))


def _network(key: bytes, bits: int) -> tuple[bytes, bytes]:
    first = int.from_bytes(key) >> (128 - bits) << (128 - bits)
    return first.to_bytes(16), (first | (1 << (128 - bits)) - 1).to_bytes(16) + b"\x00"


def _order(form: str, keys: pa.Array) -> Positions:
    """Return the order of keys; equal ones stay as they stand."""
    if form != "ip" or len(keys) < 2:
        return np.asarray(pc.sort_indices(keys), np.int64)
    keys = pa.concat_arrays([keys])
    halves = np.frombuffer(keys.buffers()[2], ">u8", 2 * len(keys), 16 * keys.offset).reshape(-1, 2).astype(np.uint64)
    return np.lexsort((halves[:, 1], halves[:, 0]))


class TargetList(Sequence[Target]):
    """The targets of a hunt by number; each is made when it is asked for."""

    def __init__(self, indicators: Sequence[Indicator], blocks: Sequence[Block]) -> None:
        self.blocks = tuple(block for block in blocks if len(block.keys))
        self._indicators = indicators
        self.first = [0, *accumulate(len(block.keys) for block in self.blocks)]

    def of_url(self) -> npt.NDArray[np.bool_]:
        """Tell which targets are hosts of URLs."""
        return np.repeat([block.what[2] for block in self.blocks], np.diff(self.first)).astype(np.bool_)

    def __len__(self) -> int:
        return self.first[-1]

    @overload
    def __getitem__(self, number: int) -> Target: ...
    @overload
    def __getitem__(self, number: slice) -> list[Target]: ...
    def __getitem__(self, number: int | slice) -> Target | list[Target]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        number = number + len(self) if number < 0 else number
        if not 0 <= number < len(self):
            raise IndexError(number)
        at = bisect_right(self.first, number) - 1
        block, place = self.blocks[at], number - self.first[at]
        kind, form, of_url = block.what
        asking = block.places[block.starts[place] : block.starts[place + 1]].tolist()
        return Target(
            kind=kind,
            form=form,
            key=block.keys[place].as_py(),
            prefix=block.prefixes[place] if block.prefixes is not None else None,
            indicators=_once([self._indicators[one] for one in asking]),
            of_url=of_url,
        )

    def __iter__(self) -> Iterator[Target]:
        return (self[number] for number in range(len(self)))


def _once(indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
    """Return the first of those of one source and spelling, by source."""
    once: dict[tuple[str, str], Indicator] = {}
    for indicator in indicators:
        once.setdefault((indicator.source, indicator.value), indicator)
    return tuple(once[place] for place in sorted(once))
