"""What went out: bytes from suspect machines to suspicious destinations, against their own history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa

from keii.model import Locator, Transfer
from keii.trace.files import Suspect

_LEAST = 10_000  # bytes out; less is the beacon itself, which the infections tell


def transfers(
    connection: duckdb.DuckDBPyConnection, suspects: Sequence[Suspect], destinations: Iterable[str]
) -> tuple[Transfer, ...]:
    """Return the volume from each suspect host to each destination (address or name), most first.

    The sensor's connections give the bytes. A request through a proxy has no byte count of its own: the client's connection to the proxy
    with the same sensor id or within two seconds of the proxy's log line gives it. A flow that two logs tell counts once.
    ``usual_bytes_out`` is the host's median bytes out per day to any single destination outside before its window.
    """
    named = sorted({d for d in destinations if d})
    hosts = [s for s in suspects if s.addresses]
    if not named or not hosts:
        return ()
    connection.register(
        "client",
        pa.table(
            {
                "address": [address for s in hosts for address in s.addresses],
                "name": [s.host for s in hosts for _ in s.addresses],
                "since": pa.array([s.first for s in hosts for _ in s.addresses], pa.string()),
            }
        ),
    )
    connection.register("destination", pa.table({"far": named}))
    rows = connection.execute(_VOLUME).fetchall()
    usual = dict(connection.execute(_USUAL).fetchall())
    connection.unregister("client")
    connection.unregister("destination")
    return tuple(
        Transfer(
            host=host,
            destination=far,
            first=first.isoformat(timespec="microseconds"),
            last=last.isoformat(timespec="microseconds"),
            connections=count,
            bytes_out=out,
            bytes_in=into,
            usual_bytes_out=int(usual[host]) if usual.get(host) is not None else None,
            file=file,
            locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
        )
        for host, far, first, last, count, out, into, file, places in rows
        if out >= _LEAST
    )


# Direct flows by destination address or by the name that HTTP or TLS tell for the same connection; proxied ones by the proxy's
# log line joined to the client's connection to that proxy.
_VOLUME = """
    WITH direct AS (
        SELECT client.name, coalesce(d.far, h.hostname, t.server_name) AS far, n.occurred, coalesce(n.bytes_out, n.ip_bytes_out, 0) AS out,
               coalesce(n.bytes_in, n.ip_bytes_in, 0) AS into_, h.file, n.source, n.record, n.uid AS own
        FROM network AS n
        JOIN client ON n.src_ip = client.address AND (client.since IS NULL OR n.occurred >= CAST(client.since AS TIMESTAMPTZ))
        LEFT JOIN destination AS d ON n.dst_ip = d.far
        LEFT JOIN (SELECT uid, min(hostname) AS hostname, min(path) FILTER (method IN ('PUT', 'POST')) AS file FROM http
                   WHERE uid IS NOT NULL AND NOT coalesce(proxied, false) GROUP BY uid) AS h ON n.uid = h.uid
        LEFT JOIN (SELECT uid, min(server_name) AS server_name FROM tls WHERE uid IS NOT NULL GROUP BY uid) AS t ON n.uid = t.uid
        WHERE d.far IS NOT NULL OR h.hostname IN (SELECT far FROM destination) OR t.server_name IN (SELECT far FROM destination)
    ),
    asked AS (  -- lines of a proxy's own log: no sensor id; the end of the request is what it logs
        SELECT client.name, client.address, coalesce(nullif(h.hostname, ''), h.dst_ip) AS far, h.occurred, h.method,
               h.path, h.source, h.record
        FROM http AS h JOIN client ON h.src_ip = client.address
        WHERE coalesce(h.proxied, false) AND h.uid IS NULL
          AND (h.hostname IN (SELECT far FROM destination) OR h.dst_ip IN (SELECT far FROM destination))
          AND (client.since IS NULL OR h.occurred >= CAST(client.since AS TIMESTAMPTZ))
    ),
    proxies AS (
        SELECT DISTINCT n.dst_ip, n.dst_port FROM network AS n WHERE n.dst_port IN (3128, 8080, 8000, 8888, 80, 1080)
          AND n.src_ip IN (SELECT address FROM asked) GROUP BY n.dst_ip, n.dst_port HAVING count(DISTINCT n.src_ip) >= 1
    ),
    through AS (
        SELECT asked.name, asked.far, n.occurred, coalesce(n.bytes_out, n.ip_bytes_out, 0) AS out, coalesce(n.bytes_in,
               n.ip_bytes_in, 0) AS into_,
               CASE WHEN asked.method IN ('PUT', 'POST') THEN asked.path END AS file, n.source, n.record, n.uid AS own,
               row_number() OVER (PARTITION BY asked.source, asked.record ORDER BY
                   least(abs(epoch(n.occurred) - epoch(asked.occurred)), abs(epoch(n.occurred) + coalesce(n.duration,
               0) - epoch(asked.occurred)))) AS nearest
        FROM asked JOIN network AS n ON n.src_ip = asked.address
        JOIN proxies ON n.dst_ip = proxies.dst_ip AND n.dst_port = proxies.dst_port
        WHERE asked.occurred BETWEEN n.occurred - INTERVAL 2 SECOND
              AND n.occurred + to_microseconds(CAST((coalesce(n.duration, 0) + 2) * 1000000 AS BIGINT))
    ),
    flows AS (
        SELECT * FROM direct UNION ALL SELECT * EXCLUDE (nearest) FROM through WHERE nearest = 1
    ),
    alone AS (SELECT DISTINCT ON (source, record) * FROM flows ORDER BY source, record, far),
    once AS (  -- the same connection from a second copy of a log: the sensor's id tells it, else time and bytes
        SELECT DISTINCT ON (name, far, coalesce(own, CAST(occurred AS VARCHAR) || ' ' || out || ' ' || into_)) * FROM alone
        ORDER BY name, far, coalesce(own, CAST(occurred AS VARCHAR) || ' ' || out || ' ' || into_), source, record
    )
    SELECT name, far, min(occurred), max(occurred), count(*), sum(out)::BIGINT, sum(into_)::BIGINT, min(file),
           list({'source': source, 'record': record, 'own': own} ORDER BY out DESC, source, record)[1:20]
    FROM once WHERE occurred IS NOT NULL GROUP BY name, far ORDER BY 6 DESC, 1, 2
"""
_USUAL = """
    SELECT name, median(out) FROM (
        SELECT client.name, n.dst_ip, CAST(n.occurred AS DATE) AS day, sum(coalesce(n.bytes_out, 0)) AS out
        FROM network AS n JOIN client ON n.src_ip = client.address
        WHERE client.since IS NOT NULL AND n.occurred < CAST(client.since AS TIMESTAMPTZ)
          AND n.dst_ip NOT IN (SELECT far FROM destination)
        GROUP BY ALL
    ) GROUP BY name
"""
