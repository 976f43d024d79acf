"""Times that write no zone: placed in the zone a person stated, else in UTC, and marked with which of the two.

A local time that a clock change makes happen twice is taken as the earlier one; one that never happened is counted on
with the offset from before the change (PEP 495, fold 0). Both are marked.

============== =========================================================
mark           meaning
============== =========================================================
zone           no zone is written, UTC was assumed
zone-stated    no zone is written, the one that a person stated was taken
zone-ambiguous likewise, and this local time happened twice
zone-missing   likewise, and this local time never happened
zone-unknown   no zone is written, and the event has no time until a person states one (logs of no known kind)
============== =========================================================
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME

_NONE = pa.scalar(None, pa.string())
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local, the zone is put on below
_MINUTE = 60_000_000  # microseconds; no zone changes its offset within a minute since 1900
_BEFORE = 1_100_000_000  # minutes from before the year 1 to 1970
_FIRST, _LAST = -30_610_224_000 // 60, 253_370_764_800 // 60  # minutes of 1000 and 9999: beyond, nothing is shifted


def placed(local: pa.Array, unzoned: pa.Array, zone: str | None) -> tuple[pa.Array, pa.Array]:
    """Return times as UTC and the marks of those that had no zone.

    Args:
        local: times, ``TIME``, those without a zone as if they were in UTC.
        unzoned: True where no zone was written; null counts as written.
        zone: IANA name that a person stated, None for none.

    Returns:
        times (``TIME``) and marks (text, null where the zone was written or there is no time).
    """
    open_ = pc.and_(pc.fill_null(unzoned, fill_value=False), pc.is_valid(local))
    if zone is None or not pc.any(open_).as_py():
        return local, pc.if_else(open_, pa.scalar("zone"), _NONE)
    micros = pc.cast(pc.cast(local, pa.timestamp("us")), pa.int64())
    past = pc.add(pc.if_else(open_, micros, pa.scalar(None, pa.int64())), _BEFORE * _MINUTE)  # division truncates
    minutes = pc.subtract(pc.divide(past, _MINUTE), _BEFORE)
    coded = minutes.dictionary_encode()
    found = [_offset(minute, ZoneInfo(zone)) for minute in coded.dictionary.to_pylist()]
    shift = pa.array([offset for offset, _ in found], pa.int64()).take(coded.indices)
    marks = pa.array([mark for _, mark in found], pa.string()).take(coded.indices)
    moved = pc.subtract(micros, pc.fill_null(shift, 0))
    return pc.cast(pc.cast(moved, pa.timestamp("us")), TIME), marks


def placed_one(local: datetime, zone: str | None) -> tuple[datetime, str]:
    """Return a naive time as UTC, and its mark."""
    if zone is None:
        return local.replace(tzinfo=UTC), "zone"
    offset, mark = _offset((local - _EPOCH) // timedelta(minutes=1), ZoneInfo(zone))
    return (local - timedelta(microseconds=offset)).replace(tzinfo=UTC), mark


def _offset(minute: int, zone: ZoneInfo) -> tuple[int, str]:
    """Return the offset from UTC (microseconds) at a local minute since 1970, and its mark."""
    if not _FIRST <= minute < _LAST:
        return 0, "zone"
    local = (_EPOCH + timedelta(minutes=minute)).replace(tzinfo=zone)
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    assert before is not None and after is not None  # noqa: S101, PT018 - a ZoneInfo knows every time's offset
    mark = "zone-stated" if before == after else "zone-ambiguous" if before > after else "zone-missing"
    return before // timedelta(microseconds=1), mark


def both(first: pa.Array, second: pa.Array) -> pa.Array:
    """Return two columns of marks as one, with a comma between where both have one."""
    return pc.coalesce(pc.binary_join_element_wise(first, second, ","), first, second)


def marks_in(marks: pa.Array) -> tuple[str, ...]:
    """Return the different marks of a column, sorted."""
    words = {word for item in pc.unique(marks).to_pylist() if item for word in item.split(",")}
    return tuple(sorted(words))
