"""What has to be put together in Suricata events: ends, answers, actions, durations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.convert import convert
from keii.readers.logs.frame import Columns
from keii.readers.logs.web_address import fill_url

_DNS_PORT = 53
_SMB = {"create": "open", "read": "read", "write": "write", "tree_connect": "tree-connect", "close": "close"}


def prepare(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return a flat event with the fields that its table needs and Suricata spreads over lists."""
    if kind == "dns":
        return _dns(item)
    if kind == "smb":
        return _smb(item)
    if kind == "dhcp":
        return _dhcp(item)
    return item


def _dns(item: dict[str, Any]) -> dict[str, Any]:
    """Bring versions 1 (one answer per event), 2 (a list of answers) and 3 (a list of queries) to one form.

    The ends of an answer are turned so that the source is the one who asked, as in the query.
    """
    found = dict(item)
    queries = found.get("dns.queries")
    if isinstance(queries, list) and queries and isinstance(queries[0], dict) and "dns.rrname" not in found:
        found["dns.rrname"], found["dns.rrtype"] = queries[0].get("rrname"), queries[0].get("rrtype")
        if len(queries) == 1:
            del found["dns.queries"]
    answers = found.get("dns.answers")
    given = [entry.get("rdata") for entry in answers if isinstance(entry, dict)] if isinstance(answers, list) else []
    if "dns.rdata" in found and not given:
        given = [found.pop("dns.rdata")]
    words = [entry for entry in given if isinstance(entry, str) and entry]
    if words:
        found["answers"] = words
    if item.get("dns.type") in ("answer", "response") and item.get("src_port") == _DNS_PORT != item.get("dest_port"):
        found["src_ip"], found["dest_ip"] = item.get("dest_ip"), item.get("src_ip")
        found["src_port"], found["dest_port"] = item.get("dest_port"), item.get("src_port")
    return found


def _smb(item: dict[str, Any]) -> dict[str, Any]:
    command = item.get("smb.command")
    if not isinstance(command, str):
        return item
    plain = command.lower().removeprefix("smb2_command_").removeprefix("smb1_command_")
    return {**item, "action": _SMB.get(plain, plain)}


def _dhcp(item: dict[str, Any]) -> dict[str, Any]:
    action = {"ack": "assign", "release": "release"}.get(str(item.get("dhcp.dhcp_type", "")).lower())
    return item if action is None else {**item, "action": action}


def _protocol(columns: Columns) -> None:
    if "protocol" in columns.values:
        columns.values["protocol"] = pc.utf8_lower(columns.values["protocol"])


def _flow(columns: Columns) -> None:
    _protocol(columns)
    names = columns.frame.names
    for kind in ("flow", "netflow"):
        if f"{kind}.start" in names and f"{kind}.end" in names:
            time = columns.values["occurred"].type
            start, end = (convert(columns.frame.get(f"{kind}.{side}"), time) for side in ("start", "end"))
            micros = pc.cast(pc.subtract(end, start), pa.int64())
            columns.values["duration"] = pc.divide(pc.cast(micros, pa.float64()), 1e6)


def _tls(columns: Columns) -> None:
    """A fingerprint is hex without colons, in lower case."""
    if "certificate" in columns.values:
        plain = pc.replace_substring(columns.values["certificate"], ":", "")
        columns.values["certificate"] = pc.utf8_lower(plain)


def _stats(columns: Columns) -> None:
    seen, lost = columns.values.get("expected"), columns.values.get("lost")
    if seen is not None and lost is not None:
        total = pc.if_else(pc.greater(seen, 0), seen, pa.scalar(None, pa.float64()))
        columns.values["lost_share"] = pc.divide(lost, total)


FINISH: dict[str, Callable[[Columns], None]] = {
    "flow": _flow,
    "protocol": _protocol,
    "http": fill_url,
    "tls": _tls,
    "stats": _stats,
}
