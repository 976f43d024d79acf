"""Lakes for the trace's tests: rows written by hand, and real evidence read by the readers."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from keii.lake.store import Lake, full_schema, write_file
from keii.model import Source
from keii.readers.logs import Batch, Head, detect

MakeLake = Callable[..., duckdb.DuckDBPyConnection]
ReadLake = Callable[..., duckdb.DuckDBPyConnection]


def at(text: str) -> datetime:
    """Return a UTC time from ISO 8601 without zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def batch(table: str, rows: list[dict[str, Any]]) -> pa.RecordBatch:
    """Return rows of one table; times may be ISO text."""
    schema = full_schema(table)
    names = {"occurred", "record", *(name for row in rows for name in row)}
    filled = [
        {
            "record": number,
            **row,
            "occurred": at(row["occurred"]) if isinstance(row.get("occurred"), str) else row.get("occurred"),
        }
        for number, row in enumerate(rows, 1)
    ]
    kept = pa.schema([field for field in schema if field.name in names])
    return pa.RecordBatch.from_pylist(filled, schema=kept)


@pytest.fixture
def make_lake(tmp_path: Path) -> MakeLake:
    """Return a function: ``make_lake(windows=[{...}], network=[{...}])`` gives a connection over those rows."""

    def make(source: str = "s-made", **tables: list[dict[str, Any]]) -> duckdb.DuckDBPyConnection:
        for table, rows in tables.items():
            if rows:
                write_file(
                    tmp_path, table, source if table == "windows" else f"{source}-{table}", 0, [batch(table, rows)]
                )
        return Lake.of_folder(tmp_path).connect(threads=1)

    return make


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file of an archive, or of the file itself."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if not name.endswith("/"):
                    yield name, archive.read(name)
    elif ".tar" in path.suffixes:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile():
                    handle = archive.extractfile(member)
                    if handle is not None:
                        yield member.name, handle.read()
    elif path.suffix == ".gz":
        yield path.stem, gzip.decompress(path.read_bytes())
    else:
        yield path.name, path.read_bytes()


def read_into(root: Path, paths: list[Path], wanted: Callable[[str], bool] = lambda _: True) -> dict[str, str]:
    """Read every log of the paths into a folder lake; return member name by source id."""
    names: dict[str, str] = {}
    for path in paths:
        for name, data in members(path):
            reader = detect(Head(data[:65536], name)) if wanted(name) else None
            if reader is None:
                continue
            source = Source(id=f"s-{len(names):016x}", name=name, sha256="0" * 64)
            names[source.id] = name
            tables: dict[str, list[pa.RecordBatch]] = {}
            for item in reader.read(BytesIO(data), source):
                if isinstance(item, Batch) and item.rows.num_rows:
                    tables.setdefault(item.table, []).append(item.rows)
            for table, batches in tables.items():
                write_file(root, table, source.id, 0, batches)
    return names


@pytest.fixture
def read_lake(tmp_path: Path) -> ReadLake:
    """Return a function: ``read_lake(path, …)`` gives a connection over the logs of real archives."""

    def read(*paths: Path, wanted: Callable[[str], bool] = lambda _: True) -> duckdb.DuckDBPyConnection:
        read_into(tmp_path, list(paths), wanted)
        return Lake.of_folder(tmp_path).connect(threads=1)

    return read
