"""Columns of the table ``windows``, built shape by shape; Arrow fills up what a shape lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import orjson
import pyarrow as pa

from keii.lake.schema import TABLES, TIME
from keii.readers.logs.local_time import placed_one

_GUID = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?\Z")
_LEVELS = {"logalways": 0, "critical": 1, "error": 2, "warning": 3, "information": 4, "informational": 4, "verbose": 5}
_INT_BITS = {"event_id": 31, "record_id": 63, "level": 31, "process_id": 63}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FEW = 16  # rows of one shape up to which they are put with those of other shapes
_TEXTS = ({str}, {str, type(None)}, {type(None)})


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Where the values of one shape go: positions in the row per header column, per field column, and for ``more``."""

    header: dict[str, tuple[int, ...]]
    fields: tuple[tuple[str, int], ...]
    more: tuple[tuple[str, int], ...]
    from_system: bool


class Odd(NamedTuple):
    """A value that its column could not take as written; it stays in ``more``."""

    row: int
    name: str
    value: object


class Columns:
    """The columns of one batch. ``inferred`` are the marks of times whose zone their rows do not say."""

    def __init__(self, zone: str | None) -> None:
        self.inferred: set[str] = set()
        self._zone = zone
        self._tables: list[pa.Table] = []
        self._few: dict[
            str, list[Any]
        ] = {}  # rows of shapes that are rare: a table for each would cost more than its rows
        self._few_rows = 0

    def extend(self, plan: Plan, rows: list[Sequence[Any]], records: list[int]) -> None:
        """Take the events of one shape: a row of values each, and their record numbers."""
        by_position = list(zip(*rows, strict=True))
        odd: list[Odd] = []
        cells: dict[str, Sequence[Any] | pa.Array] = {"record": records}
        for column, positions in plan.header.items():
            values = _first(by_position, positions)
            if column == "occurred":
                plain = _plain_times(values) if len(rows) >= _FEW else None
                cells[column] = plain if plain is not None else self._times(values, odd)
            else:
                cells[column] = _integers(column, values, odd) if column in _INT_BITS else values
        for column, position in plan.fields:
            values = by_position[position]
            if plan.from_system and None in values:
                values = ["" if value is None else value for value in values]
            cells[column] = _guids(values) if column.lower().endswith("guid") else values
        cells["more"] = _more(plan, rows, by_position, odd)
        if "logged_on" in cells:
            hosts = cells.get("host") or [None] * len(rows)
            cells["logged_on"] = [_other(a, b) for a, b in zip(cells["logged_on"], hosts, strict=True)]
        if len(rows) < _FEW:
            self._keep(cells, len(rows))
        else:
            self._tables.append(pa.table({name: _array(name, values) for name, values in cells.items()}))

    def _keep(self, cells: dict[str, Sequence[Any] | pa.Array], rows: int) -> None:
        """Put the rows of a rare shape with those of the others; what another shape lacks is null."""
        for name, values in cells.items():
            column = self._few.setdefault(name, [])
            column += [None] * (self._few_rows - len(column))
            column += values.to_pylist() if isinstance(values, pa.Array) else values
        self._few_rows += rows

    def _times(self, values: Sequence[Any], odd: list[Odd]) -> list[datetime | None]:
        """Return times as UTC; of one without a zone, what was written and the mark stay beside it."""
        result: list[datetime | None] = []
        for row, value in enumerate(values):
            when = moment(value)
            if when is None or when.tzinfo is None:
                if value is not None:
                    odd.append(Odd(row, "time_as_written", value))
                if when is not None:
                    when, mark = placed_one(when, self._zone)
                    odd.append(Odd(row, "inferred", mark))
                    self.inferred.add(mark)
            result.append(when)
        return result

    def batch(self) -> pa.RecordBatch:
        """Return all rows in one batch."""
        if self._few_rows:
            for column in self._few.values():
                column += [None] * (self._few_rows - len(column))
            self._tables.append(pa.table({name: _array(name, values) for name, values in self._few.items()}))
            self._few, self._few_rows = {}, 0
        table = pa.concat_tables(self._tables, promote_options="default")
        if "occurred" not in table.schema.names:
            table = table.append_column("occurred", pa.nulls(len(table), TIME))
        return table.combine_chunks().to_batches()[0]


def _array(name: str, cells: Sequence[Any] | pa.Array) -> pa.Array:
    if isinstance(cells, pa.Array):
        return cells
    schema = TABLES["windows"]
    if name in schema.names and not pa.types.is_string(schema.field(name).type):
        return pa.array(cells, schema.field(name).type)
    return _texts(cells)


