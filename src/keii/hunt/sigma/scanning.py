"""The rows of the lake for the engine: only the kinds of event and the columns that some rule asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.hunt.sigma.columns import Chunk, Rows
from keii.hunt.sigma.matching import Engine, kinds_of
from keii.hunt.sigma.pins import KIND_COLUMNS, Kind
from keii.lake.store import Lake, LakeFile

MOST_BYTES = 192 * 1024 * 1024  # of a row group's columns, unpacked, read at a time
_SMALLER = 16_384  # rows read at a time where a row group has more
PLACE = ("occurred", "record", "record_id", "host", "source", "uid", "src_ip")  # who, when and where of a match


class Scanned(NamedTuple):
    """Rows of a file that some rule may hold for, and where they stand in it."""

    file: LakeFile
    chunk: Chunk
    at: Rows  # ordinals in the file of the chunk's rows

    def places(self, rows: Rows) -> pa.Table:
        """Return the columns of ``PLACE`` for some rows of the chunk."""
        table = self.chunk.table
        return table.select([name for name in PLACE if name in table.column_names]).take(pa.array(rows))


def scan(lake: Lake, engine: Engine, table: str) -> Iterator[Scanned]:
    """Yield the rows of a table's files, by file name. Raises LakeError where a file is damaged."""
    for file in sorted(lake.of(table), key=lambda one: one.path):
        try:
            with pq.ParquetFile(lake.root / file.path, pre_buffer=False) as opened:
                names = opened.schema_arrow.names
                texts = [field.name for field in opened.schema_arrow if pa.types.is_string(field.type)]
            with pq.ParquetFile(lake.root / file.path, read_dictionary=texts, pre_buffer=False) as opened:
                yield from _of_file(opened, names, file, engine, table)
        except (OSError, pa.ArrowException) as error:
            raise LakeError(f"cannot be read: {error}", place=file.path) from error


def _of_file(
    opened: pq.ParquetFile, names: Sequence[str], file: LakeFile, engine: Engine, table: str
) -> Iterator[Scanned]:
    first = 0
    for group in range(opened.metadata.num_row_groups):
        rows = opened.metadata.row_group(group).num_rows
        wanted: Rows | None = None
        kinds: list[Kind | None] = [None]
        if table == "windows":
            head = [name for name in names if name in KIND_COLUMNS]
            wanted, kinds = _asked(Chunk(table, opened.read_row_group(group, columns=head)), engine)
        columns = engine.columns(table, kinds, names) if wanted is None or len(wanted) else []
        if columns:
            columns = [name for name in names if name in columns or name in PLACE or name in KIND_COLUMNS]
            for part, start in _parts(opened, group, columns):
                at = np.arange(start, start + part.num_rows, dtype=np.int64)
                if wanted is not None:
                    chosen = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, start + part.num_rows)]
                    if len(chosen) < part.num_rows:
                        part, at = part.take(pa.array(chosen - start)), chosen
                if part.num_rows:
                    yield Scanned(file, Chunk(table, part), at + first)
        first += rows


def _asked(head: Chunk, engine: Engine) -> tuple[Rows, list[Kind | None]]:
    """Return the rows of kinds that some rule is about, rising, and these kinds."""
    rows: list[Rows] = []
    kinds: list[Kind | None] = []
    for kind, some in kinds_of(head):
        if engine.asks("windows", kind):
            rows.append(some)
            kinds.append(kind)
    return (np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)), kinds


def _parts(opened: pq.ParquetFile, group: int, columns: list[str]) -> Iterator[tuple[pa.Table, int]]:
    """Yield a row group, in parts where it is large, each with the ordinal of its first row."""
    meta = opened.metadata.row_group(group)
    indices = {meta.column(n).path_in_schema: meta.column(n).total_uncompressed_size for n in range(meta.num_columns)}
    size = sum(indices.get(name, 0) for name in columns)
    if size <= MOST_BYTES:
        yield opened.read_row_group(group, columns=columns), 0
        return
    start = 0
    for batch in opened.iter_batches(batch_size=_SMALLER, row_groups=[group], columns=columns):
        yield pa.Table.from_batches([batch]), start
        start += batch.num_rows
