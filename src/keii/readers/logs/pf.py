"""Packets that pf logs: the filterlog lines of pfSense and OPNsense, and what tcpdump prints of pflog0."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.dialect import NONE, Dialect, Lines, by_patterns
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

# rule,subrule,anchor,tracker,interface,reason,action,direction,version, then the fields of the IP header
# (docs.netgate.com, "Raw filter log format").
_START = (
    r"(?:^|\s)(?P<rule>[0-9]*),(?P<subrule>[^,]*),(?P<anchor>[^,]*),(?P<tracker>[^,]*),(?P<interface>[^,]+),"
    r"(?P<reason>[^,]+),(?P<action>pass|block|match|rdr|nat|binat|scrub|[a-z-]+),(?P<direction>in|out|in/out|[a-z/]+),"
)
_END = r"(?P<length>[0-9]+),(?P<src>[^,]+),(?P<dst>[^,]+)(?:,(?P<spt>[0-9]+),(?P<dpt>[0-9]+),(?P<data>-?[0-9]+))?(?P<rest>.*)$"
_FOUR = _START + r"4,(?P<ip>[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*),(?P<number>[0-9]+),(?P<protocol>[^,]+)," + _END
_SIX = _START + r"6,(?P<ip>[^,]*,[^,]*,[^,]*),(?P<protocol>[^,]+),(?P<number>[0-9]+)," + _END
_TCPDUMP = (
    r"(?:^|\s)rule ?(?P<rule>\S+?)(?:/\S*)?(?:\(match\))?[:,] (?P<action>pass|block|match|rdr|nat) (?P<direction>in|out) "
    r"on (?P<interface>[^:\s]+): (?:IP6? )?(?:\([^)]*\) )?(?P<src>[0-9.]{7,15}|[0-9A-Fa-f:]{2,39}?)(?:\.(?P<spt>[0-9]{1,5}))? > "
    r"(?P<dst>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,39}?)(?:\.(?P<dpt>[0-9]{1,5}))?: (?P<rest>.*)$"
)
_TCPDUMP = _TCPDUMP.replace(r"(?P<src>[0-9.]{7,15}|", r"(?P<src>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|")


def _finish(columns: Columns) -> None:
    values, frame = columns.values, columns.frame
    action = frame.get("action")
    index = pc.index_in(action, value_set=pa.array(["pass", "block"]))
    values["action"] = pa.array(["allow", "deny"]).take(index)
    columns.taken["action"] = pc.and_(pc.is_valid(action), pc.is_null(values["action"]))
    if "protocol" in values:
        values["protocol"] = pc.utf8_lower(values["protocol"])
    elif "rest" in frame.names:
        flagged = pc.match_substring_regex(frame.get("rest"), r"^Flags \[")
        values["protocol"] = pc.if_else(flagged, pa.scalar("tcp"), NONE)
    values["packets_out"] = pa.repeat(pa.scalar(1, pa.int64()), len(action))


_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("src",), "src_port": ("spt",), "dst_ip": ("dst",), "dst_port": ("dpt",),
}  # fmt: skip
_FILTERLOG = Spec(
    table="network",
    columns={**_ENDS, "protocol": ("protocol",), "ip_bytes_out": ("length",)},
    finish=_finish,
)
_PRINTED = Spec(table="network", columns=_ENDS, finish=_finish)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, ((_FOUR, _FILTERLOG), (_SIX, _FILTERLOG), (_TCPDUMP, _PRINTED)))


DIALECT = Dialect(
    id="pf",
    title="pf firewall (pfSense, OPNsense, BSD)",
    sign=r",(?:pass|block|match|rdr|nat),(?:in|out)[a-z/]*,[46],|\brule.{1,64}(?:pass|block|match) (?:in|out) on ",
    take=_take,
    tables=("network",),
)
