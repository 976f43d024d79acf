"""Windows events as XML: the export of the event viewer, of wevtutil, of forwarders; one root, or none at all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from keii.errors import UnreadableError
from keii.model import Skipped, Source
from keii.readers.logs.interface import MAX_LINE, Batch, Head, LogReader
from keii.readers.logs.windows_element import XmlError, event_fields
from keii.readers.logs.windows_form import Gather, why_none
from keii.readers.logs.windows_text import head_text, utf8

_CHUNK = 1024 * 1024
_EDGE = re.compile(rb"<Event(?=[\s>/])|</Event\s*>")
_LONGEST_EDGE = 16  # bytes kept so that an edge across two chunks is seen
_SYSTEM = re.compile(rb"<Event[\s>].{0,400}?<System[\s>]", re.DOTALL)
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FALLBACK = "cp932"  # wevtutil writes the console's code page into a redirected file; Japanese machines have this one


def accepts(head: Head) -> float:
    """Return 0.9 where an ``<Event>`` with a ``<System>`` part stands in the head."""
    data = head_text(head.data)
    return 0.9 if data.lstrip()[:1] == b"<" and _SYSTEM.search(data) else 0.0


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield batches of ``windows``; ``record`` is the ordinal of the element in the file.

    Each element is parsed by itself, so that a broken one costs only itself and no entity can reach it. Raises
    UnreadableError for an empty stream and for one with a document type.
    """
    stream = utf8(data)
    front = stream.peek(_CHUNK)[:_CHUNK]
    if not front.strip():
        raise UnreadableError("empty, expected Windows events as XML", place=source.name)
    first = _EDGE.search(front)
    if _DOCTYPE.search(front[: first.start() if first else len(front)]):
        raise UnreadableError("has a document type, which no export of events has; not read", place=source.name)
    gather = Gather(source.time_zone)
    for number, raw in _elements(stream):
        reason = raw if isinstance(raw, str) else _take(gather, number, raw)
        if reason:
            yield Skipped(place=f"event {number}", reason=reason, record=number)
        if gather.full and (batch := gather.take()):
            yield batch
    if batch := gather.take():
        yield batch


def _take(gather: Gather, number: int, raw: bytes) -> str | None:
    """Take one element; return why it could not be taken."""
    inferred: tuple[tuple[str, str], ...] = ()
    try:
        raw.decode()
    except UnicodeDecodeError:
        try:
            raw = raw.decode(_FALLBACK).encode()
        except UnicodeDecodeError:
            return f"neither UTF-8 nor {_FALLBACK}"
        inferred = (("encoding_inferred", _FALLBACK),)
    try:
        parts = (*event_fields(raw), *inferred)
    except XmlError as error:
        return f"not well-formed: {error}"
    names, values = tuple(name for name, _ in parts), tuple(value for _, value in parts)
    return None if gather.add(number, names, values, len(raw)) else why_none(names)


def _elements(stream: io.BufferedReader) -> Iterator[tuple[int, bytes | str]]:
    """Yield each ``<Event>`` element, or why it is none. A start inside an open element means that this one was cut."""
    number, held, at, start = 0, b"", 0, -1
    while chunk := stream.read(_CHUNK):
        held += chunk
        for match in _EDGE.finditer(held, at):
            at = match.end()
            if held.startswith(b"</", match.start()):
                if start >= 0:
                    yield number, held[start:at]
                start = -1
                continue
            if start >= 0:
                yield number, "cut: the next event starts inside it"
            number, start = number + 1, match.start()
        keep = start if start >= 0 else max(at, len(held) - _LONGEST_EDGE)
        if len(held) - keep > MAX_LINE:
            yield number, f"longer than {MAX_LINE} bytes"
            keep, start = len(held) - _LONGEST_EDGE, -1
        at = max(at, len(held) - _LONGEST_EDGE) - keep
        held = held[keep:]
        start = 0 if start >= 0 else -1
    if start >= 0:
        yield number, "cut: the file ends inside it"


READER = LogReader(
    id="windows-xml", title="Windows events as XML", accepts=accepts, read=read, tables=("windows",), times="local"
)
