"""Hours in which a log always writes and did not: the expectation of each hour of the week is learned from the log itself.

Killing the threads of the event log service leaves no record and takes no number: all that shows is that a machine which others
see alive writes nothing (MITRE ATT&CK T1562.002). A machine that was off is silent too, so a silence counts as a sign only where
another log saw the machine in it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import duckdb
import msgspec
import numpy as np
import numpy.typing as npt

from keii.data import load
from keii.model import HostIdentity, Locator, Reason, Tampering
from keii.trace.hosts import Names
from keii.trace.namesakes import namesakes

Hours = npt.NDArray[np.int64]  # since 1970, UTC
Place = tuple[str, str]  # machine, log

_WEEK = 168
_LEAST_WEEKS = 4  # of an hour of the week, and else
_LEAST_DAYS = 5  # of an hour of workdays or of weekends, on which an expectation can rest
_LEAST = 5.0  # median of the records of an hour from which an hour without any is no chance
_SHORTEST = 2  # hours in a row
_LONGEST_SPAN = 24 * 3_660  # hours
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Silences(msgspec.Struct, frozen=True):
    """What was missing: of each machine and log the hours, and what of it is a sign that somebody silenced the machine."""

    hours: Mapping[Place, Hours]
    signs: tuple[Tampering, ...]


def silences(connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity]) -> Silences:
    """Return the missing hours of every log, and the silences that are signs of tampering.

    A sign: for three hours (``data/trace/tampering.yaml``) or more a log writes nothing though it always writes much then; in
    two of them or more another log sees the machine, and at least half as busy as usual in these hours, as the other machines together
    are (else it is a holiday); no shutdown was recorded before; no record number is missing (else records were removed, or not
    collected); and not half of all machines are silent with it (then the collector was).

    Args:
        connection: with the view ``windows_true``.
        known: machines by address, so that the network's log can be a witness.
    """
    counted = _counted(connection)
    missing = {place: hours for place, row in counted.items() if len(hours := missing_hours(*row))}
    if not missing:
        return Silences(missing, ())
    signs = tuple(_signs(connection, counted, missing, known))
    return Silences(missing, signs)


def missing_hours(hours: Hours, events: Hours) -> Hours:
    """Return the hours without a record in which the log usually has some, two or more in a row.

    Usual is the median of the same hour of the week, of the same hour of workdays or weekends where there are less than four
    weeks; the hours before the log's first and after its last record are not asked.

    Args:
        hours: hours with records, rising.
        events: records in each.
    """
    first, usual = _expected(hours, events)
    count = np.zeros(len(usual))
    if len(usual):
        count[hours - first] = events
    silent = np.flatnonzero((count == 0) & (np.nan_to_num(usual) >= _LEAST)) + first
    return np.concatenate([run for run in _runs(silent) if len(run) >= _SHORTEST] or [np.empty(0, np.int64)])


def _expected(hours: Hours, events: Hours) -> tuple[int, npt.NDArray[np.float64]]:
    """Return the first hour and what is usual in each from it to the last; nothing where the log is too short to tell."""
    first, last = int(hours[0]), int(hours[-1])
    if last - first < _LEAST_DAYS * 24 or last - first > _LONGEST_SPAN:
        return first, np.empty(0)
    span = np.arange(first, last + 1)
    count = np.zeros(len(span))
    count[hours - first] = events
    usual = _usual(count, span % _WEEK, _WEEK, _LEAST_WEEKS)
    weekend = ((span // 24 + 3) % 7 >= 5).astype(np.int64)  # 1970 began with a Thursday
    return first, np.where(np.isnan(usual), _usual(count, weekend * 24 + span % 24, 48, _LEAST_DAYS), usual)


def _usual(count: npt.NDArray[np.float64], bucket: Hours, buckets: int, least: int) -> npt.NDArray[np.float64]:
    """Return for each hour the median of all hours of its bucket, not a number where these are too few."""
    order = np.lexsort((count, bucket))
    size = np.bincount(bucket, minlength=buckets)
    start = np.cumsum(size) - size
    ranked = count[order]
    low, high = (np.minimum(start + (size - odd) // 2, len(ranked) - 1) for odd in (1, 0))
    middle = np.where(size >= least, (ranked[low] + ranked[high]) / 2, np.nan)
    return np.asarray(middle[bucket], np.float64)


def _runs(hours: Hours) -> list[Hours]:
    """Return hours as runs without a gap."""
    return np.split(hours, np.flatnonzero(np.diff(hours) > 1) + 1) if len(hours) else []


_HOUR = "CAST(floor(epoch(occurred) / 3600) AS BIGINT)"


def _counted(connection: duckdb.DuckDBPyConnection) -> dict[Place, tuple[Hours, Hours]]:
    """Return of each machine's log the hours that have records and how many; carved records are none."""
    table = connection.sql(
        f"""
        SELECT machine, regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', '') AS log, {_HOUR} AS hour,
               count(DISTINCT coalesce(record_id, -record)) AS events  -- copies count once
        FROM windows_true WHERE occurred IS NOT NULL AND machine IS NOT NULL AND record > 0
        GROUP BY ALL ORDER BY ALL
        """
    ).to_arrow_table()
    hours, events = (table[name].to_numpy() for name in ("hour", "events"))
    places = list(zip(table["machine"].to_pylist(), table["log"].to_pylist(), strict=True))
    starts = [n for n in range(len(places)) if n == 0 or places[n] != places[n - 1]]
    return {places[a]: (hours[a:b], events[a:b]) for a, b in pairwise([*starts, len(places)])}


