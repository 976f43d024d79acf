"""Evidence that evidence was removed: cleared logs, stopped services, changed policies and clocks, missing record numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from keii.data import load
from keii.model import Locator, Reason, Tampering


def tampering(connection: duckdb.DuckDBPyConnection, more: Iterable[Tampering] = ()) -> tuple[Tampering, ...]:
    """Return signs of tampering in order of time, from the view ``windows_true``, ``more`` among them.

    Copies of one event (backups, forwarded) are told once. A stop of the event log service at a shutdown, an audit policy set
    by the system itself and small corrections of the clock are not told.
    """
    found = [*_events(connection), *_holes(connection), *more]
    return tuple(sorted(found, key=lambda one: (one.at or "~", one.host, one.log, one.kind)))


def _events(connection: duckdb.DuckDBPyConnection) -> Iterator[Tampering]:
    table = load("trace/tampering")
    for kind in ("cleared", "audit-policy-changed", "time-changed", "service-stopped", "channel-disabled"):
        for spec in table[kind]:
            for row in connection.execute(*_query(spec)).fetchall():
                one = _told(connection, kind, row, table, spec.get("why", kind))
                if one is not None:
                    yield one


def _query(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the statement and its values for one line of the table; copies of an event become one row."""
    providers = ", ".join("?" for _ in spec["providers"])
    channel = "AND (channel IS NULL OR lower(channel) = ?)" if spec["channel"] else ""
    where, unless = spec.get("where", {}), spec.get("unless", {})
    fields = "".join(f' AND lower("{name}") = ?' for name in where)  # names are ours, from the table
    fields += "".join(f""" AND NOT contains(lower(coalesce("{name}", '')), ?)""" for name in unless)
    contains = [(name, text) for name, texts in spec.get("contains", {}).items() for text in texts]
    fields += "".join(f' AND contains(lower("{name}"), ?)' for name, _ in contains)
    return (
        f"""
        SELECT machine, coalesce(Data_Channel, channel, '') AS log, occurred, min(coalesce(SubjectUserName, "User")) AS user,
               list({{'source': source, 'record': record, 'own': CAST(record_id AS VARCHAR)}} ORDER BY source, record)[1:20] AS places,
               count(*) AS copies, min(PreviousTime) AS previous, min(NewTime) AS new, min(SubjectUserSid) AS sid,
               min(coalesce(TargetObject, ObjectName, CommandLine)) AS told
        FROM windows_true WHERE event_id = ? AND lower(provider) IN ({providers}) {channel} {fields}
        GROUP BY machine, log, occurred, coalesce(record_id, -record) ORDER BY occurred, machine
        """,
        [
            spec["event_id"],
            *spec["providers"],
            *([spec["channel"]] if spec["channel"] else []),
            *(str(value) for value in (*where.values(), *unless.values(), *(text for _, text in contains))),
        ],
    )


def _told(
    connection: duckdb.DuckDBPyConnection, kind: str, row: tuple[Any, ...], table: dict[str, Any], why: str
) -> Tampering | None:
    machine, log, occurred, user, places, _, previous, new, sid, told = row
    if kind == "channel-disabled":
        log = _channel(told) or log
    by_system = (sid or "").upper() in ("S-1-5-18", "S-1-5-19") or (user or "").endswith("$")
    if kind == "audit-policy-changed" and by_system:
        return None
    if kind == "time-changed" and (by_system or abs(_seconds(previous, new)) < table["small_time_change"]):
        return None
    if kind == "service-stopped" and (
        _at_shutdown(connection, machine, occurred, table["shutdown"])
        or _boot_next(connection, machine, log, places[0], table["boot"])
    ):
        return None
    return Tampering(
        kind=kind,
        host=machine,
        log=log.rsplit("/", 1)[0] if log else "",
        at=_iso(occurred),
        user=user,
        note=Reason(why=f"tampering.{why}", facts={"host": machine, "log": log}),
        locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
    )


_CHANNEL = re.compile(
    r"\\(?:channels|autologger)\\(?:eventlog-)?(?P<key>[^\\]+)|(?:\ssl|set-log)\s+(?P<word>\"[^\"]+\"|\S+)",
    re.IGNORECASE,
)


def _channel(told: str | None) -> str:
    """Return the channel that a registry key or a command line names, empty where it names none."""
    found = _CHANNEL.search(told or "")
    return (found["key"] or found["word"]).strip('"') if found else ""


def _seconds(previous: str | None, new: str | None) -> float:
    """Return by how much a clock was moved; a change whose times cannot be read counts as great."""
    try:
        before = dt.datetime.fromisoformat((previous or "")[:26].rstrip("Z"))
        after = dt.datetime.fromisoformat((new or "")[:26].rstrip("Z"))
    except ValueError:
        return float("inf")
    return (after - before).total_seconds()


