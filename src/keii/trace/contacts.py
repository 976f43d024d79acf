"""Contacts between machines: logons, tickets, shares, pipes and ports of remote administration, as the logs of both ends tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from keii.data import load
from keii.model import HostIdentity, Locator
from keii.trace.hosts import Names, short

_MOST = 400_000  # bundles of contacts of one round


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one kind from one machine to another within ten minutes.

    Attributes:
        source_host, target_host: names where known, else addresses.
        kind: a kind of ``data/trace/contacts.yaml`` (smb, rdp, logon, service-control …).
        side: whose log tells it: source, target or network.
        user: login in lower case, None where the record names none.
    """

    source_host: str
    target_host: str
    kind: str
    side: str
    user: str | None
    first: dt.datetime
    last: dt.datetime
    events: int
    locators: tuple[Locator, ...]


def prepare(connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity]) -> None:
    """Create the view ``contact`` (src, dst, occurred, login, kind, side, source, record, own) over all logs.

    ``src`` and ``dst`` are addresses or short names in upper case. Machine accounts and local logons are left out. Needs the
    view ``windows_true``.

    An address of a server that no lease names gets the name under which the server's own log tells the same logons: at least
    three logons from the same client within two seconds of the sensor's connection, and four in five of them at that machine.
    A credential check at the controller (4776) tells login and workstation but no target; the sensor's connection of that
    workstation in the same two seconds gives it, so that a step is seen though the target's own log was erased.
    """
    table = load("trace/contacts")
    for name, column, type_ in (
        ("ports", "port", pa.int32()),
        ("pipes", "name", pa.string()),
        ("interfaces", "name", pa.string()),
    ):
        listed = {column: pa.array(list(table[name]), type_), "kind": pa.array(list(table[name].values()), pa.string())}
        _keep(connection, f"contact_{name}", pa.table(listed))
    named = sorted({(one.address, one.host) for one in known})
    _keep(
        connection,
        "walk_name",
        pa.table(
            {
                "address": pa.array([address for address, _ in named], pa.string()),
                "name": pa.array([name for _, name in named], pa.string()),
            }
        ),
    )
    connection.execute(_CHECKED)
    connection.execute(_SERVERS)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW plain_contact AS {_CONTACT}")
    connection.execute(_NAMED)


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: object) -> None:
    connection.register("contact_rows", rows)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM contact_rows")
    connection.unregister("contact_rows")


def contacts(connection: duckdb.DuckDBPyConnection, keys: Iterable[str], names: Names) -> tuple[Contact, ...]:
    """Return every contact that the machines make, and the strong ones that reach them.

    ``keys`` are the names and all addresses of the machines. Strong kinds are those that ``data/trace/contacts.yaml`` lists
    under ``backward``. Needs ``prepare``.
    """
    _keep(connection, "walk_key", pa.table({"key": pa.array(sorted({*keys}), pa.string())}))
    rows = connection.execute(_BUNDLED, [load("trace/contacts")["backward"], _MOST]).fetchall()
    found = []
    for src, dst, kind, side, login, first, last, events, places in rows:
        source, target = names.name_of(src, first.isoformat()), names.name_of(dst, first.isoformat())
        if source == target:
            continue
        found.append(
            Contact(
                source_host=source,
                target_host=target,
                kind=kind,
                side=side,
                user=login,
                first=first,
                last=last,
                events=events,
                locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
            )
        )
    return tuple(found)


def installs(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[dt.datetime, Locator]]]:
    """Return machine → service installs (System 7045, Security 4697) in order of time."""
    rows = connection.execute(
        """
        SELECT machine, occurred, source, record, CAST(record_id AS VARCHAR) FROM windows_true
        WHERE event_id IN (7045, 4697) AND occurred IS NOT NULL ORDER BY ALL
        """
    ).fetchall()
    found: dict[str, list[tuple[dt.datetime, Locator]]] = {}
    for machine, occurred, source, record, own in rows:
        found.setdefault(machine, []).append((occurred, Locator(source=source, record=record, record_id=own)))
    return found


