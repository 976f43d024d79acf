"""Who talked to which destination outside: one table over connections, requests through proxies and the hosts' own records."""

from __future__ import annotations

import ipaddress
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from keii.lake.index_columns import dotted
from keii.trace.internal import Networks

_ENDS = (
    *((table, end) for table in ("network", "http", "tls") for end in ("src_ip", "dst_ip")),
    ("files", "src_ip"),
    ("windows_true", "SourceIp"),
    ("windows_true", "DestinationIp"),
)


def gather_talks(connection: duckdb.DuckDBPyConnection, networks: Networks, table: dict[str, Any]) -> None:
    """Create the tables ``own_address`` (ip) and ``talk``: one row per contact of a machine of ours with a destination outside.

    Columns of ``talk``: client (address), far (name where the same connection, or a name that alone stands for the address,
    tells one; else the address), ip, port, occurred, duration (s), out and into (bytes), failed, image (process), kind
    (flow, proxy, host), source, record, own. A request through a proxy counts for the name asked, not for the proxy. Lookups and
    broadcasts are left out.
    """
    _own_addresses(connection, networks)
    connection.execute(_NAMES)
    connection.execute(_TO_PROXY)
    never = ", ".join(str(int(port)) for port in table["never_ports"])
    connection.execute(_TALK.format(never=never))
    connection.execute("DELETE FROM talk WHERE far IS NULL OR client IS NULL OR far = client")
    connection.execute(_INSIDE)
    connection.execute(_PROXIES)


def _own_addresses(connection: duckdb.DuckDBPyConnection, networks: Networks) -> None:
    parts = [f"SELECT DISTINCT {column} AS ip FROM {table} WHERE {column} IS NOT NULL" for table, column in _ENDS]
    seen = connection.sql(" UNION ".join(parts)).to_arrow_table()["ip"].combine_chunks()
    numbers, is_dotted = dotted(seen)
    blocks = [ipaddress.ip_network(block) for block in (*networks.blocks, "127.0.0.0/8")]
    own, apart = np.zeros(len(seen), np.bool_), np.zeros(len(seen), np.bool_)
    for marks, listed in ((own, blocks), (apart, _APART)):
        for block in listed:
            if block.version == 4:
                marks |= is_dotted & (numbers >= int(block[0])) & (numbers <= int(block[-1]))
    apart |= is_dotted & (numbers % 256 == 255)
    for place in np.flatnonzero(~is_dotted).tolist():  # not IPv4: few
        own[place], apart[place] = _sides(seen[place].as_py(), blocks)
    for name, marks in (("own", own), ("apart", apart & ~own)):
        connection.register("side_rows", pa.table({"ip": seen.filter(pa.array(marks)).sort()}))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name}_address AS SELECT ip FROM side_rows")
        connection.unregister("side_rows")


_APART = [ipaddress.ip_network(block) for block in ("224.0.0.0/4", "169.254.0.0/16", "0.0.0.0/32")]


