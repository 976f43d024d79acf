"""The rhythm of every pair that talks regularly, in bounded memory.

Above ``_LOT`` contacts ``keii.trace.prune`` keeps those of the pairs that may be regular. Pairs with enough contacts are numbered
and cut into lots of at most ``_LOT`` contacts (a pair is never parted). In a lot one sort brings the contacts of each pair together
in order of time, a second one its gaps. Of a pair that fills more than a lot by itself the first and last contact of every few
seconds are enough: what lies between them is the same check-in, so the score stays the same, and ten million connections in one
second weigh as two.
"""

from __future__ import annotations

from typing import Any

import duckdb

from keii.trace.intervals import rhythms
from keii.trace.prune import keep_regular

_LOT = 4_000_000  # contacts scored at once: about 400 MB while sorting


def score_pairs(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Create the table ``rhythm`` from ``talk``: a row per pair whose score is at least ``regular_from``.

    Columns: client, far, check_ins, interval, jitter (s), score, steady (share of contacts of one size), clients (machines that
    talk to the destination at all), established (in almost every week since the log began). The formula is told in
    ``keii.trace.intervals``. Of a pair with more than 8 million check-ins the first ones are scored.
    """
    least = int(table["least_check_ins"])
    ((contacts,),) = connection.execute("SELECT count(*) FROM talk").fetchall()
    if contacts > _LOT:
        keep_regular(connection, table)
    else:
        connection.execute("CREATE OR REPLACE TEMP VIEW regular_talk AS SELECT client, far, occurred, out FROM talk")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE frequent AS
        SELECT client, far, events, row_number() OVER () - 1 AS number,
               CAST(sum(events) OVER (ROWS UNBOUNDED PRECEDING) AS BIGINT) // ? AS lot
        FROM (SELECT client, far, count(occurred) AS events FROM regular_talk GROUP BY client, far HAVING count(occurred) >= ?)
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
    connection.execute(
        _RHYTHM.format(
            within=int(table["established_within"]),
            weeks=int(table["established_weeks"]),
            share=float(table["established_share"]),
        ),
        [float(table["regular_from"])],
    )
    kind = "TABLE" if contacts > _LOT else "VIEW"
    connection.execute(f"DROP TABLE frequent; DROP TABLE scored; DROP {kind} regular_talk")


_CONTACTS = """
    SELECT CAST(number AS BIGINT) AS number, epoch_us(occurred) AS occurred
    FROM regular_talk JOIN (SELECT * FROM frequent WHERE lot = ?) USING (client, far) WHERE occurred IS NOT NULL
"""
# Contacts in one stretch of the shortest interval are nearer to each other than it: only its first and last can end a gap.
_EDGES = """
    WITH edge AS (
        SELECT CAST(number AS BIGINT) AS number, min(epoch_us(occurred)) AS earliest, max(epoch_us(occurred)) AS latest
        FROM regular_talk JOIN (SELECT * FROM frequent WHERE lot = $lot) USING (client, far) WHERE occurred IS NOT NULL
        GROUP BY number, epoch_us(occurred) // $bucket
    )
    SELECT number, unnest([earliest, latest]) AS occurred FROM (SELECT * FROM edge ORDER BY earliest, number LIMIT $most // 2)
"""
_RHYTHM = """
    CREATE OR REPLACE TEMP TABLE rhythm AS
    WITH pair AS (SELECT * EXCLUDE (number, lot, events) FROM scored JOIN frequent USING (number) WHERE score >= ?),
    sent AS (SELECT client, far, t.out FROM regular_talk AS t SEMI JOIN pair USING (client, far) WHERE t.out > 0),
    size AS (SELECT client, far, median(out) AS middle FROM sent GROUP BY client, far),
    even AS (
        SELECT client, far, avg(CASE WHEN abs(out - middle) <= middle * 0.1 THEN 1.0 ELSE 0.0 END) AS steady
        FROM sent JOIN size USING (client, far) GROUP BY client, far
    ),
    bounds AS (
        SELECT min(occurred) AS began, (epoch_us(max(occurred)) - epoch_us(min(occurred))) // 604800000000 AS weeks FROM talk
    ),
    place AS (
        SELECT far, count(DISTINCT client) AS clients, min(occurred) AS first,
               count(DISTINCT week) FILTER (week < weeks) AS weeks
        FROM (
            SELECT far, client, occurred, weeks, (epoch_us(occurred) - epoch_us(began)) // 604800000000 AS week
            FROM talk SEMI JOIN pair USING (far) CROSS JOIN bounds
        ) GROUP BY far
    )
    SELECT client, far, check_ins, interval, jitter, score, coalesce(steady, 0) AS steady, clients,
           bounds.weeks >= {weeks} AND place.weeks >= {share} * bounds.weeks AND first < began + to_days({within}) AS established
    FROM pair LEFT JOIN even USING (client, far) JOIN place USING (far) CROSS JOIN bounds
"""
