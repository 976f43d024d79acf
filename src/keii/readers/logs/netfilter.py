"""Packets that the Linux kernel logs: iptables, nftables, ufw and firewalld."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.dialect import NONE, Dialect, Lines, by_pattern
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

# The order of the fields is the kernel's (net/netfilter/nf_log_syslog.c).
_LINE = (
    r"^(?P<prefix>.*?)\bIN=(?P<in_interface>\S*)(?: OUT=(?P<out_interface>\S*))?(?: PHYSIN=\S*)?(?: PHYSOUT=\S*)?"
    r"(?: MAC=(?P<mac>\S*))?(?: MACSRC=\S* MACDST=\S* MACPROTO=\S*)?(?P<between>.*?) ?\bSRC=(?P<src>\S+) DST=(?P<dst>\S+) "
    r"LEN=(?P<length>[0-9]{1,9})\b(?P<ip>.*?) PROTO=(?P<protocol>\S+)"
    r"(?: SPT=(?P<spt>[0-9]{1,5}) DPT=(?P<dpt>[0-9]{1,5}))?(?P<rest>.*)$"
)
_DENIED = r"(?i)\b(block|drop|den[yi]|reject|dpt_drop|blocked|dropped|denied|rejected|invalid)"
_ALLOWED = r"(?i)\b(allow|accept|pass|permit)"
_CHAIN = r"(?i)(drop|reject|block|den(?:y|ied))"


def _finish(columns: Columns) -> None:
    """The action is what the rule's own prefix says, where it says one; the kernel itself does not tell."""
    values = columns.values
    values["protocol"] = pc.utf8_lower(values["protocol"])
    prefix = pc.fill_null(columns.frame.get("prefix"), "")
    denied = pc.or_(pc.match_substring_regex(prefix, _DENIED), pc.match_substring_regex(prefix, _CHAIN))
    allowed = pc.match_substring_regex(prefix, _ALLOWED)
    said = pc.if_else(denied, pa.scalar("deny"), pc.if_else(allowed, pa.scalar("allow"), NONE))
    values["action"] = said
    values["packets_out"] = pa.repeat(pa.scalar(1, pa.int64()), len(prefix))


_SPEC = Spec(
    table="network",
    columns={
        "src_ip": ("src",),
        "src_port": ("spt",),
        "dst_ip": ("dst",),
        "dst_port": ("dpt",),
        "protocol": ("protocol",),
        "ip_bytes_out": ("length",),
    },
    finish=_finish,
)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_pattern(lines, _LINE, _SPEC)


DIALECT = Dialect(
    id="netfilter",
    title="Linux firewall (iptables, nftables, ufw)",
    sign=r"\bIN=\S*.* SRC=\S+ DST=",
    take=_take,
    tables=("network",),
)
