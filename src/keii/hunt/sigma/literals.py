"""All anchors of many rules looked for at once: one Aho-Corasick automaton per field over its distinct values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.anchors import BEGIN, END
from keii.hunt.sigma.columns import Codes, Part

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
        for chosen in _slices(part, codes):
            lowered = part.values.lowered(chosen)
            # Without marks a text may be found across two values: a row too many is asked, none is missed.
            marked = pc.binary_join_element_wise(BEGIN, lowered, END, "") if self._marked else lowered
            offsets = np.frombuffer(marked.buffers()[1], np.int32, len(marked) + 1, marked.offset * 4)
            text = memoryview(marked.buffers()[2]).cast("B")[offsets[0] : offsets[-1]]
            if hits := self._automaton.find_matches_as_indexes(text, overlapping=True):
                numbers = np.array(hits, np.int64)
                value = np.searchsorted(offsets, numbers[:, 1] + offsets[0], "right") - 1
                found.append(np.unique(numbers[:, 0] << 32 | chosen[value].astype(np.int64)))
        if not found:
            none = np.empty(0, np.int64)
            return none, none
        pairs = np.sort(np.concatenate(found))
        return pairs >> 32, pairs & 0xFFFFFFFF


def _slices(part: Part, codes: Codes) -> Iterator[Codes]:
    if not len(codes):
        return
    if part.values.array.nbytes < _SLICE:
        yield codes
        return
    lengths = pc.binary_length(part.values.array.take(pa.array(codes))).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths + 8)
    cuts = np.flatnonzero(np.diff(ends // _SLICE)) + 1
    yield from np.split(codes, cuts)


def rows_of(part: Part, codes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the rows that have one of the codes, ordered by code, and per code asked where its rows begin and end."""
    wanted = np.zeros(len(part.values.array) + 1, bool)
    wanted[codes] = True
    rows = np.flatnonzero(wanted[part.codes])
    held = part.codes[rows]
    order = np.argsort(held, kind="stable")
    rows, held = rows[order], held[order]
    return rows, np.searchsorted(held, codes, "left"), np.searchsorted(held, codes, "right")
