"""Rows of a table as a rule sees them: per field the distinct values, and which row has which.

Every test is asked once per distinct value. Values of a field without a column are taken out of ``more``; lists
(answers of a query) are several values of one field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.expression import ANY_FIELD
from keii.hunt.sigma.mapping import Column, Each, Field, First, Joined, Taken, Words
from keii.lake.schema import TABLES

Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]

NOT_VALUES = frozenset({"occurred", "source", "record", "more"})  # where and when, not what an event says
_HEADER = frozenset(name.lower() for name in TABLES["windows"].names)
MOST_PARTS = 256  # values of one list that are looked at
MOST_FIELDS = 20_000  # of an event's ``more`` that keywords are looked for in


class Values:
    """Distinct values; ``codes`` of a ``Part`` point into them."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array
        self._texts: dict[int, str] = {}
        self._lower: dict[int, str] = {}

    @cached_property
    def empty(self) -> int:
        """The code of the empty text, which counts as no value; -1 for none."""
        code: int = pc.index(self.array, "").as_py()
        return code

    def text(self, code: int) -> str:
        """Return a value as written."""
        found = self._texts.get(code)
        if found is None:
            found = self._texts[code] = self.array[code].as_py()
        return found

    def lower(self, code: int) -> str:
        """Return a value in lower case."""
        found = self._lower.get(code)
        if found is None:
            found = self._lower[code] = self.text(code).lower()
        return found

    def lowered(self, codes: Codes, *, long_s: str = "\u017f") -> pa.Array:
        """Return some values in lower case, as ``str.lower`` makes it, in one array.

        ``long_s`` stands for ſ, which expressions without case take for an s.
        """
        chosen = self.array if len(codes) == len(self.array) else self.array.take(pa.array(codes))
        plain = pc.string_is_ascii(chosen)
        if pc.all(plain).as_py() in (True, None):
            return pc.ascii_lower(chosen)
        other = pc.filter(chosen, pc.invert(plain))
        slow = pa.array([text.lower().replace("\u017f", long_s) for text in other.to_pylist()], chosen.type)
        return pc.replace_with_mask(pc.ascii_lower(chosen), pc.invert(plain), slow)


