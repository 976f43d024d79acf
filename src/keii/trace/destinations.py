"""Destinations outside that look like an adversary's, without any intel: signs and weights in ``data/trace/destinations.yaml``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import msgspec
import numpy as np

from keii.data import load
from keii.model import Beacon, Locator
from keii.trace.hosts import Names
from keii.trace.internal import Networks


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of an own machine (address) and a destination (address or name) with its signs."""

    client: str
    far: str
    signs: tuple[str, ...]
    score: int
    first: str
    last: str
    connections: int
    locators: tuple[Locator, ...] = ()


def proxies(connection: duckdb.DuckDBPyConnection, networks: Networks) -> frozenset[str]:
    """Return own addresses that forward or serve for others: proxies, resolvers, domain controllers."""
    rows = connection.execute(
        """
        SELECT dst_ip FROM network WHERE dst_port IN (3128, 8080, 8000, 8888, 1080) GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 3
        UNION SELECT dst_ip FROM dns WHERE dst_ip IS NOT NULL GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2
        UNION SELECT dst_ip FROM network WHERE dst_port IN (53, 88, 389) GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2
        """
    ).fetchall()
    return frozenset(address for (address,) in rows if networks.is_internal(address))


def suspicious(
    connection: duckdb.DuckDBPyConnection,
    networks: Networks,
    forwarders: Iterable[str],
    suspects: Iterable[str],
    names: Names,
) -> tuple[tuple[Destination, ...], tuple[Beacon, ...]]:
    """Return destinations whose signs reach the threshold, and the beacons found on the way; ``suspects`` are addresses."""
    table = load("trace/destinations")
    known, relays = frozenset(suspects), frozenset(forwarders)
    rows = [
        row
        for row in connection.execute(_PAIRS).fetchall()
        if networks.is_internal(row[0]) and row[0] not in relays and _outside(networks, row[1])
    ]
    clients: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        clients[row[1]].add(row[0])
    beacons = _beacons(connection, rows, clients, table["beacon"], names)
    extra = _extra_signs(connection, table)
    found = []
    for client, far, count, first, last, ports, named, tls, tls_nameless, places in rows:
        signs = {sign for sign, pairs in extra.items() if (client, far) in pairs}
        signs |= _own_signs(
            table, far, clients[far], ports, named=bool(named), tls=tls, tls_nameless=bool(tls_nameless)
        )
        if (client, far) in beacons:
            signs.add("beacon")
        if client in known:
            signs.add("suspect")
        score = sum(table["weights"][sign] for sign in signs)
        if score >= table["told"] and signs & set(table["strong"]):
            found.append(
                Destination(
                    client=client,
                    far=far,
                    signs=tuple(sorted(signs)),
                    score=score,
                    first=_iso(first),
                    last=_iso(last),
                    connections=count,
                    locators=_places(places),
                )
            )
    return tuple(sorted(found, key=lambda d: (-d.score, d.first, d.client, d.far))), tuple(beacons.values())


def _places(places: Sequence[dict[str, Any]]) -> tuple[Locator, ...]:
    return tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places)


def _outside(networks: Networks, far: str) -> bool:
    local = ("224.", "239.", "255.", "ff0", "fe80", "127.", "169.254.", "0.")
    if far.startswith(local) or far.endswith(".255") or far in ("::1", "-", ""):
        return False
    return not networks.is_internal(far)


def _iso(moment: Any) -> str:
    return str(moment.isoformat(timespec="microseconds"))


# Per (client, destination address, or name where a proxy hides the address): what the sensors tell.
_PAIRS = """
    WITH name AS (
        SELECT DISTINCT dst_ip FROM tls WHERE server_name IS NOT NULL AND NOT regexp_matches(server_name, '^[0-9.:]+$')
        UNION SELECT dst_ip FROM http
            WHERE hostname IS NOT NULL AND hostname <> dst_ip AND NOT regexp_matches(hostname, '^[0-9.:]+$')
        UNION SELECT unnest(answers) FROM dns
    ),
    hello AS (
        SELECT src_ip, dst_ip, bool_or(server_name IS NULL OR server_name = dst_ip) AS nameless, list(DISTINCT dst_port) AS ports FROM tls
        WHERE dst_ip IS NOT NULL GROUP BY ALL
    ),
    flow AS (
        SELECT src_ip, dst_ip AS far, count(*) AS n, min(occurred) AS first, max(occurred) AS last,
               list(DISTINCT dst_port) FILTER (protocol = 'tcp' AND coalesce(bytes_out, 0) + coalesce(bytes_in, 0) > 0) AS ports,
               list({'source': source, 'record': record, 'own': uid} ORDER BY occurred, source, record)[1:20] AS places
        FROM network WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL AND occurred IS NOT NULL GROUP BY ALL
    )
    SELECT flow.src_ip, far, n, first, last, coalesce(flow.ports, []),
           far IN (SELECT dst_ip FROM name WHERE dst_ip IS NOT NULL),
           coalesce(hello.ports, []), coalesce(hello.nameless, false), places
    FROM flow LEFT JOIN hello ON flow.src_ip = hello.src_ip AND far = hello.dst_ip
    UNION ALL
    SELECT src_ip, hostname, count(*), min(occurred), max(occurred), [], true, [], false,
           list({'source': source, 'record': record, 'own': uid} ORDER BY occurred, source, record)[1:20]
    FROM http WHERE proxied AND hostname IS NOT NULL AND hostname <> '' AND src_ip IS NOT NULL AND occurred IS NOT NULL
    GROUP BY ALL
    ORDER BY 1, 2
"""