def _sides(text: str, blocks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> tuple[bool, bool]:
    """Return whether an address is one of ours, and whether it is no machine's (multicast, link-local, broadcast)."""
    try:
        address = ipaddress.ip_address(text.removeprefix("::ffff:"))
    except ValueError:
        return False, False
    own = address.is_loopback or any(address in block for block in blocks if block.version == address.version)
    return own, address.is_multicast or address.is_link_local or address.is_unspecified or text.endswith(".255")


# The name of a connection: of its own request or handshake; of an address: where all look-ups of it gave one name.
_NAMES = r"""
    CREATE OR REPLACE TEMP TABLE uid_name AS
    SELECT uid, min(name) AS name FROM (
        SELECT uid, lower(hostname) AS name FROM http WHERE uid IS NOT NULL AND hostname IS NOT NULL AND NOT coalesce(proxied, false)
        UNION ALL SELECT uid, lower(server_name) FROM tls WHERE uid IS NOT NULL AND server_name IS NOT NULL
    ) WHERE NOT regexp_matches(name, '^[0-9.]+$') AND NOT contains(name, ':') AND name <> '' GROUP BY uid;
    CREATE OR REPLACE TEMP TABLE ip_name AS
    SELECT ip, min(name) AS name FROM (
        SELECT unnest(answers) AS ip, lower(query) AS name FROM dns WHERE query IS NOT NULL
        UNION ALL SELECT DestinationIp, lower(DestinationHostname) FROM windows_true
            WHERE event_id = 3 AND contains(DestinationHostname, '.') AND NOT regexp_matches(DestinationHostname, '^[0-9.]+$')
        UNION ALL SELECT replace(trim(unnest(string_split(QueryResults, ';'))), '::ffff:', ''), lower(QueryName) FROM windows_true
            WHERE event_id = 22 AND QueryName IS NOT NULL
    ) WHERE ip IS NOT NULL AND regexp_matches(ip, '^([0-9.]+|[0-9a-fA-F:]+)$') GROUP BY ip HAVING count(DISTINCT name) = 1;
"""

# A line of a proxy's log has no volume out: that of the client's connection to the proxy at the time stands for it.
_TO_PROXY = r"""
    CREATE OR REPLACE TEMP TABLE proxy_address AS
    SELECT DISTINCT n.dst_ip AS ip FROM network AS n
    WHERE n.dst_ip IN (SELECT ip FROM own_address) AND (
        n.uid IN (SELECT uid FROM http WHERE proxied AND uid IS NOT NULL)
        OR (n.dst_port IN (3128, 8080, 8000, 8888, 1080) AND n.src_ip IN (SELECT src_ip FROM http WHERE proxied)));
    CREATE OR REPLACE TEMP TABLE to_proxy AS
    SELECT src_ip, occurred, arg_max(duration, coalesce(bytes_out, 0)) AS duration, max(bytes_out) AS bytes_out,
           arg_max(bytes_in, coalesce(bytes_out, 0)) AS bytes_in
    FROM network WHERE dst_ip IN (SELECT ip FROM proxy_address) AND occurred IS NOT NULL GROUP BY src_ip, occurred
"""

_TALK = r"""
    CREATE OR REPLACE TEMP TABLE talk AS
    SELECT n.src_ip AS client, coalesce(u.name, i.name, n.dst_ip) AS far, n.dst_ip AS ip, n.dst_port AS port, n.occurred,
           coalesce(n.duration, 0) AS duration, coalesce(n.bytes_out, n.ip_bytes_out, 0) AS out,
           coalesce(n.bytes_in, n.ip_bytes_in, 0) AS into_,
           (n.state IN ('S0', 'REJ', 'RSTOS0', 'RSTRH', 'SH', 'SHR', 'OTH') AND coalesce(n.bytes_in, 0) = 0)
               OR lower(n.action) IN ('deny', 'drop', 'block') AS failed,
           CAST(NULL AS VARCHAR) AS image, CAST(NULL AS VARCHAR) AS login, 'flow' AS kind, n.service, n.source, n.record, n.uid AS own
    FROM network AS n
    LEFT JOIN uid_name AS u ON n.uid = u.uid LEFT JOIN ip_name AS i ON n.dst_ip = i.ip
    WHERE n.src_ip IN (SELECT ip FROM own_address) AND n.dst_ip NOT IN (SELECT ip FROM own_address)
      AND n.dst_ip NOT IN (SELECT ip FROM apart_address) AND n.occurred IS NOT NULL
      AND lower(coalesce(n.protocol, 'tcp')) IN ('tcp', 'udp', '6', '17')
      AND coalesce(n.dst_port, 0) NOT IN ({never})
    UNION ALL
    SELECT h.src_ip, coalesce(nullif(lower(h.hostname), ''), i.name, h.dst_ip), h.dst_ip,
           CASE WHEN h.method = 'CONNECT' THEN coalesce(TRY_CAST(regexp_extract(h.url, ':([0-9]+)$', 1) AS INTEGER), 443)
                ELSE coalesce(TRY_CAST(regexp_extract(h.url, '^[a-z]+://[^/:]+:([0-9]+)', 1) AS INTEGER), 80) END,
           h.occurred, coalesce(n.duration, c.duration, 0), coalesce(n.bytes_out, h.bytes_out, c.bytes_out, 0),
           coalesce(n.bytes_in, h.bytes_in, c.bytes_in, 0),
           coalesce(h.status >= 500, false), NULL, h.user, 'proxy', NULL, h.source, h.record, h.uid
    FROM (SELECT *, CASE WHEN uid IS NULL THEN src_ip END AS lone, occurred + INTERVAL 2 SECOND AS until FROM http) AS h
    LEFT JOIN network AS n ON h.uid = n.uid LEFT JOIN ip_name AS i ON h.dst_ip = i.ip
    ASOF LEFT JOIN to_proxy AS c ON h.lone = c.src_ip AND h.until >= c.occurred
    WHERE coalesce(h.proxied, false) AND h.src_ip IN (SELECT ip FROM own_address) AND h.occurred IS NOT NULL
    UNION ALL
    SELECT h.src_ip, coalesce(u.name, i.name, h.dst_ip), h.dst_ip, h.dst_port, h.occurred, 0,
           coalesce(h.bytes_out, 0), coalesce(h.bytes_in, 0), false,
           NULL, h.user, 'flow', 'http', h.source, h.record, h.uid
    FROM http AS h LEFT JOIN uid_name AS u ON h.uid = u.uid LEFT JOIN ip_name AS i ON h.dst_ip = i.ip
    WHERE NOT coalesce(h.proxied, false) AND h.src_ip IN (SELECT ip FROM own_address) AND h.occurred IS NOT NULL
      AND h.dst_ip NOT IN (SELECT ip FROM own_address) AND NOT EXISTS (SELECT 1 FROM network AS n WHERE n.uid = h.uid)
    UNION ALL
    SELECT t.src_ip, coalesce(u.name, i.name, t.dst_ip), t.dst_ip, t.dst_port, t.occurred, 0, 0, 0, NOT coalesce(t.established, true),
           NULL, NULL, 'flow', 'ssl', t.source, t.record, t.uid
    FROM tls AS t LEFT JOIN uid_name AS u ON t.uid = u.uid LEFT JOIN ip_name AS i ON t.dst_ip = i.ip
    WHERE t.src_ip IN (SELECT ip FROM own_address) AND t.occurred IS NOT NULL
      AND t.dst_ip NOT IN (SELECT ip FROM own_address) AND NOT EXISTS (SELECT 1 FROM network AS n WHERE n.uid = t.uid)
    UNION ALL
    SELECT w.SourceIp, coalesce(i.name, w.DestinationIp), w.DestinationIp, TRY_CAST(w.DestinationPort AS INTEGER),
           w.occurred, 0, 0, 0, false,
           lower(w.Image), w.User, 'host', NULL, w.source, w.record, CAST(w.record_id AS VARCHAR)
    FROM windows_true AS w LEFT JOIN ip_name AS i ON w.DestinationIp = i.ip
    WHERE w.event_id = 3 AND contains(lower(coalesce(w.channel, '')), 'sysmon') AND lower(w.Initiated) = 'true' AND w.occurred IS NOT NULL
      AND w.DestinationIp NOT IN (SELECT ip FROM own_address) AND w.DestinationIp NOT IN (SELECT ip FROM apart_address)
      AND coalesce(TRY_CAST(w.DestinationPort AS INTEGER), 0) NOT IN ({never})
"""

# Names of our own: without a dot, or that look-ups lead to an address of ours.
_INSIDE = r"""
    DELETE FROM talk WHERE far NOT LIKE '%.%' AND far NOT LIKE '%:%'
        OR far IN (SELECT lower(query) FROM (SELECT query, unnest(answers) AS ip FROM dns) WHERE ip IN (SELECT ip FROM own_address))
        OR far IN (SELECT ip FROM own_address)
"""

# A proxy's own way out is not a contact of its own where the log of requests names who asked.
_PROXIES = r"""
    CREATE OR REPLACE TEMP TABLE asked_for AS
    SELECT DISTINCT far FROM talk WHERE kind = 'proxy' UNION SELECT DISTINCT ip FROM talk WHERE kind = 'proxy' AND ip IS NOT NULL;
    DELETE FROM talk WHERE kind = 'flow' AND client IN (SELECT ip FROM proxy_address)
        AND (far IN (SELECT far FROM asked_for) OR ip IN (SELECT far FROM asked_for));
"""
