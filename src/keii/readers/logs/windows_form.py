"""The one normal form of Windows events: whatever the layout, the same event gives the same row of ``windows``.

A layout hands over each event as names and values (dotted names of nested parts). Events with the same names share a
plan, so that names are looked at once per shape and values move as whole columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from keii.data import load
from keii.lake.schema import TABLES, windows_fields
from keii.readers.logs.interface import BATCH_ROWS, Batch
from keii.readers.logs.windows_columns import Columns, Plan

BATCH_BYTES = 64 * 1024 * 1024  # bytes of source records held before a batch is given out
MAX_NAMES = 65_536  # fields of one event; Windows itself allows 1,000 or so
_KEPT_NAMES = 2048  # fields of a shape whose plan is kept for the next event like it

_WRAPPERS = ("Event.", "_source.", "result.")
_MARKS = re.compile(r"#attributes\.|#attributes|@attributes\.|_attributes(?=\.)|\.#text$|(?<=\.)@|(?<=\.)#")
_DATA = ("winlog.event_data.", "EventData.", "event_data.", "EventData_")
_USER_DATA = ("winlog.user_data.", "UserData.", "user_data.")

Names = tuple[str, ...]


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


def why_none(names: Names) -> str:
    """Return why these names are those of no event, as a clause."""
    return f"has more than {MAX_NAMES:,} fields" if len(names) > MAX_NAMES else "has no event id"


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
            if len(names) > MAX_NAMES:
                return False
            plan = _plan(names) if len(names) <= _KEPT_NAMES else _plan.__wrapped__(names)
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
        table = Columns(self._zone)
        for plan, rows, records in self._shapes.values():
            table.extend(plan, rows, records)
        self._shapes, self._rows, self._bytes = {}, 0, 0
        if _plan.cache_info().currsize > 5_000:
            _plan.cache_clear()  # a file of ever new shapes must not fill the memory
        return Batch("windows", table.batch(), tuple(sorted(table.inferred)))
