"""Errors of host clocks, found by the data itself: the record's own UTC field, and the same connection seen by a sensor."""

from __future__ import annotations

import duckdb

from keii.model import Clock
from keii.trace.namesakes import name_machines

_LEAST = 5  # pairs that an offset must rest on
_NOTICEABLE = 60.0  # seconds; less is transport and rounding
_STEADY = 60.0  # seconds; the median absolute deviation of a clock error: more is no steady error


def clocks(connection: duckdb.DuckDBPyConnection) -> tuple[Clock, ...]:
    """Return the hosts whose record times are wrong by more than a minute, with the offset to add.

    Two witnesses are asked. (1) A network sensor: the host's own connection events (Sysmon 3, 5156) paired with the sensor's
    connections of the same addresses and destination port and the same source port; the offset is the most frequent difference. (2) The
    ``UtcTime`` field that Sysmon writes itself. The sensor outweighs the field, because the field comes from the same host;
    where both agree within a minute the field's larger number of pairs gives the figure.
    """
    by_field = {
        row[0]: Clock(host=row[0], offset=row[1], pairs=row[2], spread=row[3], witness="UtcTime field")
        for row in _median(connection, _FIELD)
    }
    by_sensor = {
        row[0]: Clock(host=row[0], offset=row[1], pairs=row[2], spread=row[3], witness="network sensor")
        for row in _median(connection, _SENSOR)
    }
    found = []
    for host in sorted({*by_field, *by_sensor}):
        field, sensor = by_field.get(host), by_sensor.get(host)
        best = sensor or field
        if field and sensor and abs(field.offset - sensor.offset) <= _NOTICEABLE:
            best = Clock(
                host=host,
                offset=field.offset,
                pairs=field.pairs + sensor.pairs,
                spread=field.spread,
                witness="UtcTime field and network sensor",
            )
        if best and abs(best.offset) >= _NOTICEABLE and best.spread <= _STEADY:
            found.append(best)
    return tuple(found)


def _median(connection: duckdb.DuckDBPyConnection, pairs: str) -> list[tuple[str, float, int, float]]:
    rows = connection.execute(
        f"""
        WITH pair AS ({pairs}),
        likely AS (  -- the most frequent difference, in minutes; the pairs around it
            SELECT host, mode(CAST(round(seconds / 60) AS BIGINT)) AS minute FROM pair GROUP BY host
        )
        SELECT pair.host, round(median(seconds), 1), count(*), round(mad(seconds), 1)
        FROM pair JOIN likely ON pair.host = likely.host AND abs(seconds / 60 - minute) <= 2
        GROUP BY pair.host HAVING count(*) >= {_LEAST} ORDER BY pair.host
        """
    ).fetchall()
    return [(row[0], float(row[1]), int(row[2]), float(row[3])) for row in rows]


_FIELD = """
    SELECT host, epoch(TRY_CAST(UtcTime AS TIMESTAMP) AT TIME ZONE 'UTC') - epoch(occurred) AS seconds
    FROM windows WHERE UtcTime IS NOT NULL AND occurred IS NOT NULL AND TRY_CAST(UtcTime AS TIMESTAMP) IS NOT NULL
"""
# The source port makes a pair nearly unique even without time; both logs must tell it.
_SENSOR = """
    SELECT w.host, epoch(n.occurred) - epoch(w.occurred) AS seconds
    FROM (SELECT host, occurred, coalesce(SourceIp, '') AS ip, TRY_CAST(SourcePort AS INTEGER) AS port, DestinationIp AS far,
                 TRY_CAST(DestinationPort AS INTEGER) AS far_port
          FROM windows WHERE event_id = 3 AND lower(Initiated) = 'true' AND SourcePort IS NOT NULL AND occurred IS NOT NULL) AS w
    JOIN network AS n
      ON n.src_ip = w.ip AND n.src_port = w.port AND n.dst_ip = w.far AND n.dst_port = w.far_port AND n.occurred IS NOT NULL
"""


def apply_clocks(connection: duckdb.DuckDBPyConnection, known: tuple[Clock, ...]) -> None:
    """Create the view ``windows_true``: every column of ``windows``, ``occurred`` corrected, ``recorded`` as logged.

    A further column ``machine`` is the host's name as ``machine_name`` (``namesakes``) gives it.
    """
    name_machines(connection)
    connection.execute("CREATE OR REPLACE TABLE clock_offset (clock_host VARCHAR, seconds DOUBLE)")
    for clock in known:
        connection.execute("INSERT INTO clock_offset VALUES (?, ?)", [clock.host, clock.offset])
    moved = (
        "occurred + to_microseconds(CAST(coalesce(clock_offset.seconds, 0) * 1000000 AS BIGINT))"
        if known
        else "occurred"
    )
    joined = "LEFT JOIN clock_offset ON windows.host = clock_offset.clock_host" if known else ""
    connection.execute(
        f"""
        CREATE OR REPLACE VIEW windows_true AS
        SELECT windows.* EXCLUDE (occurred), {moved} AS occurred, windows.occurred AS recorded,
               machine_name(host) AS machine
        FROM windows {joined}
        """
    )
