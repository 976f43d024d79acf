"""Steps between machines: signs of the same pair joined in time, weighed, with their records at both ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import duckdb
import msgspec
import pyarrow as pa

from keii.data import load
from keii.model import HostIdentity, Locator
from keii.trace.signs import gather

_HEAVY = 0.35  # base of a family that counts as a way of its own
_MOST = 300_000  # steps that are weighed; the heaviest first


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Signs of one family and one login between two machines without a long break: what may be a step.

    Attributes:
        source, target: names where known, else addresses; ``login`` without domain, None where no record names it.
        step: number of the stretch of time within the pair.
        family, how, technique, base: of the heaviest sign, by ``data/trace/lateral.yaml``.
        first, last: UTC; ``events`` how many signs.
        earlier_days: days before on which the same login went the same way.
        fresh: login and pair were never seen before, in a log that goes back ``history_days``.
        clients: how many machines enter the target in this way.
    """

    source: str
    target: str
    login: str | None
    step: int
    family: str
    how: str
    technique: str
    base: float
    first: dt.datetime
    last: dt.datetime
    events: int
    earlier_days: int
    fresh: bool
    clients: int


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """The records of a step: of its source, its target and of third witnesses, first 20 each."""

    source: tuple[Locator, ...] = ()
    target: tuple[Locator, ...] = ()
    network: tuple[Locator, ...] = ()


def edges(connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity], least: float = 0.0) -> tuple[Edge, ...]:
    """Return the possible steps of which one sign has at least the base ``least``, in order of time.

    Needs the view ``windows_true``; leaves the table ``placed_sign``.

    Addresses are told as the machine that had them at the time. A step names a login of its own records, else that of a logon
    between the same machines in the same stretch of time. A family that another one implies (admin share under a service)
    gives it its records and is not told for itself.
    """
    gather(connection)
    _place(connection, known)
    table = load("trace/lateral")
    rows = connection.execute(
        _EDGES, [float(table["same_step"]), int(table["history_days"]), int(table["few_clients"]), _MOST, least]
    ).fetchall()
    found = _joined([Edge(**dict(zip(Edge.__struct_fields__, row, strict=True))) for row in rows])
    return tuple(sorted(found, key=lambda edge: (edge.first, edge.source, edge.target, edge.family, edge.login or "")))


def _place(connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity]) -> None:
    """Create ``placed_sign``: signs with the machines that had the addresses at the time."""
    runs = [(one.address.lower(), one.host, one.first) for one in known if one.address and one.first and one.host]
    named = {run[0] for run in runs}
    runs += [(a, host, first.isoformat()) for a, host, first in connection.execute(_OWN).fetchall() if a not in named]
    connection.register(
        "known_runs",
        pa.table(
            {
                "address": pa.array([run[0] for run in runs], pa.string()),
                "machine": pa.array([run[1] for run in runs], pa.string()),
                "since": pa.array([run[2] for run in runs], pa.string()),
            }
        ),
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE run AS
        SELECT address, min(machine) AS machine, CAST(since AS TIMESTAMPTZ) AS since FROM known_runs GROUP BY address, since
        """
    )
    connection.unregister("known_runs")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE placed_sign AS
        WITH earliest AS (SELECT address, arg_min(machine, since) AS machine FROM run GROUP BY address),
        at_source AS (
            SELECT s.*, coalesce(r.machine, e.machine, s.src) AS from_host
            FROM sign AS s ASOF LEFT JOIN run AS r ON s.src = r.address AND s.occurred >= r.since
            LEFT JOIN earliest AS e ON s.src = e.address
        )
        SELECT s.* EXCLUDE (src, dst), coalesce(r.machine, e.machine, s.dst) AS to_host
        FROM at_source AS s ASOF LEFT JOIN run AS r ON s.dst = r.address AND s.occurred >= r.since
        LEFT JOIN earliest AS e ON s.dst = e.address
        """
    )
    connection.execute("DELETE FROM placed_sign WHERE from_host = to_host")
    connection.execute("DROP TABLE sign")


# Addresses that a machine's own records show as its own, for machines that no lease or logon names.
_OWN = """
    SELECT address, min(machine), min(occurred) FROM (
        SELECT lower(DestinationIp) AS address, machine, occurred FROM windows_true
            WHERE event_id = 3 AND lower(Initiated) = 'false' AND contains(lower(coalesce(channel, '')), 'sysmon')
        UNION ALL SELECT lower(SourceIp), machine, occurred FROM windows_true
            WHERE event_id = 3 AND lower(Initiated) = 'true' AND contains(lower(coalesce(channel, '')), 'sysmon')
        UNION ALL SELECT lower(SourceAddress), machine, occurred FROM windows_true
            WHERE event_id = 5156 AND Protocol IN ('6', 'tcp')
    )
    WHERE address IS NOT NULL AND occurred IS NOT NULL AND machine <> '' AND NOT regexp_matches(address,
        '^(127[.]|0[.]|22[4-9][.]|23[0-9][.]|255[.]|169[.]254|::|0:0:|f[ef])') AND address NOT LIKE '%.255'
    GROUP BY address HAVING count(DISTINCT machine) = 1 ORDER BY 1
"""

