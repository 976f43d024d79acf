"""What a hunt looked at, and what it could not: every zero cites it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb

from keii.hunt.days import Days, days_of
from keii.hunt.hosts import has_ends
from keii.hunt.limits import unsearched
from keii.hunt.targets import Targets
from keii.lake.index import column_kinds
from keii.lake.index_keys import HELD
from keii.lake.schema import TABLES
from keii.lake.store import Lake
from keii.model import HuntCoverage, Searched
from keii.wording import say


def kinds_of(table: str) -> tuple[str, ...]:
    """Return the kinds of indicator that columns of a table can hold; what its other fields hold nobody can say."""
    return tuple(sorted(set().union(*(HELD[kind] for kind in column_kinds(table).values() if kind != "json"))))


def cover(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    targets: Targets,
    not_searchable: Sequence[str],
    not_applicable: Sequence[tuple[str, str]],
    own: Sequence[str],
) -> HuntCoverage:
    """Return the coverage of a hunt over the tables that have rows; ``own`` as ``register_internal`` returned it."""
    searched: list[Searched] = []
    gaps: list[str] = []
    for table in TABLES:
        kinds = kinds_of(table)
        if not kinds or not lake.of(table):
            continue
        days = days_of(connection, lake, table, own)
        found = _searched(days, table, kinds)
        if found.events:
            searched.append(found)
            gaps += _gaps(days, table)
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


def _searched(days: Days, table: str, kinds: tuple[str, ...]) -> Searched:
    return Searched(
        table=table, events=days.events, host_days=days.host_days, first=days.first, last=days.last, kinds=kinds
    )


def _gaps(days: Days, table: str) -> Iterator[str]:
    for (_, before), (after, _) in pairwise(days.spans):
        yield say("hunt.no_days", facts={"table": table, "first": _date(before + 1), "last": _date(after - 1)})
    if days.no_time:
        yield say("hunt.no_time", facts={"table": table, "count": days.no_time})


def _date(day: int) -> dt.date:
    return dt.date(1, 1, 1) + dt.timedelta(days=day)
