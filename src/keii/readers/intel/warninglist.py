"""Lists of what must not be hunted in the format of MISP's warninglists: JSON with ``list``, ``type`` and ``matching_attributes``."""

from __future__ import annotations

from collections.abc import Iterator

from keii.errors import UnreadableError
from keii.model import Skipped, Source
from keii.model.rule import IntelRule
from keii.readers.intel.interface import IntelReader
from keii.readers.intel.json_text import parse_json

TYPES = ("string", "hostname", "cidr", "substring", "regex")


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell a warninglist by its list and what its values are matched with."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{" or b'"list"' not in head:
        return 0.0
    marks = sum(
        mark in head for mark in (b'"matching_attributes"', b'"type"', b'"description"', b'"version"', b'"name"')
    )
    return 0.92 if b'"matching_attributes"' in head and marks >= 3 else 0.6 if marks >= 4 else 0.0


def read(data: bytes, source: Source) -> Iterator[IntelRule | Skipped]:
    """Yield the whole list as it was published, after a look whether it is one; entries that are no text are skipped."""
    found = parse_json(data, source)
    entries = found.get("list") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(entries, list):
        raise UnreadableError("a warninglist without a list", place=source.name)
    kind = found.get("type", "string")
    if kind not in TYPES:
        raise UnreadableError(f"a warninglist of type {str(kind)[:40]!r}; one of {', '.join(TYPES)}", place=source.name)
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, str) or not entry.strip():
            yield Skipped(place=f"entry {number}", reason="no text", record=number)
    yield IntelRule(
        language="warninglist",
        place=source.name,
        text=data.decode("utf-8-sig", "replace"),
        source=source.id,
        source_name=source.name,
        title=str(found.get("name", ""))[:200],
    )


READER = IntelReader(id="warninglist", title="MISP warninglist", accepts=accepts, read=read)
