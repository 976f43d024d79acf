"""JSON of intel files, bounded and told where it breaks."""

from __future__ import annotations

import json
from typing import Any

import orjson

from keii.errors import LimitError, UnreadableError
from keii.model import Source
from keii.readers.documents.encoding import decode

MAX_JSON = 256 * 1024 * 1024


def parse_json(data: bytes, source: Source) -> Any:
    """Return the value of a JSON text; raises UnreadableError with line and column, LimitError for too much of it."""
    if len(data) > MAX_JSON:
        raise LimitError(f"the file has {len(data):,} bytes; at most {MAX_JSON:,} are read", place=source.name)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    text, _ = decode(data)
    try:
        return json.loads(text.lstrip("\ufeff"), strict=False)
    except RecursionError as error:
        raise UnreadableError("the JSON is nested too deep", place=source.name) from error
    except ValueError as error:
        raise UnreadableError(f"not valid JSON: {error}", place=source.name) from error
