"""Which networks are the victim's where every address is a public one and nobody named them: told by the events, or not at all."""

from __future__ import annotations

import ipaddress

import duckdb

_PARTNERS = 5  # other networks that a network of ours asked and had an answer from: one server or scanner has none such
_COVER = 0.95  # share of the events with an end in the networks found: a sensor sees the traffic of its own networks
_SMALLEST = 0.01  # share of the events that a network must take part in

_PUBLIC_ENDS = """
    SELECT network(src_ip) AS src, network(dst_ip) AS dst, count(*) AS events,
           bool_or(coalesce(bytes_in, 0) > 0 OR state IN ('SF', 'S1', 'RSTO', 'RSTR', 'established', 'closed')) AS answered,
           bool_or(contains(more, '"local_orig"') AND json_extract_string(more, '$.local_orig') IN ('true', 'T')) AS local_src,
           bool_or(contains(more, '"local_resp"') AND json_extract_string(more, '$.local_resp') IN ('true', 'T')) AS local_dst
    FROM network WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL AND src_ip <> dst_ip
      AND NOT regexp_matches(dst_ip, '^(22[4-9]|23[0-9]|255)[.]|^ff') GROUP BY ALL
"""
# The network of an address as its first three numbers, of IPv6 as its first four groups; both are written out as CIDR at the end.
_NETWORK = """
    CREATE OR REPLACE TEMP MACRO network(address) AS CASE WHEN contains(address, ':')
        THEN array_to_string(string_split(address, ':')[1:4], ':') ELSE regexp_extract(address, '^[0-9]+[.][0-9]+[.][0-9]+') END
"""


def public_networks(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the victim's own networks (/24 or /64) as network events show them; empty where they do not.

    The sensor's own word counts first (Zeek's ``local_orig`` and ``local_resp``). Else a network is ours if it asked five or more
    others and had answers, and nearly every event has an end in the networks found so, of which there must be fewer than of
    those at the other end: a sensor sees the traffic of its own networks. A log of one server's visitors does not tell whose it is.
    """
    connection.execute(_NETWORK)
    rows = connection.execute(_PUBLIC_ENDS).fetchall()
    connection.execute("DROP MACRO network")
    told = {src for src, _, _, _, own, _ in rows if own} | {dst for _, dst, _, _, _, own in rows if own}
    return _written(told or _cover([row[:4] for row in rows if row[0] and row[1]]))


def _cover(rows: list[tuple[str, str, int, bool]]) -> set[str]:
    """Return the few networks at one end of nearly all events, heaviest first; empty where there are none such."""
    partners: dict[str, set[str]] = {}
    for src, dst, _, answered in rows:
        if answered and src != dst:
            partners.setdefault(src, set()).add(dst)
    total = sum(events for _, _, events, _ in rows)
    found: set[str] = set()
    left = rows
    while left and sum(events for _, _, events, _ in left) > (1 - _COVER) * total:
        weight: dict[str, int] = {}
        for src, dst, events, _ in left:
            for end in {src, dst}:
                weight[end] = weight.get(end, 0) + events
        able = [end for end in weight if len(partners.get(end, set()) - found) >= _PARTNERS]
        best = max(able, key=lambda end: (weight[end], end), default="")
        if not best or weight[best] < _SMALLEST * total:
            return set()
        found.add(best)
        left = [row for row in left if row[0] != best and row[1] != best]
    others = {end for src, dst, _, _ in rows for end in (src, dst)} - found
    return found if len(found) * _PARTNERS <= len(others) else set()


def _written(found: set[str]) -> tuple[str, ...]:
    blocks = []
    for name in sorted(found):
        text = f"{name}.0/24" if ":" not in name else f"{name}::/64"
        try:
            blocks.append(str(ipaddress.ip_network(text, strict=False)))
        except ValueError:
            continue  # a shortened IPv6 address: its first groups are not written out
    return tuple(blocks)
