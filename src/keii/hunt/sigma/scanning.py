"""The rows of the lake for the engine: only the kinds of event and the columns that some rule asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.hunt.sigma.asked_plan import Hit
from keii.hunt.sigma.columns import Chunk, Rows
from keii.hunt.sigma.matching import Engine, kinds_of
from keii.hunt.sigma.pins import KIND_COLUMNS, Kind
from keii.lake.store import Lake, LakeFile

MOST_BYTES = 192 * 1024 * 1024  # of a chunk's columns, unpacked
MOST_ROWS = 262_144  # of a chunk: small files are asked together, since every chunk costs some time of its own
_SMALLER = 16_384  # rows read at a time where a row group has more
PLACE = ("occurred", "record", "record_id", "host", "source", "uid", "src_ip")  # who, when and where of a match


class Piece(NamedTuple):
    """Rows of a file, and the bytes that their columns take unpacked."""

    rows: pa.Table
    size: int
    whole: bool = False  # every column and row, for rules about any kind of event


def places(chunk: Chunk, rows: Rows) -> pa.Table:
    """Return the columns of ``PLACE`` for some rows of a chunk."""
    return chunk.table.select([name for name in PLACE if name in chunk.table.column_names]).take(pa.array(rows))


def matches(lake: Lake, engine: Engine, table: str) -> Iterator[tuple[Chunk, list[Hit]]]:
    """Yield the chunks of a table with what holds for them, small files together. Raises LakeError.

    Rules for any kind of Windows event want every column of every row: they are asked file by file, so that nobody
    else has to carry these columns.
    """
    held: list[pa.Table] = []
    size = rows = 0
    for file in sorted(lake.of(table), key=lambda one: one.path):
        try:
            for piece in _of_file(lake, file, engine, table):
                if piece.whole:
                    chunk = Chunk(table, piece.rows)
                    yield chunk, list(engine.match_any(table, chunk))
                    continue
                held.append(piece.rows)
                size, rows = size + piece.size, rows + piece.rows.num_rows
                if size >= MOST_BYTES or rows >= MOST_ROWS:
                    yield _together(engine, table, held)
                    held, size, rows = [], 0, 0
        except (OSError, pa.ArrowException) as error:
            raise LakeError(f"cannot be read: {error}", place=file.path) from error
    if held:
        yield _together(engine, table, held)


def _together(engine: Engine, table: str, held: list[pa.Table]) -> tuple[Chunk, list[Hit]]:
    chunk = Chunk(table, pa.concat_tables(held, promote_options="default"))
    return chunk, list(engine.match_kinds(chunk) if table == "windows" else engine.match_any(table, chunk))


def _of_file(lake: Lake, file: LakeFile, engine: Engine, table: str) -> Iterator[Piece]:
    path = lake.root / file.path
    schema = pq.read_schema(path)
    names = schema.names
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    every = table == "windows" and engine.asks(table, None)
    with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as opened:
        for group in range(opened.metadata.num_row_groups):
            wanted: Rows | None = None
            kinds: list[Kind | None] = [None]
            if table == "windows":
                head = [name for name in names if name in KIND_COLUMNS]
                wanted, kinds = _asked(Chunk(table, opened.read_row_group(group, columns=head)), engine)
            columns = engine.columns(table, kinds, names) if kinds else []
            columns = [name for name in names if name in columns or name in PLACE or name in KIND_COLUMNS]
            if not (kinds or every):
                continue
            start = 0
            for piece in _pieces(opened, group, names if every else columns):
                if every:
                    yield piece._replace(whole=True)
                if kinds:
                    yield from _cut(piece, columns, wanted, start)
                start += piece.rows.num_rows


def _cut(piece: Piece, columns: list[str], wanted: Rows | None, start: int) -> Iterator[Piece]:
    """Yield the wanted rows (rising, counted from the row group's first) and columns of a piece, if any."""
    rows = piece.rows.select(columns)
    if wanted is not None:
        chosen = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, start + rows.num_rows)] - start
        if len(chosen) < rows.num_rows:
            rows = rows.take(pa.array(chosen))
    if rows.num_rows:
        yield Piece(rows, piece.size * len(columns) // max(piece.rows.num_columns, 1))


def _asked(head: Chunk, engine: Engine) -> tuple[Rows, list[Kind | None]]:
    """Return the rows of kinds that some rule is about, rising, and these kinds."""
    rows: list[Rows] = []
    kinds: list[Kind | None] = []
    for kind, some in kinds_of(head):
        if engine.asks("windows", kind):
            rows.append(some)
            kinds.append(kind)
    return (np.sort(np.concatenate(rows)) if rows else np.empty(0, np.int64)), kinds


def _pieces(opened: pq.ParquetFile, group: int, columns: list[str]) -> Iterator[Piece]:
    """Yield a row group, in pieces where it is large."""
    meta = opened.metadata.row_group(group)
    sizes = {meta.column(n).path_in_schema: meta.column(n).total_uncompressed_size for n in range(meta.num_columns)}
    size = sum(sizes.get(name, 0) for name in columns)
    if size <= MOST_BYTES:
        yield Piece(opened.read_row_group(group, columns=columns), size)
        return
    for batch in opened.iter_batches(batch_size=_SMALLER, row_groups=[group], columns=columns):
        yield Piece(pa.Table.from_batches([batch]), size * batch.num_rows // max(meta.num_rows, 1))
