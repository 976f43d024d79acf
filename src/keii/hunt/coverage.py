"""What a hunt looked at, and what it could not: every zero cites it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb

from keii.hunt.hosts import has_ends, own_host_sql
from keii.hunt.limits import unsearched
from keii.hunt.targets import Targets
from keii.lake.index import column_kinds
from keii.lake.index_keys import HELD
from keii.lake.schema import TABLES
from keii.lake.store import Lake
from keii.model import HuntCoverage, Searched
from keii.wording import say

# Days since year 1, in which no division rounds up; a cast to DATE goes through the time zones and takes four times as long.
_DAY = "(epoch_us(occurred) + 62135596800000000) // 86400000000"


def kinds_of(table: str) -> tuple[str, ...]:
    """Return the kinds of indicator that a table can hold."""
    return tuple(sorted(set().union(*(HELD[kind] for kind in column_kinds(table).values()))))


def cover(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    targets: Targets,
    not_searchable: Sequence[str],
    not_applicable: Sequence[tuple[str, str]],
) -> HuntCoverage:
    """Return the coverage of a hunt over the tables that have rows."""
    searched: list[Searched] = []
    gaps: list[str] = []
    for table in TABLES:
        kinds = kinds_of(table)
        if not kinds or not lake.of(table):
            continue
        found = _searched(connection, table, kinds)
        if found.events:
            searched.append(found)
            gaps += _gaps(connection, table)
            gaps += unsearched(connection, lake, table)
            if has_ends(table) and not found.host_days:
                gaps.append(say("hunt.unknown_inside", facts={"table": table}))
    offered = {kind for table in searched for kind in table.kinds}
    absent = [(kind, say("hunt.no_table")) for kind in targets.indicators if kind not in offered]
    return HuntCoverage(
        searched=tuple(searched),
        not_searchable=(*not_searchable, *gaps),
        not_applicable=(*absent, *not_applicable),
        indicators=targets.indicators,
        not_hunted=targets.not_hunted,
    )


def _searched(connection: duckdb.DuckDBPyConnection, table: str, kinds: tuple[str, ...]) -> Searched:
    form = "'%Y-%m-%dT%H:%M:%S.%f'"
    row = connection.execute(
        "SELECT sum(events)::BIGINT, count(*) FILTER (host IS NOT NULL AND day IS NOT NULL), "
        f"strftime(min(first), {form}), strftime(max(last), {form}) FROM ("
        f"SELECT {own_host_sql(table)} AS host, {_DAY} AS day, count(*) AS events, "
        f'min(occurred) AS first, max(occurred) AS last FROM "{table}" GROUP BY 1, 2)'
    ).fetchone()
    events, host_days, first, last = row or (0, 0, None, None)
    return Searched(
        table=table,
        events=events or 0,
        host_days=host_days,
        first=f"{first}+00:00" if first else None,
        last=f"{last}+00:00" if last else None,
        kinds=kinds,
    )


def _gaps(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    days = connection.execute(
        f"SELECT DATE '0001-01-01' + day::INTEGER FROM (SELECT DISTINCT {_DAY} AS day "
        f'FROM "{table}" WHERE occurred IS NOT NULL) ORDER BY day'
    ).fetchall()
    one = dt.timedelta(days=1)
    for (before,), (after,) in pairwise(days):
        if after - before > one:
            yield say("hunt.no_days", facts={"table": table, "first": before + one, "last": after - one})
    row = connection.execute(f'SELECT count(*) FROM "{table}" WHERE occurred IS NULL').fetchone()
    if row and row[0]:
        yield say("hunt.no_time", facts={"table": table, "count": row[0]})