_EDGES = """
    WITH marked AS (
        SELECT *, CASE WHEN epoch(occurred) - epoch(lag(occurred) OVER w) <= $1 THEN 0 ELSE 1 END AS fresh_step
        FROM placed_sign WINDOW w AS (PARTITION BY from_host, to_host ORDER BY occurred)
    ),
    stepped AS (
        SELECT *, sum(fresh_step) OVER (PARTITION BY from_host, to_host ORDER BY occurred ROWS UNBOUNDED PRECEDING)::BIGINT AS step
        FROM marked
    ),
    grouped AS (
        SELECT from_host, to_host, login, step, family, arg_max(how, base) AS how, arg_max(technique, base) AS technique,
               max(base) AS base, min(occurred) AS first, max(occurred) AS last, count(*) AS events
        FROM stepped GROUP BY from_host, to_host, login, step, family
    ),
    clients AS (SELECT to_host, family, count(DISTINCT from_host) AS clients FROM placed_sign GROUP BY ALL),
    since AS (SELECT min(occurred) AS began FROM placed_sign),
    weighed AS (
        SELECT g.*, dense_rank() OVER (PARTITION BY from_host, to_host, login, family ORDER BY CAST(first AS DATE)) - 1 AS earlier_days,
               row_number() OVER (PARTITION BY from_host, to_host, login ORDER BY first) = 1
                   AND first >= since.began + to_days($2) AS fresh,
               clients.clients
        FROM grouped AS g JOIN clients USING (to_host, family) CROSS JOIN since
    ),
    kept AS (
        SELECT * FROM weighed
        WHERE (from_host, to_host, step) IN (SELECT (from_host, to_host, step) FROM grouped WHERE base >= $5)
        ORDER BY base DESC, (earlier_days = 0) DESC, (clients <= $3) DESC, first, from_host, to_host LIMIT $4
    )
    SELECT * FROM kept ORDER BY first, from_host, to_host, family, login NULLS FIRST
"""

# A family implies others: what it needs on the way is not told as a step of its own.
_IMPLIES = {
    "exec": ("smb", "rpc", "logon"),
    "wmi": ("rpc", "smb", "logon"),
    "winrm": ("logon", "rpc"),
    "rpc": ("logon",),
}


def _joined(found: list[Edge]) -> Iterable[Edge]:
    """Yield edges with the login of the logons around them; backing families are left out where a main one stands."""
    steps: dict[tuple[str, str, int], list[Edge]] = {}
    for edge in found:
        steps.setdefault((edge.source, edge.target, edge.step), []).append(edge)
    heavier = float(load("trace/lateral")["several_ways"])
    for parts in steps.values():
        heavy = {part.family for part in parts if part.base >= _HEAVY and part.family not in ("logon", "support")}
        if len(heavy) > 1:
            parts = [msgspec.structs.replace(part, base=part.base + heavier * (part.family in heavy)) for part in parts]
        families = {part.family for part in parts}
        implied = {name for family in families for name in _IMPLIES.get(family, ())}
        if families - {"logon", "support"}:
            implied.add("logon")
        for family in sorted(families - implied - {"support"}):
            yield from _with_logins([part for part in parts if part.family == family], parts)


def _with_logins(own: list[Edge], parts: list[Edge]) -> Iterable[Edge]:
    named = [edge for edge in own if edge.login]
    if not named:
        others = sorted({part.login for part in parts if part.login and part.family in ("logon", "smb", "support")})
        unnamed = _merged(own)
        yield msgspec.structs.replace(unnamed, login=others[0] if len(others) == 1 else None)
        return
    spare = [edge for edge in own if not edge.login]
    for edge in named:
        yield _merged([edge, *spare]) if len(named) == 1 else edge


def _merged(own: list[Edge]) -> Edge:
    best = max(own, key=lambda edge: edge.base)
    return msgspec.structs.replace(
        best,
        login=next((edge.login for edge in own if edge.login), None),
        first=min(edge.first for edge in own),
        last=max(edge.last for edge in own),
        events=sum(edge.events for edge in own),
        fresh=any(edge.fresh for edge in own),
        earlier_days=max(edge.earlier_days for edge in own),
    )


def records(connection: duckdb.DuckDBPyConnection, told: Sequence[Edge]) -> list[Records]:
    """Return the records of each step: signs between its two machines in its time, of its login or of none."""
    if not told:
        return []
    connection.register(
        "told_rows",
        pa.table(
            {
                "at": list(range(len(told))),
                "from_host": [edge.source for edge in told],
                "to_host": [edge.target for edge in told],
                "login": pa.array([edge.login for edge in told], pa.string()),
                "first": pa.array([edge.first for edge in told], pa.timestamp("us", tz="UTC")),
                "last": pa.array([edge.last for edge in told], pa.timestamp("us", tz="UTC")),
            }
        ),
    )
    rows = connection.execute(
        """
        SELECT t.at, p."end", list({'source': p.source, 'record': p.record, 'own': p.own}
            ORDER BY p.base DESC, p.occurred, p.source, p.record)[1:20]
        FROM told_rows AS t JOIN (SELECT DISTINCT ON (source, record) * FROM placed_sign ORDER BY source, record, base DESC) AS p
          ON p.from_host = t.from_host AND p.to_host = t.to_host
         AND p.occurred BETWEEN t.first - INTERVAL 5 MINUTE AND t.last + INTERVAL 5 MINUTE
         AND (p.login IS NULL OR t.login IS NULL OR p.login = t.login)
        GROUP BY t.at, p."end"
        """
    ).fetchall()
    connection.unregister("told_rows")
    ends: dict[int, dict[str, tuple[Locator, ...]]] = {}
    for at, end, places in rows:
        ends.setdefault(at, {})[end] = tuple(
            Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places
        )
    return [
        Records(
            source=ends.get(number, {}).get("source", ()),
            target=ends.get(number, {}).get("target", ()),
            network=(*ends.get(number, {}).get("network", ()), *ends.get(number, {}).get("controller", ()))[:20],
        )
        for number in range(len(told))
    ]
