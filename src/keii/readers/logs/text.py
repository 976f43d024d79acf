"""Lines of text that start with a time (syslog and its like), kept as generic events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Skipped, Source
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.blocks import blocks
from keii.readers.logs.frame import Columns, Spec, assemble
from keii.readers.logs.generic_fields import loose_times, mark
from keii.readers.logs.interface import Batch, Head, LogReader
from keii.readers.logs.local_time import marks_in
from keii.readers.logs.text_lines import numbered, share

# An optional priority, then RFC 5424 / ISO 8601, RFC 3164 (no year, no zone), a date or a day with a clock (no zone).
_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
_BSD = r"[A-Z][a-z]{2} {1,2}[0-9]{1,2} [0-9:]{8}"
_DAY = r"[0-9]{2}/[0-9]{2}[ -][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"  # netlogon.log, Snort's alerts: no year
_TIMED = rf"^(?:<[0-9]{{1,3}}>)?(?:1 )?\[?(?P<time>{_ISO}|{_BSD}|[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}} [0-9:]{{8}}|{_DAY})(?:\]|\s|,)"
_NAME = r"(?P<host>[A-Za-z0-9][A-Za-z0-9._:-]*)"
_ZONED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_PRIORITY = r"^(?:<[0-9]{1,3}>)?"
_HOSTED = rf"{_PRIORITY}(?:{_ZONED}|{_BSD}) {_NAME} [^ :]+:"
_HOSTED_5424 = rf"{_PRIORITY}1 {_ZONED} {_NAME} "
_SCANNED = 65_536  # characters of a line that are searched for values
_VALUES = re.compile(
    r"[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>]{1,2048}"
    r"|[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}"
    r"|\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"
    r"|\b[0-9A-Fa-f]{64}\b|\b[0-9A-Fa-f]{40}\b|\b[0-9A-Fa-f]{32}\b"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}(?![\w:])"
    r"|(?<![\w:])(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}(?![\w:])|(?<![\w:])::1(?![\w:])"
    r"|\b(?:[A-Za-z0-9_-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"
)


def values_of(text: str) -> list[str]:
    """Return the addresses, names, URLs and hashes of a line, each once, in order."""
    return list(dict.fromkeys(_VALUES.findall(text[:_SCANNED])))


def _finish(columns: Columns, zone: str | None, inferred: set[str]) -> None:
    """A time without a year, or without a zone where nobody stated one, stays in the words of the line."""
    lines = columns.values["message"]
    time = pc.struct_field(pc.extract_regex(lines, _TIMED), "time")
    shaped = pc.replace_substring_regex(time, r"^(\S+) ([0-9:]{8})", r"\1T\2")
    found, marks = loose_times(shaped, zone)
    columns.values["occurred"] = found
    inferred.update(marks_in(marks))
    hosts = [pc.struct_field(pc.extract_regex(lines, form), "host") for form in (_HOSTED, _HOSTED_5424)]
    columns.values["host"] = pc.coalesce(*hosts)
    columns.values["values"] = pa.array([values_of(line) for line in lines.to_pylist()], pa.list_(pa.string()))
    if zone is not None and marks.null_count < len(marks):
        mark(columns.frame, marks)


def _batch(lines: pa.Array, numbers: pa.Array, zone: str | None) -> Batch:
    inferred: set[str] = set()
    finish = partial(_finish, zone=zone, inferred=inferred)
    spec = Spec(table="generic", columns={"message": ("line",)}, constants={"log": "text"}, finish=finish)
    batch = assemble(spec, ArrayFrame({"line": lines}, numbers))
    return msgspec.structs.replace(batch, inferred=tuple(sorted(inferred)))


def accepts(head: Head) -> float:
    """Return up to 0.4, by the share of lines that start with a time."""
    return 0.0 if b"\0" in head.data[:4096] else 0.4 * share(head.data, _TIMED)


def read(data: BinaryIO, source: Source) -> Iterator[Batch | Skipped]:
    """Yield every line that is not blank as an event of ``generic``; ``message`` is the whole line as written."""
    for block in blocks(data):
        if isinstance(block, Skipped):
            yield block
            continue
        lines, numbers = numbered(block)
        if len(lines):
            yield _batch(lines, numbers, source.time_zone)


READER = LogReader(
    id="text", title="Text lines with a time", accepts=accepts, read=read, tables=("generic",), times="loose"
)
