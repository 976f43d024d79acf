"""Indicators against keys: all at once, by column, never row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.targets import Target
from keii.lake.index_keys import HELD

Positions = npt.NDArray[np.int64]
Pair = tuple[Positions, Positions]


class Matcher:
    """The targets of a hunt, sorted for look-up."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._kinds = np.array([target.kind for target in targets])
        exact: dict[str, list[int]] = defaultdict(list)
        self._networks: dict[int, list[int]] = defaultdict(list)
        for number, target in enumerate(targets):
            if target.prefix is not None:
                self._networks[target.prefix].append(number)
            else:
                exact[target.form].append(number)
        self._exact = {form: _Set([targets[n].key for n in numbers], numbers) for form, numbers in exact.items()}
        self._nets = {
            bits: _Set([_masked([targets[n].key], bits)[0].as_py() for n in numbers], numbers)
            for bits, numbers in sorted(self._networks.items())
        }
        self._depths = {
            form: sorted({targets[n].key.count(mark) for n in exact.get(form, ())})
            for form, mark in (("name", b"."), ("registry", b"\\"))
        }

    def match(self, rows: pa.Table) -> Pair:
        """Return (row, target) pairs of the keys (columns of ``lake.index.SCHEMA``) that a target holds for."""
        pairs: list[Pair] = []
        for form in pc.unique(rows["form"]).to_pylist():
            if form in self._exact or form == "ip":
                where = np.flatnonzero(pc.equal(rows["form"], form).to_numpy(zero_copy_only=False))
                keys = rows["key"].take(pa.array(where)).combine_chunks()
                pairs += [(where[row], target) for row, target in self._of_form(form, keys)]
        if not pairs:
            none = np.empty(0, np.int64)
            return none, none
        row, target = np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])
        kinds = np.array(rows["kind"].take(pa.array(row)).to_pylist(), dtype=object)
        held = np.array([self._kinds[t] in HELD[k] for k, t in zip(kinds, target, strict=True)], dtype=bool)
        return row[held], target[held]

    def _of_form(self, form: str, keys: pa.Array) -> list[Pair]:
        if form == "ip":
            found = [nets.find(_masked_array(keys, bits)) for bits, nets in self._nets.items()]
            return found + ([self._exact["ip"].find(keys)] if "ip" in self._exact else [])
        if form not in self._depths:
            return [self._exact[form].find(keys)]
        mark = "." if form == "name" else "\\\\"
        found = []
        for depth in self._depths[form]:
            pattern = f"^((?:[^{mark}]*[{mark}]){{{depth}}})(?s:.*)$"
            cut = pc.replace_substring_regex(keys, pattern=pattern, replacement="\\1")
            # A key of fewer parts stays as it is, and is then no key of this depth; it equals no target of this depth.
            found.append(self._exact[form].find(cut, depth=depth, mark=mark[0]))
        return found


class _Set:
    """Keys, sorted, with the targets of each: several kinds may share a key."""

    def __init__(self, keys: Sequence[bytes], numbers: Sequence[int]) -> None:
        order = sorted(range(len(keys)), key=lambda place: (keys[place], numbers[place]))
        ordered = [keys[place] for place in order]
        starts = [place for place in range(len(order)) if place == 0 or ordered[place] != ordered[place - 1]]
        self._targets = np.array([numbers[place] for place in order], np.int64)
        self._starts = np.array([*starts, len(order)], np.int64)
        self._keys = pa.array([ordered[place] for place in starts], pa.binary())

    def find(self, keys: pa.Array, *, depth: int | None = None, mark: str = ".") -> Pair:
        """Return (row, target) pairs of equal keys; with ``depth`` only those of so many parts."""
        at = pc.fill_null(pc.index_in(keys, value_set=self._keys), -1).to_numpy(zero_copy_only=False).astype(np.int64)
        rows = np.flatnonzero(at >= 0)
        if depth is not None and len(rows):
            parts = pc.count_substring(keys.take(pa.array(rows)), pattern=mark).to_numpy(zero_copy_only=False)
            rows = rows[parts == depth]
        first, last = self._starts[at[rows]], self._starts[at[rows] + 1]
        counts = last - first
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(rows, counts), self._targets[np.repeat(first, counts) + offsets]


def _masked(keys: list[bytes], bits: int) -> pa.Array:
    return _masked_array(pa.array(keys, pa.binary()), bits)


def _masked_array(keys: pa.Array, bits: int) -> pa.Array:
    """Return 16-byte addresses with all but the first ``bits`` bits cleared."""
    raw = np.frombuffer(b"".join(keys.to_pylist()), np.uint8).reshape(-1, 16)
    mask = np.packbits(np.arange(128) < bits)
    cleared = np.ascontiguousarray(raw & mask)
    offsets = pa.py_buffer(np.arange(0, 16 * len(raw) + 1, 16, dtype=np.int32).tobytes())
    return pa.Array.from_buffers(pa.binary(), len(raw), [None, offsets, pa.py_buffer(cleared.tobytes())])