def clients_of_shares(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, int]:
    """Return for every machine how many others ever reached its file service: a server has many, a workstation hardly one."""
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT dst, count(DISTINCT src) FROM contact WHERE kind IN ('smb', 'share', 'logon') GROUP BY dst ORDER BY dst"
    ).fetchall()
    found: dict[str, int] = {}
    for address, count in rows:
        name = names.name_of(address)
        found[name] = max(found.get(name, 0), count)
    return found


def reached_alike(
    connection: duckdb.DuckDBPyConnection,
    keys: Iterable[str],
    kinds: Iterable[str],
    user: str | None,
    between: tuple[dt.datetime, dt.datetime],
    names: Names,
) -> frozenset[str]:
    """Return the machines that one machine reached by any of the kinds, as that login (any, where it is None), in that time.

    ``keys`` are the name and all addresses of the machine. Needs ``prepare``.
    """
    rows = connection.execute(
        """
        SELECT DISTINCT dst FROM contact
        WHERE src = ANY($keys) AND kind = ANY($kinds) AND occurred BETWEEN $begin AND $end AND ($login IS NULL OR login = $login)
        """,
        {"keys": sorted(keys), "kinds": sorted(kinds), "begin": between[0], "end": between[1], "login": user},
    ).fetchall()
    return frozenset(names.name_of(dst, between[1].isoformat()) for (dst,) in rows)


def controllers(connection: duckdb.DuckDBPyConnection, names: Names) -> frozenset[str]:
    """Return the domain controllers: machines that log tickets (4768, 4769) or answer Kerberos."""
    rows = connection.execute(
        """
        SELECT DISTINCT machine FROM windows_true WHERE event_id IN (4768, 4769, 4771)
        UNION SELECT dst_ip FROM network WHERE dst_port = 88 AND coalesce(bytes_in, 0) > 0
        UNION SELECT dst_ip FROM remote WHERE protocol = 'kerberos'
        """
    ).fetchall()
    return frozenset(name for row in rows if row[0] for name in (names.name_of(row[0]), short(row[0])))


_ADDRESS = "replace({0}, '::ffff:', '')"
_SHORT = "machine_name({0})"
_SOURCE = f"""coalesce(CASE WHEN IpAddress NOT IN ('-', '', '::1', '127.0.0.1', 'LOCAL') THEN {_ADDRESS.format("IpAddress")} END,
    CASE WHEN length(WorkstationName) > 1 THEN {_SHORT.format("WorkstationName")} END)"""
_OWN = "source, record, CAST(record_id AS VARCHAR) AS own"
# Accounts of machines and of the system itself say nothing about a person who moves.
_PERSON = (
    "({0} NOT LIKE '%$' AND upper({0}) NOT IN ('ANONYMOUS LOGON', 'SYSTEM', 'LOCAL SERVICE', 'NETWORK SERVICE', '-'))"
)
_LOGIN = "lower(split_part({0}, '@', 1)) AS login"
# A connection counts when it was answered: scans and refused attempts do not reach a machine.
_ANSWERED = """(coalesce(n.bytes_in, 1) > 0 AND coalesce(n.state, 'SF') NOT IN ('S0', 'REJ', 'RSTOS0', 'SH', 'OTH')
    AND coalesce(n.action, '') <> 'deny')"""
_ADMIN_SHARE = "regexp_matches(upper(rtrim({0}, chr(92))), '(^|[^A-Z])(ADMIN|[A-Z])[$]$')"