def _at_shutdown(
    connection: duckdb.DuckDBPyConnection, machine: str, occurred: dt.datetime | None, shutdown: dict[str, Any]
) -> bool:
    if occurred is None:
        return False
    pairs = " OR ".join("(event_id = ? AND lower(provider) = ?)" for _ in shutdown["events"])
    values = [value for event in shutdown["events"] for value in (event["event_id"], event["provider"])]
    window = dt.timedelta(seconds=shutdown["within"])
    row = connection.execute(
        f"SELECT count(*) FROM windows_true WHERE machine = ? AND occurred BETWEEN ? AND ? AND ({pairs})",
        [machine, occurred - window, occurred + window, *values],
    ).fetchone()
    return bool(row and row[0])


def _boot_next(
    connection: duckdb.DuckDBPyConnection, machine: str, log: str, place: dict[str, Any], boot: dict[str, Any]
) -> bool:
    """Return whether the next records of the same log tell a start of Windows: then the stop was the shutdown before it.

    Needs no System log. Only the order of records counts, since the machine may have been off for weeks.
    """
    if place["own"] is None:
        return False
    row = connection.execute(
        f"""
        SELECT count(*) FROM windows_true
        WHERE machine = ? AND channel = ? AND source = ? AND record_id > ? AND record_id <= ? + {int(boot["records"])}
          AND event_id IN (SELECT unnest(?))
        """,
        [machine, log, place["source"], int(place["own"]), int(place["own"]), boot["event_ids"]],
    ).fetchone()
    return bool(row and row[0])


def _holes(connection: duckdb.DuckDBPyConnection) -> Iterator[Tampering]:
    """Yield holes in the record numbers of dense logs.

    A log that was filtered, forwarded or merged lacks numbers everywhere; only in one that is otherwise whole does a hole mean
    that records were taken out. A clear starts new numbers, so numbers must rise with time across the hole.
    """
    limits = load("trace/tampering")["hole"]
    rows = connection.execute(
        f"""
        WITH one AS (  -- copies count once
            SELECT machine, channel, record_id, min(occurred) AS occurred, min(source) AS source, min(record) AS record
            FROM windows_true
            WHERE record > 0 AND record_id IS NOT NULL AND channel IS NOT NULL AND logged_on IS NULL AND lower(channel) <> 'forwardedevents'
            GROUP BY machine, channel, record_id
        ),
        step AS (
            SELECT *, lead(record_id) OVER w AS next_id, lead(occurred) OVER w AS next_at, lead(source) OVER w AS next_source,
                   lead(record) OVER w AS next_record
            FROM one WINDOW w AS (PARTITION BY machine, channel ORDER BY record_id)
        ),
        collected AS (  -- a collector's file: one channel of more machines than a renamed one explains
            SELECT DISTINCT one.machine, one.channel FROM one JOIN (
                SELECT source, channel FROM one GROUP BY ALL HAVING count(DISTINCT machine) > 2
            ) AS mixed ON one.source = mixed.source AND one.channel = mixed.channel
        ),
        whole AS (
            SELECT machine, channel, count(*) AS present,
                   sum(CASE WHEN next_id - record_id > {int(limits["records"])} THEN 1 ELSE 0 END) AS big,
                   sum(CASE WHEN next_id - record_id > 1 THEN 1 ELSE 0 END) AS holes,
                   sum(CASE WHEN next_id - record_id <= {int(limits["records"])} THEN next_id - record_id - 1 ELSE 0 END) AS small
            FROM step GROUP BY machine, channel
        )
        SELECT step.machine, step.channel, record_id, next_id, occurred, next_at, source, record, next_source, next_record
        FROM step JOIN whole USING (machine, channel)
        WHERE next_id - record_id > 1 AND next_at >= occurred
          AND ((next_id - record_id > {int(limits["records"])} AND big <= 3 AND present >= 10 * big
                AND present >= {float(limits["density"])} * (present + small))
               OR (source = next_source AND big <= 3 AND present >= {int(limits["whole"])}
                   AND present >= {int(limits["per_hole"])} * holes))
          AND (step.machine, step.channel) NOT IN (SELECT (machine, channel) FROM collected)
        ORDER BY 1, 2, 3
        """
    ).fetchall()
    for machine, channel, before, after, at, until, source, record, next_source, next_record in rows:
        missing = after - before - 1
        yield Tampering(
            kind="records-missing",
            host=machine,
            log=channel.rsplit("/", 1)[0],
            at=_iso(at),
            until=_iso(until),
            count=missing,
            note=Reason(
                why="tampering.records-missing",
                facts={
                    "host": machine,
                    "log": channel,
                    "count": f"{missing:,}",
                    "from": str(before + 1),
                    "to": str(after - 1),
                },
            ),
            locators=(
                Locator(source=source, record=record, record_id=str(before)),
                Locator(source=next_source, record=next_record, record_id=str(after)),
            ),
        )


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds") if moment else None