def _signs(
    connection: duckdb.DuckDBPyConnection,
    counted: Mapping[Place, tuple[Hours, Hours]],
    missing: Mapping[Place, Hours],
    known: Sequence[HostIdentity],
) -> Iterator[Tampering]:
    limits = load("trace/tampering")["silenced"]
    runs: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for (host, log), hours in missing.items():
        first, usual = _expected(*counted[host, log])
        for run in _runs(hours):
            expected = np.nan_to_num(usual[run - first]).sum()
            if limits["hours"] <= len(run) <= limits["most_hours"] and expected >= limits["records"]:
                runs[host, int(run[0]), int(run[-1]) + 1].append(log)
    machines = {host for host, _ in counted}
    alike = {key: {host for host, a, b in runs if a < key[2] and key[1] < b} for key in runs}
    asked = {key: logs for key, logs in runs.items() if not 2 < len(alike[key]) >= len(machines) / 2}
    if not asked:
        return
    seen, share = _seen(connection, known), _shares(counted, list(asked))
    for (host, begin, end), logs in sorted(asked.items()):
        if share[host, begin, end] < _BUSY:
            continue  # a holiday: the other machines write less too
        others = [
            *seen.get(host, {}).items(),
            *((log, row) for (name, log), row in counted.items() if name == host and log not in logs),
        ]
        busy = {log: hours for log, row in others if len(hours := _busy(*row, begin, end))}
        if len({int(hour) for hours in busy.values() for hour in hours}) < limits["seen"]:
            continue
        around = _around(connection, host, logs, begin, end)
        if _went_down(connection, host, begin, limits) or _lacks_numbers(around):
            continue
        yield Tampering(
            kind="silenced",
            host=host,
            log=", ".join(sorted(logs)),
            at=_iso(begin),
            until=_iso(end),
            note=Reason(
                why="tampering.silenced",
                facts={
                    "host": host,
                    "log": ", ".join(sorted(logs)),
                    "hours": str(end - begin),
                    "witness": ", ".join(sorted(busy)),
                },
            ),
            locators=around,
        )


_BUSY = 0.5  # of what is usual in these hours


def _shares(
    counted: Mapping[Place, tuple[Hours, Hours]], runs: Sequence[tuple[str, int, int]]
) -> dict[tuple[str, int, int], float]:
    """Return how much the other machines wrote in each silence, as a share of what is usual; 1 where none can tell."""
    wrote, usually = dict.fromkeys(runs, 0.0), dict.fromkeys(runs, 0.0)
    for (host, _), (hours, events) in counted.items():
        first, usual = _expected(hours, events)
        if not len(usual):
            continue
        for run in runs:
            name, begin, end = run
            expected = np.nan_to_num(usual[max(begin - first, 0) : max(end - first, 0)]).sum()
            if host != name and expected:
                usually[run] += expected
                wrote[run] += events[(hours >= begin) & (hours < end)].sum()
    return {run: wrote[run] / usually[run] if usually[run] else 1.0 for run in runs}


