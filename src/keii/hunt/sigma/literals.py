"""All anchors of many rules looked for at once: one Aho-Corasick automaton per field over its distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.anchors import BEGIN, END
from keii.hunt.sigma.columns import Codes, Part, Values

Numbers = npt.NDArray[np.int64]
_TABLE = 60_000  # letters of all texts up to which a full table is kept, of about 1 kB a letter: half as fast again
_SLICE = 32 * 1024 * 1024  # bytes of values searched at a time


class Literals:
    """An automaton over texts; it tells which of them stand in which value."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = tuple(texts)
        self._marked = any(BEGIN in text or END in text for text in texts)
        small = sum(map(len, texts)) < _TABLE
        self._automaton = ahocorasick_rs.BytesAhoCorasick(
            [text.encode() for text in texts],
            implementation=ahocorasick_rs.Implementation.DFA if small else ahocorasick_rs.Implementation.ContiguousNFA,
        )

    def find(self, part: Part) -> tuple[Numbers, Numbers]:
        """Return (number of the text, code of the value) pairs, each once, rising."""
        found: list[Numbers] = []
        codes = part.used()
        if part.values.empty >= 0:
            codes = codes[codes != part.values.empty]
        for start, stop in _bounds(part.values, codes):
            chosen = codes[start:stop]
            lowered = part.values.lowered(chosen, long_s="s")
            # Without marks a text may be found across two values: a row too many is asked, none is missed.
            marked = pc.binary_join_element_wise(BEGIN, lowered, END, "") if self._marked else lowered
            offsets, hits = self.search(marked)
            if len(hits):
                value = np.searchsorted(offsets, hits[:, 1], "right") - 1
                found.append(np.unique(hits[:, 0] << 32 | chosen[value].astype(np.int64)))
        if not found:
            none = np.empty(0, np.int64)
            return none, none
        pairs = np.sort(np.concatenate(found))
        return pairs >> 32, pairs & 0xFFFFFFFF

    def search(self, array: pa.Array) -> tuple[Numbers, Numbers]:
        """Return where the values of an array begin, and (text, begin, end) of every place of a text, in bytes."""
        offsets = np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, array.offset * 4).astype(np.int64)
        if not offsets[-1] - offsets[0]:
            return offsets, np.empty((0, 3), np.int64)
        text = memoryview(array.buffers()[2]).cast("B")[offsets[0] : offsets[-1]]
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return offsets - offsets[0], np.array(hits, np.int64).reshape(-1, 3)


def holding(literals: Literals, values: Values, codes: Codes, *, lowered: bool) -> npt.NDArray[np.bool_]:
    """Tell for each code whether its value, as written or in lower case, holds one of the texts; they bear no marks."""
    held = np.zeros(len(codes), bool)
    for start, stop in _bounds(values, codes):
        chosen = codes[start:stop]
        array = values.lowered(chosen) if lowered else values.array.take(pa.array(chosen))
        offsets, hits = literals.search(array)
        if len(hits):
            value = np.searchsorted(offsets, hits[:, 1], "right") - 1
            within = hits[:, 2] <= offsets[value + 1]  # a text that begins in one value and ends in the next is none
            held[start + value[within]] = True
    return held


def _bounds(values: Values, codes: Codes) -> list[tuple[int, int]]:
    """Return the cuts of the codes into parts of bounded bytes."""
    if not len(codes):
        return []
    if values.array.nbytes < _SLICE:
        return [(0, len(codes))]
    lengths = pc.binary_length(values.array).to_numpy(zero_copy_only=False).astype(np.int64)[codes]
    cuts = (np.flatnonzero(np.diff(np.cumsum(lengths + 8) // _SLICE)) + 1).tolist()
    return list(pairwise([0, *cuts, len(codes)]))


def rows_of(part: Part, codes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the rows that have one of the codes, ordered by code, and per code asked where its rows begin and end."""
    wanted = np.zeros(len(part.values.array) + 1, bool)
    wanted[codes] = True
    rows = np.flatnonzero(wanted[part.codes])
    held = part.codes[rows]
    order = np.argsort(held, kind="stable")
    rows, held = rows[order], held[order]
    return rows, np.searchsorted(held, codes, "left"), np.searchsorted(held, codes, "right")
