"""W3C extended log format: IIS, Blue Coat and other proxies, and the Windows firewall."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.model import Skipped, Source
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.blocks import as_utf8, blocks
from keii.readers.logs.convert import convert
from keii.readers.logs.dialect import add
from keii.readers.logs.frame import Columns, Spec, assemble
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.local_time import marks_in, placed

_ENDS = {"src_port": ("src-port", "c-port"), "dst_port": ("dst-port", "s-port", "cs-uri-port")}


def _clock(columns: Columns) -> pa.Array | None:
    frame = columns.frame
    if "date" not in frame.names or "time" not in frame.names:
        return None
    return convert(pc.binary_join_element_wise(frame.get("date"), "T", frame.get("time"), "Z", ""), TIME)


def _web(columns: Columns) -> None:
    """Times are UTC, as the format demands; a ``+`` of a user agent stands for a blank."""
    values, frame = columns.values, columns.frame
    if (occurred := _clock(columns)) is not None:
        values["occurred"] = occurred
        columns.taken |= dict.fromkeys(("date", "time"), pc.is_null(occurred))
    if "user_agent" in values:
        agent = values["user_agent"]
        spaced = pc.match_substring(agent, " ")
        values["user_agent"] = pc.if_else(spaced, agent, pc.replace_substring(agent, "+", " "))
    if "path" in values and "cs-uri-query" in frame.names:
        query = frame.get("cs-uri-query")
        joined = pc.binary_join_element_wise(values["path"], pc.utf8_ltrim(query, characters="?"), "?")
        values["path"] = pc.coalesce(joined, values["path"])
        columns.taken["cs-uri-query"] = None
    values["proxied"] = pa.repeat(
        pa.scalar("cs-uri-scheme" in frame.names or "r-ip" in frame.names), len(frame.records)
    )


def _firewall(columns: Columns, zone: str | None = None) -> None:
    """The Windows firewall writes local time and no zone: it is placed and marked, the words stay in ``more``."""
    values = columns.values
    if (occurred := _clock(columns)) is not None:
        values["occurred"], marks = placed(occurred, pc.is_valid(occurred), zone)
        add(columns, "inferred", marks)
    if "protocol" in values:
        values["protocol"] = pc.utf8_lower(values["protocol"])
    action = pc.utf8_upper(values["action"])
    index = pc.index_in(action, value_set=pa.array(["ALLOW", "OPEN", "OPEN-INBOUND", "DROP"]))
    values["action"] = pc.coalesce(pa.array(["allow", "allow", "allow", "deny"]).take(index), pc.utf8_lower(action))


_WEB = Spec(
    table="http",
    columns={
        **_ENDS,
        "src_ip": ("c-ip",),
        "dst_ip": ("r-ip", "s-ip"),
        "method": ("cs-method",),
        "hostname": ("cs-host", "cs(Host)"),
        "url": ("c-uri", "cs-uri"),
        "path": ("cs-uri-stem", "cs-uri-path"),
        "user_agent": ("cs(User-Agent)",),
        "referrer": ("cs(Referer)",),
        "status": ("sc-status",),
        "mime_type": ("rs(Content-Type)",),
        "bytes_out": ("cs-bytes",),
        "bytes_in": ("sc-bytes",),
        "user": ("cs-username",),
    },
    finish=_web,
)
_FIREWALL = Spec(
    table="network",
    columns={**_ENDS, "src_ip": ("src-ip",), "dst_ip": ("dst-ip",), "protocol": ("protocol",), "action": ("action",)},
    finish=_firewall,
)


def accepts(head: Head) -> float:
    """Return 0.95 where a ``#Fields:`` line names fields of the format."""
    for line in head.data.removeprefix(b"\xef\xbb\xbf").splitlines()[:50]:
        if line.startswith(b"#Fields:"):
            return 0.95 if _spec(_names(as_utf8(line).decode())) else 0.0
    return 0.0


def _names(line: str) -> tuple[str, ...]:
    found: list[str] = []
    for name in line.removeprefix("#Fields:").split():
        found.append(name if name not in found else f"{name}#{len(found) + 1}")
    return tuple(found)


def _spec(names: tuple[str, ...]) -> Spec | None:
    if "action" in names and "src-ip" in names:
        return _FIREWALL
    return _WEB if "cs-method" in names or "c-ip" in names else None


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield ``http`` or ``network``, as the ``#Fields:`` line tells; a line of another width is skipped."""
    names: tuple[str, ...] = ()
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        rows: list[tuple[int, list[str]]] = []
        for number, line in enumerate(as_utf8(block.data).decode().split("\n"), block.first):
            if line.startswith("#Fields:"):
                yield from _batches(names, rows, source.time_zone)
                names, rows = _names(line), []
            elif line.strip(" \t\r\n\x0b\x0c") and not line.startswith("#"):
                cells = _cells(line)
                if len(cells) == len(names) and _spec(names):
                    rows.append((number, cells))
                else:
                    reason = f"{len(cells)} columns, {len(names)} expected" if names else "no #Fields header before it"
                    yield Skipped(place=f"line {number}", reason=reason, record=number)
        yield from _batches(names, rows, source.time_zone)


def _cells(line: str) -> list[str]:
    line = line.rstrip("\r ")
    if '"' in line and len(line) < csv.field_size_limit():
        return next(csv.reader([line.replace("\r", " ")], delimiter=" "), [])
    return line.split(" ")


def _batches(names: tuple[str, ...], rows: list[tuple[int, list[str]]], zone: str | None) -> Iterator[Batch]:
    spec = _spec(names)
    if not rows or spec is None:
        return
    cells = zip(*(row for _, row in rows), strict=True)
    columns = {
        name: pa.array([None if value in ("-", "") else value for value in values], pa.string())
        for name, values in zip(names, cells, strict=True)
    }
    frame = ArrayFrame(columns, pa.array([number for number, _ in rows], pa.int64()))
    if spec is not _FIREWALL:
        yield assemble(spec, frame)
        return
    batch = assemble(msgspec.structs.replace(spec, finish=partial(_firewall, zone=zone)), frame)
    yield msgspec.structs.replace(batch, inferred=marks_in(frame.values.get("inferred", pa.nulls(0, pa.string()))))


READER = LogReader(
    id="elff",
    title="W3C extended log (IIS, proxies, Windows firewall)",
    accepts=accepts,
    read=read,
    tables=("network", "http"),
    times="local",
)
