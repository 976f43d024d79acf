"""Arrow columns of any type to the types of the lake; a value that does not fit becomes null, never an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME

_INT = r"^[+-]?[0-9]{1,18}$"
_REAL = r"^[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?$"
_EARLIEST, _LATEST = -62_135_596_800.0, 253_402_300_799.0  # seconds of year 1 and 9999, the range of a datetime
_TRUE, _FALSE = ("T", "true", "True", "1", "yes"), ("F", "false", "False", "0", "no")


def infer(values: list[Any]) -> pa.Array:
    """Return Python values of one JSON field as an array; values of several kinds all become text."""
    try:
        found = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError):
        return pa.array([as_text(value) for value in values], pa.string())
    if pa.types.is_struct(found.type) or (pa.types.is_list(found.type) and not _plain(found.type.value_type)):
        return pa.array([as_text(value) for value in values], pa.string())
    return found


def _plain(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_null(type_))


def as_text(value: Any) -> str | None:
    """Return a JSON value as text: words as they are, anything else as JSON."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    try:
        return orjson.dumps(value, default=str).decode()
    except TypeError:  # a number beyond 64 bits, a lone surrogate inside
        return json.dumps(value, default=str)


def convert(values: pa.Array, to: pa.DataType) -> pa.Array:
    """Return the values as ``to``, null where one does not fit. ``values``: text, numbers, truth or lists of text."""
    if values.type == to:
        return values
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), to)
    if pa.types.is_timestamp(to):
        return _time(values)
    if pa.types.is_list(to):
        return _list(values)
    if pa.types.is_string(to):
        return _text(values)
    if pa.types.is_boolean(to):
        return _truth(values)
    return _number(values, to)


def _text(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        joined = pc.binary_join(pc.cast(values, pa.list_(pa.string())), ",")
        return _only(joined, pc.not_equal(joined, ""))
    return pc.cast(values, pa.string())


def _list(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        return pc.cast(values, pa.list_(pa.string()))
    text = _text(values).to_pylist()
    return pa.array([None if item is None else [item] for item in text], pa.list_(pa.string()))


def _truth(values: pa.Array) -> pa.Array:
    text = _text(values)
    true, false = pc.is_in(text, value_set=pa.array(_TRUE)), pc.is_in(text, value_set=pa.array(_FALSE))
    return pc.if_else(
        true, pa.scalar(value=True), pc.if_else(false, pa.scalar(value=False), pa.scalar(None, pa.bool_()))
    )


def _only(values: pa.Array, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, values, pa.scalar(None, values.type))


def _number(values: pa.Array, to: pa.DataType) -> pa.Array:
    if pa.types.is_list(values.type) or pa.types.is_boolean(values.type):
        return pa.nulls(len(values), to)
    whole = pa.types.is_integer(to)
    if pa.types.is_string(values.type):
        values = _only(values, pc.match_substring_regex(values, _INT if whole else _REAL))
        values = pc.cast(values, pa.int64() if whole else pa.float64())
    if not whole:
        values = pc.cast(values, pa.float64())
        return _only(values, pc.is_finite(values))
    if pa.types.is_floating(values.type):
        fits = pc.and_(pc.less(pc.abs(values), 2.0**53), pc.equal(values, pc.round(values)))
        values = pc.cast(_only(values, fits), pa.int64())
    if to == pa.int32():
        values = _only(values, pc.and_(pc.greater_equal(values, -(2**31)), pc.less(values, 2**31)))
    return pc.cast(values, to)


def _time(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type):
        numeric = pc.fill_null(pc.match_substring_regex(values, _REAL), fill_value=False)
        if not pc.all(numeric).as_py():
            return pc.coalesce(_seconds(pc.cast(_only(values, numeric), pa.float64())), _iso(values, numeric))
        values = pc.cast(values, pa.float64())
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        return pa.nulls(len(values), TIME)
    return _seconds(pc.cast(values, pa.float64(), safe=False))


def _seconds(values: pa.Array) -> pa.Array:
    """Seconds since 1970 as times: a double holds microseconds exactly until the year 2255."""
    values = _only(values, pc.and_(pc.greater_equal(values, _EARLIEST), pc.less(values, _LATEST)))
    micros = pc.cast(pc.round(pc.multiply(values, 1e6)), pa.int64(), safe=False)
    return pc.cast(pc.cast(micros, pa.timestamp("us")), TIME)


def _iso(values: pa.Array, numeric: pa.Array) -> pa.Array:
    words = _only(values, pc.invert(numeric))
    try:
        return pc.cast(words, TIME)
    except pa.ArrowInvalid:
        return pa.array([iso_time(item) for item in words.to_pylist()], TIME)


def iso_time(text: str | None) -> datetime | None:
    """Return an ISO 8601 time with its zone as UTC, None for anything else; a time without a zone is not guessed."""
    if not text or len(text) > 64:
        return None
    try:
        found = datetime.fromisoformat(text)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
