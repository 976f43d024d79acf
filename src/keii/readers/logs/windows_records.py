"""A decoded JSON event as flat names and values; nested parts get dotted names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keii.readers.logs.windows_element import XmlError, event_fields

MAX_DEPTH = 16  # levels; winlogbeat needs 5, nothing that Windows writes needs more
_NESTED = {dict, list}


class TooDeepError(Exception):
    """A record is nested deeper than ``MAX_DEPTH``."""


def flat(found: Mapping[str, Any]) -> tuple[tuple[str, ...], Sequence[Any]]:
    """Return the dotted names and the values of a record; raises TooDeepError.

    Unnamed event data (``Data`` as text or as a list) becomes ``param1`` … ``paramN``.
    """
    values = tuple(found.values())
    if _NESTED.isdisjoint(map(type, values)):
        if "EventData" in found and isinstance(xml := found["EventData"], str) and xml.startswith("<EventData"):
            return _with_xml(found, xml)
        return tuple(found), values
    names: list[str] = []
    cells: list[Any] = []
    _descend(found, "", names, cells, 0)
    return tuple(names), cells


def _with_xml(found: Mapping[str, Any], xml: str) -> tuple[tuple[str, ...], Sequence[Any]]:
    """Return a record of Sentinel, whose event data stands in it as XML."""
    names = [name for name in found if name != "EventData"]
    cells = [found[name] for name in names]
    try:
        parts = event_fields(xml.encode("utf-8", "replace"))
    except XmlError:
        return tuple(found), tuple(found.values())
    return (*names, *(name for name, _ in parts)), (*cells, *(value for _, value in parts))


def _descend(part: Mapping[str, Any], prefix: str, names: list[str], cells: list[Any], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeepError
    for key, value in part.items():
        kind = type(value)
        if key == "Data" and prefix.endswith(("EventData.", "event_data.")):
            _unnamed(value, prefix, names, cells)
        elif key == "#attributes" and prefix.endswith("EventData.") and kind is dict and "Name" in value:
            names.append("EventDataName")  # the template's name, which is no field of the event
            cells.append(str(value["Name"]))
        elif kind is dict:
            if value:
                _descend(value, f"{prefix}{key}.", names, cells, depth + 1)
        else:
            if kind is list:
                _bounded(value, depth)
            names.append(prefix + key)
            cells.append(value)


def _unnamed(value: Any, prefix: str, names: list[str], cells: list[Any]) -> None:
    if isinstance(value, dict) and "#text" in value and "Name" not in value and "@Name" not in value:
        value = value["#text"]
    if value is None:
        return
    count = 0
    for item in value if type(value) is list else [value]:
        if isinstance(item, dict):
            name = item.get("@Name") or item.get("Name") or (item.get("#attributes") or {}).get("Name")
            text = item.get("#text", item.get("Value", item.get("text")))
            if isinstance(name, str) and not isinstance(text, dict | list):
                names.append(prefix + name)
                cells.append(text)
                continue
        count += 1
        _bounded(item, 0)
        names.append(f"{prefix}param{count}")
        cells.append(item)


def _bounded(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TooDeepError
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            if type(item) in _NESTED:
                _bounded(item, depth + 1)
