"""The time of a record where and how a mapping file says it is written."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.convert import convert
from keii.readers.logs.frame import Columns

_SCALE = {"epoch": 1.0, "epoch-ms": 1e3, "epoch-us": 1e6}


class MappedTime(msgspec.Struct, frozen=True):
    """Fields that together hold a time (joined by a blank), its format, and the zone of times that write none."""

    fields: tuple[str, ...]
    format: str
    zone: tzinfo | None


def fill_time(columns: Columns, time: MappedTime) -> None:
    """Fill ``occurred``; what cannot be read as a time stays in ``more``."""
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
    columns.values["occurred"] = found
    for name in names:
        columns.taken[name] = pc.is_null(found)


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
