"""Which end of an event is the victim's machine, as SQL over the event tables."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from keii.hunt.targets import Network, is_private, networks
from keii.lake.index_columns import dotted
from keii.lake.index_groups import Group, looked_up
from keii.lake.inside import public_networks
from keii.lake.schema import TABLES
from keii.lake.store import Lake


def has_ends(table: str) -> bool:
    """True for tables of network events, which have ``src_ip`` and ``dst_ip``."""
    return "src_ip" in TABLES[table].names


def register_internal(connection: duckdb.DuckDBPyConnection, lake: Lake, internal: Sequence[str]) -> None:
    """Register ``internal_address`` (column ``ip``): every address of the events that lies in the victim's networks.

    ``internal`` are the networks that the case names; without them every private address counts. The addresses are
    those of the value index, so that no event is read; where none of them is private, the events are asked which networks act
    as the victim's (``keii.lake.inside``). Raises LakeError where a file without an index is damaged.
    """
    own = networks(internal)

    def ends(group: Group) -> list[pa.Array]:
        if group.column not in ("src_ip", "dst_ip"):
            return []
        return [pa.array(group.values(np.arange(len(group.keys))), pa.string())]

    found = [
        part
        for table in TABLES
        if has_ends(table)
        for part in looked_up(lake.root, lake.of(table), lambda form, kind, *_: form == "ip" and kind == "ip", ends)
    ]
    seen = pa.chunked_array(found, pa.string()).unique()
    kept = seen.filter(pa.array(inside(seen, own)))
    if not own and not np.any(inside(kept, _PRIVATE)) and (public := public_networks(connection)):
        kept = seen.filter(pa.array(inside(seen, networks(public))))
    kept = kept.sort()
    connection.register("internal_rows", pa.table({"ip": kept}))
    connection.execute("CREATE OR REPLACE TEMP TABLE internal_address AS SELECT ip FROM internal_rows")


def inside(addresses: pa.Array, own: Sequence[Network]) -> npt.NDArray[np.bool_]:
    """Tell which addresses lie in the networks, or where there are none which are private, loopback or link-local."""
    numbers, dotted_ = dotted(addresses)
    mask = np.zeros(len(addresses), np.bool_)
    for network in own or _NOT_PUBLIC:
        if isinstance(network, ipaddress.IPv4Network):
            mask |= (numbers >= int(network[0])) & (numbers <= int(network[-1]))
    mask &= dotted_
    for place in np.flatnonzero(~dotted_).tolist():
        mask[place] = _inside(addresses[place].as_py(), own)
    return mask


_PRIVATE = networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
_NOT_PUBLIC = networks(
    ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")
)


def _inside(text: str, own: Sequence[Network]) -> bool:
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


def own_host_sql(table: str) -> str:
    """Return the SQL expression of the victim's machine of an event; null where neither end is known as the victim's."""
    if table == "dhcp" or not has_ends(table):
        return host_sql(table)
    ends = [f"WHEN {end} IN (SELECT ip FROM internal_address) THEN {end}" for end in ("src_ip", "dst_ip")]
    return f"CASE {' '.join(ends)} ELSE host END"


def record_id_sql(table: str, present: frozenset[str]) -> str:
    """Return the SQL expression of the id that a record gives itself."""
    column = "record_id" if table == "windows" else "uid"
    return f"CAST({column} AS VARCHAR)" if column in present else "NULL"
