"""Where in a TOML text a key stands, and which keys are allowed there: what a refusal of ``case.toml`` tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_INLINE = re.compile(r"""(?:[{,]\s*|^\s*)([\w-]+|"[^"]*"|'[^']*')\s*=""")
_STEP = re.compile(r"\[(?:\d+|\.\.\.)\]")
_LONG = re.compile(r'"""|' + "'''")


def keys_at(root: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """Return the keys allowed in the table at ``path`` (``zones[0]``, as msgspec writes it), () for no table."""
    here: Any = root
    for name in filter(None, _STEP.sub("", path).split(".")):
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(here)}
        here = _struct(fields.get(name))
        if here is None:
            return ()
    return tuple(field.encode_name for field in msgspec.structs.fields(here))


def _struct(type_: Any) -> type[msgspec.Struct] | None:
    """Return the struct inside ``X``, ``X | None`` or ``tuple[X, ...]``."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return type_
    return next((found for part in getattr(type_, "__args__", ()) if (found := _struct(part))), None)


def line_of(text: str, path: str) -> int | None:
    """Return the 1-based line on which the key at ``path`` (``zones[1].name``) stands, None where it cannot be told.

    A key of an inline table is told by the first line of its parent's value on which a key of that name stands; if there
    is none, the line of the nearest key or header above it.
    """
    places: dict[str, int] = {}
    for place, line in _places(text):
        places.setdefault(place, line)
    wanted = path
    while wanted:
        if wanted in places:
            line = places[wanted]
            return line if wanted == path else _inside(text, line, path.rpartition(".")[2])
        wanted = wanted[: max(wanted.rfind("."), wanted.rfind("["), 0)]
    return None


def _inside(text: str, line: int, name: str) -> int:
    """Return the line, from ``line`` on and up to the next key or header, with an inline key ``name``; else ``line``."""
    rows = text.split("\n")
    for number in range(line, len(rows) + 1):
        row = rows[number - 1]
        if number > line and (_HEADER.match(row) or _KEY.match(row)):
            break
        if any(found[1].strip("\"'") == name for found in _INLINE.finditer(row.partition("=")[2] or row)):
            return number
    return line


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Yield (path, line) of every header and key outside of strings over several lines."""
    table, counts, long_ = "", dict[str, int](), ""
    for number, row in enumerate(text.split("\n"), start=1):
        if long_:
            long_ = "" if long_ in row else long_
            continue
        header, key = _HEADER.match(row), _KEY.match(row)
        if header and "=" not in header[2]:
            name = _plain(header[2])
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                name = f"{name}[{counts[name]}]"
            table = name
            yield table, number
        elif key:
            yield f"{table}.{_plain(key[1])}".lstrip("."), number
        marks = _LONG.findall(row)
        if len(marks) % 2:
            long_ = marks[-1]


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))
