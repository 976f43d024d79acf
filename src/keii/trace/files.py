"""The files that compromised users and machines touched: each once, with how it was touched and where it is told."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import msgspec
import pyarrow as pa

from keii.model import FileTouch, HostIdentity, Locator

_MOST = 500_000  # files told one by one
# Paths that every domain member reads all day; they are no one's documents.
_NOISE = ("sysvol", "netlogon", "ipc$", "print$")


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A compromised machine or user and the window in which its actions count.

    Attributes:
        host: short name in upper case, empty for a user anywhere.
        addresses: of the host in that window.
        user: login, empty for everything that the host did.
        first, last: UTC, ISO 8601; open where None.
    """

    host: str = ""
    addresses: tuple[str, ...] = ()
    user: str = ""
    first: str | None = None
    last: str | None = None


def files(
    connection: duckdb.DuckDBPyConnection, suspects: Sequence[Suspect], known: Sequence[HostIdentity] = ()
) -> tuple[FileTouch, ...]:
    """Return every file that a suspect touched in its window, from file audit (5145, 4663) and SMB on the network.

    A share path and the local path of the same file are one file: the audit's own ``ShareLocalPath`` joins them. Operations
    come from the access mask (5145, 4663) or the sensor's action. 4663 names no client: its events count where the same user and
    file stand in a 5145 or where a suspect is a user. ``known`` names servers that a client addressed by number, where the address
    had one name only. Copies on other machines are files of the same name written there.
    """
    if not suspects:
        return ()
    connection.register("suspect_rows", _table(suspects))
    connection.execute("CREATE OR REPLACE TEMP TABLE suspect AS SELECT * FROM suspect_rows")
    connection.unregister("suspect_rows")
    connection.register("name_rows", _server_names(known))
    connection.execute("CREATE OR REPLACE TEMP TABLE server_name AS SELECT * FROM name_rows")
    connection.unregister("name_rows")
    rows = connection.execute(_TOUCHED).fetchall()
    copies = _copies(connection)
    found = []
    for server, path, operations, users, hosts, first, last, events, size, places in rows[:_MOST]:
        name = path.rsplit("\\", 1)[-1].lower()
        elsewhere = tuple(sorted(f"{host}: {where}" for host, where in copies.get(name, ()) if host != server))
        found.append(
            FileTouch(
                path=path,
                server=server,
                operations=tuple(operations),
                users=tuple(user for user in users if user),
                hosts=tuple(host for host in hosts if host),
                first=first.isoformat(timespec="microseconds") if first else None,
                last=last.isoformat(timespec="microseconds") if last else None,
                events=events,
                bytes=size,
                copies=elsewhere[:10],
                locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
            )
        )
    return tuple(found)


def _table(suspects: Sequence[Suspect]) -> object:
    return pa.table(
        {
            "host": pa.array([s.host for s in suspects], pa.string()),
            "addresses": pa.array([list(s.addresses) for s in suspects], pa.list_(pa.string())),
            "login": pa.array([s.user.lower() for s in suspects], pa.string()),
            "since": pa.array([s.first for s in suspects], pa.string()),
            "until": pa.array([s.last for s in suspects], pa.string()),
        }
    )


def _server_names(known: Sequence[HostIdentity]) -> object:
    """Return address and name of the machines whose address never had another name."""
    names: dict[str, set[str]] = {}
    for identity in known:
        names.setdefault(identity.address, set()).add(identity.host)
    single = sorted((address, *found) for address, found in names.items() if len(found) == 1)
    return pa.table(
        {
            "address": pa.array([address for address, _ in single], pa.string()),
            "name": pa.array([name for _, name in single], pa.string()),
        }
    )


def _noise(column: str) -> str:
    return " AND ".join(f"lower({column}) NOT LIKE '%{word}%'" for word in _NOISE)


# Access masks of files (winnt.h): 0x1 read data or list, 0x2 write data or add file, 0x4 append, 0x10000 delete. A mask with
# read attributes only is a look at the entry, told as ``listed``.
_MASK = "TRY_CAST(replace(lower(AccessMask), '0x', '0x') AS BIGINT)"
_OPERATION = f"""
    CASE WHEN {_MASK} IS NULL THEN 'opened'
         WHEN ({_MASK} & 65536) <> 0 AND ({_MASK} & 3) = 0 THEN 'deleted'
         WHEN ({_MASK} & 6) <> 0 THEN 'written'
         WHEN ({_MASK} & 1) <> 0 THEN 'read'
         ELSE 'listed' END
"""
_CLEAN = "regexp_replace(regexp_replace({0}, '^(\\\\\\?\\?\\\\|\\\\Device\\\\HarddiskVolume[0-9]+)', ''), '\\\\+', '\\\\', 'g')"
_IN_TIME = """(s.since IS NULL OR t.occurred >= CAST(s.since AS TIMESTAMPTZ))
              AND (s.until IS NULL OR t.occurred <= CAST(s.until AS TIMESTAMPTZ))"""
