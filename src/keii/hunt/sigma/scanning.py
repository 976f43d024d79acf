"""The rows of the lake for the engine: only the kinds of event and the columns that some rule asks for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keii.errors import LakeError
from keii.hunt.sigma.asked_plan import Hit
from keii.hunt.sigma.columns import Chunk, Rows
from keii.hunt.sigma.matching import Engine, Kinds, kinds_of
from keii.hunt.sigma.pins import KIND_COLUMNS, Kind
from keii.hunt.sigma.tally import Places
from keii.lake.schema import TABLES
from keii.lake.store import Lake, LakeFile

MOST_BYTES = 192 * 1024 * 1024  # of a chunk's columns, unpacked
MOST_ROWS = 262_144  # of a chunk: small files are asked together, since every chunk costs some time of its own
_LONG, _LARGE = 100, 1024 * 1024  # bytes a row, and in all, from which on a text is read as it is
_SMALLER = 16_384  # rows read at a time where a row group has more
PLACE = ("occurred", "record", "record_id", "host", "source", "uid", "src_ip")  # who, when and where of a match


class Piece(NamedTuple):
    """Rows of a file, and the bytes that their columns take unpacked."""

    rows: pa.Table
    size: int


def places(chunk: Chunk, rows: Rows) -> pa.Table:
    """Return the columns of ``PLACE`` for some rows of a chunk."""
    return chunk.table.select([name for name in PLACE if name in chunk.table.column_names]).take(pa.array(rows))


def matches(lake: Lake, engine: Engine, table: str) -> Iterator[tuple[Chunk, list[Hit]]]:
    """Yield the chunks of a table with what holds for them, small files together. Raises LakeError.

    Rules with keywords want every column of every Windows event: they are asked file by file, so that nobody else has
    to carry these columns, and only of files that have one of their words.
    """
    files = sorted(lake.of(table), key=lambda one: one.path)
    held: list[Piece] = []
    if table == "windows" and engine.asks(table, None):
        for pieces in _gathered(_ahead(_whole(lake, files))):
            chunks = [Chunk(table, piece.rows) for piece in pieces]
            told = [(chunk, kinds_of(chunk)) for chunk in chunks]
            yield from engine.match_keywords(told)
            for piece, (_, found) in zip(pieces, told, strict=True):
                wanted, kinds = _asked(found, engine)
                if kinds:
                    held.append(_cut(piece, _columns(engine, table, kinds, piece.rows.column_names), wanted))
            yield from _together_if_enough(engine, table, held)
    else:
        for piece in _chosen(lake, files, engine, table):
            held.append(piece)
            yield from _together_if_enough(engine, table, held)
    if held:
        yield _together(engine, table, held)


class Found(NamedTuple):
    """A chunk in which some rule holds: its hits, the rows of each rule, and the places of all these rows (``every``, rising)."""

    chunk: Chunk
    hits: list[Hit]
    rows: dict[int, Rows]
    every: Rows
    places: Places


def found(lake: Lake, engine: Engine) -> Iterator[Found]:
    """Yield what the rules find, over all tables that some rule is about. Raises LakeError."""
    for table in TABLES:
        if table not in engine.tables():
            continue
        for chunk, hits in matches(lake, engine, table):
            parts: dict[int, list[Rows]] = defaultdict(list)
            for hit in hits:
                parts[hit.rule].append(hit.rows)
            if not parts:
                continue
            rows = {number: np.unique(np.concatenate(some)) for number, some in parts.items()}
            every = np.unique(np.concatenate(list(rows.values())))
            yield Found(chunk, hits, rows, every, Places(places(chunk, every)))


def _enough(held: Sequence[Piece]) -> bool:
    return sum(one.size for one in held) >= MOST_BYTES or sum(one.rows.num_rows for one in held) >= MOST_ROWS


def _gathered(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    """Yield pieces, small ones together."""
    held: list[Piece] = []
    for piece in pieces:
        held.append(piece)
        if _enough(held):
            yield held
            held = []
    if held:
        yield held


def _together_if_enough(engine: Engine, table: str, held: list[Piece]) -> Iterator[tuple[Chunk, list[Hit]]]:
    if _enough(held):
        yield _together(engine, table, held)
        held.clear()


def _together(engine: Engine, table: str, held: list[Piece]) -> tuple[Chunk, list[Hit]]:
    chunk = Chunk(table, pa.concat_tables([_coded(one.rows) for one in held], promote_options="default"))
    if table != "windows":
        return chunk, list(engine.match_table(table, chunk))
    return chunk, list(engine.match_kinds(chunk, kinds_of(chunk)))


def _coded(rows: pa.Table) -> pa.Table:
    """Return rows with all texts as codes and distinct values."""
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).dictionary_encode())
    return rows


def _ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield pieces while the next one is read by another thread."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, pieces, None)
        while (piece := following.result()) is not None:
            following = reader.submit(next, pieces, None)
            yield piece


def _whole(lake: Lake, files: Sequence[LakeFile]) -> Iterator[Piece]:
    """Yield every row and column of files."""
    for file in files:
        with _opened(lake, file) as opened:
            for group in range(opened.metadata.num_row_groups):
                yield from _pieces(opened, group, opened.schema_arrow.names)


def _chosen(lake: Lake, files: Sequence[LakeFile], engine: Engine, table: str) -> Iterator[Piece]:
    """Yield the rows and columns of files that some rule asks for."""
    for file in files:
        with _opened(lake, file) as opened:
            names = opened.schema_arrow.names
            for group in range(opened.metadata.num_row_groups):
                if table != "windows":
                    yield from _pieces(opened, group, _columns(engine, table, [None], names))
                    continue
                head = [name for name in names if name in KIND_COLUMNS]
                wanted, kinds = _asked(kinds_of(Chunk(table, opened.read_row_group(group, columns=head))), engine)
                columns = _columns(engine, table, kinds, names)
                for piece in _pieces(opened, group, columns) if kinds else ():
                    rows = piece.rows.num_rows
                    within = wanted[: np.searchsorted(wanted, rows)]
                    if len(within):
                        yield _cut(piece, columns, within)
                    wanted = wanted[len(within) :] - rows


@contextmanager
def _opened(lake: Lake, file: LakeFile) -> Iterator[pq.ParquetFile]:
    """Give a file whose texts come with their distinct values. Raises LakeError where it, or what is read, is damaged."""
    try:
        path = lake.root / file.path
        metadata = pq.read_metadata(path)
        with pq.ParquetFile(path, metadata=metadata, read_dictionary=_repeated(metadata), pre_buffer=False) as opened:
            yield opened
    except (OSError, pa.ArrowException) as error:
        raise LakeError(f"cannot be read: {error}", place=file.path) from error


def _repeated(metadata: pq.FileMetaData) -> list[str]:
    """Return the texts of a file that are worth their distinct values: not messages, of which each is its own."""
    texts = {field.name for field in metadata.schema.to_arrow_schema() if pa.types.is_string(field.type)}
    sizes: Counter[str] = Counter()
    for group in range(metadata.num_row_groups):
        meta = metadata.row_group(group)
        for column in map(meta.column, range(meta.num_columns)):
            sizes[column.path_in_schema] += column.total_uncompressed_size
    return [name for name in sizes if name in texts and sizes[name] < max(_LARGE, _LONG * metadata.num_rows)]


def _columns(engine: Engine, table: str, kinds: Sequence[Kind | None], names: Sequence[str]) -> list[str]:
    asked = set(engine.columns(table, kinds, names)).union(PLACE, KIND_COLUMNS)
    return [name for name in names if name in asked]


def _cut(piece: Piece, columns: list[str], wanted: Rows) -> Piece:
    """Return the wanted rows (rising) and columns of a piece."""
    rows = piece.rows.select(columns)
    if len(wanted) < rows.num_rows:
        rows = rows.take(pa.array(wanted))
    return Piece(rows, piece.size * len(columns) // max(piece.rows.num_columns, 1))


def _asked(found: Kinds, engine: Engine) -> tuple[Rows, list[Kind | None]]:
    """Return the rows of kinds that some rule is about, rising, and these kinds."""
    rows: list[Rows] = []
    kinds: list[Kind | None] = []
    for kind, some in found:
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
