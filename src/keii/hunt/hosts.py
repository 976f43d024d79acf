"""Which end of an event is the victim's machine, as SQL over the event tables."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from keii.hunt.matcher import Matcher
from keii.hunt.target_list import Block, TargetList
from keii.hunt.targets import PRIVATE, Network, networks
from keii.lake.index_groups import Group, looked_up
from keii.lake.index_keys import MAPPED
from keii.lake.inside import public_networks
from keii.lake.schema import TABLES
from keii.lake.store import Lake


def has_ends(table: str) -> bool:
    """True for tables of network events, which have ``src_ip`` and ``dst_ip``."""
    return "src_ip" in TABLES[table].names


def register_internal(connection: duckdb.DuckDBPyConnection, lake: Lake, internal: Sequence[str]) -> tuple[str, ...]:
    """Register ``internal_address`` (column ``ip``): every address of the events that lies in the victim's networks.

    ``internal`` are the networks that the case names; without them every private address counts. The addresses are
    looked up in the value index, so that no event is read; where none of them is private, the events are asked which networks
    act as the victim's (``keii.lake.inside``). Returns the networks that were taken. Raises LakeError where a file without
    an index is damaged, ValueError for text that is no network.
    """
    own = networks(internal)
    taken = own or _NOT_PUBLIC
    kept = _lying_in(lake, taken)
    if not own and not len(_lying_in(lake, PRIVATE)) and (public := public_networks(connection)):
        taken = networks(public)
        kept = _lying_in(lake, taken)
    connection.register("internal_rows", pa.table({"ip": kept}))
    connection.execute("CREATE OR REPLACE TEMP TABLE internal_address AS SELECT ip FROM internal_rows")
    return tuple(sorted(map(str, taken)))


_NOT_PUBLIC = (*PRIVATE, *networks(("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")))


def _lying_in(lake: Lake, own: Sequence[Network]) -> pa.Array:
    """Return the addresses at an end of events that lie in some networks, in order."""
    matcher = Matcher(TargetList([], [Block.of_networks(("cidr", "ip", False), [(*_first(one), 0) for one in own])]))

    def asked(form: str, kind: str, first: bytes | None, last: bytes | None) -> bool:
        return form == "ip" and kind == "ip" and matcher.asks(form, kind, first, last)

    def ends(group: Group) -> list[pa.Array]:
        rows, _ = matcher.match(group.form, group.kind, group.keys)
        return [pa.array(group.values(np.unique(rows)), pa.string())] if len(rows) and group.column in _ENDS else []

    found = [part for table in TABLES if has_ends(table) for part in looked_up(lake.root, lake.of(table), asked, ends)]
    return pa.chunked_array(found, pa.string()).unique().sort()


_ENDS = ("src_ip", "dst_ip")


def _first(network: Network) -> tuple[bytes, int]:
    """Return the first address of a network as a key, and its bits."""
    packed = network.network_address.packed
    return (packed, network.prefixlen) if network.version == 6 else (MAPPED + packed, network.prefixlen + 96)


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
