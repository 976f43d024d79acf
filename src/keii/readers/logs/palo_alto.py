"""Palo Alto Networks firewalls: TRAFFIC, THREAT, GLOBALPROTECT and other logs as comma-separated values without a header."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.readers.logs.convert import iso_time
from keii.readers.logs.dialect import Dialect, Lines, Record, only_addresses
from keii.readers.logs.event_format import micros
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch
from keii.readers.logs.pairs import Event, put, routed

_KINDS = "TRAFFIC|THREAT|GLOBALPROTECT|SYSTEM|CONFIG|HIPMATCH|USERID|AUTHENTICATION|DECRYPTION|CORRELATION"
_START = re.compile(rf"[^,]{{0,64}},[0-9/: TZ+.\-]{{10,40}},[^,]{{0,64}},(?:{_KINDS}),")
_CLOCK = re.compile(r"(\d{4})/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)\Z")
_DENIED = ("deny", "drop", "drop-all-packets", "reset-client", "reset-server", "reset-both", "block", "block-url", "block-ip",
           "block-continue", "drop-icmp")  # fmt: skip
_ALLOWED = ("allow", "alert", "continue", "override", "syncookie-sent", "wildfire-upload-success")


def _event(text: str) -> Event | None:
    start = _START.search(text)
    if start is None:
        return None
    try:
        cells = next(csv.reader(io.StringIO(text[start.start() :], newline=None)), [])
    except csv.Error:
        return None
    names = load("readers/palo_alto")["fields"].get(cells[3].lower(), load("readers/palo_alto")["fields"]["other"])
    record: Record = {}
    for place, value in enumerate(cells[: 4 * len(names) + 64]):
        if value and place:
            name = names[place] if place < len(names) else f"field{place + 1}"
            record[name] = value
    if len(cells) > 4 * len(names) + 64:
        put(record, "rest", ",".join(cells[4 * len(names) + 64 :]))
    for name in ("high_resolution_time", "generated", "received"):
        value = record.get(name, "")
        if clock := _CLOCK.match(value):
            value = f"{clock[1]}-{clock[2]}-{clock[3]}T{clock[4]}Z"
        if (found := iso_time(value)) is not None:
            return Event(record, micros(found), "zone" if clock else None)
    return Event(record)


def _route(record: Record) -> str:
    kind = record.get("type", "")
    if kind == "TRAFFIC":
        return "network"
    if kind == "THREAT" and record.get("subtype") == "url":
        return "http"
    return "remote" if kind == "GLOBALPROTECT" else "alerts"


def _firewall(columns: Columns) -> None:
    only_addresses(columns, "src_ip", "dst_ip")
    if "action" in columns.values:
        action = columns.values["action"]
        index = pc.index_in(action, value_set=pa.array([*_ALLOWED, *_DENIED]))
        columns.values["action"] = pa.array(["allow"] * len(_ALLOWED) + ["deny"] * len(_DENIED)).take(index)
        columns.taken["action"] = pc.invert(pc.is_in(action, value_set=pa.array(["allow", "deny"])))


def _web(columns: Columns) -> None:
    """The log names a URL without its scheme."""
    only_addresses(columns, "src_ip", "dst_ip")
    values = columns.values
    if "url" in values:
        parts = pc.extract_regex(values["url"], r"^(?P<host>[^/:]+)(?::[0-9]+)?(?P<path>.*)$")
        values["hostname"], values["path"] = pc.struct_field(parts, "host"), pc.struct_field(parts, "path")


def _logon(columns: Columns) -> None:
    only_addresses(columns, "src_ip")
    columns.values["success"] = (
        pc.equal(columns.frame.get("status"), "success") if "status" in columns.frame.names else None
    )
    if columns.values["success"] is None:
        del columns.values["success"]


_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("src",), "src_port": ("src_port",), "dst_ip": ("dst",), "dst_port": ("dst_port",), "uid": ("session",),
}  # fmt: skip
_SPECS = {
    "network": Spec(
        table="network",
        columns=_ENDS | {
            "protocol": ("protocol",), "service": ("app",), "duration": ("elapsed",), "bytes_out": ("bytes_sent",),
            "bytes_in": ("bytes_received",), "packets_out": ("packets_sent",), "packets_in": ("packets_received",),
            "state": ("end_reason",), "action": ("action",),
        },
        finish=_firewall,
    ),
    "http": Spec(
        table="http",
        columns=_ENDS | {
            "url": ("url",), "method": ("http_method",), "user_agent": ("user_agent",), "referrer": ("referrer",),
            "user": ("src_user",), "mime_type": ("content_type",),
        },
        finish=_web,
    ),
    "remote": Spec(
        table="remote",
        columns={"src_ip": ("public_ip", "public_ip6"), "user": ("src_user",), "client_name": ("machine",), "operation": ("event",)},
        constants={"protocol": "vpn"},
        finish=_logon,
    ),
    "alerts": Spec(
        table="alerts",
        columns=_ENDS | {
            "signature": ("threat", "event"), "category": ("subtype",), "severity": ("severity",), "detail": ("url", "text"),
        },
        finish=_firewall,
    ),
}  # fmt: skip


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return routed(lines, [_event(text) for text in lines.text.to_pylist()], _route, _SPECS)


DIALECT = Dialect(
    id="palo_alto",
    title="Palo Alto Networks firewall",
    sign=rf",[0-9]{{4}}/[0-9/: ]{{14}},[^,]{{0,64}},(?:{_KINDS}),",
    take=_take,
    tables=("network", "http", "remote", "alerts"),
    times="own",
)
