"""Contacts of the pairs that may talk at regular intervals, found among very many in two passes and bounded memory.

Pass one counts contacts in a table of 134 million small counters by a hash of the pair: a pair with too few contacts falls through,
the few that share its counter with others come along. Pass two scores what is left roughly, with times of a quarter of a second and pairs
known by at least 30 bits of their hash, lot by lot. What scores three quarters of the wanted score stays, with all of its
contacts; the exact score is told of these (``keii.trace.rhythm``). Both passes read a number a row, never the texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keii.trace.intervals import rhythms

_COUNTER_BITS = 27  # 2^27 counters of two bytes: 256 MB
_MOST = np.iinfo(np.uint16).max
_BATCH = 2_000_000  # rows
_HELD = 24_000_000  # contacts held at once, 16 bytes each
_LOT_BITS = 4
_UNIT_BITS = 18  # microseconds of the rough times: 2^18, a quarter of a second
_LENIENT = 0.75
_Hashes = npt.NDArray[np.uint64]


def keep_regular(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Create ``regular_talk`` (client, far, occurred, out) from ``talk``: all contacts of every pair that may be regular."""
    least = int(table["least_check_ins"])
    counters = _counted(connection)
    heavy = np.flatnonzero(counters == _MOST).astype(np.uint64)  # so many contacts are scored exactly at once
    wanted = (counters >= least) & (counters < _MOST)
    rows = int(counters[wanted].sum(dtype=np.int64))
    del counters
    origin, span = _span(connection)
    keys = [
        _rough(connection, wanted, origin, span, part, parts, table)
        for parts in [-(-rows // _HELD)]
        for part in range(parts)
    ]
    connection.register("regular_keys", pa.table({"key": np.concatenate([*keys, np.zeros(0, np.uint64)])}))
    connection.register("heavy_keys", pa.table({"key": heavy}))
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE regular_talk AS
        SELECT client, far, occurred, out FROM talk WHERE occurred IS NOT NULL AND (
            {_key_sql(span)} IN (SELECT key FROM regular_keys)
            OR hash(client, far) >> {64 - _COUNTER_BITS} IN (SELECT key FROM heavy_keys))
        """
    )
    connection.unregister("regular_keys")
    connection.unregister("heavy_keys")


def _batches(connection: duckdb.DuckDBPyConnection, columns: str, where: str = "true") -> Iterator[pa.RecordBatch]:
    query = f"SELECT {columns} FROM talk WHERE occurred IS NOT NULL AND {where}"
    yield from connection.sql(query).to_arrow_reader(_BATCH)


def _counted(connection: duckdb.DuckDBPyConnection) -> npt.NDArray[np.uint16]:
    """Return how many contacts each counter has, at most 65,535."""
    counters = np.zeros(1 << _COUNTER_BITS, np.uint16)
    for batch in _batches(connection, f"CAST(hash(client, far) >> {64 - _COUNTER_BITS} AS UINTEGER) AS place"):
        # In order the counters are touched once and one after the other: several times faster than as they come.
        places = np.sort(batch["place"].to_numpy())
        start = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1]))) if len(places) else places
        more = np.diff(np.append(start, len(places)))
        places = places[start]
        counters[places] = np.minimum(counters[places] + more, _MOST)
    return counters


def _span(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return the first contact (microseconds) and how many bits a rough time since then needs."""
    query = "SELECT coalesce(min(epoch_us(occurred)), 0), coalesce(max(epoch_us(occurred)), 0) FROM talk"
    ((first, last),) = connection.execute(query).fetchall()
    return first, max(1, ((last - first) >> _UNIT_BITS).bit_length())


def _prefix_bits(span: int) -> int:
    """Return how many bits of the hash go with a rough time into 63."""
    return min(58, 63 - span)


def _key_sql(span: int) -> str:
    prefix = _prefix_bits(span)
    return f"(((hash(client, far) >> {64 - prefix}) << {_LOT_BITS}) | (hash(client, far) & {(1 << _LOT_BITS) - 1}))"


def _rough(
    connection: duckdb.DuckDBPyConnection,
    wanted: npt.NDArray[np.bool_],
    origin: int,
    span: int,
    part: int,
    parts: int,
    table: dict[str, Any],
) -> _Hashes:
    """Return the keys of the pairs of one part that may be regular."""
    held: list[list[npt.NDArray[np.int64]]] = [[] for _ in range(1 << _LOT_BITS)]
    where = "true" if parts == 1 else f"(hash(client, far) >> 8) % {parts} = {part}"
    shift, unit = np.uint64(64 - _prefix_bits(span)), 2.0**_UNIT_BITS / 1e6
    shortest, least = float(table["shortest_interval"]), int(table["least_check_ins"])
    columns = f"hash(client, far) AS pair, (epoch_us(occurred) - {origin}) >> {_UNIT_BITS} AS at"
    for batch in _batches(connection, columns, where):
        pair, at = batch["pair"].to_numpy(), batch["at"].to_numpy()
        kept = wanted[(pair >> np.uint64(64 - _COUNTER_BITS)).astype(np.int64)]
        pair, at = pair[kept], at[kept]
        both = ((pair >> shift).astype(np.int64) << span) | at
        lot = (pair & np.uint64((1 << _LOT_BITS) - 1)).astype(np.uint8)
        order = np.argsort(lot, kind="stable")
        for number, rows in enumerate(np.split(both[order], np.cumsum(np.bincount(lot, minlength=len(held)))[:-1])):
            held[number].append(rows)
    found = []
    for number, lots in enumerate(held):
        both = np.concatenate([*lots, np.zeros(0, np.int64)])
        lots.clear()
        scored = rhythms(both >> span, both & ((1 << span) - 1), shortest - unit, least, unit=unit, origin=origin / 1e6)
        regular = scored["score"].to_numpy() >= _LENIENT * float(table["regular_from"])
        prefix = scored["number"].to_numpy()[regular].astype(np.uint64)
        found.append((prefix << np.uint64(_LOT_BITS)) | np.uint64(number))
    return np.concatenate(found)