class Part:
    """One value per row: a code into the distinct values, -1 for none."""

    def __init__(self, codes: Codes, values: Values) -> None:
        self.codes = codes
        self.values = values

    def at(self, rows: Rows) -> Part:
        """Return the part for some rows."""
        return Part(self.codes[rows], self.values)

    def filled(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Tell which rows have a value that is not empty."""
        codes = self.codes[rows]
        filled: npt.NDArray[np.bool_] = codes >= 0
        return filled & (codes != self.values.empty) if self.values.empty >= 0 else filled

    def used(self) -> Codes:
        """Return the codes that some row has, rising."""
        seen = np.zeros(len(self.values.array), bool)
        seen[self.codes[self.codes >= 0]] = True
        return np.flatnonzero(seen).astype(np.int32)


def column_of(table: str, present: Sequence[str], asked: str) -> str | None:
    """Return the column, of those present, that holds a name; case does not matter.

    The header of a Windows event is asked for by exact names only: an event's own field of such a name stands in a
    column that begins with ``Data_``, or in ``more``.
    """
    exact, lower = _by_name(tuple(present))
    if asked in exact:
        return asked
    wanted = asked.lower()
    if table == "windows" and wanted in _HEADER:
        wanted = f"data_{wanted}"
    return lower.get(wanted)


@lru_cache(maxsize=256)
def _by_name(present: tuple[str, ...]) -> tuple[frozenset[str], dict[str, str]]:
    return frozenset(present), {name.lower(): name for name in reversed(present)}


class Chunk:
    """Some rows of one table, at most a row group; its columns are encoded once for all views of it."""

    def __init__(self, name: str, table: pa.Table) -> None:
        self.table = table
        self.rows = table.num_rows
        self._table_name = name
        self._encoded: dict[str, tuple[Part, ...]] = {}
        self._present = tuple(table.column_names)
        self._names: dict[str, str | None] = {}

    def name(self, asked: str) -> str | None:
        """Return the column for a name, None where there is none."""
        if asked not in self._names:
            self._names[asked] = column_of(self._table_name, self._present, asked)
        return self._names[asked]

    def names(self) -> list[str]:
        """Return the columns that hold values of the event."""
        return [name for name in self._present if name not in NOT_VALUES]

    def encoded(self, name: str) -> tuple[Part, ...]:
        """Return the parts of a column: one, or as many as its longest list has values."""
        parts = self._encoded.get(name)
        if parts is None:
            column = one_array(self.table[name])
            arrays = list(_of_list(column)) if pa.types.is_list(column.type) else [column]
            parts = self._encoded[name] = tuple(encode(array) for array in arrays)
        return parts


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece, with one set of distinct values."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # of no piece at all
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
    return whole


def _of_list(column: pa.Array) -> Iterator[pa.Array]:
    longest = min(pc.max(pc.list_value_length(column)).as_py() or 0, MOST_PARTS)
    for place in range(longest):
        long_enough = pc.fill_null(pc.greater(pc.list_value_length(column), place), fill_value=False)
        padded = pc.if_else(long_enough, column, pa.scalar([None] * (place + 1), column.type))
        yield pc.list_element(padded, place)


def encode(array: pa.Array) -> Part:
    """Return an array as codes and distinct values, numbers and truths as text."""
    if not pa.types.is_dictionary(array.type):
        if pa.types.is_floating(array.type):
            array = pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
        array = pc.dictionary_encode(array if pa.types.is_string(array.type) else array.cast(pa.string()))
    codes = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    values = array.dictionary
    return Part(codes, Values(values if pa.types.is_string(values.type) else values.cast(pa.string())))


class View:
    """Some rows of a chunk, with the columns that rules ask for."""

    def __init__(self, chunk: Chunk, rows: Rows | None = None) -> None:
        self.chunk = chunk
        self.at = rows if rows is not None else np.arange(chunk.rows, dtype=np.int64)
        self._whole = len(self.at) == chunk.rows
        self._fields: dict[Field, tuple[Part, ...]] = {}

    def __len__(self) -> int:
        return len(self.at)

    def parts(self, field: Field) -> tuple[Part, ...]:
        """Return the values of a field; none where neither a column nor ``more`` has it."""
        found = self._fields.get(field)
        if found is None:
            found = self._fields[field] = self._parts(field)
        return found

    def _parts(self, field: Field) -> tuple[Part, ...]:
        if isinstance(field, Column):
            return self._every() if field.name == ANY_FIELD else self._column(field.name)
        if isinstance(field, Each):
            return tuple(part for name in self._each(field.names) for part in self._column(name))
        if isinstance(field, First):
            return self._first([self.parts(one) for one in field.fields])
        if isinstance(field, Joined):
            return self._joined(field)
        if isinstance(field, Words):
            of = self.parts(field.of)
            return tuple(
                p
                for part in of
                for p in split(part, [part.values.text(c).split()[:MOST_PARTS] for c in part.used().tolist()])
            )
        if isinstance(field, Taken):
            return tuple(changed(part, _taker(field.take)) for part in self.parts(field.of))
        table = dict(field.values)
        return tuple(changed(part, lambda text: table.get(text.lower(), text)) for part in self.parts(field.of))

    def _column(self, asked: str) -> tuple[Part, ...]:
        name = self.chunk.name(asked)
        if name is not None:
            return tuple(self._cut(part) for part in self.chunk.encoded(name))
        return self._of_more(asked)

    def _cut(self, part: Part) -> Part:
        return part if self._whole else part.at(self.at)

    def _of_more(self, asked: str) -> tuple[Part, ...]:
        """Take a field out of ``more``: only texts that name it are parsed."""
        more = self.raw()
        if more is None:
            return ()
        used = more.used()
        texts = more.values.array.take(pa.array(used))
        quoted = orjson.dumps(asked).decode() + ":"
        named = pc.match_substring(texts, quoted, ignore_case=True).to_numpy(zero_copy_only=False)
        if not named.any():
            return ()
        wanted = asked.lower()
        found = {int(code): _member(more.values.text(int(code)), wanted) for code in used[named]}
        return (changed_by_code(more, found),)

    def _each(self, names: Sequence[str]) -> list[str]:
        found = []
        for name in names:
            if name.endswith("*"):
                stem = name[:-1].lower()
                found += [n for n in self.chunk.names() if n.lower().startswith(stem) and n[len(stem) :].isdigit()]
            else:
                found.append(name)
        return found

    def columns(self, *, numbers: bool) -> Iterator[Part]:
        """Yield every column's values (for keywords), those that are numbers if asked; those of ``more`` are ``raw``."""
        for name in self.chunk.names():
            if numbers or not pa.types.is_integer(self.chunk.table.schema.field(name).type):
                yield from self._column(name)

    def raw(self) -> Part | None:
        """Return the texts of ``more`` as they are written, JSON."""
        return self._cut(self.chunk.encoded("more")[0]) if self.chunk.name("more") is not None else None

    def _every(self) -> tuple[Part, ...]:
        more = self.raw()
        fields = split(more, [_all_texts(more.values.text(int(code))) for code in more.used()]) if more else []
        return (*self.columns(numbers=True), *fields)

    def _first(self, candidates: Sequence[tuple[Part, ...]]) -> tuple[Part, ...]:
        """Return the first candidate's value where it has one, else the next one's."""
        present = [parts[0] for parts in candidates if parts]
        if len(present) < 2:
            return tuple(present)
        result = texts_of(present[0])
        for part in present[1:]:
            if all(result):
                break
            result = [one or other for one, other in zip(result, texts_of(part), strict=True)]
        return (encode(pa.array(result, pa.string())),)

    def _joined(self, field: Joined) -> tuple[Part, ...]:
        present = [texts_of(parts[0]) for one in field.fields if (parts := self.parts(one))]
        if not present:
            return ()
        rows = zip(*present, strict=True)
        joined = [field.by.join(text for text in row if text and text != "-") or None for row in rows]
        part = encode(pa.array(joined, pa.string()))
        return (changed(part, lambda text: _begun(text, field.begin)) if field.begin else part,)


def _begun(text: str, begin: Sequence[tuple[str, str]]) -> str:
    lower = text.lower()
    return next((new + text[len(old) :] for old, new in begin if lower.startswith(old)), text)


def _taker(take: str) -> Callable[[str], str | None]:
    expression = re.compile(take)
    return lambda text: found[1] if (found := expression.search(text[:100_000])) else None


def texts_of(part: Part) -> list[str | None]:
    """Return the value of every row."""
    values: list[str | None] = pc.take(part.values.array, pa.array(part.codes, mask=part.codes < 0)).to_pylist()
    return values


def changed(part: Part, change: Callable[[str], str | None]) -> Part:
    """Return a part with every value changed; None for no value."""
    return changed_by_code(part, {int(code): change(part.values.text(int(code))) for code in part.used()})


def changed_by_code(part: Part, found: dict[int, str | None]) -> Part:
    """Return a part with other values for its codes; rows of codes that are not told have none."""
    distinct = {text: number for number, text in enumerate(dict.fromkeys(t for t in found.values() if t is not None))}
    new = np.full(len(part.values.array) + 1, -1, np.int32)
    for code, text in found.items():
        if text is not None:
            new[code] = distinct[text]
    return Part(new[part.codes], Values(pa.array(list(distinct), pa.string())))  # code -1 is the last place: no value


def split(part: Part, lists: Sequence[Sequence[str]]) -> list[Part]:
    """Return parts for the lists of texts of a part's used codes."""
    used = part.used().tolist()
    return [
        changed_by_code(
            part, {code: texts[place] for code, texts in zip(used, lists, strict=True) if place < len(texts)}
        )
        for place in range(max(map(len, lists), default=0))
    ]


def _loaded(text: str) -> dict[str, object]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _member(text: str, wanted: str) -> str | None:
    return next((as_text(value) for name, value in _loaded(text).items() if name.lower() == wanted), None)


def _all_texts(text: str) -> list[str]:
    texts = (as_text(value) for value in _loaded(text).values())
    return [one for one in texts if one is not None][:MOST_FIELDS]


def as_text(value: object) -> str | None:
    """Return a value of ``more`` as a rule compares it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()
