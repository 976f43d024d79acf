"""The value index: which values the columns of a lake file hold, by the keys that indicators are looked up by.

One Parquet file per lake file (``index/<table>/<stem>.parquet``) with the columns ``form``, ``column``, ``kind`` (of
the column), ``key`` and ``value``, sorted in that order. Of a long value (a script with hundreds of
names in it) a digest stands there, else every name would repeat the script. A file without an index is read itself, with the same outcome.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.lake.index_keys import keys_of
from keii.lake.schema import TABLES, WINDOWS_KINDS
from keii.lake.store import LakeFile

INDEX_VERSION = "2"  # raise it when the keys change: older index files are then left aside
SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("column", pa.string()),
        ("kind", pa.string()),
        ("key", pa.binary()),
        ("value", pa.string()),
    ]
)


LONG = 1_000  # characters; of a longer value a digest is held


def held(value: str) -> str:
    """Return a value as the index holds it: itself, or ``sha256:`` and the digest of a long one."""
    return value if len(value) <= LONG else "sha256:" + hashlib.sha256(value.encode()).hexdigest()


def held_sql(value: str) -> str:
    """Return the SQL for a value (an SQL expression) as the index holds it."""
    return f"CASE WHEN length({value}) <= {LONG} THEN {value} ELSE 'sha256:' || sha256({value}) END"


class IndexFile(msgspec.Struct, frozen=True, kw_only=True):
    """The index of one lake file. ``path`` is relative to the lake."""

    path: str
    keys: int
    bytes: int


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


def build(root: Path, file: LakeFile) -> IndexFile:
    """Write the index of a lake file; it appears under its name only when it is complete. Raises LakeError."""
    rows = keys_of_file(root, file)
    rows = rows.sort_by([(name, "ascending") for name in ("form", "column", "key", "value")])
    path = root / index_path(file)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    marked = rows.replace_schema_metadata({"keii": _mark(root, file)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            marked, temporary, compression="zstd", compression_level=3, use_dictionary=["form", "column", "kind"]
        )
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise LakeError(f"could not write: {error}", place=str(path)) from error
    return IndexFile(path=index_path(file), keys=rows.num_rows, bytes=path.stat().st_size)


def _mark(root: Path, file: LakeFile) -> str:
    """Return what ties an index to its lake file: version, size, and a digest of the Parquet footer."""
    path = root / file.path
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 4096))
        footer = hashlib.sha256(handle.read()).hexdigest()
    return f"{INDEX_VERSION} {path.stat().st_size} {footer}"


def lookup(root: Path, file: LakeFile) -> pa.Table:
    """Return the keys of a lake file (columns of ``SCHEMA``): from its index, or from the file where that is absent."""
    if _fits(root, file):
        try:
            return pq.read_table(root / index_path(file)).select(SCHEMA.names).cast(SCHEMA)
        except (OSError, pa.ArrowInvalid):
            pass  # a damaged index is no loss: the file itself is read
    return keys_of_file(root, file)


def is_unusable(root: Path, file: LakeFile) -> bool:
    """True where a lake file has an index that is not its own or whose footer is damaged."""
    return (root / index_path(file)).is_file() and not _fits(root, file)


def _fits(root: Path, file: LakeFile) -> bool:
    try:
        metadata = pq.read_schema(root / index_path(file)).metadata or {}
        return bool(metadata.get(b"keii", b"").decode() == _mark(root, file))
    except (OSError, pa.ArrowInvalid):
        return False


def keys_of_file(root: Path, file: LakeFile) -> pa.Table:
    """Read the distinct values of every searchable column of a lake file and return their keys, unsorted."""
    try:
        parquet = pq.ParquetFile(root / file.path)
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"cannot be read: {error}", place=file.path) from error
    with parquet:
        present = set(parquet.schema_arrow.names)
        parts = [
            part
            for column, kind in column_kinds(file.table).items()
            if column in present
            for part in _column_keys(parquet, column, kind)
        ]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def _column_keys(parquet: pq.ParquetFile, column: str, kind: str) -> Iterator[pa.Table]:
    values = parquet.read(columns=[column])[column]
    flat = values.combine_chunks()
    if pa.types.is_list(values.type):
        flat = (
            flat.flatten() if isinstance(flat, pa.ListArray) else pa.concat_arrays([c.flatten() for c in flat.chunks])
        )
    forms: list[str] = []
    keys: list[bytes] = []
    found: list[str] = []
    for value in flat.unique().to_pylist():
        if value is None:
            continue
        short = held(value)
        for form, key in sorted(keys_of(kind, value)):
            forms.append(form)
            keys.append(key)
            found.append(short)
    if keys:
        same = len(keys)
        yield pa.table(
            [
                pa.array(forms),
                pa.repeat(column, same),
                pa.repeat(kind, same),
                pa.array(keys, pa.binary()),
                pa.array(found),
            ],
            schema=SCHEMA,
        )
