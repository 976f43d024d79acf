"""The event tables on disk: Parquet files written whole or not at all, read through DuckDB."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.lake.schema import COMMON, TABLES, windows_fields

ROW_GROUP = 262_144  # rows; smaller groups made the files 11-31 % larger and every scan slower


class LakeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file of one table.

    ``path`` is relative to the lake; ``first``/``last`` ISO 8601 UTC or None; ``sha256`` of the file, empty where it
    was not written by ``write_file``.
    """

    path: str
    table: str
    source: str
    rows: int
    bytes: int
    first: str | None = None
    last: str | None = None
    sha256: str = ""


@lru_cache(maxsize=32)
def full_schema(table: str) -> pa.Schema:
    """Return the schema of a table with every column that it can have."""
    schema = TABLES[table]
    if table == "windows":
        schema = pa.schema([*schema, *(pa.field(name, pa.string()) for name in windows_fields())])
    return schema


def write_file(root: Path, table: str, source: str, part: int, batches: Iterable[pa.RecordBatch]) -> LakeFile:
    """Write the rows of one source to ``<root>/<table>/<source>-<part>.parquet``, sorted by ``occurred``.

    The file appears under its name only when it is complete and flushed to disk. Columns of a batch must belong to the
    table; those that no batch has are left out of the file, but for the common ones. Raises LakeError.
    """
    return write_rows(root, table, source, part, in_order(table, source, batches))


def in_order(table: str, source: str, batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Return the rows of batches as a file of the lake holds them: its columns, by ``occurred`` and ``record``.

    Raises LakeError where a batch has a column that the table does not know.
    """
    allowed = full_schema(table)
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    rows = pa.concat_tables(tables, promote_options="default")
    present = set(rows.column_names)
    if unknown := present.difference(allowed.names):
        raise LakeError(f"table {table} has no column {', '.join(sorted(unknown))}")
    rows = rows.select([name for name in allowed.names if name in present and name != "source"])
    rows = rows.cast(pa.schema([allowed.field(name) for name in rows.column_names]))
    for field in COMMON:
        if field.name not in (*rows.column_names, "source"):  # a log without times still has the column
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    if not _is_sorted(rows):
        rows = rows.sort_by([("occurred", "ascending"), ("record", "ascending")])
    return rows.append_column(allowed.field("source"), pa.repeat(pa.scalar(source), rows.num_rows))


def _is_sorted(rows: pa.Table) -> bool:
    """True where rows already stand by ``occurred`` and ``record``."""
    if rows["occurred"].null_count or rows["record"].null_count:
        return False
    at, record = (pc.cast(rows[name], pa.int64()).to_numpy() for name in ("occurred", "record"))
    return bool(np.all((at[:-1] < at[1:]) | ((at[:-1] == at[1:]) & (record[:-1] <= record[1:]))))


def write_rows(root: Path, table: str, source: str, part: int, rows: pa.Table) -> LakeFile:
    """Write rows of ``in_order`` as ``write_file`` does. Raises LakeError."""
    path = root / table / f"{source}-{part:05d}.parquet"
    # The process id keeps a worker that outlives a killed run from writing into the file of the next.
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(rows, temporary)
        with temporary.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            os.fsync(handle.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise LakeError(f"could not write: {error}", place=str(path)) from error
    bounds = pc.min_max(rows["occurred"]).as_py()
    return LakeFile(
        path=path.relative_to(root).as_posix(),
        table=table,
        source=source,
        rows=rows.num_rows,
        bytes=path.stat().st_size,
        first=bounds["min"].isoformat() if bounds["min"] else None,
        last=bounds["max"].isoformat() if bounds["max"] else None,
        sha256=digest,
    )


_RISING = ("occurred", "record", "record_id")  # kept as differences: a third of the size, and quicker


def _write(rows: pa.Table, path: Path) -> None:
    """Write a Parquet file; no dictionary where nearly every value is its own."""
    rising = [name for name in _RISING if name in rows.column_names]
    own = {*rising, "uid", *(field.name for field in rows.schema if pa.types.is_floating(field.type))}
    pq.write_table(
        rows,
        path,
        compression="zstd",
        compression_level=1,  # 3 takes a fifth longer for 2.5 % less
        row_group_size=ROW_GROUP,
        use_dictionary=[_leaf(field) for field in rows.schema if field.name not in own],
        column_encoding=dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
    )


def _leaf(field: pa.Field) -> str:
    """Return the path of a column in a Parquet file."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)


def _flush_folder(folder: Path) -> None:
    """Flush the folder itself, so that the name of a new file survives a power cut as its content does."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Lake:
    """The committed files of a case's lake.

    ``connect`` gives a DuckDB connection in which every table of ``lake.schema`` is a view with all its columns, also
    when there is no file: an absent log is an empty table, never an error.
    """

    def __init__(self, root: Path, files: Sequence[LakeFile]) -> None:
        self.root = root
        self.files = tuple(files)

    @classmethod
    def of_folder(cls, root: Path) -> Lake:
        """Return a lake over every Parquet file below ``root`` (tests and hunts without a case)."""
        files = []
        for path in sorted(root.glob("*/*.parquet")):
            meta = pq.read_metadata(path)
            files.append(
                LakeFile(
                    path=path.relative_to(root).as_posix(),
                    table=path.parent.name,
                    source=path.stem.rsplit("-", 1)[0],
                    rows=meta.num_rows,
                    bytes=path.stat().st_size,
                )
            )
        return cls(root, files)

    def of(self, table: str) -> tuple[LakeFile, ...]:
        """Return the files of one table."""
        return tuple(file for file in self.files if file.table == table)

    def connect(self, *, memory: str = "4GB", threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """Return an in-memory DuckDB connection with a view per table; nothing is read before it is asked for."""
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET memory_limit = ?", [memory])
        connection.execute("SET enable_progress_bar = false")
        if threads:
            connection.execute("SET threads = ?", [threads])
        for table in TABLES:
            connection.execute(self._view(table))
        return connection

    def _view(self, table: str) -> str:
        schema = full_schema(table)
        files = [str(self.root / file.path) for file in self.of(table)]
        if not files:
            columns = ", ".join(f'NULL::{_sql_type(field.type)} AS "{field.name}"' for field in schema)
            return f'CREATE VIEW "{table}" AS SELECT {columns} WHERE false'
        present: set[str] = set()
        for path in files:
            present.update(pq.read_schema(path).names)
        columns = ", ".join(
            f'"{field.name}"' if field.name in present else f'NULL::{_sql_type(field.type)} AS "{field.name}"'
            for field in schema
        )
        quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
        return f'CREATE VIEW "{table}" AS SELECT {columns} FROM read_parquet([{quoted}], union_by_name = true)'


def _sql_type(type_: pa.DataType) -> str:
    if pa.types.is_timestamp(type_):
        return "TIMESTAMPTZ"
    if pa.types.is_list(type_):
        return "VARCHAR[]"
    return {"string": "VARCHAR", "int64": "BIGINT", "int32": "INTEGER", "double": "DOUBLE", "bool": "BOOLEAN"}[
        str(type_)
    ]
