"""Indexes of many lake files merged into one, since most values stand in most files: a run.

``index/<table>/run-<number>.parquet`` holds the keys of up to 64 files with the columns of the index and ``files``, the
files that have the value as bits. It says which state of which file it was made of; a file that is another now is left
out of it and looked up by its own index. Runs come after ingest and are no part of what it records: without them the
answers are the same, and slower.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.lake.index import SCHEMA, fits, index_path, mark
from keii.lake.store import LakeFile

MOST = 64  # files of a run: one bit each
PAYS_FROM = 8  # files of a table without a run from which merging them pays
AT_ONCE = 1_000_000  # keys that are merged in memory
ROWS = 16_384  # keys of a row group: what is read to look up one
RUN_SCHEMA = pa.schema([*SCHEMA, ("files", pa.uint64())])


Flags = npt.NDArray[np.bool_]


class Run(msgspec.Struct, frozen=True):
    """A merged index, or one that is a file's own. ``files`` by bit, None where a file is not what it was."""

    path: Path
    files: tuple[LakeFile | None, ...]
    merged: bool = False

    @property
    def present(self) -> tuple[LakeFile, ...]:
        """The files that it speaks for."""
        return tuple(file for file in self.files if file is not None)

    def having(self, bits: pa.ChunkedArray) -> tuple[Flags, tuple[LakeFile, ...]]:
        """Return which of some bit fields name a file, and the files that any of them names."""
        known = sum(1 << number for number, file in enumerate(self.files) if file is not None)
        fields = bits.to_numpy() & np.uint64(known)
        union = int(np.bitwise_or.reduce(fields)) if len(fields) else 0
        return fields != 0, tuple(file for number, file in enumerate(self.files) if file and union >> number & 1)


def is_derived(name: str) -> bool:
    """True for the path, relative to the lake, of a run or of what hunts counted there: both tell what they speak for."""
    parts = PurePosixPath(name).parts
    derived = len(parts) == 3 and parts[0] == "index" and parts[2].startswith(("run-", "days-"))
    return derived and name.endswith(".parquet")


def runs_of(root: Path, files: Sequence[LakeFile]) -> Iterator[Run]:
    """Yield the runs of a table that speak for some of the files as they are now."""
    if not files:
        return
    known = {file.path: file for file in files}
    for path in sorted((root / "index" / files[0].table).glob("run-*.parquet")):
        names = _made_of(path)
        held = tuple(
            known.pop(name) if name in known and mark(root, known[name]) == said else None for name, said in names
        )
        if any(held):
            yield Run(path, held, merged=True)


def _made_of(path: Path) -> list[tuple[str, str]]:
    """Return path and mark of the files that a run was made of; nothing where it cannot be read."""
    try:
        told = (pq.read_schema(path).metadata or {}).get(b"keii", b"[]")
        return msgspec.json.decode(told, type=list[tuple[str, str]])
    except (OSError, pa.ArrowInvalid, msgspec.DecodeError):
        return []


def merge(root: Path, files: Sequence[LakeFile]) -> int:
    """Merge the indexes of files that no run holds, with those of a run that has room; return how many runs were made.

    Runs that speak for no file any more, and those that a new one replaces, are removed. Raises LakeError.
    """
    made = 0
    for table in sorted({file.table for file in files}):
        here = sorted((file for file in files if file.table == table), key=lambda file: file.path)
        runs = list(runs_of(root, here))
        held = {file.path for run in runs for file in run.present}
        fresh = [file for file in here if file.path not in held and fits(root, file)]
        keep = {run.path for run in runs}
        if len(fresh) >= PAYS_FROM:
            small = [run for run in runs if len(run.present) < MOST]
            fresh = sorted([*fresh, *(file for run in small for file in run.present)], key=lambda file: file.path)
            keep -= {run.path for run in small}
            for start in range(0, len(fresh), MOST):
                keep.add(_write(root, table, fresh[start : start + MOST]))
                made += 1
        for path in sorted((root / "index" / table).glob("run-*")):
            if path not in keep:
                path.unlink()
    return made


def _write(root: Path, table: str, files: Sequence[LakeFile]) -> Path:
    """Write a run of files, complete or not at all."""
    made_of = [(file.path, mark(root, file)) for file in files]
    told = msgspec.json.encode(made_of)
    path = root / "index" / table / f"run-{hashlib.sha256(told).hexdigest()[:16]}.parquet"
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with pq.ParquetWriter(
            temporary,
            RUN_SCHEMA.with_metadata({"keii": told}),
            compression="zstd",
            compression_level=1,
            use_dictionary=["form", "column", "kind", "files"],
        ) as writer:
            for batch in _merged(root, files):
                writer.write_table(batch, row_group_size=ROWS)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except (OSError, duckdb.Error, pa.ArrowInvalid) as error:
        temporary.unlink(missing_ok=True)
        raise LakeError(f"could not merge the index: {error}", place=str(path)) from error
    return path


def _merged(root: Path, files: Sequence[LakeFile]) -> Iterator[pa.Table]:
    """Yield the distinct keys of the indexes of some files, by form, column, key and value, each form and column apart."""
    paths = [root / index_path(file) for file in files]
    if sum(pq.read_metadata(path).num_rows for path in paths) <= AT_ONCE:
        yield from _merged_at_once(paths)
        return
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET memory_limit = '1GB'")
        connection.execute("SET threads = 2")
        connection.execute("SET temp_directory = ?", [str(root / "index")])
        named = [str(path) for path in paths]
        connection.register("numbered", pa.table({"path": named, "bit": pa.array(range(len(paths)), pa.uint64())}))
        source = "read_parquet(?, filename = true)"
        said = connection.execute(f'SELECT DISTINCT form, "column" FROM {source} ORDER BY ALL', [named]).fetchall()
        query = (
            'SELECT form, "column", kind, key, value, bit_or(1::UBIGINT << bit) AS files '
            f"FROM {source} rows JOIN numbered ON rows.filename = numbered.path "
            'WHERE form = ? AND "column" = ? GROUP BY ALL ORDER BY key, value'
        )
        for form, column in said:
            found = connection.sql(query, params=[named, form, column])
            yield pa.Table.from_batches(found.to_arrow_reader(1_000_000)).cast(RUN_SCHEMA)
    finally:
        connection.close()


def _merged_at_once(paths: Sequence[Path]) -> Iterator[pa.Table]:
    """As ``_merged``, for indexes that are small together."""
    tables = [pq.read_table(path, schema=SCHEMA) for path in paths]
    bits = [pa.repeat(pa.scalar(1 << number, pa.uint64()), table.num_rows) for number, table in enumerate(tables)]
    rows = pa.concat_tables([table.append_column("files", bit) for table, bit in zip(tables, bits, strict=True)])
    # A file names each key and value of a column once, so that the sum of its bits is their union.
    found = rows.group_by(SCHEMA.names).aggregate([("files", "sum")]).rename_columns(RUN_SCHEMA.names)
    found = found.sort_by([(name, "ascending") for name in ("form", "column", "key", "value")]).combine_chunks()
    yield from split(found.cast(RUN_SCHEMA))


def split(table: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of each form and column of a table that is sorted by them."""
    if not table.num_rows:
        return
    forms, columns = (table[name].combine_chunks() for name in ("form", "column"))
    other = pc.or_(pc.not_equal(forms[1:], forms[:-1]), pc.not_equal(columns[1:], columns[:-1]))
    starts = [0, *(np.flatnonzero(other.to_numpy(zero_copy_only=False)) + 1).tolist(), table.num_rows]
    for start, end in pairwise(starts):
        yield table.slice(start, end - start)
