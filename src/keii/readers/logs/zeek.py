"""Zeek logs: tab-separated with a #fields header, or JSON lines; several streams in one file too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, BinaryIO

import orjson

from keii.model import Skipped, Source
from keii.readers.logs.blocks import Block, blocks
from keii.readers.logs.frame import RecordFrame, assemble, flatten
from keii.readers.logs.interface import BATCH_ROWS, Batch, Head, LogReader
from keii.readers.logs.json_lines import objects
from keii.readers.logs.zeek_fields import spec
from keii.readers.logs.zeek_streams import stream_of
from keii.readers.logs.zeek_tsv import Header, TextFrame, frames

_BARE = re.compile(rb"[0-9]{9,10}\.[0-9]{6}\t[CF][0-9A-Za-z]{8,20}\t[0-9a-fA-F.:]+\t[0-9]+\t")


def accepts(head: Head) -> float:
    """Return 1 for a Zeek header, 0.9 for JSON lines with Zeek's names, 0.5 for a piece of a log without its header."""
    data = head.data.lstrip(b"\xef\xbb\xbf\r\n \t")
    if data.startswith((b"#separator ", b"#fields\t")):
        return 1.0
    if data.startswith(b"#") and b"\n#fields\t" in data:
        return 0.95
    if data.startswith(b"{"):
        return _accepts_json(data, head.name)
    return 0.5 if _BARE.match(data) else 0.0


def _accepts_json(data: bytes, name: str) -> float:
    try:
        first = orjson.loads(data.split(b"\n", 1)[0])
    except orjson.JSONDecodeError:
        return 0.0
    if not isinstance(first, dict) or not ("ts" in first or "_path" in first or "@stream" in first):
        return 0.0
    if "@stream" in first or ("_path" in first and "_write_ts" in first):
        return 0.95
    return 0.9 if stream_of(flatten(first), "") else 0.5 if stream_of(first, _stem(name)) else 0.0


def _stem(name: str) -> str:
    """Return the stream that a file name tells: ``conn`` for ``conn.17_00_00-18_00_00.log.gz``."""
    return PurePath(name.replace("\\", "/")).name.split(".")[0].lower()


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of the tables that the streams belong to; what cannot be read comes as Skipped with its line."""
    header = Header()
    waiting: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    named = _stem(source.name)
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
        elif not header.fields and block.data.lstrip(b"\xef\xbb\xbf\n \t").startswith(b"{"):
            yield from _json(block, named, waiting)
        else:
            for found in frames(_without_mark(block), header):
                if isinstance(found, Header):
                    header = found
                elif isinstance(found, TextFrame):
                    yield assemble(spec(found.header.path or named or "unknown"), found)
                else:
                    yield found
    for stream in sorted(waiting):
        yield _batch(stream, waiting[stream])


def _without_mark(block: Block) -> Block:
    return Block(block.first, block.data.removeprefix(b"\xef\xbb\xbf")) if block.first == 1 else block


def _json(block: Block, named: str, waiting: dict[str, list[tuple[int, dict[str, Any]]]]) -> Iterator[Batch | Skipped]:
    """Sort the objects of a block by stream and yield the streams that make a full batch."""
    for found in objects(_without_mark(block)):
        if isinstance(found, Skipped):
            yield found
            continue
        number, item = found
        flat = flatten(item)
        stream = stream_of(flat, named) or "unknown"
        rows = waiting.setdefault(stream, [])
        rows.append((number, flat))
        if len(rows) >= BATCH_ROWS:
            yield _batch(stream, waiting.pop(stream))


def _batch(stream: str, rows: list[tuple[int, dict[str, Any]]]) -> Batch:
    return assemble(spec(stream), RecordFrame([item for _, item in rows], [number for number, _ in rows]))


READER = LogReader(
    id="zeek",
    title="Zeek TSV and JSON",
    accepts=accepts,
    read=read,
    tables=("network", "dns", "http", "tls", "files", "smb", "remote", "dhcp", "alerts", "sensor", "generic"),
    times="zoned",
)
