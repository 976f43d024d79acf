"""One JSON array of objects: the whole of it where it is well formed, else as many of its objects as can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from keii.errors import LimitError
from keii.model import Skipped
from keii.readers.logs.blocks import as_utf8
from keii.readers.logs.json_lines import Numbered

LARGEST = 512 * 1024 * 1024  # bytes; an array cannot be read in pieces, so it has to fit into memory
_GAP = re.compile(r"[\s,]*")


def array_objects(data: BinaryIO) -> Iterator[Numbered | Skipped]:
    """Yield 1-based position and object of every element; raises LimitError for an array over ``LARGEST`` bytes."""
    raw = data.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise LimitError(f"a JSON array of more than {LARGEST} bytes")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        items = iter(orjson.loads(raw))
    except orjson.JSONDecodeError:
        yield from _by_element(as_utf8(raw).decode())
        return
    for place, item in enumerate(items, 1):
        yield _object(place, item)


def _object(place: int, item: object) -> Numbered | Skipped:
    if isinstance(item, dict):
        return place, item
    return Skipped(place=f"element {place}", reason="JSON, but not an object", record=place)


def _by_element(text: str) -> Iterator[Numbered | Skipped]:
    """Read one element after another up to the first that cannot be read."""
    decoder, place, start = json.JSONDecoder(), 1, text.find("[") + 1
    while True:
        gap = _GAP.match(text, start)
        start = gap.end() if gap else start
        if start >= len(text):
            yield Skipped(place=f"after element {place - 1}", reason="the array is not closed", count=0, record=place)
            return
        if text[start] == "]":
            return
        try:
            item, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            yield Skipped(place=f"element {place}", reason=f"not JSON from here on: {error}", record=place)
            return
        yield _object(place, item)
        place += 1