# A record that names no user (the wire) counts by the machine alone.
_WHO = """(s.login = '' OR lower(t.login) = s.login OR (t.login IS NULL AND s.host <> ''))
          AND (s.host = '' OR list_contains(s.addresses, t.client) OR (t.client IS NULL AND s.login <> '' AND lower(t.login) = s.login))"""

_LABEL = "split_part(ltrim(share, chr(92)), chr(92), 1)"  # the server as the client spelt it: a name or an address
_TOUCHED = f"""
    WITH kept AS (  -- where a server keeps a share, as its own audit says
        SELECT machine AS server, lower(regexp_extract(ShareName, '[^\\\\]+$')) AS share,
               min(rtrim({_CLEAN.format("ShareLocalPath")}, chr(92))) AS folder
        FROM windows_true WHERE event_id IN (5140, 5145) AND length(ShareLocalPath) > 1 GROUP BY ALL
    ),
    wire AS (
        SELECT smb.*, coalesce(
            CASE WHEN regexp_full_match({_LABEL}, '[0-9.]+|.*:.*') THEN NULL
                 ELSE nullif(machine_name({_LABEL}), '') END,
            server_name.name, dst_ip) AS server
        FROM smb LEFT JOIN server_name ON smb.dst_ip = server_name.address
        WHERE path IS NOT NULL AND length(path) > 1 AND {_noise("coalesce(share, '')")}
    ),
    audit AS (
        SELECT machine AS server, occurred, SubjectUserName AS login, replace(IpAddress, '::ffff:', '') AS client,
               {_CLEAN.format("coalesce(ShareLocalPath, '') || chr(92) || RelativeTargetName")} AS path, {_OPERATION} AS operation,
               source, record, CAST(record_id AS VARCHAR) AS own, CAST(NULL AS BIGINT) AS size
        FROM windows_true
        WHERE event_id = 5145 AND length(RelativeTargetName) > 1 AND {_noise("ShareName")}
          AND lower(coalesce(ObjectType, 'file')) = 'file'
        UNION ALL
        SELECT machine, occurred, SubjectUserName, NULL, {_CLEAN.format("ObjectName")}, {_OPERATION}, source, record,
               CAST(record_id AS VARCHAR), NULL
        FROM windows_true
        WHERE event_id = 4663 AND lower(ObjectType) = 'file' AND ObjectName LIKE '%:%' AND {_noise("ObjectName")}
        UNION ALL
        SELECT wire.server, occurred, "user", src_ip,
               coalesce(kept.folder || chr(92), regexp_extract(wire.share, '[^\\\\]+$') || chr(92), '') || path,
               CASE action WHEN 'open' THEN 'opened' WHEN 'delete' THEN 'deleted' WHEN 'write' THEN 'written'
                    ELSE coalesce(action, 'opened') END,
               source, record, uid, size
        FROM wire LEFT JOIN kept ON wire.server = kept.server AND lower(regexp_extract(wire.share, '[^\\\\]+$')) = kept.share
    ),
    hit AS (
        SELECT t.*, s.host AS from_host FROM audit AS t JOIN suspect AS s ON {_IN_TIME} AND {_WHO}
    ),
    once AS (SELECT DISTINCT ON (source, record) * FROM hit ORDER BY source, record, from_host DESC)
    SELECT server, min(path), list_sort(list(DISTINCT operation)), list_sort(list(DISTINCT login)), list_sort(list(DISTINCT from_host)),
           min(occurred), max(occurred), count(*), max(size),
           list({{'source': source, 'record': record, 'own': own}} ORDER BY occurred, source, record)[1:20]
    FROM once
    WHERE path NOT LIKE '%\\' AND regexp_matches(regexp_extract(path, '[^\\\\]+$'), '[.]')
    GROUP BY server, lower(path) ORDER BY server, lower(path)
"""


def _copies(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Return file name → (machine, path) of files written on suspect machines in their windows (Sysmon 11)."""
    rows = connection.execute(
        f"""
        SELECT DISTINCT lower(regexp_extract(t.TargetFilename, '[^\\\\]+$')), t.machine, t.TargetFilename
        FROM windows_true AS t JOIN suspect AS s ON s.host = t.machine AND {_IN_TIME}
        WHERE t.event_id = 11 AND t.TargetFilename IS NOT NULL ORDER BY ALL LIMIT 200000
        """
    ).fetchall()
    found: dict[str, list[tuple[str, str]]] = {}
    for name, host, where in rows:
        found.setdefault(name, []).append((host, where))
    return found
