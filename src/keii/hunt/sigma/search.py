"""Texts looked for in one field of many rows, and the rows that have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from keii.hunt.sigma.anchors import BEGIN, END
from keii.hunt.sigma.columns import Part, Rows, Values, View
from keii.hunt.sigma.expression import ANY_FIELD
from keii.hunt.sigma.literals import Literals, Numbers, rows_of
from keii.hunt.sigma.mapping import Column, Field

KEYWORDS = Column(ANY_FIELD)


class Search:
    """Texts looked for in one field, and the rules that each speaks for."""

    def __init__(self, texts: Sequence[str], rules: Sequence[Sequence[int]], field: Field) -> None:
        self._literals = Literals(texts)
        self._written = Literals([as_json(text) for text in texts]) if field == KEYWORDS else None
        self._numbers = any(text.strip(BEGIN + END).isdigit() for text in texts)  # none else stands in a number
        self._field = field
        self.rules = rules

    def rows(self, view: View) -> dict[int, Rows]:
        """Return per text (its number) the rows of the view that have it, rising."""
        found: dict[int, list[Rows]] = defaultdict(list)
        for part, texts, codes in self._places(view):
            distinct, place = np.unique(codes, return_inverse=True)
            rows, begin, end = rows_of(part, distinct)
            counts = (end - begin)[place]
            total = int(counts.sum())
            within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
            every = rows[np.repeat(begin[place], counts) + within]
            ends = np.cumsum(_sums(texts, counts))
            for text, some in zip(np.unique(texts).tolist(), np.split(every, ends[:-1]), strict=True):
                found[text].append(some)
        return {text: np.unique(np.concatenate(each)) for text, each in found.items()}

    def _places(self, view: View) -> Iterator[tuple[Part, Numbers, Numbers]]:
        """Yield the parts of the field that hold texts, with (text, code) pairs that rise."""
        if self._written is None:
            for part in view.parts(self._field):
                texts, codes = self._literals.find(part)
                if len(texts):
                    yield part, texts, codes
            return
        parts = list(view.columns(numbers=self._numbers))
        if parts:
            yield from self._in_all(parts)
        if (raw := view.raw()) is not None:
            texts, codes = self._written.find(raw)
            if len(texts):
                yield raw, texts, codes

    def _in_all(self, parts: Sequence[Part]) -> Iterator[tuple[Part, Numbers, Numbers]]:
        """Search the values of many columns as if they were one: most columns are small."""
        starts = np.cumsum([0, *(len(part.values.array) for part in parts)])
        values = Values(pa.concat_arrays([part.values.array for part in parts]))
        texts, codes = self._literals.find(Part(np.arange(starts[-1], dtype=np.int32), values))
        owner = np.searchsorted(starts, codes, "right") - 1
        for number in np.unique(owner).tolist():
            own = owner == number
            yield parts[number], texts[own], codes[own] - starts[number]


def as_json(text: str) -> str:
    """Return a text as it stands inside JSON: what a value holds, the value's JSON holds so written."""
    return orjson.dumps(text.strip(BEGIN + END)).decode()[1:-1]


def _sums(texts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sum of counts per text; texts rise."""
    starts = np.flatnonzero(np.diff(texts, prepend=-1))
    sums: npt.NDArray[np.int64] = np.add.reduceat(counts, starts)
    return sums
