"""Common and combined access logs as Apache and nginx write them, with or without the virtual host in front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Skipped, Source
from keii.readers.logs.escaped import plain
from keii.readers.logs.frame import Columns, Spec, assemble
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.text_lines import parsed, share
from keii.readers.logs.text_time import clf_time
from keii.readers.logs.web_address import is_address, split_url

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = (
    r"^(?:(?P<vhost>[^\s\"\[]+)\s+)?(?P<client>[^\s\"\[]+)\s+(?P<ident>\S+)\s+(?P<user>[^\[\"]*?)\s+"
    r"\[(?P<time>[0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4})\]\s+"
    + _QUOTED.replace("((", "(?P<request>(")
    + r"\s+(?P<status>[0-9]{3}|-)\s+(?P<bytes>[0-9]+|-)"
    + r"(?:\s+"
    + _QUOTED.replace("((", "(?P<referrer>(")
    + r"\s+"
    + _QUOTED.replace("((", "(?P<agent>(")
    + r")?(?P<appended>\s.*)?$"
)
_REQUEST = r"^(?P<method>[A-Za-z_-]{1,32}) (?P<target>\S.*?)(?: (?P<version>HTTP/[0-9.]+))?$"
_NONE = pa.scalar(None, pa.string())


def _plain(values: pa.Array) -> pa.Array:
    """Resolve the backslash escapes that servers write."""
    if not pc.any(pc.match_substring(values, "\\")).as_py():
        return values
    texts = [None if item is None else plain(re.sub(r'\\"', '"', item)) for item in values.to_pylist()]
    return pa.array(texts, pa.string())


def _finish(columns: Columns) -> None:
    values, frame = columns.values, columns.frame
    values["occurred"] = clf_time(frame.get("time"))
    client = frame.get("client")
    values["src_ip"] = pc.if_else(is_address(client), client, _NONE)
    columns.taken |= {"time": pc.is_null(values["occurred"]), "client": pc.is_null(values["src_ip"])}
    request = pc.extract_regex(_plain(frame.get("request")), _REQUEST)
    columns.taken["request"] = pc.and_(pc.is_valid(frame.get("request")), pc.is_null(request))
    target = pc.struct_field(request, "target")
    values["method"] = pc.struct_field(request, "method")
    parts = split_url(target)
    asked = pc.is_valid(parts.host)  # an absolute target or a CONNECT: asked as of a proxy
    values["path"] = pc.if_else(asked, parts.path, target)
    values["url"] = pc.if_else(asked, target, _NONE)
    host = pc.struct_field(pc.extract_regex(frame.get("vhost"), r"^(?P<host>.*?)(?::[0-9]{1,5})?$"), "host")
    values["hostname"] = pc.coalesce(parts.host, pc.if_else(pc.equal(host, ""), _NONE, host))
    values["proxied"] = asked
    for column in ("user_agent", "referrer"):
        if column in values:
            values[column] = _plain(values[column])


_SPEC = Spec(
    table="http",
    columns={
        "status": ("status",),
        "bytes_in": ("bytes",),
        "user": ("user",),
        "referrer": ("referrer",),
        "user_agent": ("agent",),
    },
    finish=_finish,
)


def accepts(head: Head) -> float:
    """Return up to 0.9, by the share of lines that fit."""
    return 0.9 * share(head.data, _LINE)


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``http``. The server's own address is not in such a log, so ``dst_ip`` is null."""
    del source
    for found in parsed(data, _LINE, what="a common or combined access log"):
        yield found if isinstance(found, Skipped) else assemble(_SPEC, found)


READER = LogReader(
    id="combined", title="Common and combined access log", accepts=accepts, read=read, tables=("http",), times="zoned"
)
