"""The rhythm of every pair that talks often enough, in bounded memory: pairs are pruned by count, then scored lot by lot.

One pass counts the contacts of each pair; the few pairs with enough of them are numbered and cut into lots of at most ``_LOT``
contacts (a pair is never parted). In a lot one sort brings the contacts of each pair together in order of time, a second one its gaps.
Of a pair that fills more than a lot by itself the first and last contact of every few seconds are enough: what lies between them is
the same check-in, so the score stays the same, and ten million connections in one second weigh as two.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

_LOT = 8_000_000  # contacts scored at once: about 500 MB while sorting
_Whole = npt.NDArray[np.int64]


def score_pairs(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Create the table ``rhythm`` from ``talk``: client, far, check_ins, interval, jitter (s), score, steady (share of one size).

    The formula is told in ``keii.trace.beacons``. ``steady`` is 0 below a score of ``regular_from``, where nobody asks for it.
    Of a pair with more than 16 million check-ins the first ones are scored.
    """
    least = int(table["least_check_ins"])
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE frequent AS
        SELECT client, far, events, row_number() OVER () - 1 AS number,
               CAST(sum(events) OVER (ROWS UNBOUNDED PRECEDING) AS BIGINT) // ? AS lot
        FROM (SELECT client, far, count(occurred) AS events FROM talk GROUP BY client, far HAVING count(occurred) >= ?)
        """,
        [_LOT, least],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE scored (number BIGINT, check_ins BIGINT, interval DOUBLE, jitter DOUBLE, score DOUBLE)"
    )
    shortest = float(table["shortest_interval"])
    lots = connection.execute("SELECT lot, sum(events) FROM frequent GROUP BY lot ORDER BY lot").fetchall()
    for lot, events in lots:
        if events <= 2 * _LOT:
            rows = connection.execute(_CONTACTS, [lot]).fetchnumpy()
        else:
            rows = connection.execute(
                _EDGES, {"lot": lot, "bucket": int(shortest * 1e6), "most": 2 * _LOT}
            ).fetchnumpy()
        scored = rhythms(rows["number"], rows["occurred"], shortest, least)
        connection.register("scored_rows", scored)
        connection.execute("INSERT INTO scored SELECT * FROM scored_rows")
        connection.unregister("scored_rows")
    connection.execute(_RHYTHM, [float(table["regular_from"])])
    connection.execute("DROP TABLE frequent; DROP TABLE scored")


_CONTACTS = """
    SELECT CAST(number AS BIGINT) AS number, epoch_us(occurred) AS occurred
    FROM talk JOIN (SELECT * FROM frequent WHERE lot = ?) USING (client, far) WHERE occurred IS NOT NULL
"""
# Contacts in one stretch of the shortest interval are nearer to each other than it: only its first and last can end a gap.
_EDGES = """
    WITH edge AS (
        SELECT CAST(number AS BIGINT) AS number, min(epoch_us(occurred)) AS earliest, max(epoch_us(occurred)) AS latest
        FROM talk JOIN (SELECT * FROM frequent WHERE lot = $lot) USING (client, far) WHERE occurred IS NOT NULL
        GROUP BY number, epoch_us(occurred) // $bucket
    )
    SELECT number, unnest([earliest, latest]) AS occurred FROM (SELECT * FROM edge ORDER BY earliest, number LIMIT $most // 2)
"""
_RHYTHM = """
    CREATE OR REPLACE TEMP TABLE rhythm AS
    WITH pair AS (SELECT * EXCLUDE (number, lot, events) FROM scored JOIN frequent USING (number)),
    sent AS (SELECT client, far, talk.out FROM talk SEMI JOIN (SELECT * FROM pair WHERE score >= ?) USING (client, far) WHERE talk.out > 0),
    size AS (SELECT client, far, median(out) AS middle FROM sent GROUP BY client, far),
    even AS (
        SELECT client, far, avg(CASE WHEN abs(out - middle) <= middle * 0.1 THEN 1.0 ELSE 0.0 END) AS steady
        FROM sent JOIN size USING (client, far) GROUP BY client, far
    )
    SELECT client, far, check_ins, interval, jitter, score, coalesce(steady, 0) AS steady FROM pair LEFT JOIN even USING (client, far)
"""


def rhythms(pairs: _Whole, times: _Whole, shortest: float, least: int) -> pa.Table:
    """Return number, check_ins, interval, jitter (s) and score of the pairs with enough check-ins.

    Args:
        pairs: number of the pair of each contact, any order.
        times: microseconds (any epoch) of each contact.
        shortest: seconds; a contact closer to the one before it is the same check-in.
        least: check-ins that a pair needs.
    """
    pairs, times = _in_order(pairs, times - (times.min() if len(times) else 0))
    gaps = np.diff(times)
    kept = np.flatnonzero((pairs[1:] == pairs[:-1]) & (gaps >= shortest * 1e6))
    pairs, gaps = pairs[1:][kept], gaps[kept]
    _, _, counts = _groups(pairs)
    chosen = np.repeat(counts + 1 >= least, counts)
    pairs, gaps = pairs[chosen], gaps[chosen]
    names, start, counts = _groups(pairs)
    twice = _medians_twice(pairs, gaps, start, counts)
    away = np.abs(2 * gaps - np.repeat(twice, counts))
    middle, jitter = twice / 2e6, _medians_twice(pairs, away, start, counts) / 4e6
    near = away <= np.repeat(twice // 2, counts)
    inside = np.add.reduceat(near, start, dtype=np.float64) / counts if len(start) else np.zeros(0)
    score = inside * (1 - np.minimum(1.0, jitter / middle))
    return pa.table({"number": names, "check_ins": counts + 1, "interval": middle, "jitter": jitter, "score": score})


def _groups(pairs: _Whole) -> tuple[_Whole, npt.NDArray[np.intp], _Whole]:
    """Return the names of runs of one value, where each begins and how long it is."""
    if not len(pairs):
        return pairs, np.zeros(0, np.intp), np.zeros(0, np.int64)
    start = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    return pairs[start], start, np.diff(np.append(start, len(pairs)))


def _in_order(pairs: _Whole, values: _Whole) -> tuple[_Whole, _Whole]:
    """Return both sorted by pair, then value; values are not negative."""
    bits = int(values.max()).bit_length() if len(values) else 0
    if len(pairs):
        lowest = pairs.min()
        if int(pairs.max() - lowest).bit_length() + bits <= 63:
            # Both in one number: sorting it is several times faster than sorting by two keys.
            both = np.sort(((pairs - lowest) << bits) | values)
            return (both >> bits) + lowest, both & ((1 << bits) - 1)
    order = np.lexsort((values, pairs))
    return pairs[order], values[order]


def _medians_twice(pairs: _Whole, values: _Whole, start: npt.NDArray[np.intp], counts: _Whole) -> _Whole:
    """Return twice the median of each run of ``pairs``, a whole number."""
    _, ordered = _in_order(pairs, values)
    twice: _Whole = ordered[start + (counts - 1) // 2] + ordered[start + counts // 2]
    return twice