def _busy(hours: Hours, events: Hours, begin: int, end: int) -> Hours:
    """Return the hours of a silence in which a witness has records, none where it has less than half of the usual."""
    first, usual = _expected(hours, events)
    within = (hours >= begin) & (hours < end)
    least = np.nan_to_num(usual[max(begin - first, 0) : max(end - first, 0)], nan=np.inf).sum() * _BUSY
    return hours[within] if len(usual) and 0 < least <= events[within].sum() else np.empty(0, np.int64)


def _seen(
    connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity]
) -> dict[str, dict[str, tuple[Hours, Hours]]]:
    """Return machine → witness → hours and counts: what it sent or answered on the network, its account at others."""
    found: dict[str, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    rows = connection.execute(
        f"""
        SELECT upper(split_part(split_part(TargetUserName, '$', 1), '.', 1)) AS client, 'logons at ' || machine, {_HOUR}, count(*)
        FROM windows_true WHERE event_id IN (4624, 4768, 4769) AND contains(TargetUserName, '$') AND occurred IS NOT NULL
            AND upper(split_part(split_part(TargetUserName, '$', 1), '.', 1)) <> machine GROUP BY ALL
        """
    ).fetchall()
    for host, witness, hour, count in rows:
        found[host][witness][hour] += count
    addresses = sorted({identity.address for identity in known})
    names = Names(known, namesakes(connection))
    sent = connection.execute(
        f"""
        SELECT src_ip, {_HOUR}, count(*) FROM network
            WHERE occurred IS NOT NULL AND src_ip IN (SELECT unnest($1::VARCHAR[])) GROUP BY ALL
        UNION ALL SELECT dst_ip, {_HOUR}, count(*) FROM network  -- what answers is alive
            WHERE occurred IS NOT NULL AND bytes_in > 0 AND dst_ip IN (SELECT unnest($1::VARCHAR[])) GROUP BY ALL
        """,
        [addresses],
    ).fetchall()
    for address, hour, count in sent if addresses else ():
        found[names.name_of(address, _iso(hour))]["network"][hour] += count
    return {host: {witness: _series(counts) for witness, counts in row.items()} for host, row in found.items()}


def _series(counts: Counter[int]) -> tuple[Hours, Hours]:
    hours = np.array(sorted(counts), np.int64)
    return hours, np.array([counts[int(hour)] for hour in hours], np.int64)


def _lacks_numbers(around: Sequence[Locator]) -> bool:
    """Tell whether numbers are missing, or begin anew, between the last record before a silence and the first after it."""
    numbers = [int(place.record_id) for place in around if place.record_id]
    return len(numbers) == 2 and numbers[1] != numbers[0] + 1


def _went_down(connection: duckdb.DuckDBPyConnection, host: str, begin: int, limits: Mapping[str, Any]) -> bool:
    """Tell whether the machine itself recorded that it shuts down or sleeps shortly before."""
    at = _EPOCH + dt.timedelta(hours=begin)
    events = " OR ".join(
        f"(event_id = {int(number)} AND lower(provider) = '{provider}')"
        for provider, numbers in limits["down"].items()
        for number in numbers
    )
    row = connection.execute(
        f"SELECT count(*) FROM windows_true WHERE machine = ? AND occurred BETWEEN ? AND ? AND ({events})",
        [host, at - dt.timedelta(hours=2), at + dt.timedelta(hours=1)],
    ).fetchone()
    return bool(row and row[0])


def _around(
    connection: duckdb.DuckDBPyConnection, host: str, logs: Sequence[str], begin: int, end: int
) -> tuple[Locator, ...]:
    """Return the last record of the logs before a silence and the first after it."""
    start, stop = (_EPOCH + dt.timedelta(hours=hour) for hour in (begin, end))
    of = (
        "SELECT source, record, CAST(record_id AS VARCHAR) FROM windows_true WHERE machine = ? AND record > 0 "
        "AND regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', '') IN (SELECT unnest(?::VARCHAR[])) AND occurred "
    )
    rows = [
        *connection.execute(
            of + "< ? ORDER BY occurred DESC, record DESC LIMIT 1", [host, list(logs), start]
        ).fetchall(),
        *connection.execute(of + ">= ? ORDER BY occurred, record LIMIT 1", [host, list(logs), stop]).fetchall(),
    ]
    return tuple(Locator(source=source, record=record, record_id=own) for source, record, own in rows)


def _iso(hour: int) -> str:
    return (_EPOCH + dt.timedelta(hours=int(hour))).isoformat()
