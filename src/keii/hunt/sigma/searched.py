"""What the lake offered to the rules: per kind of log its events, host-days and span."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import duckdb

from keii.hunt.sigma.expression import All, Empty, Expression, Not, Regex, Text
from keii.hunt.sigma.expression import Any as AnyOf
from keii.hunt.sigma.mapping import Witness
from keii.hunt.sigma.outcome import LogSearched
from keii.hunt.sigma.pins import Kind
from keii.lake.store import Lake

_FORM = "'%Y-%m-%dT%H:%M:%S.%f'"


class Offer(NamedTuple):
    """Events of one kind (None outside of ``windows``); host-days are those of their channel."""

    kind: Kind | None
    events: int
    host_days: int
    first: str | None
    last: str | None


class Offers:
    """What every table has."""

    def __init__(self, lake: Lake, witnesses: Iterable[Witness]) -> None:
        asked = [witness for witness in witnesses if lake.of(witness.table)]
        narrow = {(one.table, one.where) for one in asked if one.where is not None and one.table != "windows"}
        connection = lake.connect()
        try:
            self._offers = {table: _offers(connection, table) for table in sorted({one.table for one in asked})}
            self._narrow = {(table, where): _offers(connection, table, where) for table, where in narrow}
        finally:
            connection.close()
        self._known: dict[Witness, LogSearched | None] = {}

    def of(self, witness: Witness) -> LogSearched | None:
        """Return what there is of a witness, None where there is no such event."""
        if witness not in self._known:
            self._known[witness] = self._of(witness)
        return self._known[witness]

    def _of(self, witness: Witness) -> LogSearched | None:
        offers = self._narrow.get((witness.table, witness.where)) if witness.where is not None else None
        if offers is None:
            offers = self._offers.get(witness.table, [])
        found = [offer for offer in offers if offer.kind is None or witness.takes(*offer.kind)]
        return _sum(witness.title, found)

    def all(self) -> tuple[LogSearched, ...]:
        """Return what every table has, by channel for Windows."""
        logs: dict[str, list[Offer]] = {}
        for table, offers in self._offers.items():
            for offer in offers:
                logs.setdefault(offer.kind.channel or table if offer.kind else table, []).append(offer)
        return tuple(one for log, found in sorted(logs.items()) if (one := _sum(log, found)) is not None)


def _sum(log: str, offers: list[Offer]) -> LogSearched | None:
    if not sum(offer.events for offer in offers):
        return None
    channels = {offer.kind.channel if offer.kind else None: offer.host_days for offer in offers}
    firsts = [offer.first for offer in offers if offer.first]
    lasts = [offer.last for offer in offers if offer.last]
    return LogSearched(
        log=log,
        events=sum(offer.events for offer in offers),
        host_days=sum(channels.values()),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
    )


def _condition(where: Expression | None) -> tuple[str, list[str]]:
    """Return what a witness's rows must have as SQL; the columns are those of the data files."""
    if isinstance(where, Text):
        marks = ", ".join("?" for _ in where.values)
        return f'coalesce(lower("{where.field}"::VARCHAR) IN ({marks}), false)', list(where.values)
    if isinstance(where, Empty):
        return f"coalesce(\"{where.field}\"::VARCHAR = '', true)", []
    if isinstance(where, Regex):
        return f'coalesce(regexp_matches("{where.field}"::VARCHAR, ?), false)', [where.pattern]
    if isinstance(where, Not):
        inner, values = _condition(where.item)
        return f"NOT {inner}", values
    if isinstance(where, AnyOf | All):
        parts = [_condition(item) for item in where.items]
        word = " OR " if isinstance(where, AnyOf) else " AND "
        return f"({word.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
    return "true", []


def _offers(connection: duckdb.DuckDBPyConnection, table: str, where: Expression | None = None) -> list[Offer]:
    if table != "windows":
        condition, values = _condition(where)
        host = {"generic": "host", "dhcp": "mac"}.get(table, "coalesce(host, src_ip)")
        row = connection.execute(
            f"SELECT count(*), count(DISTINCT ({host}, occurred::DATE)), strftime(min(occurred), {_FORM}), "
            f'strftime(max(occurred), {_FORM}) FROM "{table}" WHERE {condition}',
            values,
        ).fetchone()
        return [Offer(None, row[0], row[1], _zoned(row[2]), _zoned(row[3]))] if row else []
    days = dict(
        connection.execute(
            "SELECT channel, count(DISTINCT (host, occurred::DATE)) FROM windows GROUP BY channel"
        ).fetchall()
    )
    rows = connection.execute(
        f"SELECT channel, provider, event_id, count(*), strftime(min(occurred), {_FORM}), "
        f"strftime(max(occurred), {_FORM}) FROM windows GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Offer(Kind(channel, provider, event_id), events, days.get(channel, 0), _zoned(first), _zoned(last))
        for channel, provider, event_id, events, first, last in rows
    ]


def _zoned(text: str | None) -> str | None:
    return f"{text}+00:00" if text else None
