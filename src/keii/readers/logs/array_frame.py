"""Records whose fields are Arrow columns already, and the JSON text of what has no column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.frame import Kept

_NONE = pa.scalar(None, pa.string())


class ArrayFrame:
    """Records as named columns of text; null where a record does not have the field."""

    def __init__(self, values: Mapping[str, pa.Array], records: pa.Array) -> None:
        self.values = dict(values)
        self.records = records
        self.names = tuple(self.values)

    def get(self, name: str) -> pa.Array:
        """Return the values of a field."""
        return self.values[name]

    def more(self, taken: Kept) -> pa.Array:
        """Return a JSON object per record of what is not taken; null where nothing is left."""
        rest = ((name, as_json(self.values[name])) for name in self.names)
        return objects_of(rest, taken, len(self.records))

    def words(self) -> pa.Array:
        """Return every text value of each record as a list."""
        columns = [self.values[name].to_pylist() for name in self.names if is_text(self.values[name])]
        if not columns:
            return pa.nulls(len(self.records), pa.list_(pa.string()))
        return pa.array([[item for item in row if item] for row in zip(*columns, strict=True)], pa.list_(pa.string()))


def is_text(values: pa.Array) -> bool:
    """Return whether an array holds text."""
    return bool(pa.types.is_string(values.type))


def as_json(values: pa.Array) -> pa.Array:
    """Return values as JSON text, null where there is none."""
    if is_text(values):
        return quoted(values)
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        return pc.cast(values, pa.string())
    found = [None if item is None else msgspec.json.encode(item).decode() for item in values.to_pylist()]
    return pa.array(found, pa.string())


def quoted(values: pa.Array) -> pa.Array:
    """Return text as JSON strings: whole columns where nothing needs an escape, by distinct value otherwise."""
    odd = pc.match_substring_regex(values, r'["\\\x00-\x1f]')
    if not pc.any(odd).as_py():
        return pc.binary_join_element_wise('"', values, '"', "")
    coded = values.dictionary_encode()
    texts = [msgspec.json.encode(item).decode() for item in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def objects_of(fields: Iterable[tuple[str, pa.Array]], taken: Kept, rows: int) -> pa.Array:
    """Return JSON objects of the fields that are not taken, each given as JSON text; null where nothing is left."""
    parts = []
    for name, values in fields:
        if name in taken:
            left = taken[name]
            if left is None:
                continue
            values = pc.if_else(pc.fill_null(left, fill_value=False), values, _NONE)
        if values.null_count < len(values):
            parts.append(pc.binary_join_element_wise(f",{msgspec.json.encode(name).decode()}:", values, ""))
    if not parts:
        return pa.nulls(rows, pa.string())
    # Not null_handling="skip": pyarrow then drops the rows in which every part is null.
    inner = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")
    found = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(inner, 1), "}", "")
    return pc.if_else(pc.equal(inner, ""), _NONE, found)
