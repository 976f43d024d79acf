"""Squid's native access log: requests through a proxy, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Skipped, Source
from keii.readers.logs.convert import convert
from keii.readers.logs.frame import Columns, Spec, assemble
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.text_lines import parsed, share
from keii.readers.logs.web_address import is_address, split_url, usual_port

# time elapsed client code/status bytes method URL user hierarchy/peer type, and what a site appends
_LINE = (
    r"^\s*(?P<time>[0-9]{9,11}\.[0-9]{1,6})\s+(?P<elapsed>-?[0-9]+)\s+(?P<client>\S+)\s+(?P<result>[A-Z_]+)/"
    r"(?P<status>[0-9]{3})\s+(?P<bytes>-?[0-9]+)\s+(?P<method>\S+)\s+(?P<url>\S+)\s+(?P<user>\S+)\s+"
    r"(?P<hierarchy>[A-Z_]+)/(?P<peer>\S+)\s+(?P<type>\S+)(?P<appended>\s.*)?$"
)
_NONE = pa.scalar(None, pa.string())


def _finish(columns: Columns) -> None:
    """Take the URL apart; the peer is what was reached only where Squid went there itself."""
    values, frame = columns.values, columns.frame
    parts = split_url(frame.get("url"))
    values["hostname"], values["path"] = parts.host, parts.path
    values["dst_port"] = convert(usual_port(parts), pa.int32())
    client, peer = frame.get("client"), frame.get("peer")
    values["src_ip"] = pc.if_else(is_address(client), client, _NONE)
    columns.taken["client"] = pc.and_(pc.is_valid(client), pc.is_null(values["src_ip"]))
    went = pc.fill_null(pc.match_substring(frame.get("hierarchy"), "DIRECT"), fill_value=False)
    direct = pc.and_(is_address(peer), went)
    values["dst_ip"] = pc.if_else(direct, peer, _NONE)
    columns.taken["peer"] = pc.and_(pc.is_valid(peer), pc.invert(direct))


_SPEC = Spec(
    table="http",
    columns={
        "occurred": ("time",),
        "method": ("method",),
        "url": ("url",),
        "status": ("status",),
        "mime_type": ("type",),
        "bytes_in": ("bytes",),
        "user": ("user",),
    },
    constants={"proxied": True},
    finish=_finish,
)


def accepts(head: Head) -> float:
    """Return up to 0.9, by the share of lines that fit."""
    return 0.9 * share(head.data, _LINE)


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``http``; ``bytes_in`` counts what the client got, ``occurred`` is the end of it."""
    del source
    for found in parsed(data, _LINE, what="Squid's access log"):
        yield found if isinstance(found, Skipped) else assemble(_SPEC, found)


READER = LogReader(id="squid", title="Squid access log", accepts=accepts, read=read, tables=("http",), times="zoned")
