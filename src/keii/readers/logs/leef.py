"""Log Event Extended Format of QRadar, versions 1.0 and 2.0."""

from __future__ import annotations

import re

import pyarrow as pa

from keii.readers.logs.dialect import Dialect, Lines, Record
from keii.readers.logs.event_format import MOST, SPECS, route, stamped
from keii.readers.logs.interface import Batch
from keii.readers.logs.pairs import Event, put, routed

_START = re.compile(r"\bLEEF: ?(?P<version>[12])(?:\.0)?\|")
_HEX = re.compile(r"(?:0x|x|\\x)([0-9A-Fa-f]{2})\Z")
_HEAD = ("vendor", "product", "version", "signature_id")


def _event(text: str) -> Event | None:
    start = _START.search(text)
    if start is None:
        return None
    two = start["version"] == "2"
    parts = text[start.end() :].split("|", 5 if two else 4)
    if len(parts) < (6 if two else 5):
        return None
    record: Record = {name: value for name, value in zip(_HEAD, parts, strict=False) if value}
    between = "\t"
    if two and parts[4]:
        between = chr(int(code[1], 16)) if (code := _HEX.match(parts[4])) else parts[4][0]
    pairs = parts[-1].split(between, MOST)
    for pair in pairs[:MOST]:
        key, equal, value = pair.partition("=")
        if not equal or len(key) > 64:
            key, value = "text", pair
        if value.strip():
            put(record, key.strip() or "text", value.strip())
    if len(pairs) > MOST:
        put(record, "rest", pairs[MOST])
    return stamped(record)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return routed(lines, [_event(text) for text in lines.tail.to_pylist()], route, SPECS)


DIALECT = Dialect(
    id="leef",
    title="Log Event Extended Format (LEEF)",
    sign=r"\bLEEF: ?[12](?:\.0)?\|",
    take=_take,
    tables=("network", "http", "alerts"),
    times="own",
)
