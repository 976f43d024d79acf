"""Pairs that talk at regular intervals, by keii's own score over the whole span.

keii's score of a pair does not depend on how files were cut, on the order of import or on a window: it looks at the gaps between
check-ins (``keii.trace.intervals``). Contacts closer than the shortest interval are one check-in; a person's clicks (near
exponential gaps) come out at about 0.3.

The list is in order of what is worth a look. A score that rests on few check-ins counts less; so does a destination that more than
a few machines talk to (time, updates, telemetry: their rhythm is everybody's), one that was there in almost every week since the log began,
and a further machine of a destination that stands in the list already.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from keii.model import Beacon, Locator

_MOST = 500  # pairs told, best first


_FEW = 3  # machines that talk to one adversary's server, as a rule; of more, services have most
_HABIT = 0.5  # what a destination of the whole log counts
_BEST = f"""
    WITH weighed AS (
        SELECT *, score * (1 - 1 / sqrt(check_ins)) * least(1, sqrt({_FEW} / clients)) * if(established, {_HABIT}, 1) AS worth
        FROM rhythm WHERE score >= ? AND far NOT IN (SELECT unnest(CAST(? AS VARCHAR[])))
    ),
    best AS (
        SELECT *, worth / sqrt(row_number() OVER (PARTITION BY far ORDER BY worth DESC, client)) AS place
        FROM weighed ORDER BY place DESC, client, far LIMIT ?
    )
    SELECT b.client, b.far, b.check_ins, min(t.occurred), max(t.occurred), b.interval, b.jitter, b.score,
           min({{'occurred': t.occurred, 'source': t.source, 'record': t.record, 'own': t.own}}, 20)
    FROM best AS b JOIN talk AS t USING (client, far)
    GROUP BY b.client, b.far, b.check_ins, b.interval, b.jitter, b.score, b.place ORDER BY b.place DESC, b.client, b.far
"""


def beacons(connection: duckdb.DuckDBPyConnection, least: float, without: Iterable[str] = ()) -> tuple[Beacon, ...]:
    """Return the pairs whose score is at least ``least``, what is worth a look first, with their first 20 records.

    Hosts are addresses; destinations of ``without`` are left out.
    """
    rows = connection.execute(_BEST, [least, sorted(without), _MOST]).fetchall()
    return tuple(
        Beacon(
            host=client,
            destination=far,
            connections=count,
            first=first.isoformat(timespec="microseconds"),
            last=last.isoformat(timespec="microseconds"),
            interval=round(interval, 3),
            jitter=round(jitter, 3),
            score=round(score, 3),
            locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
        )
        for client, far, count, first, last, interval, jitter, score, places in rows
    )
