"""The one normal form of Windows events: whatever the layout, the same event gives the same row of ``windows``.

A layout hands over each event as names and values (dotted names of nested parts). Events with the same names share a
plan, so that names are looked at once per shape and values move as whole columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import msgspec
import orjson
import pyarrow as pa

from keii.data import load
from keii.lake.schema import TABLES, TIME, windows_fields
from keii.readers.logs.interface import BATCH_ROWS, Batch
from keii.readers.logs.local_time import placed_one

BATCH_BYTES = 64 * 1024 * 1024  # bytes of source records held before a batch is given out
MAX_NAMES = 2048  # fields of one event; Windows itself allows 1,000 or so

_WRAPPERS = ("Event.", "_source.", "result.")
_MARKS = re.compile(r"#attributes\.|#attributes|@attributes\.|_attributes(?=\.)|\.#text$|(?<=\.)@|(?<=\.)#")
_DATA = ("winlog.event_data.", "EventData.", "event_data.", "EventData_")
_USER_DATA = ("winlog.user_data.", "UserData.", "user_data.")
_GUID = re.compile(r"\{?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?\Z")
_LEVELS = {"logalways": 0, "critical": 1, "error": 2, "warning": 3, "information": 4, "informational": 4, "verbose": 5}
_INT_BITS = {"event_id": 31, "record_id": 63, "level": 31, "process_id": 63}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Names = tuple[str, ...]


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


@cache
def _header() -> dict[str, tuple[str, ...]]:
    return {column: tuple(names) for column, names in load("windows_header").items()}


@cache
def _columns() -> dict[str, str]:
    """Return the column of each field name, by its lower-case form."""
    names = {name.lower(): name for name in windows_fields()}
    taken = {name.lower() for name in TABLES["windows"].names}
    # Columns are told apart without case, so a field named like a header column (Channel of 1102) has a prefix.
    return {name.removeprefix("data_") if name.removeprefix("data_") in taken else name: column
            for name, column in names.items()}  # fmt: skip


def plain_name(name: str) -> str:
    """Return a dotted name without wrappers and without the marks of attributes and text."""
    name = _MARKS.sub("", name)
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name.replace("..", ".").strip(".")


@cache
def _event_names() -> frozenset[str]:
    return frozenset(_header()["event_id"])


def is_event(names: Iterable[str]) -> bool:
    """Tell whether the names are those of a Windows event: an event id, and a channel, a provider or event data."""
    plain = {plain_name(name) for name in names}
    if not plain & _event_names():
        return False
    roots = _header()
    witnesses = {*roots["channel"], *roots["provider"]} - {"Provider", "provider", "channel", "event.provider"}
    return bool(plain & witnesses) or any(name.startswith((*_DATA, *_USER_DATA)) for name in plain)


@cache
def _plan(names: Names) -> Plan | None:
    """Return where the values of this shape go, None where they are no Windows event."""
    if not is_event(names):
        return None
    plain = [plain_name(name) for name in names]
    at = {name: position for position, name in reversed(list(enumerate(plain)))}
    header: dict[str, tuple[int, ...]] = {}
    for part, candidates in _header().items():
        found = tuple(at[name] for name in candidates if name in at)
        if found:
            header[part] = found
    # Old NXLog calls the System part's process ``ProcessID``; its own record fields tell that layout.
    if "process_id" not in header and {"ProcessID", "ThreadID", "RecordNumber"} <= at.keys():
        header["process_id"] = (at["ProcessID"],)
    # A record without another time is dated by UtcTime, which stays a field of the event all the same.
    used = {positions[0] for positions in header.values() if plain[positions[0]] != "UtcTime"}
    columns = _columns()
    fields: dict[str, int] = {}
    more: list[tuple[str, int]] = []
    for position, name in enumerate(plain):
        if position in used or name.endswith("xmlns") or ".xmlns:" in name:
            continue
        leaf, of_event = _leaf(name)
        column = columns.get(leaf.lower()) if of_event else None
        held = _leaf(plain[fields[column]])[0] if column in fields else None
        if column is None or (held is not None and (held == column or leaf != column)):
            more.append((leaf, position))
            continue
        if held is not None:
            more.append((held, fields[column]))
        fields[column] = position
    return Plan(
        header=header,
        fields=tuple(fields.items()),
        more=_distinct(more),
        from_system=any(name.startswith("System.") for name in plain),
    )


def _leaf(name: str) -> tuple[str, bool]:
    """Return the event's own name of a field, and whether it is the event's (not the header's or the shipper's)."""
    for prefix in _DATA:
        if name.startswith(prefix):
            return name[len(prefix) :], True
    for prefix in _USER_DATA:
        if name.startswith(prefix):
            return name.rpartition(".")[2], True
    if name == "System.Keywords":  # rules ask for it by its bare name
        return "Keywords", True
    if name.startswith("System."):
        return name[len("System.") :].replace(".", ""), False
    return name, "." not in name


def _distinct(pairs: list[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    seen: dict[str, int] = {}
    result = []
    for name, position in pairs:
        seen[name] = seen.get(name, 0) + 1
        result.append((name if seen[name] == 1 else f"{name}#{seen[name]}", position))
    return tuple(result)


class Gather:
    """Collects events and gives them out as batches of the table ``windows``.

    ``zone`` is the one that a person stated for times that write none.
    """

    def __init__(self, zone: str | None = None) -> None:
        self._zone = zone
        self._shapes: dict[Names, tuple[Plan, list[Sequence[Any]], list[int]]] = {}
        self._rows = 0
        self._bytes = 0

    def add(self, record: int, names: Names, values: Sequence[Any], size: int) -> bool:
        """Take one event; False where the names are not those of a Windows event."""
        shape = self._shapes.get(names)
        if shape is None:
            plan = _plan(names) if len(names) <= MAX_NAMES else None
            if plan is None:
                return False
            shape = self._shapes[names] = (plan, [], [])
        shape[1].append(values)
        shape[2].append(record)
        self._rows += 1
        self._bytes += size
        return True

    @property
    def full(self) -> bool:
        """Whether a batch should be taken now."""
        return self._rows >= BATCH_ROWS or self._bytes >= BATCH_BYTES

    def take(self) -> Batch | None:
        """Return what was collected since the last call, None if nothing was."""
        if not self._rows:
            return None
        table = _Columns(self._rows, self._zone)
        for plan, rows, records in self._shapes.values():
            table.extend(plan, rows, records)
        self._shapes, self._rows, self._bytes = {}, 0, 0
        if _plan.cache_info().currsize > 5_000:
            _plan.cache_clear()  # a file of ever new shapes must not fill the memory
        return Batch("windows", table.batch(), tuple(sorted(table.inferred)))


class _Columns:
    """The columns of one batch; a column that a shape lacks is filled up only when it is next written."""

    def __init__(self, rows: int, zone: str | None) -> None:
        self.rows = rows
        self.zone = zone
        self.inferred: set[str] = set()
        self.done = 0
        self.columns: dict[str, list[Any]] = {}

    def put(self, column: str, values: Sequence[Any]) -> None:
        cells = self.columns.setdefault(column, [])
        cells.extend([None] * (self.done - len(cells)))
        cells.extend(values)

    def extend(self, plan: Plan, rows: list[Sequence[Any]], records: list[int]) -> None:
        by_position = list(zip(*rows, strict=True))
        odd: list[Odd] = []
        self.put("record", records)
        for column, positions in plan.header.items():
            values = _first(by_position, positions)
            if column == "occurred":
                values = self._times(values, odd)
            elif column in _INT_BITS:
                values = _integers(column, values, odd)
            self.put(column, values)
        for column, position in plan.fields:
            column_values: Sequence[Any] = by_position[position]
            if plan.from_system:
                column_values = ["" if value is None else value for value in column_values]
            self.put(column, _guids(column_values) if column.lower().endswith("guid") else column_values)
        self.put("more", _more(plan, rows, odd))
        self.done += len(rows)

    def _times(self, values: Sequence[Any], odd: list[Odd]) -> list[datetime | None]:
        """Return times as UTC; of one without a zone, what was written and the mark stay beside it."""
        result: list[datetime | None] = []
        for row, value in enumerate(values):
            when = moment(value)
            if when is None or when.tzinfo is None:
                if value is not None:
                    odd.append(Odd(row, "time_as_written", value))
                if when is not None:
                    when, mark = placed_one(when, self.zone)
                    odd.append(Odd(row, "inferred", mark))
                    self.inferred.add(mark)
            result.append(when)
        return result

    def batch(self) -> pa.RecordBatch:
        hosts, stored = self.columns.get("host"), self.columns.get("logged_on")
        if stored:
            full_hosts = [*(hosts or []), *[None] * self.rows][: self.rows]
            self.columns["logged_on"] = [_other(a, b) for a, b in zip(stored, full_hosts, strict=False)]
        arrays = {}
        schema = TABLES["windows"]
        for name, cells in self.columns.items():
            cells.extend([None] * (self.rows - len(cells)))
            if name in schema.names and not pa.types.is_string(schema.field(name).type):
                arrays[name] = pa.array(cells, schema.field(name).type)
            else:
                arrays[name] = _texts(cells)
        arrays.setdefault("occurred", pa.nulls(self.rows, TIME))
        return pa.RecordBatch.from_pydict(arrays)


def _first(by_position: list[tuple[Any, ...]], positions: tuple[int, ...]) -> Sequence[Any]:
    """Return the first candidate's values, gaps filled from the next candidates."""
    values: Sequence[Any] = by_position[positions[0]]
    for position in positions[1:]:
        if None not in values:
            break
        values = [b if a is None else a for a, b in zip(values, by_position[position], strict=True)]
    return values


def _texts(cells: list[Any]) -> pa.Array:
    try:
        return pa.array(cells, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
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
    result = []
    for value in values:
        match = _GUID.match(value) if isinstance(value, str) else None
        result.append("{" + match[1].lower() + "}" if match else value)
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


def _more(plan: Plan, rows: list[Sequence[Any]], odd: list[Odd]) -> list[str | None]:
    if not plan.more and not odd:
        return [None] * len(rows)
    names = [name for name, _ in plan.more]
    positions = [position for _, position in plan.more]
    extra: dict[int, dict[str, object]] = {}
    for item in odd:
        extra.setdefault(item.row, {})[item.name] = item.value
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
