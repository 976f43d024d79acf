"""The time of a record where and how a mapping file says it is written."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.convert import convert
from keii.readers.logs.frame import Columns
from keii.readers.logs.generic_fields import loose_times, mark
from keii.readers.logs.local_time import marks_in, placed

_SCALE = {"epoch": 1.0, "epoch-ms": 1e3, "epoch-us": 1e6}


class MappedTime(msgspec.Struct, frozen=True):
    """Fields that together hold a time (joined by a blank), its format, and the zone of times that write none."""

    fields: tuple[str, ...]
    format: str
    zone: tzinfo | None


def fill_time(columns: Columns, time: MappedTime, stated: str | None, inferred: set[str]) -> None:
    """Fill ``occurred``; what cannot be read as a time stays in ``more``.

    ``stated`` is the zone that a person stated for the file; it stands below one in the mapping. Marks of times without
    a zone (``local_time``) are added to ``inferred``.
    """
    frame = columns.frame
    names = [name for name in time.fields if name in frame.names]
    if len(names) < len(time.fields):
        return
    raw = [frame.get(name) for name in names]
    if len(raw) == 1 and pa.types.is_timestamp(raw[0].type):
        found = _stamped(raw[0], time.zone)
    elif time.format in _SCALE:
        found = convert(pc.divide(convert(raw[0], pa.float64()), _SCALE[time.format]), TIME)
    else:
        parts = [convert(values, pa.string()) for values in raw]
        text = pc.binary_join_element_wise(*parts, " ") if len(parts) > 1 else parts[0]
        coded = text.dictionary_encode()
        times = [_read(item, time) for item in coded.dictionary.to_pylist()]
        found = pa.array(times, TIME).take(coded.indices)
    marks = pa.nulls(len(found), pa.string())
    if time.zone is None and time.format not in _SCALE and found.null_count:
        found, marks = _unzoned(raw, found, stated)
    columns.values["occurred"] = found
    for name in names:
        columns.taken[name] = pc.or_(pc.is_null(found), marks.is_valid())
    inferred.update(marks_in(marks))
    if stated is not None and marks.null_count < len(marks):
        mark(frame, marks)


def _unzoned(raw: list[pa.Array], found: pa.Array, stated: str | None) -> tuple[pa.Array, pa.Array]:
    """Return times with those that had no zone placed in the stated one, and the marks of those."""
    if len(raw) == 1 and pa.types.is_timestamp(raw[0].type):
        local = pc.cast(pc.cast(raw[0], pa.timestamp("us"), safe=False), TIME)
    else:
        parts = [convert(values, pa.string()) for values in raw]
        text = pc.binary_join_element_wise(*parts, " ") if len(parts) > 1 else parts[0]
        local, _ = loose_times(text, "UTC")
    local = pc.if_else(found.is_null(), local, pa.scalar(None, TIME))
    if stated is None:
        return found, pc.if_else(local.is_valid(), pa.scalar("zone-unknown"), pa.scalar(None, pa.string()))
    local, marks = placed(local, local.is_valid(), stated)
    return pc.coalesce(found, local), marks


def _stamped(values: pa.Array, zone: tzinfo | None) -> pa.Array:
    if values.type.tz is not None:
        return pc.cast(values, TIME, safe=False)
    if zone is None:
        return pa.nulls(len(values), TIME)
    naive = pc.cast(values, pa.timestamp("us"), safe=False).to_pylist()
    return pa.array([None if item is None else item.replace(tzinfo=zone).astimezone(UTC) for item in naive], TIME)


def _read(text: str, time: MappedTime) -> datetime | None:
    try:
        if time.format == "iso":  # noqa: SIM108 - two readings, each with its own rule
            found = datetime.fromisoformat(text.strip())
        else:
            found = datetime.strptime(text.strip(), time.format)  # noqa: DTZ007 - the zone is put on below
        if found.tzinfo is None:
            if time.zone is None:
                return None
            found = found.replace(tzinfo=time.zone)
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
