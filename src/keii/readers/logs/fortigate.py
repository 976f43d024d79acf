"""FortiGate logs as ``key=value``: traffic, DNS, web filter, VPN and logons, DHCP; anything else as alerts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.convert import iso_time
from keii.readers.logs.dialect import Dialect, Lines, Record, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch
from keii.readers.logs.pairs import Event, epoch, key_values, protocol_name, routed

_ALLOWED = ("accept", "close", "timeout", "client-rst", "server-rst", "start", "pass", "passthrough", "allowed", "permit",
            "ip-conn", "dns", "perf-stats", "monitored")  # fmt: skip
_DENIED = ("deny", "blocked", "block", "dropped", "drop", "reset", "denied")
_LOGON = re.compile(r"login|logon|auth|tunnel-up|tunnel-down|ssl-exit|ssl-new-con|tunnel-stats|logout")
_FAILED = r"(?i)fail|denied|reject|invalid"
_ZONE = re.compile(r"[+-]\d{4}\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _when(fields: Record) -> tuple[int | None, str | None]:
    """``eventtime`` counts from 1970; else date and time with their zone, UTC and marked where there is none."""
    if (found := epoch(fields.get("eventtime"))) is not None:
        return found, None
    if "date" not in fields or "time" not in fields:
        return None, None
    zone = fields.get("tz", "")
    zone = f"{zone[:3]}:{zone[3:]}" if _ZONE.match(zone) else ""
    time = iso_time(f"{fields['date']}T{fields['time']}{zone or 'Z'}")
    if time is None:
        return None, None
    return int((time - _EPOCH).total_seconds()) * 1_000_000, None if zone else "zone"


def _event(text: str) -> Event | None:
    fields = key_values(text)
    if "type" not in fields and "logid" not in fields:
        return None
    at, inferred = _when(fields)
    if "proto" in fields:
        fields["proto"] = protocol_name(fields["proto"]) or ""
    return Event(fields, at, inferred)


def _route(fields: Record) -> str:
    kind, subtype, action = fields.get("type", ""), fields.get("subtype", ""), fields.get("action", "")
    if kind == "traffic":
        return "network"
    if kind in ("utm", "dns") and ("qname" in fields or subtype in ("dns", "dns-query", "dns-response")):
        return "dns"
    if kind in ("utm", "webfilter") and subtype in ("webfilter", "ftgd_blk", "ftgd_allow", "urlfilter"):
        return "http"
    if kind == "event" and ("lease" in fields or fields.get("logdesc", "").startswith("DHCP")):
        return "dhcp"
    if kind == "event" and (subtype in ("vpn", "user") or _LOGON.search(action)):
        return "remote"
    return "alerts"


def _firewall(columns: Columns) -> None:
    _addresses(columns)
    if "action" in columns.values:
        action = pc.utf8_lower(columns.values["action"])
        words = [*_ALLOWED, *_DENIED]
        index = pc.index_in(action, value_set=pa.array(words))
        columns.values["action"] = pa.array(["allow"] * len(_ALLOWED) + ["deny"] * len(_DENIED)).take(index)
        columns.taken["action"] = None if "state" in columns.values else pc.is_null(columns.values["action"])


def _web(columns: Columns) -> None:
    """``url`` is the path; with the host it becomes whole."""
    _addresses(columns)
    values = columns.values
    if "path" in values and "hostname" in values and "service" in columns.frame.names:
        scheme = pc.utf8_lower(columns.frame.get("service"))
        rooted = pc.starts_with(values["path"], "/")
        url = pc.binary_join_element_wise(
            pc.binary_join_element_wise(scheme, values["hostname"], "://"), values["path"], ""
        )
        values["url"] = pc.if_else(rooted, url, values["path"])


def _logon(columns: Columns) -> None:
    _addresses(columns)
    frame = columns.frame
    told = [frame.get(name) for name in ("status", "action", "logdesc", "result") if name in frame.names]
    text = pc.binary_join_element_wise(*told, "", " ", null_handling="replace")
    failed = pc.match_substring_regex(text, _FAILED)
    good = pc.match_substring_regex(text, r"(?i)success|tunnel-up|ssl-new-con|tunnel up|established")
    columns.values["success"] = pc.if_else(
        failed, pa.scalar(value=False), pc.if_else(good, pa.scalar(value=True), None)
    )


def _addresses(columns: Columns) -> None:
    only_addresses(columns, "src_ip", "dst_ip")


_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("srcip", "remip", "srcip6"), "src_port": ("srcport",), "dst_ip": ("dstip",), "dst_port": ("dstport",),
    "uid": ("sessionid",),
}  # fmt: skip
_SPECS = {
    "network": Spec(
        table="network",
        columns=_ENDS | {
            "protocol": ("proto",), "service": ("service",), "duration": ("duration",), "bytes_out": ("sentbyte",),
            "bytes_in": ("rcvdbyte",), "packets_out": ("sentpkt",), "packets_in": ("rcvdpkt",), "action": ("action",),
            "state": ("action",),
        },
        finish=_firewall,
    ),
    "dns": Spec(
        table="dns", columns=_ENDS | {"query": ("qname",), "query_type": ("qtype",), "answers": ("ipaddr",)}, finish=_addresses
    ),
    "http": Spec(
        table="http",
        columns=_ENDS | {
            "hostname": ("hostname",), "path": ("url",), "user_agent": ("agent",), "referrer": ("referralurl",),
            "bytes_out": ("sentbyte",), "bytes_in": ("rcvdbyte",), "user": ("user",), "method": ("httpmethod",),
        },
        finish=_web,
    ),
    "dhcp": Spec(
        table="dhcp",
        columns={"mac": ("mac",), "address": ("ip",), "client_name": ("hostname",), "lease": ("lease",), "action": ("dhcp_msg",)},
    ),
    "remote": Spec(
        table="remote",
        columns={"src_ip": ("remip", "srcip"), "dst_ip": ("dstip",), "user": ("user",), "operation": ("action",),
                 "service": ("tunneltype",)},
        constants={"protocol": "vpn"},
        finish=_logon,
    ),
    "alerts": Spec(
        table="alerts",
        columns=_ENDS | {
            "signature": ("attack", "virus", "logdesc", "app"), "signature_id": ("attackid", "logid"),
            "category": ("subtype",), "severity": ("level",), "detail": ("msg",),
        },
        finish=_addresses,
    ),
}  # fmt: skip


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return routed(lines, [_event(text) for text in lines.tail.to_pylist()], _route, _SPECS)


DIALECT = Dialect(
    id="fortigate",
    title="FortiGate",
    sign=r"\b(?:logid=\"?[0-9]{4,}|devid=\"?F[A-Z0-9]+)",
    take=_take,
    tables=("network", "dns", "http", "remote", "dhcp", "alerts"),
    times="own",
)