_CONTACT = f"""
    SELECT {_SOURCE} AS src, machine AS dst, occurred, {_LOGIN.format("TargetUserName")},
           CASE LogonType WHEN '10' THEN 'logon-remote' ELSE 'logon' END AS kind, 'target' AS side, {_OWN}
    FROM windows_true WHERE event_id = 4624 AND LogonType IN ('3', '10') AND {_PERSON.format("TargetUserName")}
    UNION ALL
    SELECT machine, {_SHORT.format("TargetServerName")}, occurred, {_LOGIN.format("TargetUserName")}, 'explicit', 'source', {_OWN}
    FROM windows_true WHERE event_id = 4648 AND length(TargetServerName) > 1 AND lower(TargetServerName) <> 'localhost'
        AND {_PERSON.format("TargetUserName")}
    UNION ALL
    SELECT {_ADDRESS.format("coalesce(Address, param3)")}, machine, occurred,
           lower(regexp_extract(coalesce("User", param1), '[^\\\\]+$')), 'logon-remote', 'target', {_OWN}
    FROM windows_true WHERE event_id IN (21, 25, 1149) AND provider LIKE '%TerminalServices%'
        AND upper(coalesce(Address, param3)) NOT IN ('LOCAL', 'ローカル', '')
    UNION ALL
    SELECT {_SOURCE}, machine, occurred, {_LOGIN.format("SubjectUserName")},
           CASE WHEN {_ADMIN_SHARE.format("ShareName")} THEN 'admin-share' ELSE 'share' END, 'target', {_OWN}
    FROM windows_true WHERE event_id = 5140 AND {_PERSON.format("SubjectUserName")} AND ShareName NOT LIKE '%IPC$'
    UNION ALL
    SELECT {_SOURCE}, machine, occurred, {_LOGIN.format("SubjectUserName")}, contact_pipes.kind, 'target', {_OWN}
    FROM windows_true JOIN contact_pipes ON lower(split_part(RelativeTargetName, '-', 1)) = contact_pipes.name
    WHERE event_id = 5145 AND {_PERSON.format("SubjectUserName")}
    UNION ALL
    SELECT {_ADDRESS.format("SourceIp")}, {_ADDRESS.format("DestinationIp")}, occurred, NULL, contact_ports.kind, 'source', {_OWN}
    FROM windows_true JOIN contact_ports ON TRY_CAST(DestinationPort AS INTEGER) = contact_ports.port
    WHERE event_id = 3 AND lower(Initiated) = 'true'
    UNION ALL
    SELECT {_ADDRESS.format("IpAddress")}, {_SHORT.format("ServiceName")}, occurred, {_LOGIN.format("TargetUserName")}, 'ticket',
           'network', {_OWN}
    FROM windows_true WHERE event_id = 4769 AND ServiceName LIKE '%$' AND split_part(TargetUserName, '@', 1) NOT LIKE '%$'
        AND IpAddress NOT IN ('-', '::1', '127.0.0.1')
    UNION ALL
    SELECT n.src_ip, n.dst_ip, n.occurred, NULL, contact_ports.kind, 'network', n.source, n.record, n.uid
    FROM network AS n JOIN contact_ports ON n.dst_port = contact_ports.port WHERE {_ANSWERED}
    UNION ALL
    SELECT src_ip, dst_ip, occurred, lower("user"), contact_interfaces.kind, 'network', source, record, uid
    FROM remote JOIN contact_interfaces ON lower(endpoint) = contact_interfaces.name
    UNION ALL
    SELECT src_ip, dst_ip, occurred, lower("user"), protocol, 'network', source, record, uid
    FROM remote WHERE protocol IN ('rdp', 'ssh') AND coalesce(success, true)
    UNION ALL
    SELECT src_ip, dst_ip, occurred, lower("user"), 'logon', 'network', source, record, uid
    FROM remote WHERE protocol = 'ntlm' AND success AND {_PERSON.format('"user"')}
    UNION ALL
    SELECT src_ip, {_SHORT.format("split_part(service, '/', 2)")}, occurred, lower("user"),
           CASE WHEN regexp_matches(upper(service), '^(HTTP|WSMAN)/') THEN 'ticket-http'
                WHEN upper(service) LIKE 'TERMSRV/%' THEN 'ticket-rdp' ELSE 'ticket' END, 'network', source, record, uid
    FROM remote WHERE protocol = 'kerberos' AND operation = 'TGS' AND coalesce(success, true) AND {_PERSON.format('"user"')}
        AND regexp_matches(upper(service), '^(CIFS|HTTP|WSMAN|TERMSRV|RPCSS|HOST)/')
    UNION ALL
    SELECT src_ip, dst_ip, occurred, lower("user"), CASE WHEN {_ADMIN_SHARE.format("share")} THEN 'admin-share' ELSE 'share' END,
           'network', source, record, uid
    FROM smb WHERE share IS NOT NULL AND share NOT LIKE '%IPC$'
"""

