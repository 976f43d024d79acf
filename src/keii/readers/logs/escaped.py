"""The backslash escapes of Zeek's text logs."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_ESCAPE = re.compile(r"\\\\|((?:\\x[0-9A-Fa-f]{2})+)")


def unescape(values: pa.Array) -> pa.Array:
    r"""Return text with ``\xNN`` and ``\\`` resolved; bytes that are not UTF-8 keep their ``\xNN``."""
    found = pc.match_substring(values, "\\")
    if not pc.any(found).as_py():
        return values
    coded = values.dictionary_encode()
    texts = [plain(item) for item in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices)


def plain(text: str) -> str:
    r"""Return one text with ``\xNN`` and ``\\`` resolved."""
    return _ESCAPE.sub(_resolve, text) if "\\" in text else text


def _resolve(match: re.Match[str]) -> str:
    codes = match[1]
    if not codes:
        return "\\"
    return bytes.fromhex(codes.replace("\\x", "")).decode("utf-8", "backslashreplace")
