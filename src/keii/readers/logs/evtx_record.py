"""A record as the ``evtx`` library renders it, made flat: what stands in its head is decoded once, not once a record.

Before its event data a record says provider, event id, channel, host: few different texts in a whole log. They are cut
out around the time and the record number and kept decoded. In rendered JSON a quotation mark inside a value is
escaped, so the marks that are cut at are always names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from keii.readers.logs.windows_records import flat

_TIME, _NUMBER, _CHANNEL = '"SystemTime":"', '"}},"EventRecordID":', '"Channel":'
_BODIES = (',"EventData":', ',"UserData":')
_TIME_NAME = "Event.System.TimeCreated.#attributes.SystemTime"
_MOST_KEPT = 20_000  # texts of each kind; a log of ever new ones must not fill the memory

Names = tuple[str, ...]


class _Part(msgspec.Struct, frozen=True):
    """A text of the head, decoded; no names where it cannot be taken by itself."""

    names: Names = ()
    values: tuple[Any, ...] = ()
    ready: bool = True


_AMISS = _Part(ready=False)


class Flattener:
    """Makes rendered records flat; keeps what the heads of one log have in common."""

    def __init__(self) -> None:
        self._first: dict[str, _Part] = {}  # by the text before the time
        self._middle: dict[str, _Part] = {}  # between the record's number and its channel
        self._last: dict[str, _Part] = {}  # from the channel to the event data
        self._names: dict[tuple[Names, Names, Names, Names], Names] = {}

    def flat(self, text: str) -> tuple[Names, Sequence[Any]]:
        """Return what ``windows_records.flat`` gives for the record; raises what it and orjson raise."""
        found = self._by_parts(text)
        return found if found is not None else flat(orjson.loads(text))

    def _by_parts(self, text: str) -> tuple[Names, Sequence[Any]] | None:
        time = text.find(_TIME)
        time_end = text.find(_NUMBER, time)
        number = time_end + len(_NUMBER)
        number_end = text.find(",", number)
        channel = text.find(_CHANNEL, number)
        body = text.find(_BODIES[0], channel)
        if body < 0:
            body = text.find(_BODIES[1], channel)
        if not 0 < time < time_end < number_end <= channel < body:
            return None
        when, digits = text[time + len(_TIME) : time_end], text[number:number_end]
        if '"' in when or "\\" in when or not (digits.isascii() and digits.isdigit()):
            return None
        between = text[number_end:channel]
        first = self._first.get(text[:time]) or _keep(self._first, text[:time], _first(text[:time]))
        middle = self._middle.get(between) or _keep(self._middle, between, _system("{" + between[1:-1] + "}"))
        tail = text[channel:body]
        last = self._last.get(tail) or _keep(self._last, tail, _system("{" + tail))
        if not (first.ready and middle.ready and last.ready):
            return None
        try:
            data = orjson.loads("{" + text[body + 1 : -1])
        except orjson.JSONDecodeError:
            return None
        if len(data) != 1:
            return None
        names, values = _data(data)
        key = first.names, middle.names, last.names, names
        whole = self._names.get(key)
        if whole is None:
            if len(self._names) >= _MOST_KEPT:
                self._names.clear()
            whole = (*first.names, _TIME_NAME, "Event.System.EventRecordID", *middle.names, *last.names, *names)
            self._names[key] = whole
        return whole, (*first.values, when, int(digits), *middle.values, *last.values, *values)


def _keep(kept: dict[str, _Part], text: str, part: _Part) -> _Part:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[text] = part
    return part


def _first(text: str) -> _Part:
    """Decode what stands before the time; not ready where the time is not the last thing of ``TimeCreated``."""
    try:
        names, values = flat(orjson.loads(text + _TIME + '"}}}}}'))
    except orjson.JSONDecodeError:
        return _AMISS
    if not names or names[-1] != _TIME_NAME or len(set(names)) < len(names):
        return _AMISS
    return _Part(names[:-1], tuple(values[:-1]))


def _system(text: str) -> _Part:
    """Decode some elements of ``System``."""
    if text == "{}":
        return _Part()
    try:
        names, values = flat({"Event": {"System": orjson.loads(text)}})
    except orjson.JSONDecodeError:
        return _AMISS
    return _Part(names, tuple(values))


_plain: dict[Names, Names] = {}  # names of event data to the same as flat names


def _data(found: dict[str, Any]) -> tuple[Names, Sequence[Any]]:
    data = found.get("EventData")
    if type(data) is not dict or not data:
        return flat({"Event": found})
    values = tuple(data.values())
    kinds = set(map(type, values))
    if dict in kinds or list in kinds or "Data" in data:
        return flat({"Event": found})
    leaves = tuple(data)
    names = _plain.get(leaves)
    if names is None:
        if len(_plain) >= _MOST_KEPT:
            _plain.clear()
        names = _plain[leaves] = tuple(f"Event.EventData.{leaf}" for leaf in leaves)
    return names, values
