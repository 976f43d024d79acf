"""Common Event Format of ArcSight: what many products send, with one set of keys."""

from __future__ import annotations

import re
from itertools import islice

import pyarrow as pa

from keii.readers.logs.dialect import Dialect, Lines, Record
from keii.readers.logs.event_format import MOST, SPECS, route, stamped
from keii.readers.logs.interface import Batch
from keii.readers.logs.pairs import Event, put, routed

_START = re.compile(r"\bCEF: ?[01]\|")
_BAR = re.compile(r"(?<!\\)\|")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z_][\w.\-]{0,63}(?:\[\d{1,4}\])?)=")
_ESCAPE = re.compile(r"\\([\\|=nr])")
_HEAD = ("vendor", "product", "version", "signature_id", "signature", "severity")
_LABELS = re.compile(r"((?:cs|cn|cfp|c6a|deviceCustomDate|flexString|flexNumber|flexDate)\d)Label\Z")


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), text) if "\\" in text else text


def _event(text: str) -> Event | None:
    start = _START.search(text)
    if start is None:
        return None
    parts = _BAR.split(text[start.end() :], 6)
    if len(parts) < len(_HEAD):
        return None
    record: Record = {name: _plain(value) for name, value in zip(_HEAD, parts, strict=False) if value}
    extension = parts[6] if len(parts) > len(_HEAD) else ""
    keys = list(islice(_KEY.finditer(extension), MOST + 1))
    for number, key in enumerate(keys[:MOST]):
        end = keys[number + 1].start() if number + 1 < len(keys) else len(extension)
        if value := _plain(extension[key.end() : end].strip()):
            put(record, key[1], value)
    if len(keys) > MOST:
        put(record, "rest", extension[keys[MOST].start() :])
    return stamped(_labelled(record))


def _labelled(record: Record) -> Record:
    """Name custom fields by their labels, as the sender does (``cs1Label=Policy cs1=x`` is ``Policy``)."""
    for key in [key for key in record if _LABELS.match(key)]:
        custom = key.removesuffix("Label")
        if custom in record:
            put(record, record.pop(key), record.pop(custom))
    return record


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return routed(lines, [_event(text) for text in lines.tail.to_pylist()], route, SPECS)


DIALECT = Dialect(
    id="cef",
    title="Common Event Format (CEF)",
    sign=r"\bCEF: ?[01]\|",
    take=_take,
    tables=("network", "http", "alerts"),
    times="own",
)
