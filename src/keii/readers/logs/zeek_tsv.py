"""The tab-separated form of a Zeek log: header lines and blocks of columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from keii.model import Skipped
from keii.readers.logs.array_frame import as_json, objects_of, quoted
from keii.readers.logs.blocks import Block, as_utf8, line_ends
from keii.readers.logs.distinct_rows import distinct_rows
from keii.readers.logs.escaped import unescape
from keii.readers.logs.frame import Kept

_REAL_TYPES, _WHOLE_TYPES = ("double", "interval", "time"), ("count", "int", "port")
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"  # as JSON writes it
_CODE = re.compile(rb"\\x([0-9A-Fa-f]{2})")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the ``#`` lines of a Zeek log have said so far."""

    separator: bytes = b"\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def after(self, line: bytes) -> Header:
        """Return the header as it stands after one more ``#`` line; an unknown line changes nothing."""
        if line.startswith(b"#separator"):
            given = _CODE.sub(lambda code: bytes([int(code[1], 16)]), line[len(b"#separator") :].lstrip(b" "))
            return Header(separator=given[:1] or b"\t")
        key, _, value = line.partition(self.separator)
        text = as_utf8(value).decode()
        match key:
            case b"#set_separator":
                return msgspec.structs.replace(self, set_separator=text or ",")
            case b"#empty_field":
                return msgspec.structs.replace(self, empty=text)
            case b"#unset_field":
                return msgspec.structs.replace(self, unset=text)
            case b"#path":
                return msgspec.structs.replace(self, path=text.strip())
            case b"#fields":
                names = _distinct(text.split(self.separator.decode("latin-1")))
                return msgspec.structs.replace(self, fields=names, types=())
            case b"#types":
                return msgspec.structs.replace(self, types=tuple(text.split(self.separator.decode("latin-1"))))
        return self

    def type_of(self, name: str) -> str:
        """Return the Zeek type of a field, ``string`` where the header does not tell."""
        position = self.fields.index(name)
        return self.types[position] if len(self.types) == len(self.fields) else "string"


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Return the names with a number behind those that were there before."""
    found: list[str] = []
    for name in names:
        found.append(name if name not in found else f"{name}#{len(found) + 1}")
    return tuple(found)


def is_container(type_: str) -> bool:
    """Return whether a Zeek type holds several values."""
    return type_.startswith(("set[", "vector[", "table["))


class TextFrame:
    """Rows of one stretch of lines under one header."""

    def __init__(self, header: Header, table: pa.Table, records: pa.Array, *, escaped: bool) -> None:
        self.header = header
        self.table = table
        self.records = records
        self.names = header.fields
        self.escaped = escaped

    def get(self, name: str) -> pa.Array:
        """Return the values of a field: text, number, truth, or a list where the type is a set or a vector."""
        values = self._raw(name)
        if not pa.types.is_string(values.type):
            return values
        if is_container(self.header.type_of(name)):
            return self._split(values)
        if self.header.empty:
            values = pc.if_else(pc.equal(values, self.header.empty), "", values)
        return unescape(values) if self.escaped else values

    def _raw(self, name: str) -> pa.Array:
        column = self.table.column(name)
        return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)

    def _split(self, values: pa.Array) -> pa.Array:
        empty = pc.fill_null(pc.equal(values, self.header.empty), fill_value=False)
        items = pc.split_pattern(pc.if_else(empty, "", values), self.header.set_separator)
        if self.escaped:
            items = pa.ListArray.from_arrays(items.offsets, unescape(items.values), mask=pc.is_null(items))
        if not pc.any(empty).as_py():
            return items
        return pc.if_else(empty, pa.scalar([], pa.list_(pa.string())), items)

    def more(self, taken: Kept) -> pa.Array:
        """Return a JSON object per record of what is not taken; null where nothing is left."""
        left = [name for name in self.names if taken.get(name, True) is not None]
        masks = {name: mask for name in left if (mask := taken.get(name)) is not None}
        found = distinct_rows([*map(self._raw, left), *masks.values()]) if left else None
        if found is None:
            return objects_of(((name, self._json(name)) for name in left), taken, len(self.records))
        first, which = found
        some = TextFrame(self.header, self.table.take(first), self.records.take(first), escaped=self.escaped)
        kept = dict(taken) | {name: mask.take(pa.array(first)) for name, mask in masks.items()}
        return objects_of(((name, some._json(name)) for name in left), kept, len(first)).take(which)

    def _json(self, name: str) -> pa.Array:
        """Return the values of a field as JSON text, null where unset."""
        values = self.get(name)
        if not (pa.types.is_string(values.type) or pa.types.is_list(values.type)):
            return pc.cast(values, pa.string())
        if pa.types.is_list(values.type):
            return as_json(values)
        if self.header.type_of(name) in _REAL_TYPES + _WHOLE_TYPES:
            plain = pc.match_substring_regex(values, _NUMBER)
            return pc.if_else(plain, values, quoted(values))
        return quoted(values)

    def words(self) -> pa.Array:
        """Return every text value of each record as a list."""
        columns = [
            self.get(name).to_pylist()
            for name in self.names
            if self.header.type_of(name) not in (*_REAL_TYPES, *_WHOLE_TYPES, "bool")
        ]
        if not columns:
            return pa.nulls(len(self.records), pa.list_(pa.string()))
        rows = [list(_words(row)) for row in zip(*columns, strict=True)]
        return pa.array(rows, pa.list_(pa.string()))


def _words(row: tuple[str | list[str] | None, ...]) -> Iterator[str]:
    for value in row:
        if isinstance(value, str):
            if value:
                yield value
        elif isinstance(value, list):
            yield from filter(None, value)


def frames(block: Block, header: Header) -> Iterator[TextFrame | Skipped | Header]:
    """Yield the frames and skips of a block; the header as it stands after the block comes last."""
    data = block.data
    ends = line_ends(data)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    marked = np.flatnonzero(np.frombuffer(data, np.uint8)[starts] == ord("#")).tolist()
    line = 0
    for mark in [*marked, len(ends)]:
        if line < mark:
            start, end = int(starts[line]), int(ends[mark - 1]) + 1
            yield from _frame(data[start:end], ends[line:mark] - start, block.first + line, header)
        if mark < len(ends):
            header = header.after(data[int(starts[mark]) : int(ends[mark])])
        line = mark + 1
    yield header


def _frame(data: bytes, ends: npt.NDArray[np.int64], number: int, header: Header) -> Iterator[TextFrame | Skipped]:
    """Read lines without headers; each bad one comes as one skip, empty ones are no records."""
    records = np.arange(number, number + len(ends))
    if not header.fields:
        missing = sum(1 for line in data.split(b"\n") if line.strip())
        if missing:
            place = f"lines {number} to {records[-1]}" if len(ends) > 1 else f"line {number}"
            yield Skipped(place=place, reason="no #fields header before them", count=missing, record=number)
        return
    empty = np.diff(ends, prepend=-1) == 1
    if empty.any():
        data, records = np.delete(np.frombuffer(data, np.uint8), ends[empty]).tobytes(), records[~empty]
    if not data:
        return
    data = as_utf8(data)
    if b"\r" in data:  # a bare one is no line end for Zeek, but would be for the parser
        data = data.replace(b"\r", b"\\x0d")
    table, bad = _parse(data, header)
    for row, columns in bad:
        line = int(records[row - 1])
        reason = f"{columns} columns, {len(header.fields)} expected"
        yield Skipped(place=f"line {line}", reason=reason, record=line)
    if bad:
        records = np.delete(records, [row - 1 for row, _ in bad])
    if table.num_rows != len(records):
        raise AssertionError("the parser lost count of the lines")
    if table.num_rows:
        yield TextFrame(header, table, pa.array(records), escaped=b"\\" in data)


def _parse(data: bytes, header: Header) -> tuple[pa.Table, list[tuple[int, int]]]:
    try:
        return _read(data, header, {name: _arrow_type(header.type_of(name)) for name in header.fields})
    except pa.ArrowInvalid:  # a number that is none: read all as text, the conversion tells them apart
        return _read(data, header, dict.fromkeys(header.fields, pa.string()))


def _arrow_type(type_: str) -> pa.DataType:
    if type_ in _WHOLE_TYPES:
        return pa.int64()
    if type_ in _REAL_TYPES:
        return pa.float64()
    return pa.bool_() if type_ == "bool" else pa.string()


def _read(data: bytes, header: Header, types: dict[str, pa.DataType]) -> tuple[pa.Table, list[tuple[int, int]]]:
    bad: list[tuple[int, int]] = []

    def note(row: csv.InvalidRow) -> str:
        bad.append((row.number, row.actual_columns))
        return "skip"

    if len(header.fields) == 1:
        lines = data.decode().split("\n")[:-1]
        column = pa.array(lines, pa.string())
        return pa.table({header.fields[0]: pc.if_else(pc.equal(column, header.unset), None, column)}), bad
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(
            column_names=list(header.fields), use_threads=False, block_size=max(len(data) + 1, 1 << 16)
        ),
        parse_options=csv.ParseOptions(
            delimiter=header.separator.decode("latin-1"),
            quote_char=False,
            double_quote=False,
            escape_char=False,
            newlines_in_values=False,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[header.unset],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["T"],
            false_values=["F"],
        ),
    )
    return table, bad
