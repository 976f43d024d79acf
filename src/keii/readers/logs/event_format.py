"""What CEF and LEEF have in common: which table an event goes to, and the columns of its keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.convert import iso_time
from keii.readers.logs.dialect import Record, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.pairs import MOST, Event, epoch, protocol_name

__all__ = ["MOST", "SPECS", "micros", "route", "stamped"]

_TIMES = ("start", "rt", "end", "devTime")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS = re.compile(r"[A-Z][a-z]{2} \d{1,2} \d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?( UTC| GMT)?\Z")
_TRAFFIC = re.compile(r"(?i)traffic|flow|connection|session (?:start|end|close)|\baccept|\bdeny|\bdrop|firewall")
_DENIED = r"(?i)den[iy]|drop|block|reject|reset|prevent"
_ALLOWED = r"(?i)allow|accept|permit|pass|close|^start|^end"


def stamped(record: Record) -> Event:
    """Return an event with its own time where a field tells one: a count since 1970, ISO, or words."""
    for name in ("proto", "transport"):
        if name in record:
            record[name] = protocol_name(record[name]) or ""
    for name in _TIMES:
        if (at := epoch(record.get(name))) is not None:
            return Event(record, at)
        text = record.get(name, "")
        if (found := iso_time(text)) is not None:
            return Event(record, micros(found))
        if words := _WORDS.match(text):
            short = text.removesuffix(words[1] or "")
            form = "%b %d %Y %H:%M:%S.%f" if "." in short else "%b %d %Y %H:%M:%S"
            try:
                at = micros(datetime.strptime(short, form).replace(tzinfo=UTC))
            except ValueError:
                continue
            return Event(record, at, None if words[1] else "zone")
    return Event(record)


def micros(time: datetime) -> int:
    """Return microseconds since 1970."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def route(record: Record) -> str:
    """Return ``network`` for traffic between two ends, ``http`` where a URL was asked for, else ``alerts``."""
    if "src" in record and "dst" in record:
        named = " ".join(record.get(name, "") for name in ("cat", "signature", "signature_id"))
        if "request" in record or ("url" in record and _TRAFFIC.search(named)):
            return "http"
        if "in" in record or "out" in record or "srcBytes" in record or _TRAFFIC.search(named):
            return "network"
    return "alerts"


def _finish(columns: Columns) -> None:
    only_addresses(columns, "src_ip", "dst_ip")
    values = columns.values
    if "action" in values:
        action = values["action"]
        denied = pc.fill_null(pc.match_substring_regex(action, _DENIED), fill_value=False)
        allowed = pc.fill_null(pc.match_substring_regex(action, _ALLOWED), fill_value=False)
        values["action"] = pc.if_else(denied, pa.scalar("deny"), pc.if_else(allowed, pa.scalar("allow"), None))
        for name in ("act", "action"):
            if name in columns.taken:
                columns.taken[name] = pa.repeat(pa.scalar(value=True), len(action))


_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("src",), "src_port": ("spt", "srcPort"), "dst_ip": ("dst",), "dst_port": ("dpt", "dstPort"),
}  # fmt: skip
SPECS = {
    "network": Spec(
        table="network",
        columns=_ENDS | {
            "protocol": ("proto", "transport"), "service": ("app",), "bytes_out": ("out", "srcBytes"),
            "bytes_in": ("in", "dstBytes"), "packets_out": ("srcPackets",), "packets_in": ("dstPackets",),
            "action": ("act", "action"),
        },
        finish=_finish,
    ),
    "http": Spec(
        table="http",
        columns=_ENDS | {
            "method": ("requestMethod",), "url": ("request", "url"), "hostname": ("dhost",),
            "user_agent": ("requestClientApplication",), "bytes_out": ("out", "srcBytes"), "bytes_in": ("in", "dstBytes"),
            "user": ("suser", "usrName"),
        },
        finish=_finish,
    ),
    "alerts": Spec(
        table="alerts",
        columns=_ENDS | {
            "signature": ("signature", "signature_id"), "signature_id": ("signature_id",), "category": ("cat",),
            "severity": ("severity", "sev"), "detail": ("msg",),
        },
        finish=_finish,
    ),
}  # fmt: skip