_SERVERS = f"""
    CREATE OR REPLACE TEMP TABLE server_alias AS
    WITH entry AS (
        SELECT machine, {_SOURCE} AS src, occurred FROM windows_true
        WHERE event_id IN (4624, 5140) AND coalesce(LogonType, '3') = '3' AND occurred IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY machine ORDER BY occurred, source, record) <= 2000
    ),
    vote AS (
        SELECT n.dst_ip AS address, entry.machine AS name, count(*) AS votes
        FROM entry JOIN network AS n ON n.src_ip = entry.src AND n.dst_port = 445
          AND entry.occurred BETWEEN n.occurred - INTERVAL 2 SECOND AND n.occurred + INTERVAL 2 SECOND
        GROUP BY ALL
    ),
    same AS (  -- the controller, the sensor and the target tell the same login in the same seconds: two such times do
        SELECT checked.dst AS address, entry.machine AS name, count(DISTINCT checked.occurred) AS votes
        FROM checked JOIN windows_true AS entry ON entry.event_id = 4624 AND lower(entry.TargetUserName) = checked.login
          AND replace(entry.IpAddress, '::ffff:', '') = checked.src
          AND entry.occurred BETWEEN checked.occurred - INTERVAL 2 SECOND AND checked.occurred + INTERVAL 2 SECOND
        GROUP BY ALL
    ),
    likely AS (
        SELECT address, arg_max(name, votes) AS name, 1 AS rank FROM same GROUP BY address
        HAVING max(votes) >= 2 AND max(votes) = sum(votes)
        UNION ALL SELECT address, arg_max(name, votes), 2 FROM vote GROUP BY address
        HAVING max(votes) >= 3 AND max(votes) >= 0.8 * sum(votes)
    )
    SELECT address, arg_min(name, rank) AS name FROM likely
    WHERE address NOT IN (SELECT address FROM walk_name) GROUP BY address
"""
_CHECKED = f"""
    CREATE OR REPLACE TEMP TABLE checked AS
    SELECT n.src_ip AS src, n.dst_ip AS dst, w.occurred, {_LOGIN.format("w.TargetUserName")},
           CASE contact_ports.kind WHEN 'rdp' THEN 'rdp' ELSE 'logon' END AS kind, w.source, w.record,
           CAST(w.record_id AS VARCHAR) AS own
    FROM windows_true AS w
    JOIN network AS n ON n.occurred BETWEEN w.occurred - INTERVAL 2 SECOND AND w.occurred + INTERVAL 2 SECOND
    JOIN contact_ports ON n.dst_port = contact_ports.port
    JOIN walk_name ON walk_name.address = n.src_ip AND walk_name.name = {_SHORT.format("w.Workstation")}
    WHERE w.event_id = 4776 AND coalesce(w.Status, '0x0') IN ('0x0', '0') AND {_PERSON.format("w.TargetUserName")} AND {_ANSWERED}
"""
_NAMED = """
    CREATE OR REPLACE TEMP VIEW contact AS
    SELECT src, coalesce(server_alias.name, dst) AS dst, occurred, login, kind, side, source, record, own FROM (
        SELECT * FROM plain_contact UNION ALL SELECT src, dst, occurred, login, kind, 'network', source, record, own FROM checked
    ) LEFT JOIN server_alias ON dst = server_alias.address
"""

_BUNDLED = """
    SELECT src, dst, kind, side, login, min(occurred), max(occurred), count(*),
           list({'source': source, 'record': record, 'own': own} ORDER BY occurred, source, record)[1:20]
    FROM contact
    WHERE occurred IS NOT NULL AND length(src) > 1 AND length(dst) > 1 AND src <> dst
      AND (src IN (SELECT key FROM walk_key) OR (dst IN (SELECT key FROM walk_key) AND list_contains(?, kind)))
    GROUP BY src, dst, kind, side, login, time_bucket(INTERVAL 10 MINUTE, occurred)
    ORDER BY 6, 1, 2, 3, 4, 5 LIMIT ?
"""