def _plain_times(values: Sequence[Any]) -> pa.Array | None:
    """Return times that are all written in full in UTC (as EVTX does); None where one is not."""
    if set(map(type, values)) != {str} or not all(map(_FULL.fullmatch, values)):
        return None
    try:
        return pa.array(values, pa.string()).cast(TIME)
    except pa.ArrowInvalid:
        return None


_FULL = re.compile(
    r"[12]\d{3}-\d\d-\d\dT[01]\d:[0-5]\d:[0-5]\d\.\d{6}Z|[12]\d{3}-\d\d-\d\dT2[0-3]:[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII
)


def _first(by_position: list[tuple[Any, ...]], positions: tuple[int, ...]) -> Sequence[Any]:
    """Return the first candidate's values, gaps filled from the next candidates."""
    values: Sequence[Any] = by_position[positions[0]]
    for position in positions[1:]:
        if None not in values:
            break
        values = [b if a is None else a for a, b in zip(values, by_position[position], strict=True)]
    return values


def _texts(cells: Sequence[Any]) -> pa.Array:
    kinds = set(map(type, cells))
    if kinds in _TEXTS:
        try:
            return pa.array(cells, pa.string())
        except UnicodeEncodeError:  # lone surrogates
            pass
    elif kinds == {int}:
        return pa.array(map(str, cells), pa.string(), size=len(cells))
    return pa.array([value if value is None else as_text(value) for value in cells], pa.string())


def as_text(value: object) -> str:
    """Return a value as Windows would print it: ``true``, ``7112``, the string itself; lists and objects as JSON."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return _dump(value).decode()


def _dump(value: object) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # lone surrogates; the reader has bounded the depth already
        return orjson.dumps(_clean(value))


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {as_text(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else as_text(value)


def _guids(values: Sequence[Any]) -> list[Any]:
    """Return GUIDs in braces and lower case, as Windows prints them; EVTX holds them binary and layouts differ."""
    known: dict[str, str] = {}
    result = []
    for value in values:
        if isinstance(value, str):
            found = known.get(value)
            if found is None:
                match = _GUID.match(value)
                found = known[value] = "{" + match[1].lower() + "}" if match else value
            result.append(found)
        else:
            result.append(value)
    return result


def _integers(column: str, values: Sequence[Any], odd: list[Odd]) -> Sequence[Any]:
    top = 1 << _INT_BITS[column]
    if set(map(type, values)) == {int} and max(values) < top and min(values) >= 0:
        return values
    result: list[int | None] = []
    for row, value in enumerate(values):
        number = _integer(value)
        if number is None or not 0 <= number < top:
            if value is not None:
                odd.append(Odd(row, column, value))
            number = None
        result.append(number)
    return result


def _integer(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > 20:
        return None
    text = value.strip()
    try:
        return int(text, 16) if text[:2].lower() == "0x" else int(text)
    except ValueError:
        return _LEVELS.get(text.lower())


def moment(value: object) -> datetime | None:
    """Return a time as written in any layout; naive where it names no zone, None where it is no time."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip().removesuffix(" UTC"))
        except ValueError:
            match = re.fullmatch(r"/Date\((-?\d{1,15})\)/|(\d{9,11}(?:\.\d{1,9})?)", value.strip())
            if not match:
                return None
            return _epoch(int(match[1]) / 1000 if match[1] else float(match[2]))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value / 1000 if abs(value) > 1e11 else value)
    return None


def _epoch(seconds: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except (OverflowError, ValueError):
        return None


def _more(
    plan: Plan, rows: list[Sequence[Any]], by_position: list[tuple[Any, ...]], odd: list[Odd]
) -> list[str | None]:
    extra: dict[int, dict[str, object]] = {}
    for item in odd:
        extra.setdefault(item.row, {})[item.name] = item.value
    full, gaps = [], False
    for name, at in plan.more:
        if any(value is not None for value in by_position[at]):
            full.append((name, at))
            gaps = gaps or None in by_position[at]
    if not full and not extra:
        return [None] * len(rows)
    names, positions = [name for name, _ in full], [at for _, at in full]
    if len(full) > 1 and not gaps and not extra:
        pick = itemgetter(*positions)
        return [_dump(dict(zip(names, pick(row), strict=True))).decode() for row in rows]
    result: list[str | None] = []
    for index, row in enumerate(rows):
        rest = {name: value for name, at in zip(names, positions, strict=True) if (value := row[at]) is not None}
        if index in extra:
            rest.update(extra[index])
        result.append(_dump(rest).decode() if rest else None)
    return result


def _other(stored: object, host: object) -> str | None:
    """Return the storing host where it is another machine: the first labels of the names differ."""
    if not isinstance(stored, str) or not isinstance(host, str) or not stored:
        return None
    return None if stored.split(".")[0].lower() == host.split(".")[0].lower() else stored