def _own_signs(
    table: dict[str, Any],
    far: str,
    clients: set[str],
    ports: Sequence[int],
    *,
    named: bool,
    tls: Sequence[int],
    tls_nameless: bool,
) -> set[str]:
    signs = set()
    if len(clients) <= 2:
        signs.add("rare")
    if not named and far.replace(".", "").replace(":", "").isalnum() and (far[:1].isdigit() or ":" in far):
        signs.add("nameless")
    if any(port not in table["common_ports"] for port in ports if port is not None):
        signs.add("odd-port")
    if any(port not in table["tls_ports"] for port in tls if port is not None) and (not named or tls_nameless):
        signs.add("tls-odd-port")
    if tls_nameless and not named:
        signs.add("tls-nameless")
    return signs


def _extra_signs(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Return sign → pairs for what stands in other logs than the connections."""
    endings = "|".join(ending.replace(".", "[.]") for ending in table["executables"])
    asked: dict[str, tuple[str, list[Any]]] = {
        "download": (_DOWNLOAD, [f"({endings})$"]),
        "upload": (_UPLOAD, []),
        "odd-program": (_ODD_PROGRAM, [table["programs"]]),
        "heavy-upload": (_HEAVY, [table["heavy"]]),
    }
    return {
        sign: {(client, far) for client, far in connection.execute(sql, values).fetchall() if client and far}
        for sign, (sql, values) in asked.items()
    }


_DOWNLOAD = """
    SELECT DISTINCT src_ip, unnest([dst_ip, hostname]) FROM http
    WHERE (regexp_matches(lower(split_part(path, '?', 1)), ?) OR mime_type LIKE '%dosexec%') AND coalesce(status, 200) < 400
    UNION SELECT DISTINCT dst_ip, src_ip FROM files WHERE mime_type LIKE '%dosexec%' OR mime_type LIKE '%x-executable%'
"""
_UPLOAD = (
    "SELECT DISTINCT src_ip, unnest([dst_ip, hostname]) FROM http WHERE method = 'PUT' AND coalesce(status, 200) < 400"
)
_ODD_PROGRAM = """
    SELECT DISTINCT SourceIp, unnest([DestinationIp, DestinationHostname]) FROM windows_true
    WHERE event_id = 3 AND lower(Initiated) = 'true' AND len(list_filter(?, lambda part: contains(lower(Image), part))) > 0
"""
_HEAVY = """
    SELECT DISTINCT n.src_ip, unnest([n.dst_ip, h.hostname])
    FROM (SELECT * FROM network WHERE bytes_out >= ? AND bytes_out > 10 * coalesce(bytes_in, 0)
          AND dst_port NOT IN (445, 139, 2049, 3260)) AS n
    LEFT JOIN (SELECT src_ip, hostname, occurred FROM http WHERE proxied AND uid IS NULL) AS h ON h.src_ip = n.src_ip
      AND h.occurred BETWEEN n.occurred - INTERVAL 2 SECOND
          AND n.occurred + to_microseconds(CAST((coalesce(n.duration, 0) + 2) * 1000000 AS BIGINT))
"""


def _beacons(
    connection: duckdb.DuckDBPyConnection,
    rows: Sequence[tuple[Any, ...]],
    clients: dict[str, set[str]],
    limits: dict[str, Any],
    names: Names,
) -> dict[tuple[str, str], Beacon]:
    """Return regular pairs: the score is one minus the median absolute deviation of the intervals over their median.

    Intervals are those between connections at different seconds; the median is blind to nights and weekends off.
    """
    wanted = sorted(
        (
            (row[0], row[1], row[2])
            for row in rows
            if row[2] >= limits["connections"] and len(clients[row[1]]) <= limits["clients"]
        ),
        key=lambda pair: (-pair[2], pair[0], pair[1]),
    )[:5_000]
    if not wanted:
        return {}
    connection.execute("CREATE OR REPLACE TEMP TABLE wanted (client VARCHAR, far VARCHAR)")
    connection.executemany("INSERT INTO wanted VALUES (?, ?)", [[pair[0], pair[1]] for pair in wanted])
    spans = {(row[0], row[1]): row for row in rows}
    found = {}
    for client, far, seconds in connection.execute(_SECONDS).fetchall():
        gaps = np.diff(np.asarray(seconds, np.float64))
        if len(gaps) < limits["connections"] - 1:
            continue
        median = float(np.median(gaps))
        spread = float(np.median(np.abs(gaps - median)))
        score = max(0.0, 1 - spread / median) if median >= 5 else 0.0
        if score >= limits["score"]:
            row = spans[client, far]
            found[client, far] = Beacon(
                host=names.name_of(client),
                destination=far,
                connections=len(seconds),
                first=_iso(row[3]),
                last=_iso(row[4]),
                interval=round(median, 1),
                jitter=round(spread, 1),
                score=round(score, 3),
                locators=_places(row[9]),
            )
    return found


_SECONDS = """
    SELECT client, far, list(DISTINCT second ORDER BY second) FROM (
        SELECT w.client, w.far, epoch_us(n.occurred) // 1000000 AS second
            FROM network AS n JOIN wanted AS w ON n.src_ip = w.client AND n.dst_ip = w.far
        UNION ALL SELECT w.client, w.far, epoch_us(h.occurred) // 1000000
            FROM http AS h JOIN wanted AS w ON h.proxied AND h.src_ip = w.client AND h.hostname = w.far
    ) WHERE second IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
