"""Cisco ASA, FTD and PIX: connections built, torn down and denied; logons and VPN sessions; the rest as alerts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.lake.schema import TABLES
from keii.readers.logs.dialect import Dialect, Lines, add, by_patterns, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

_HEAD = r"%(?:ASA|PIX|FTD|FWSM)-(?:[A-Za-z]+-)?(?P<level>[0-7])-"
_CLOCK = r"^(?:(?P<d>[0-9]+)d ?)?(?P<h>[0-9]+)h?:(?P<m>[0-9]{1,2})m?:(?P<s>[0-9]{1,2})s?$"
_SERVER = 1024  # ports below it are those of servers
_FIELDS = {
    "src_ip": "src", "src_port": "spt", "dst_ip": "dst", "dst_port": "dpt", "protocol": "protocol", "uid": "uid",
    "user": "user", "address": "address", "signature_id": "number", "severity": "level", "detail": "text",
    "bytes_in": "received", "bytes_out": "sent",
}  # fmt: skip


def seconds(texts: pa.Array) -> pa.Array:
    """Return lengths of time such as ``1:02:03`` or ``2d 1h:02m:03s`` in seconds; null for anything else."""
    parts = pc.extract_regex(texts, _CLOCK)
    total = None
    for name, unit in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0)):
        digits = pc.struct_field(parts, name)
        number = pc.cast(pc.if_else(pc.equal(digits, ""), "0", pc.utf8_slice_codeunits(digits, 0, 9)), pa.float64())
        part = pc.multiply(number, unit)
        total = part if total is None else pc.add(total, part)
    return total


def _finish(columns: Columns) -> None:
    """``src`` is who began.

    A line of a connection built says the direction. That of its end does not: there the end with a well-known port is
    the one that was asked, which ``ends_inferred`` tells; ``bytes`` counts both directions and has no column.
    """
    values, frame = columns.values, columns.frame
    only_addresses(columns, "src_ip", "dst_ip")
    if "duration" in frame.names and "duration" not in values:
        values["duration"] = seconds(frame.get("duration"))
        columns.taken["duration"] = pc.and_(pc.is_valid(frame.get("duration")), pc.is_null(values["duration"]))
    if "protocol" in values:
        values["protocol"] = pc.utf8_lower(values["protocol"])
    if "direction" in frame.names:
        _swap(values, pc.equal(pc.utf8_lower(frame.get("direction")), "outbound"))
    elif "duration" in frame.names and "src_port" in values:
        swapped = pc.and_(pc.less(values["src_port"], _SERVER), pc.greater_equal(values["dst_port"], _SERVER))
        swapped = pc.fill_null(swapped, fill_value=False)
        _swap(values, swapped)
        add(columns, "ends_inferred", pc.if_else(swapped, pa.scalar("port"), pa.scalar("order")))


def _swap(values: dict[str, pa.Array], mask: pa.Array) -> None:
    mask = pc.fill_null(mask, fill_value=False)
    for one, other in (("src_ip", "dst_ip"), ("src_port", "dst_port")):
        if one in values and other in values:
            first, second = values[one], values[other]
            values[one], values[other] = pc.if_else(mask, second, first), pc.if_else(mask, first, second)


def _forms() -> tuple[tuple[str, Spec], ...]:
    found = []
    for form in load("readers/cisco_asa")["forms"]:
        pattern = _HEAD + form["pattern"]
        table = form["table"]
        columns: dict[str, tuple[str, ...]] = {
            column: (field, f"{field}_too") if f"?P<{field}_too>" in pattern else (field,)
            for column, field in _FIELDS.items()
            if f"?P<{field}>" in pattern and column in TABLES[table].names
        }
        constants = {name: value for name, value in form.items() if name not in ("pattern", "table")}
        found.append((pattern, Spec(table=table, columns=columns, constants=constants, finish=_finish)))
    return tuple(found)


_FORMS = _forms()


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS)


DIALECT = Dialect(
    id="cisco_asa",
    title="Cisco ASA, FTD and PIX firewall",
    sign=r"%(?:ASA|PIX|FTD|FWSM)-[A-Za-z0-9-]*[0-9]{6}",
    take=_take,
    tables=("network", "remote", "alerts"),
)
