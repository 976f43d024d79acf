"""The rows of a Parquet file as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from keii.errors import LimitError, UnreadableError
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.convert import infer
from keii.readers.logs.interface import BATCH_ROWS

LARGEST = 1024 * 1024 * 1024  # bytes; the format is read from its end, so the stream has to be held


def parquet_frames(data: BinaryIO) -> Iterator[ArrayFrame]:
    """Yield the rows batch by batch; ``record`` is the 1-based row. Raises UnreadableError and LimitError."""
    raw = data.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise LimitError(f"a Parquet file of more than {LARGEST} bytes")
    first = 1
    try:
        for batch in pq.ParquetFile(pa.BufferReader(raw)).iter_batches(batch_size=BATCH_ROWS):
            columns = {name: _simple(values) for name, values in zip(batch.schema.names, batch.columns, strict=True)}
            yield ArrayFrame(columns, pa.array(range(first, first + batch.num_rows), pa.int64()))
            first += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"not a whole Parquet file: {error}", place=f"row {first}") from error


def _simple(values: pa.Array) -> pa.Array:
    """Return text, numbers, truth, times and lists of text as they are, anything else as text."""
    type_ = values.type
    if pa.types.is_dictionary(type_):
        return _simple(values.dictionary_decode())
    if pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return values.cast(pa.string())
    plain = (pa.types.is_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    if any(test(type_) for test in (*plain, pa.types.is_timestamp)):
        return values
    return infer(values.to_pylist())
