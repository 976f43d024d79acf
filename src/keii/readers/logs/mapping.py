"""Any CSV, JSON lines or Parquet, read as a small mapping file (YAML or TOML) says.

::

    table: http                      # a table of the lake
    format: csv                      # csv, jsonl or parquet
    delimiter: ","                   # for csv; header: [a, b] names the columns of a file without a first row
    unset: ["", "-"]                 # words that stand for no value
    time: {fields: [date, clock], format: "%Y-%m-%d %H:%M:%S", zone: Asia/Tokyo}
    columns: {src_ip: client, url: [url, uri]}
    constants: {proxied: true}
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from typing import Any, BinaryIO, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import pyarrow as pa
import yaml

from keii.errors import SettingsError
from keii.lake.schema import TABLES
from keii.model import Skipped, Source
from keii.readers.logs import delimited_rows
from keii.readers.logs.blocks import Block, blocks
from keii.readers.logs.frame import Columns, Frame, RecordFrame, Spec, assemble, flatten
from keii.readers.logs.interface import BATCH_ROWS, Batch, Head, LogReader
from keii.readers.logs.json_lines import Numbered, objects
from keii.readers.logs.mapped_time import MappedTime, fill_time
from keii.readers.logs.parquet_rows import parquet_frames

_MADE = ("occurred", "source", "record", "more", "values")  # columns that a mapping does not fill by name
Words = str | list[str]


class _Time(msgspec.Struct, forbid_unknown_fields=True):
    fields: Words
    format: str = "iso"
    zone: str | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A mapping file as written."""

    table: str
    columns: dict[str, Words]
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    time: _Time | None = None
    constants: dict[str, Any] = {}
    delimiter: str = ","
    header: tuple[str, ...] = ()
    unset: tuple[str, ...] = ("",)


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """How the fields of some log fill a table: a mapping file that was found to be right.

    Attributes:
        name: of the mapping file; becomes the reader's id.
        format: csv, jsonl or parquet.
        spec: table, columns and constants.
        time: where and how the time is written, None where the log has none.
        delimiter, header, unset: of csv.
    """

    name: str
    format: str
    spec: Spec
    time: MappedTime | None
    delimiter: str
    header: tuple[str, ...]
    unset: tuple[str, ...]


def load_mapping(text: str, name: str) -> Mapping:
    """Return the mapping that a YAML or TOML text holds; raises SettingsError with the place of what is wrong."""
    try:
        raw = tomllib.loads(text) if name.lower().endswith(".toml") else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"not readable: {' '.join(str(error).split())}", place=name) from error
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error), place=name) from error
    if file.table not in TABLES:
        raise SettingsError(f"no table {file.table!r}; there are {', '.join(TABLES)}", place=f"{name}: table")
    if len(file.delimiter) != 1:
        raise SettingsError(f"one character expected, found {file.delimiter!r}", place=f"{name}: delimiter")
    return Mapping(
        name=name,
        format=file.format,
        spec=_spec(file, name),
        time=_mapped_time(file.time, name) if file.time else None,
        delimiter=file.delimiter,
        header=file.header,
        unset=file.unset,
    )


def _spec(file: _File, name: str) -> Spec:
    schema = TABLES[file.table]
    for column in (*file.columns, *file.constants):
        if column not in schema.names or column in _MADE:
            known = ", ".join(one for one in schema.names if one not in _MADE)
            raise SettingsError(f"table {file.table} has no column to fill; it has {known}", place=f"{name}: {column}")
    for column, value in file.constants.items():
        try:
            pa.scalar(value, schema.field(column).type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise SettingsError(f"{value!r} is no {schema.field(column).type}", place=f"{name}: {column}") from error
    columns = {column: _words(fields) for column, fields in file.columns.items()}
    constants = dict(file.constants)
    if file.table == "generic":
        constants.setdefault("log", name)
    return Spec(table=file.table, columns=columns, constants=constants)


def _words(value: Words) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _mapped_time(time: _Time, name: str) -> MappedTime:
    zone: tzinfo | None = None
    if time.zone:
        try:
            zone = UTC if time.zone.upper() in ("UTC", "Z") else ZoneInfo(time.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsError(f"no zone {time.zone!r}", place=f"{name}: time.zone") from error
    elif "%" in time.format and "%z" not in time.format:
        raise SettingsError("a zone is needed, the format has no %z", place=f"{name}: time.zone")
    if "%" in time.format and not ({"%Y", "%y", "%c", "%G", "%x"} & _directives(time.format)):
        raise SettingsError("a time without a year cannot be placed", place=f"{name}: time.format")
    if "%" not in time.format and time.format not in ("iso", "epoch", "epoch-ms", "epoch-us"):
        known = "iso, epoch, epoch-ms, epoch-us or a format with %"
        raise SettingsError(f"{time.format!r} is none of {known}", place=f"{name}: time.format")
    return MappedTime(fields=_words(time.fields), format=time.format, zone=zone)


def _directives(format_: str) -> set[str]:
    return {format_[place : place + 2] for place in range(len(format_)) if format_[place] == "%"}


def mapped_reader(mapping: Mapping) -> LogReader:
    """Return a reader of logs that a mapping describes. It is asked for by a person, so it accepts what it is given."""

    def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
        """Yield batches of the mapped table; what does not fit comes as Skipped with its line or row."""
        inferred: set[str] = set()
        spec = msgspec.structs.replace(mapping.spec, finish=_finish_of(mapping, source.time_zone, inferred))
        for found in _FRAMES[mapping.format](data, mapping):
            if isinstance(found, Skipped):
                yield found
                continue
            inferred.clear()
            batch = assemble(spec, found)
            yield msgspec.structs.replace(batch, inferred=tuple(sorted(inferred)))

    def accepts(head: Head) -> float:
        return 1.0 if head.data else 0.0

    return LogReader(id=mapping.name, title=f"as {mapping.name} says", accepts=accepts, read=read)


def _finish_of(mapping: Mapping, zone: str | None, inferred: set[str]) -> Callable[[Columns], None] | None:
    time = mapping.time
    if time is None:
        return None

    def finish(columns: Columns) -> None:
        fill_time(columns, time, zone, inferred)

    return finish


def _csv(data: BinaryIO, mapping: Mapping) -> Iterator[Frame | Skipped]:
    return delimited_rows.frames(data, delimiter=mapping.delimiter, header=mapping.header, unset=mapping.unset)


def _jsonl(data: BinaryIO, mapping: Mapping) -> Iterator[Frame | Skipped]:
    del mapping
    rows: list[Numbered] = []
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        for found in objects(Block(block.first, block.data.removeprefix(b"\xef\xbb\xbf"))):
            if isinstance(found, Skipped):
                yield found
                continue
            rows.append((found[0], flatten(found[1])))
            if len(rows) >= BATCH_ROWS:
                yield _records(rows)
                rows = []
    if rows:
        yield _records(rows)


def _records(rows: list[Numbered]) -> RecordFrame:
    return RecordFrame([item for _, item in rows], [number for number, _ in rows])


def _parquet(data: BinaryIO, mapping: Mapping) -> Iterator[Frame | Skipped]:
    del mapping
    return parquet_frames(data)


_FRAMES: dict[str, Callable[[BinaryIO, Mapping], Iterator[Frame | Skipped]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
