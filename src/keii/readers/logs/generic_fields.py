"""Which fields of a log of no known kind hold its time, its words and its host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.lake.schema import TIME
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.convert import convert, iso_time
from keii.readers.logs.frame import Columns, Frame, RecordFrame, Spec, assemble
from keii.readers.logs.interface import Batch
from keii.readers.logs.local_time import marks_in, placed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BARE = re.compile(r"\s*\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s*\Z")
_SCALES = ((1e8, 1e10, 1.0), (1e11, 1e13, 1e3), (1e14, 1e16, 1e6), (1e17, 1e19, 1e9))  # s, ms, µs, ns of 1973 to 2286


def loose_time(text: str | None) -> datetime | None:
    """Return ISO 8601 with its zone, or a count since 1970 whose unit its size tells; None for anything else."""
    if not text:
        return None
    if found := iso_time(text):
        return found
    try:
        number = float(text)
    except ValueError:
        return None
    for low, high, scale in _SCALES:
        if low <= number < high:
            return _EPOCH + timedelta(seconds=number / scale)
    return None


def loose_times(values: pa.Array, zone: str | None) -> tuple[pa.Array, pa.Array]:
    """Return ``loose_time`` of every value, and the marks (``local_time``) of those that write no zone.

    Where nobody stated a ``zone`` such a time stays null, and its mark is ``zone-unknown``.
    """
    texts = convert(values, pa.string()).to_pylist()
    times = [loose_time(text) for text in texts]
    found = pa.array(times, TIME)
    bare = pa.array([_bare(text) if time is None else None for text, time in zip(texts, times, strict=True)], TIME)
    if zone is None:
        return found, pc.if_else(bare.is_valid(), pa.scalar("zone-unknown"), pa.scalar(None, pa.string()))
    local, marks = placed(bare, bare.is_valid(), zone)
    return pc.coalesce(found, local), marks


def _bare(text: str | None) -> datetime | None:
    """Return an ISO 8601 date and time without a zone as if in UTC, None for anything else."""
    if not text or not _BARE.match(text):
        return None
    try:
        return datetime.fromisoformat(text.strip().replace(",", ".").replace("/", "-")).replace(tzinfo=UTC)
    except ValueError:
        return None


def pick(names: Iterable[str], role: str) -> str | None:
    """Return the field that has a role (time, message, host), None where no name tells."""
    spelt = {name.lower().replace(" ", "_"): name for name in reversed(tuple(names))}
    return next((spelt[word] for word in load("generic_log")[role] if word in spelt), None)


def generic(log: str, frame: Frame, zone: str | None) -> Batch:
    """Return records with any fields as ``generic``. ``zone`` is the one stated for times that write none."""
    inferred: set[str] = set()
    finish = partial(_finish, zone=zone, inferred=inferred)
    batch = assemble(Spec(table="generic", columns={}, constants={"log": log}, finish=finish), frame)
    return msgspec.structs.replace(batch, inferred=tuple(sorted(inferred)))


def _finish(columns: Columns, zone: str | None, inferred: set[str]) -> None:
    frame = columns.frame
    for column, role in (("message", "message"), ("host", "host")):
        if (name := pick(frame.names, role)) is not None:
            columns.fill(column, pa.string(), (name,))
    if (name := pick(frame.names, "time")) is None:
        return
    columns.values["occurred"], marks = loose_times(frame.get(name), zone)
    inferred.update(marks_in(marks))
    columns.taken[name] = pc.or_(columns.values["occurred"].is_null(), marks.is_valid())
    if zone is not None and marks.null_count < len(marks):
        columns.values["values"] = frame.words()  # before the marks come in, which nobody wrote
        mark(frame, marks)


def mark(frame: Frame, marks: pa.Array) -> None:
    """Add marks to a frame as ``inferred``, for ``more``; under another name where the log has such a field."""
    name = "inferred"
    while name in frame.names:
        name += "#"
    if isinstance(frame, ArrayFrame):
        frame.values[name] = marks
    elif isinstance(frame, RecordFrame):
        for item, word in zip(frame.objects, marks.to_pylist(), strict=True):
            if word is not None:
                item[name] = word
    frame.names = (*frame.names, name)
