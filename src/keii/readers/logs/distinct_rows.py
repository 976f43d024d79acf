"""Rows of several columns told by their distinct combinations, which are far fewer where the columns are words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_PAYS = 4  # rows per distinct combination from which making each once is quicker


def distinct_rows(columns: Sequence[pa.Array]) -> tuple[npt.NDArray[np.int64], pa.Array] | None:
    """Return a row of each combination and, for every row, which one it has; None where they are too many to pay.

    Args:
        columns: arrays of one length, of any type that can be dictionary encoded.
    """
    rows = len(columns[0])
    most, combined = rows // _PAYS, np.zeros(rows, np.int64)
    for column in columns:
        if column.null_count == rows:
            continue
        if len(column.slice(0, 4096).unique()) > max(64, len(column.slice(0, 4096)) // 2):
            return None  # nearly every value is its own: not worth a look at the rest
        coded = pc.fill_null(column.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        found = pa.array(combined * (int(coded.max()) + 2) + coded + 1).dictionary_encode()
        if len(found.dictionary) > most:
            return None
        combined = found.indices.to_numpy().astype(np.int64)
    number = int(combined.max()) + 1
    first = np.empty(number, np.int64)
    first[combined[::-1]] = np.arange(rows - 1, -1, -1)
    return first, pa.array(combined)
