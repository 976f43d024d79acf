"""Columns of numbers and texts to lines of a log, without touching single events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Columns = dict[str, Any]  # name → numpy array, Arrow array or one value for all rows


def table(columns: Mapping[str, Any]) -> pa.Table:
    """Return an Arrow table; a single value is repeated. ``ts`` must be there (microseconds UTC, int64)."""
    rows = len(columns["ts"])
    return pa.table(
        {
            name: value
            if isinstance(value, pa.Array | pa.ChunkedArray)
            else pa.array(value)
            if isinstance(value, np.ndarray)
            else pa.repeat(pa.scalar(value), rows)
            for name, value in columns.items()
        }
    )


def merged(parts: Sequence[pa.Table]) -> pa.Table:
    """Return the parts as one table in order of time."""
    whole = pa.concat_tables([part for part in parts if part.num_rows] or parts[:1], promote_options="permissive")
    return whole.take(pc.sort_indices(whole, sort_keys=[("ts", "ascending")])).combine_chunks()


def pick(words: Sequence[str], index: np.ndarray) -> pa.Array:
    """Return words by index."""
    return pa.array(words, pa.string()).take(pa.array(index))


def text(values: Any) -> pa.Array:
    """Return an array as text."""
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    return array if pa.types.is_string(array.type) else pc.cast(array, pa.string())


def join(*parts: Any) -> pa.Array:
    """Return the parts joined row by row; plain words stand for every row."""
    return pc.binary_join_element_wise(*[part if isinstance(part, str) else text(part) for part in parts], "")


def epoch(ts: Any) -> pa.Array:
    """Return microseconds as Zeek's seconds with six decimals."""
    micros = pa.array(ts) if isinstance(ts, np.ndarray) else ts
    seconds = pc.divide(micros, 1_000_000)
    rest = pc.subtract(micros, pc.multiply(seconds, 1_000_000))
    return join(seconds, ".", pc.utf8_lpad(text(rest), 6, "0"))


def iso(ts: Any) -> pa.Array:
    """Return microseconds as ``2019-02-25T00:00:00.000000Z``."""
    micros = pa.array(ts) if isinstance(ts, np.ndarray) else ts
    return pc.strftime(pc.cast(micros, pa.timestamp("us", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")


def uids(dice: np.random.Generator, rows: int) -> pa.Array:
    """Return connection ids as Zeek makes them: ``C`` and a number in letters."""
    return join("C", pick(_BASE, dice.integers(0, len(_BASE), rows)), dice.integers(10**12, 10**13, rows))


_BASE = [a + b + c for a in "ABCDEFGHJK" for b in "abcdefghjk" for c in "LMNPQRSTUV"]


def append_lines(path: Path, lines: pa.Array) -> None:
    """Append every text of an array to a file, a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = join(lines, "\n")
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    with path.open("ab") as handle:
        for chunk in whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]:
            if len(chunk):
                offsets = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
                handle.write(memoryview(chunk.buffers()[2])[int(offsets[0]) : int(offsets[-1])])


def append_tsv(path: Path, header: str, rows: pa.Table) -> None:
    """Append rows as tab-separated lines, with the header if the file is new; null becomes ``-``."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header, "utf-8")
    cells: list[Any] = []
    for name in rows.column_names:
        cells += [pc.fill_null(text(rows[name].combine_chunks()), "-"), "\t"]
    append_lines(path, join(*cells[:-1]))
