"""The period that a report states, held against the requests: does a machine ask one server as often as that?"""

from __future__ import annotations

import duckdb
import msgspec

from keii.wording import say

LEAST = 5  # intervals between requests to one server, below which nothing is said
JITTER = 0.25  # of the period: how far the median interval may lie from it; common beacons vary by up to a quarter
_BURST = 2.0  # seconds, and at most a tenth of the period: requests this close are one check-in


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """The intervals at which one machine asked one server: how many, and their median in seconds."""

    server: str
    intervals: int
    median: float


def rhythms(connection: duckdb.DuckDBPyConnection, table: str, period: int) -> dict[str | None, list[Rhythm]]:
    """Return by machine the rhythm towards each server, the busiest first.

    The median of the intervals is taken: nights without requests and single missed check-ins do not move it.

    Args:
        connection: with the requests.
        table: their name; columns ``internal``, ``server`` and ``occurred``.
        period: as stated, seconds.
    """
    rows = connection.execute(
        f"""
        WITH gaps AS (
            SELECT internal, server, (epoch_us(occurred) - lag(epoch_us(occurred)) OVER (
                PARTITION BY internal, server ORDER BY occurred)) / 1e6 AS gap
            FROM {table} WHERE occurred IS NOT NULL AND server IS NOT NULL)
        SELECT internal, server, count(*), quantile_disc(gap, 0.5) FROM gaps WHERE gap >= ?
        GROUP BY internal, server ORDER BY count(*) DESC, server
        """,
        [min(_BURST, period / 10)],
    ).fetchall()
    found: dict[str | None, list[Rhythm]] = {}
    for host, server, intervals, median in rows:
        found.setdefault(host, []).append(Rhythm(server=server, intervals=intervals, median=median))
    return found


def told(period: int, found: list[Rhythm]) -> str:
    """Return whether the stated period agrees with the rhythm towards some server, does not, or cannot be tested."""
    tested = [one for one in found if one.intervals >= LEAST]
    agree = [one for one in tested if abs(one.median - period) <= JITTER * period]
    if not tested:
        most = max((one.intervals for one in found), default=0)
        return say("hunt.period_few", facts={"period": period, "count": most, "least": LEAST})
    one = (agree or tested)[0]
    facts = {"period": period, "server": one.server, "count": one.intervals, "median": f"{one.median:,.0f}"}
    return say("hunt.period_agrees" if agree else "hunt.period_differs", facts=facts)
