"""Which Zeek stream a JSON record belongs to: what it says itself, else the name of the file, else its fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from keii.data import load


@cache
def _marks() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return stream and the fields that only it has together, most telling first."""
    return tuple((stream, frozenset(fields)) for stream, fields in load("zeek_streams")["marks"].items())


@cache
def _known() -> frozenset[str]:
    return frozenset(load("zeek_streams")["known"])


def stream_of(item: Mapping[str, Any], named: str) -> str | None:
    """Return the stream of a record, None where nothing tells it. ``named``: the stream of the file's name, a hint."""
    for key in ("_path", "@stream"):
        told = item.get(key)
        if isinstance(told, str) and told:
            return told[:64]
    if "ts" not in item:
        return None
    if named in _known():
        return named
    for stream, fields in _marks():
        if fields <= item.keys():
            return stream
    return None
