"""Which rows may be what a rule with keywords looks for: the distinct values of many files are searched as one text.

Rules with keywords want every column of an event, and most events have none of their words. A search over all values
costs a fraction of asking each row; only the rows that have a word are asked. No row that a rule holds for is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from keii.hunt.sigma.anchors import BEGIN, END, options, rarest
from keii.hunt.sigma.asked_plan import Bound
from keii.hunt.sigma.columns import NOT_VALUES, Rows, Values
from keii.hunt.sigma.expression import ANY_FIELD
from keii.hunt.sigma.literals import Literals, Numbers
from keii.hunt.sigma.mapping import Column, Field, First
from keii.hunt.sigma.search import as_json

_LARGE = 1024 * 1024  # bytes of values from which on they are searched by themselves, and up to which others are joined


class Gate:
    """The words of rules; ``always`` are rules without a word that stands in an event as it is."""

    def __init__(self, bound: Sequence[Bound]) -> None:
        self.always: list[int] = []
        of_text: dict[str, list[int]] = {}
        for number, one in enumerate(bound):
            texts = _texts(one)
            if texts is None:
                self.always.append(number)
            for text in sorted(texts or ()):
                of_text.setdefault(text, []).append(number)
        self._rules: Mapping[int, list[int]] = dict(enumerate(of_text.values()))
        self._literals = Literals(list(of_text)) if of_text else None

    def rows(self, tables: Sequence[pa.Table]) -> list[dict[int, Rows]]:
        """Return for each table the rows, rising, that have a word of a rule, by the rule's place."""
        found: list[dict[int, list[Rows]]] = [defaultdict(list) for _ in tables]
        for batch in _batches(tables) if self._literals is not None else ():
            for held, texts, codes in self._hits(batch):
                for text in np.unique(texts).tolist():
                    rows = held.rows(np.unique(codes[texts == text]))
                    for rule in self._rules[text]:
                        found[held.table][rule].append(rows)
        return [{rule: np.unique(np.concatenate(some)) for rule, some in one.items()} for one in found]

    def _hits(self, batch: Sequence[_Held]) -> Iterator[tuple[_Held, Numbers, Numbers]]:
        """Yield what holds texts, with the numbers of the texts and of the values; one of two neighbours may be too many."""
        starts = np.cumsum([0, *(len(one.values) for one in batch)])
        values = Values(batch[0].values if len(batch) == 1 else pa.concat_arrays([one.values for one in batch]))
        lowered = values.lowered(np.arange(starts[-1], dtype=np.int32), long_s="s")
        assert self._literals is not None  # noqa: S101 - told to mypy
        offsets, hits = self._literals.search(lowered)
        codes = np.searchsorted(offsets, hits[:, 1], "right") - 1
        places = np.searchsorted(starts, codes, "right") - 1
        for place in np.unique(places).tolist():
            own = places == place
            yield batch[place], hits[own, 0], codes[own] - starts[place]


class _Held(NamedTuple):
    """Values of a piece of a column: of each row, or distinct ones with a code per row."""

    table: int  # its place
    values: pa.Array
    codes: pa.Array | None
    start: int  # the piece's first row

    def rows(self, some: Numbers) -> Rows:
        """Return the rows that have some of the values."""
        if self.codes is None:
            return some + self.start
        wanted = np.zeros(len(self.values) + 1, bool)
        wanted[some] = True
        codes = self.codes.fill_null(len(self.values)).to_numpy(zero_copy_only=False)
        return np.flatnonzero(wanted[codes]) + self.start


def _texts(bound: Bound) -> set[str] | None:
    """Return texts of which every event that the rule holds for has one, as written or as JSON has it; None for no such."""
    found = [
        option
        for option in options(bound.expression)
        if all(_plain(anchor.field, bound) and not anchor.text.strip(BEGIN + END).isdigit() for anchor in option)
    ]
    best = rarest(found, {})
    if best is None:
        return None
    texts = {anchor.text.strip(BEGIN + END) for anchor in best}
    return texts | {as_json(text) for text in texts}


def _plain(name: str, bound: Bound) -> bool:
    return name == ANY_FIELD or _as_written(bound.witness.field(name))


def _as_written(field: Field) -> bool:
    """Tell whether the values of a field stand in some column as they are."""
    return isinstance(field, Column) or (isinstance(field, First) and all(_as_written(one) for one in field.fields))


def _batches(tables: Sequence[pa.Table]) -> Iterator[list[_Held]]:
    """Yield the texts of tables: large arrays alone, small ones together."""
    batch: list[_Held] = []
    size = 0
    for place, table in enumerate(tables):
        for held in _columns(place, table):
            taken = held.values.nbytes
            if taken >= _LARGE:
                yield [held]
                continue
            batch.append(held)
            size += taken
            if size >= _LARGE:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _columns(place: int, table: pa.Table) -> Iterator[_Held]:
    """Yield the texts of all columns, ``more`` among them; numbers hold no word."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if (name in NOT_VALUES and name != "more") or pa.types.is_integer(column.type):
            continue
        start = 0
        for piece in column.chunks:
            if pa.types.is_dictionary(piece.type):
                yield _Held(place, piece.dictionary, piece.indices, start)
            else:
                yield _Held(place, piece if pa.types.is_string(piece.type) else piece.cast(pa.string()), None, start)
            start += len(piece)
