"""Suricata EVE: JSON lines, or one JSON array of events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import BinaryIO

import orjson

from keii.data import load
from keii.model import Skipped, Source
from keii.readers.logs.again import with_head
from keii.readers.logs.blocks import blocks
from keii.readers.logs.frame import RecordFrame, Spec, assemble, flatten
from keii.readers.logs.interface import BATCH_ROWS, Batch, Head, LogReader
from keii.readers.logs.json_array import array_objects
from keii.readers.logs.json_lines import Numbered, objects
from keii.readers.logs.suricata_fields import FINISH, prepare

_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("src_ip",),
    "src_port": ("src_port",),
    "dst_ip": ("dest_ip",),
    "dst_port": ("dest_port",),
    "uid": ("flow_id",),
}
_WITHOUT_ENDS = ("dhcp", "sensor", "generic")


def accepts(head: Head) -> float:
    """Return 0.95 where the first event has EVE's type and time."""
    data = head.data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"["):
        near = data[:4096]
        return 0.95 if b'"event_type"' in near and b'"timestamp"' in near else 0.0
    for line in data.split(b"\n", 8)[:8]:
        try:
            first = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(first, dict) and "event_type" in first and "timestamp" in first:
            return 0.95
    return 0.0


@cache
def spec(kind: str) -> Spec:
    """Return how the events of a type become a table; an unknown type becomes ``generic`` with all its words."""
    entry = load("suricata").get(kind)
    if entry is None:
        columns: dict[str, tuple[str, ...]] = {
            "occurred": ("timestamp",),
            "message": ("anomaly.event", "engine.message", "message"),
        }
        return Spec(table="generic", columns=columns, constants={"log": f"suricata:{kind}"})
    columns = {"occurred": ("timestamp",)} | ({} if entry["table"] in _WITHOUT_ENDS else _ENDS)
    columns |= {column: tuple(names) for column, names in entry["columns"].items()}
    finish = FINISH.get(entry.get("finish", ""))
    return Spec(table=entry["table"], columns=columns, constants=entry.get("constants", {}), finish=finish)


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches by event type; what is no event comes as Skipped with its line or element."""
    del source
    waiting: dict[str, list[Numbered]] = {}
    for found in _events(data):
        if isinstance(found, Skipped):
            yield found
            continue
        number, item = found
        kind = item.get("event_type")
        if not isinstance(kind, str) or not kind:
            yield Skipped(place=f"record {number}", reason="no event_type", record=number)
            continue
        rows = waiting.setdefault(kind[:64], [])
        rows.append((number, prepare(kind, flatten(item))))
        if len(rows) >= BATCH_ROWS:
            yield _batch(kind[:64], waiting.pop(kind[:64]))
    for kind in sorted(waiting):
        yield _batch(kind, waiting[kind])


def _events(data: BinaryIO) -> Iterator[Numbered | Skipped]:
    first, whole = with_head(data)
    if first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        yield from array_objects(whole)
        return
    for block in blocks(whole):
        if isinstance(block, Skipped):
            yield block
        else:
            yield from objects(block)


def _batch(kind: str, rows: list[Numbered]) -> Batch:
    return assemble(spec(kind), RecordFrame([item for _, item in rows], [number for number, _ in rows]))


READER = LogReader(
    id="suricata",
    title="Suricata EVE",
    accepts=accepts,
    read=read,
    tables=("network", "dns", "http", "tls", "files", "smb", "remote", "dhcp", "alerts", "sensor", "generic"),
    times="zoned",
)
