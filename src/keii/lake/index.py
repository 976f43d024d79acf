"""The value index: which values the columns of a lake file hold, by the keys that indicators are looked up by.

One Parquet file per lake file (``index/<table>/<stem>.parquet``) with the columns ``form``, ``column``, ``kind`` (of
the column), ``key`` and ``value``, sorted by form, column, key and value; those of a form and column share a row group.
A value that its key spells (an IPv4 address, a name in small letters) is null; of a long value (a script with hundreds
of names in it) a digest stands there, else every name would repeat the script. A file without an index is read itself,
with the same outcome.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.lake.index_columns import Keys, keys_of_values, spelled
from keii.lake.schema import TABLES, WINDOWS_KINDS
from keii.lake.store import LakeFile

INDEX_VERSION = "4"  # raise it when the keys change: older index files are then left aside
GROUP = 32_768  # keys of several forms and columns that share a row group
SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("column", pa.string()),
        ("kind", pa.string()),
        ("key", pa.binary()),
        ("value", pa.string()),
    ]
)


_AT_ONCE = 1_000_000  # distinct values whose keys are held at once
LONG = 1_000  # characters; of a longer value a digest is held


# The fields that have no column stand in ``more`` (kind ``json``); each text of it is a value, written as a JSON string.
_STRING = r'"(?:[^"\\]|\\.)*":?'  # with the colon the name of a field, so that no value is one
_STRINGS = re.compile(_STRING)


def strings_sql(column: str) -> str:
    """Return the SQL for the JSON strings of a column of JSON; the names of its fields have their colon."""
    return f"regexp_extract_all({column}, '{_STRING}')"


def held(value: str) -> str:
    """Return a value as the index holds it: itself, or ``sha256:`` and the digest of a long one."""
    return value if len(value) <= LONG else "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def is_digest(value: str) -> bool:
    """True for what may stand for a long value."""
    return value.startswith("sha256:")


def held_sql(value: str) -> str:
    """Return the SQL for a value (an SQL expression) as the index holds it."""
    return f"CASE WHEN length({value}) <= {LONG} THEN {value} ELSE 'sha256:' || sha256({value}) END"


class IndexFile(msgspec.Struct, frozen=True, kw_only=True):
    """The index of one lake file. ``path`` is relative to the lake."""

    path: str
    keys: int
    bytes: int


@lru_cache(maxsize=64)
def column_kinds(table: str) -> dict[str, str]:
    """Return the columns of a table that can hold an indicator, each with its kind, in the order of the schema."""
    found = {
        field.name: field.metadata[b"kind"].decode()
        for field in TABLES[table]
        if field.metadata and b"kind" in field.metadata
    }
    return found | WINDOWS_KINDS if table == "windows" else found


def index_path(file: LakeFile) -> str:
    """Return where the index of a lake file lies, relative to the lake."""
    return f"index/{file.table}/{Path(file.path).stem}.parquet"


def build(root: Path, file: LakeFile, rows: pa.Table | None = None) -> IndexFile:
    """Write the index of a lake file; it appears under its name only when it is complete. Raises LakeError.

    Args:
        root: folder of the lake.
        file: whose index it is.
        rows: what the file holds, where that is at hand; else it is read.
    """
    parts = [
        sorted_keys(part) for part in (keys_of_file(root, file) if rows is None else keys_of_rows(file.table, rows))
    ]
    parts.sort(key=_place)
    path = root / index_path(file)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        schema = SCHEMA.with_metadata({"keii": mark(root, file), "long": b"1" if _has_long(parts) else b""})
        with pq.ParquetWriter(
            temporary, schema, compression="zstd", compression_level=1, use_dictionary=["form", "column", "kind"]
        ) as writer:
            for group in _groups(parts):
                writer.write_table(group, row_group_size=max(1, group.num_rows))
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LakeError(f"could not write: {error}", place=str(path)) from error
    return IndexFile(path=index_path(file), keys=sum(part.num_rows for part in parts), bytes=path.stat().st_size)


def _groups(parts: Sequence[pa.Table]) -> Iterator[pa.Table]:
    """Put small tables together, since each row group costs about a kilobyte; a large one stays by itself."""
    held: list[pa.Table] = []
    for part in parts:
        if held and sum(one.num_rows for one in held) + part.num_rows > GROUP:
            yield pa.concat_tables(held)
            held = []
        held.append(part)
    if held:
        yield pa.concat_tables(held)


def _place(part: pa.Table) -> tuple[str, str]:
    return part["form"][0].as_py(), part["column"][0].as_py()


def sorted_keys(part: pa.Table) -> pa.Table:
    """Return keys of one form and column, sorted by key and value."""
    key = part["key"].combine_chunks()
    if part["form"][0].as_py() == "ip" and len(key) > 1:
        halves = np.frombuffer(key.buffers()[2], ">u8", 2 * len(key), 16 * key.offset).reshape(-1, 2)
        high, low = halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)
        order = np.argsort(low) if (high == high[0]).all() else np.lexsort((low, high))
        high, low = high[order], low[order]
        if not ((high[1:] == high[:-1]) & (low[1:] == low[:-1])).any():
            return part.take(pa.array(order))
    return part.sort_by([("key", "ascending"), ("value", "ascending")])


def mark(root: Path, file: LakeFile) -> str:
    """Return what ties an index to its lake file: version, size, and a digest of the Parquet footer."""
    path = root / file.path
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 4096))
        footer = hashlib.sha256(handle.read()).hexdigest()
    return f"{INDEX_VERSION} {path.stat().st_size} {footer}"


def is_unusable(root: Path, file: LakeFile) -> bool:
    """True where a lake file has an index that is not its own or whose footer is damaged."""
    return (root / index_path(file)).is_file() and not fits(root, file)


def fits(root: Path, file: LakeFile) -> bool:
    """True where a lake file has an index that is its own."""
    try:
        metadata = pq.read_schema(root / index_path(file)).metadata or {}
        return bool(metadata.get(b"keii", b"").decode() == mark(root, file))
    except (OSError, pa.ArrowInvalid):
        return False


def keys_of_file(root: Path, file: LakeFile) -> list[pa.Table]:
    """Read the distinct values of every searchable column of a lake file and return their keys as ``keys_of_rows``."""
    try:
        parquet = pq.ParquetFile(root / file.path)
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"cannot be read: {error}", place=file.path) from error
    with parquet:
        names = set(parquet.schema_arrow.names)
        present = [name for name in column_kinds(file.table) if name in names]
        return [part for name in present for part in keys_of_rows(file.table, parquet.read(columns=[name]))]


def keys_of_files(root: Path, files: Sequence[LakeFile]) -> Iterator[pa.Table]:
    """Yield the keys of the distinct values of every searchable column of files of one table, as ``keys_of_rows``.

    Raises LakeError where a file cannot be read.
    """
    names = {file.path: _columns(root, file) for file in files}
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET memory_limit = '2GB'")
        connection.execute("SET temp_directory = ?", [str(root / "index")])
        for column, kind in column_kinds(files[0].table).items():
            paths = [str(root / path) for path, present in names.items() if column in present]
            if not paths:
                continue
            value = f'unnest("{column}")' if _is_list(files[0].table, column) else f'"{column}"'
            found = connection.sql(f"SELECT DISTINCT {value} AS value FROM read_parquet(?)", params=[paths])
            for batch in found.to_arrow_reader(_AT_ONCE):
                yield from _column_keys(column, kind, pa.chunked_array([batch.column(0).cast(pa.string())]))
    except duckdb.Error:  # too much at once, or a damaged file, which is told when it is read by itself
        for file in files:
            yield from keys_of_file(root, file)
    finally:
        connection.close()


def _is_list(table: str, column: str) -> bool:
    schema = TABLES[table]
    return column in schema.names and pa.types.is_list(schema.field(column).type)


def _columns(root: Path, file: LakeFile) -> frozenset[str]:
    try:
        return frozenset(pq.read_schema(root / file.path).names)
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"cannot be read: {error}", place=file.path) from error


def keys_of_rows(table: str, rows: pa.Table) -> list[pa.Table]:
    """Return the keys of the distinct values of every searchable column, a table for each form in each column."""
    present = set(rows.column_names)
    return [
        part
        for column, kind in column_kinds(table).items()
        if column in present
        for part in _column_keys(column, kind, rows[column])
    ]


def _column_keys(column: str, kind: str, values: pa.ChunkedArray) -> Iterator[pa.Table]:
    if pa.types.is_list(values.type):
        values = pa.chunked_array([chunk.flatten() for chunk in values.chunks], values.type.value_type)
    if kind == "json":
        values = _strings(values)
    distinct = values.unique().drop_null()
    short = _held_values(distinct)
    by_form: dict[str, list[Keys]] = {}
    for found in keys_of_values(kind, distinct):
        if len(found.at):
            by_form.setdefault(found.form, []).append(found)
    for form, several in by_form.items():
        keys = pa.concat_arrays([one.keys for one in several])
        values = short.take(pa.array(np.concatenate([one.at for one in several])))
        usual = pc.fill_null(pc.equal(spelled(form, keys), values), fill_value=False)
        values = pc.if_else(usual, pa.scalar(None, pa.string()), values)
        same = [pa.repeat(text, len(keys)) for text in (form, column, kind)]
        yield pa.table([*same, keys, values], schema=SCHEMA)


def _has_long(parts: Sequence[pa.Table]) -> bool:
    """True where a text of the fields without a column is a long one."""
    told = (part["value"] for part in parts if part["kind"][0].as_py() == "json")
    return any(pc.any(pc.starts_with(values, "sha256:")).as_py() for values in told)


def may_have_long(root: Path, file: LakeFile) -> bool:
    """Tell whether a text of the fields without a column may be a long one: True unless its index says no."""
    if not fits(root, file):
        return True
    return bool((pq.read_schema(root / index_path(file)).metadata or {}).get(b"long", b"1"))


def _strings(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the distinct JSON strings of JSON objects, without the names of their fields."""
    found = set(_STRINGS.findall("\n".join(values.unique().drop_null().to_pylist())))
    return pa.chunked_array([pa.array(sorted(text for text in found if text[-1] == '"'), pa.string())])


def _held_values(values: pa.Array) -> pa.Array:
    if not len(values) or pc.max(pc.binary_length(values)).as_py() <= LONG:
        return values
    return pa.array([held(value) for value in values.to_pylist()], pa.string())
