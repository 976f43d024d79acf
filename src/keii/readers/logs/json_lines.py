"""Lines that each hold one JSON object, with their numbers; what is none is skipped and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

from keii.model import Skipped
from keii.readers.logs.blocks import Block, as_utf8

Numbered = tuple[int, dict[str, Any]]


def objects(block: Block) -> Iterator[Numbered | Skipped]:
    """Yield line number and object of every line; empty lines are no records."""
    number = block.first
    for line in block.data.split(b"\n"):
        if line and not line.isspace():
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                found = _second_try(line, number, str(error))
            if isinstance(found, dict):
                yield number, found
            elif isinstance(found, Skipped):
                yield found
            else:
                yield Skipped(place=f"line {number}", reason="JSON, but not an object", record=number)
        number += 1


def _second_try(line: bytes, number: int, reason: str) -> Any:
    """Read what only the lenient parser takes (NaN, lone surrogates, bytes that are not UTF-8)."""
    try:
        return json.loads(as_utf8(line).decode(), parse_constant=str)
    except (ValueError, RecursionError):
        return Skipped(place=f"line {number}", reason=f"not JSON: {reason}", record=number)
