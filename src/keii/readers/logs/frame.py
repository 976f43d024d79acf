"""Records of one kind as named columns, whatever they were read from, and how a table of the lake is made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TABLES
from keii.readers.logs.convert import as_text, convert, infer
from keii.readers.logs.interface import Batch

Kept = Mapping[str, pa.Array | None]  # source field → where its value has no column (None: in no row)


class Frame(Protocol):
    """Records of one kind. ``records`` holds their 1-based ordinals; ``names`` the fields of the source."""

    names: tuple[str, ...]
    records: pa.Array

    def get(self, name: str) -> pa.Array:
        """Return the values of a field; null where a record does not have it."""

    def more(self, taken: Kept) -> pa.Array:
        """Return a JSON object per record of what is not taken; null where nothing is left."""

    def words(self) -> pa.Array:
        """Return every text value of each record as a list."""


class Columns(msgspec.Struct):
    """The columns of a table while they are made. ``taken`` says which source fields need no place in ``more``."""

    frame: Frame
    values: dict[str, pa.Array] = msgspec.field(default_factory=dict)
    taken: dict[str, pa.Array | None] = msgspec.field(default_factory=dict)

    def fill(self, column: str, type_: pa.DataType, names: tuple[str, ...]) -> None:
        """Fill a column with the first of the named fields that has a value; what does not fit stays for ``more``."""
        found: pa.Array | None = None
        for name in names:
            if name not in self.frame.names:
                continue
            raw = self.frame.get(name)
            new = convert(raw, type_)
            left = None
            if found is not None and found.null_count < len(found):
                left = pc.and_(pc.is_valid(raw), pc.is_valid(found))
                left = pc.and_(left, pc.fill_null(pc.invert(_same(found, new)), fill_value=True))
                new = (
                    pc.coalesce(found, new)
                    if not pa.types.is_list(type_)
                    else pc.if_else(pc.is_valid(found), found, new)
                )
            elif new.null_count != raw.null_count:
                left = pc.and_(pc.is_valid(raw), pc.is_null(new))
            found = new
            self.taken[name] = left
        if found is not None:
            self.values[column] = found


def _same(one: pa.Array, other: pa.Array) -> pa.Array:
    if pa.types.is_list(one.type):
        return pa.array([a == b for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True)], pa.bool_())
    return pc.equal(one, other)


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """How the records of one kind become rows of a table.

    Attributes:
        table: table of ``lake.schema``.
        columns: column → source fields, the first that has a value is taken.
        constants: column → value for every row.
        finish: last steps over whole columns (a URL put together), by column name.
        words: True for tables that keep every text value (``values``).
    """

    table: str
    columns: dict[str, tuple[str, ...]]
    constants: dict[str, Any] = {}
    finish: Callable[[Columns], None] | None = None


def assemble(spec: Spec, frame: Frame) -> Batch:
    """Return the rows that a specification makes of the records of a frame."""
    schema = TABLES[spec.table]
    columns = Columns(frame)
    for column, names in spec.columns.items():
        columns.fill(column, schema.field(column).type, names)
    rows = len(frame.records)
    for column, value in spec.constants.items():
        if column not in columns.values:
            columns.values[column] = pa.repeat(pa.scalar(value, schema.field(column).type), rows)
    if spec.finish:
        spec.finish(columns)
    columns.values["record"] = frame.records
    columns.values["more"] = frame.more(columns.taken)
    if "values" in schema.names and "values" not in columns.values:
        columns.values["values"] = frame.words()
    fields = [field for field in schema if field.name in columns.values]
    arrays = [columns.values[field.name] for field in fields]
    return Batch(spec.table, pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields)))


class RecordFrame:
    """Records read one object at a time (JSON): field names (dotted where nested) to values."""

    def __init__(self, objects: list[dict[str, Any]], records: list[int]) -> None:
        self.objects = objects
        self.records = pa.array(records, pa.int64())
        seen: dict[str, None] = {}
        for item in objects:
            if item.keys() - seen.keys():
                seen.update(dict.fromkeys(item))
        self.names = tuple(seen)

    def get(self, name: str) -> pa.Array:
        """Return the values of a field; null where a record does not have it."""
        return infer([item.get(name) for item in self.objects])

    def more(self, taken: Kept) -> pa.Array:
        """Return a JSON object per record of what is not taken; null where nothing is left."""
        partly = {name: left.to_pylist() for name, left in taken.items() if left is not None}
        always = [name for name in self.names if name not in taken]
        found: list[str | None] = []
        for row, item in enumerate(self.objects):
            names = always if len(always) < len(item) else [name for name in item if name not in taken]
            rest = {name: item[name] for name in names if item.get(name) is not None}
            for name, left in partly.items():
                if left[row]:
                    rest[name] = item[name]
            found.append(as_text(rest) if rest else None)
        return pa.array(found, pa.string())

    def words(self) -> pa.Array:
        """Return every text value of each record as a list."""
        return pa.array([list(_words(item)) for item in self.objects], pa.list_(pa.string()))


def _words(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [as_text(value) or ""] if value else []
    if depth > 8 or not isinstance(value, (dict, list)):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [word for item in inner for word in _words(item, depth + 1)]


def flatten(item: dict[str, Any], *, depth: int = 6) -> dict[str, Any]:
    """Return an object with its inner objects spread under dotted names; lists stay."""
    if dict not in map(type, item.values()):
        return item
    found: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict) and depth and value:
            for inner, deep in flatten(value, depth=depth - 1).items():
                found[f"{name}.{inner}"] = deep
        else:
            found[name] = value
    return found
