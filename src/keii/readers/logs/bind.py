"""Queries that BIND, unbound and dnsmasq were asked, and what they answered or refused."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.lake.schema import TABLES
from keii.readers.logs.dialect import Dialect, Lines, by_patterns, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

_FIELDS = {
    "src_ip": "src", "src_port": "spt", "dst_ip": "dst", "query": "query", "query_type": "qtype", "rcode": "rcode",
    "answers": "answer", "mac": "mac", "address": "address", "client_name": "client", "server": "server",
    "action": "action", "lease": "lease",
}  # fmt: skip
_ACTIONS = {
    "dhcpdiscover": "discover", "dhcpoffer": "offer", "dhcprequest": "request", "dhcpack": "assign", "dhcpnak": "refuse",
    "dhcprelease": "release", "dhcpdecline": "decline", "dhcpinform": "inform", "dhcpexpire": "expire",
    "dhcp4_lease_alloc": "assign", "dhcp4_lease_renew": "renew", "dhcp4_lease_reuse": "renew", "dhcp4_lease_advert": "offer",
    "dhcp4_release": "release", "dhcp4_lease_expire": "expire",
}  # fmt: skip


def _name_service(columns: Columns) -> None:
    """Names without the root's dot; types and result codes in capitals, as the other sensors write them."""
    values = columns.values
    only_addresses(columns, "src_ip", "dst_ip")
    if "query" in values:
        query = values["query"]
        values["query"] = pc.if_else(pc.equal(query, "."), query, pc.utf8_rtrim(query, characters="."))
    for name in ("query_type", "rcode"):
        if name in values:
            values[name] = pc.utf8_upper(values[name])


def _leases(columns: Columns) -> None:
    values = columns.values
    only_addresses(columns, "address", "server")
    if "mac" in values:
        values["mac"] = pc.utf8_lower(values["mac"])
    if "action" in values:
        action = pc.utf8_lower(values["action"])
        index = pc.index_in(action, value_set=pa.array(list(_ACTIONS)))
        values["action"] = pc.coalesce(pa.array(list(_ACTIONS.values())).take(index), action)


def forms(name: str) -> tuple[tuple[str, Spec], ...]:
    """Return the forms of ``data/readers/<name>.yaml`` as expressions and the specifications of their rows."""
    found = []
    for form in load(f"readers/{name}")["forms"]:
        table = form["table"]
        finish = _leases if table == "dhcp" else _name_service
        columns: dict[str, tuple[str, ...]] = {
            column: (field,)
            for column, field in _FIELDS.items()
            if f"?P<{field}>" in form["pattern"] and column in TABLES[table].names
        }
        constants = {key: value for key, value in form.items() if key not in ("pattern", "table")}
        found.append((form["pattern"], Spec(table=table, columns=columns, constants=constants, finish=finish)))
    return tuple(found)


_FORMS = forms("bind")


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS)


DIALECT = Dialect(
    id="bind",
    title="BIND and unbound queries",
    sign=r"client (?:@0x[0-9a-f]+ )?[0-9A-Fa-f.:]{3,39}#[0-9]+|unbound.* info: [0-9A-Fa-f.:]{3,39} \S+ [A-Z0-9]+ IN",
    take=_take,
    tables=("dns",),
)
