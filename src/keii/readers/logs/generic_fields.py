"""Which fields of a log of no known kind hold its time, its words and its host."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from keii.data import load
from keii.lake.schema import TIME
from keii.readers.logs.convert import convert, iso_time
from keii.readers.logs.frame import Columns, Spec

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


def loose_times(values: pa.Array) -> pa.Array:
    """Return ``loose_time`` of every value; a time without a zone is null."""
    text = convert(values, pa.string()).to_pylist()
    return pa.array([loose_time(item) for item in text], TIME)


def pick(names: Iterable[str], role: str) -> str | None:
    """Return the field that has a role (time, message, host), None where no name tells."""
    spelt = {name.lower().replace(" ", "_"): name for name in reversed(tuple(names))}
    return next((spelt[word] for word in load("generic_log")[role] if word in spelt), None)


def spec(log: str) -> Spec:
    """Return how records with any fields become ``generic``."""
    return Spec(table="generic", columns={}, constants={"log": log}, finish=_finish)


def _finish(columns: Columns) -> None:
    frame = columns.frame
    for column, role in (("message", "message"), ("host", "host")):
        if (name := pick(frame.names, role)) is not None:
            columns.fill(column, pa.string(), (name,))
    if (name := pick(frame.names, "time")) is not None:
        columns.values["occurred"] = loose_times(frame.get(name))
        columns.taken[name] = columns.values["occurred"].is_null()
