"""Suricata and Snort rules as rules of the engine, or why they cannot be asked of logs."""

from __future__ import annotations

import re

from keii.data import load
from keii.errors import RuleError
from keii.hunt.sigma.compile import join_all, join_any
from keii.hunt.sigma.expression import Expression, Text
from keii.hunt.sigma.rules import LogSource, Rule
from keii.hunt.suricata.addresses import addresses, ports
from keii.hunt.suricata.buffers import Asked, Collector
from keii.hunt.suricata.content import UnheldError, compile_buffer
from keii.hunt.suricata.rule import Written
from keii.model.rule import About, IntelRule

_TOLD = frozenset({"alert", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "log", "block", "sdrop"})


def about(rule: IntelRule, written: Written | None) -> About:
    """Return what a person is told of a rule."""
    if written is None:
        return About(id="", title=rule.text[:120], place=rule.place, language="suricata")
    message = (
        (written.first("msg") or "")
        .removeprefix('"')
        .removesuffix('"')
        .replace('\\"', '"')
        .replace("\\;", ";")
        .replace("\\\\", "\\")
    )
    gid, sid = written.first("gid"), written.first("sid")
    metadata = ", ".join(one.value or "" for one in written.options if one.name == "metadata")
    severity = re.search(r"\bsignature_severity\s+(\w+)", metadata)
    techniques = re.findall(r"\bmitre_technique_id\s+(T\d{4}(?:[._]\d{3})?)\b", metadata)
    return About(
        id=f"{gid or 1}:{sid}" if sid else "",
        title=message[:300] or rule.place,
        place=rule.place,
        level=load("intel/suricata_keywords")["severities"].get(severity[1].lower()) if severity else None,
        tags=tuple(dict.fromkeys(f"attack.{one.lower().replace('_', '.')}" for one in techniques)),
        language="suricata",
    )


def compile_written(told: About, written: Written) -> Rule:
    """Return a rule for the engine.

    Raises:
        UnheldError: it needs what no log holds; the message is the keyword.
        RuleError: it is broken.
    """
    if written.action not in _TOLD:
        raise UnheldError(f"{written.action} (which lets pass or sets a policy, and tells of nothing)")
    collector = Collector()
    for option in written.options:
        collector.take(option)
    asked = collector.done()
    table = _table(written, asked)
    parts = [compile_buffer(buffer) for _, buffer in asked.buffers]
    ends = _ends(written, asked)
    if ends is not None:
        parts.append(ends)
    if not parts:
        raise UnheldError("any (it names neither a content nor an address)")
    if table == "network" and written.protocol.startswith(("tcp", "udp", "icmp")):
        parts.append(Text("protocol", "is", (re.split(r"[-v]", written.protocol)[0],)))
    return Rule(about=told, logsource=LogSource("suricata", None, table), expression=join_all(parts))


def _table(written: Written, asked: Asked) -> str:
    tables = sorted({table for table, _ in asked.buffers})
    if len(tables) > 1:
        raise UnheldError(f"buffers of several logs ({', '.join(tables)})")
    protocol = written.protocol.partition(":")[0]
    known = load("intel/suricata_keywords")["protocols"].get(protocol)
    if known is None:
        raise UnheldError(f"the protocol {protocol}")
    if tables and known not in (tables[0], "network"):
        raise RuleError(f"a buffer of {tables[0]} in a rule for {protocol}")
    return tables[0] if tables else str(known)


def _ends(written: Written, asked: Asked) -> Expression | None:
    """Return what both ends must be. The first end of an event is who began the connection."""
    answered = asked.of_answer or bool(asked.flow & {"to_client", "from_server"})
    forward, backward = _oriented(written, "src", "dst"), _oriented(written, "dst", "src")
    told = bool(asked.buffers) or bool(asked.flow & {"to_server", "from_client", "to_client", "from_server"})
    if written.arrow == "<>" or not told:
        return join_any([forward, backward]) if forward is not None and backward is not None else None
    return backward if answered else forward


def _oriented(written: Written, first: str, second: str) -> Expression | None:
    found = [
        addresses(f"{first}_ip", written.source),
        ports(f"{first}_port", written.source_port),
        addresses(f"{second}_ip", written.target),
        ports(f"{second}_port", written.target_port),
    ]
    parts = [one for one in found if one is not None]
    return join_all(parts) if parts else None
