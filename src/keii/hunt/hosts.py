"""Which end of an event is the victim's machine, as SQL over the event tables."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from keii.hunt.targets import is_private, networks
from keii.lake.schema import TABLES


def has_ends(table: str) -> bool:
    """True for tables of network events, which have ``src_ip`` and ``dst_ip``."""
    return "src_ip" in TABLES[table].names


def register_internal(connection: duckdb.DuckDBPyConnection, tables: Sequence[str], internal: Sequence[str]) -> None:
    """Register ``internal_address`` (column ``ip``): every address of the tables that lies in the victim's networks.

    ``internal`` are the networks that the case names; without them every private address counts.
    """
    own = networks(internal)
    parts = [
        f'SELECT DISTINCT {end} AS ip FROM "{table}"'
        for table in tables
        if has_ends(table)
        for end in ("src_ip", "dst_ip")
    ]
    seen = connection.execute(" UNION ".join(parts)).fetchall() if parts else []
    kept = sorted(ip for (ip,) in seen if ip is not None and _inside(ip, own))
    connection.register("internal_rows", pa.table({"ip": pa.array(kept, pa.string())}))
    connection.execute("CREATE OR REPLACE TEMP TABLE internal_address AS SELECT ip FROM internal_rows")


def _inside(text: str, own: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if own:
        return any(address in network for network in own if network.version == address.version)
    return is_private(address) or address.is_loopback or address.is_link_local


def host_sql(table: str, column: str | None = None) -> str:
    """Return the SQL expression of an event's internal end; ``column`` is where an indicator was found."""
    if table == "dhcp":
        return "coalesce(client_name, address, host)"
    if not has_ends(table):
        return "host"
    src = "src_ip IN (SELECT ip FROM internal_address)"
    dst = "dst_ip IN (SELECT ip FROM internal_address)"
    if column == "src_ip":  # the indicator is the source itself, so the victim is the other end
        return f"CASE WHEN {dst} THEN dst_ip WHEN {src} THEN src_ip ELSE coalesce(dst_ip, host) END"
    return f"CASE WHEN {src} THEN src_ip WHEN {dst} THEN dst_ip ELSE coalesce(src_ip, host) END"


def record_id_sql(table: str, present: frozenset[str]) -> str:
    """Return the SQL expression of the id that a record gives itself."""
    column = "record_id" if table == "windows" else "uid"
    return f"CAST({column} AS VARCHAR)" if column in present else "NULL"
