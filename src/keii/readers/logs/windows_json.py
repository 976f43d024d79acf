"""Windows events as JSON: lines or one array, as NXLog, OTRF, winlogbeat, Sentinel, Splunk and evtx_dump write."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from keii.errors import UnreadableError
from keii.model import Skipped, Source
from keii.readers.logs.interface import MAX_LINE, Batch, Head, LogReader
from keii.readers.logs.windows_form import Gather, is_event, why_none
from keii.readers.logs.windows_records import MAX_DEPTH, TooDeepError, flat
from keii.readers.logs.windows_text import head_text, utf8

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}]', re.DOTALL)
_CHUNK = 1024 * 1024
_NAME = re.compile(rb'"((?:[A-Za-z_@#][\w.@#]*))"\s*:')
_LONE = re.compile(rb"\\u[dD][89a-fA-F]")


def accepts(head: Head) -> float:
    """Return 0.9 where the first record has the names of a Windows event."""
    data = head_text(head.data).lstrip()
    if data[:1] not in (b"{", b"["):
        return 0.0
    for line in data.split(b"\n", 20)[:20]:
        names = _first_names(line.strip().strip(b"[],"))
        if names and is_event(names):
            return 0.9
    # Pretty-printed, or a first record longer than the head: the names alone must do.
    return 0.8 if is_event(_bare_names(data)) else 0.0


def _bare_names(data: bytes) -> set[str]:
    names = {match[1].decode() for match in _NAME.finditer(data)}
    if {"System", "Event"} <= names:
        names |= {f"System.{name}" for name in ("EventID", "Channel") if name in names}
    if "winlog" in names:
        names |= {f"winlog.{name}" for name in names if name in ("event_id", "channel", "provider_name")}
    return names


def _first_names(line: bytes) -> tuple[str, ...] | None:
    if line[:1] != b"{":
        return None
    try:
        return flat(orjson.loads(line))[0]
    except (orjson.JSONDecodeError, TooDeepError):
        return None


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``windows``; ``record`` is the line, or the element of an array.

    Of a key that one object has twice the last value counts. Raises UnreadableError for an empty stream.
    """
    stream = utf8(data)
    first = stream.peek(64 * 1024)[: 64 * 1024]
    if not first.strip():
        raise UnreadableError("empty, expected Windows events as JSON", place=source.name)
    start = first.lstrip()
    whole = start[:1] == b"[" or _first_names_of(start)
    records = _objects(stream) if whole else _lines(stream)
    word = "record" if whole else "line"
    gather = Gather(source.time_zone)
    for number, raw in records:
        if isinstance(raw, Skipped):
            yield raw
            continue
        reason = _take(gather, number, raw)
        if reason:
            yield Skipped(place=f"{word} {number}", reason=reason, record=number)
        if gather.full and (batch := gather.take()):
            yield batch
    if batch := gather.take():
        yield batch


def _first_names_of(start: bytes) -> bool:
    """Tell whether the records span lines: the first line opens an object and does not end it."""
    line, newline, _ = start.partition(b"\n")
    return bool(newline) and line.strip() in (b"{", b'{"Event": {', b'{"Event":{')


def _take(gather: Gather, number: int, raw: bytes) -> str | None:
    """Take one record; return why it could not be taken."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if not _LONE.search(raw):
            return f"not JSON: {error.msg}"
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            return f"not JSON: {error.msg}"
    if not isinstance(found, dict):
        return "not a JSON object"
    try:
        names, values = flat(found)
    except TooDeepError:
        return f"nested deeper than {MAX_DEPTH} levels"
    return None if gather.add(number, names, values, len(raw)) else f"not a Windows event: {why_none(names)}"


def _lines(stream: io.BufferedReader) -> Iterator[tuple[int, bytes | Skipped]]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, Skipped(place=f"line {number}", reason=f"longer than {MAX_LINE} bytes", record=number)
        elif line.strip():
            yield number, line


def _objects(stream: io.BufferedReader) -> Iterator[tuple[int, bytes | Skipped]]:
    """Yield the outermost objects of an array or of objects written one after another."""
    number, depth, held, at, start = 0, 0, b"", 0, 0
    while True:
        chunk = stream.read(_CHUNK)
        held += chunk
        for match in _TOKEN.finditer(held, at):
            at = match.end()
            token = match[0]
            if token == b"{":
                if depth == 0:
                    start, number = match.start(), number + 1
                depth += 1
            elif token == b"}" and depth:
                depth -= 1
                if depth == 0:
                    yield number, held[start:at]
        if not chunk:
            break
        keep = start if depth else at
        quote = held.find(b'"', at)  # an unclosed string is looked at again with the next chunk
        at = quote if quote >= 0 else len(held)
        if not depth:
            keep = at
        held, at, start = held[keep:], at - keep, 0
        if len(held) > MAX_LINE:
            yield number, Skipped(place=f"record {number}", reason=f"longer than {MAX_LINE} bytes", record=number)
            return
    if depth:
        yield number, Skipped(place=f"record {number}", reason="cut: the file ends inside it", record=number)


READER = LogReader(
    id="windows-json", title="Windows events as JSON", accepts=accepts, read=read, tables=("windows",), times="local"
)
