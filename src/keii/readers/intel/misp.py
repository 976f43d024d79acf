"""MISP events: attributes, and those of objects, with their ``to_ids`` flag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from keii.data import load
from keii.errors import UnreadableError
from keii.model import Indicator, IntelPattern, Locator, Skipped, Source
from keii.readers.intel.interface import IntelReader
from keii.readers.intel.json_text import parse_json
from keii.readers.intel.roles import role_of
from keii.readers.intel.values import KINDS, Value, classify, host_name, make

NOTHING: Mapping[str, bool] = MappingProxyType({})


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell MISP by an event with attributes."""
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"["}:
        return 0.0
    marks = sum(
        mark in head for mark in (b'"Event"', b'"Attribute"', b'"to_ids"', b'"Orgc"', b'"threat_level_id"', b'"Object"')
    )
    return 0.9 if marks >= 2 else 0.5 if marks and b'"category"' in head else 0.0


def read(data: bytes, source: Source) -> Iterator[Indicator | IntelPattern | Skipped]:
    """Yield the indicators of a MISP event, of a list of events or of a bare list of attributes."""
    attributes = list(_attributes(parse_json(data, source), ""))
    if not attributes:
        raise UnreadableError("JSON without a MISP attribute", place=source.name)
    for number, (item, told) in enumerate(attributes, start=1):
        yield from _attribute(item, told, number, source)
    kinds = load("intel/misp_types")
    others = Counter(str(item["type"]) for item, _ in attributes if kinds.get(str(item["type"])) in (None, "reference"))
    for name, count in sorted(others.items()):
        yield Skipped(
            place=f"{count} attributes of type {name[:80]}", reason="a type that no log is asked for", count=0
        )


def _gone(node: dict[str, Any]) -> bool:
    """Tell whether its author has deleted an attribute or an object: MISP keeps it for those who had it already."""
    return node.get("deleted") in {True, "1", "true"}


def _attributes(
    node: Any, told: str, depth: int = 0, mark: Mapping[str, bool] = NOTHING
) -> Iterator[tuple[dict[str, Any], str]]:
    if depth > 12:
        return
    if isinstance(node, list):
        for item in node:
            yield from _attributes(item, told, depth + 1, mark)
    elif isinstance(node, dict):
        if isinstance(node.get("type"), str) and isinstance(node.get("value"), str):
            yield {**node, **mark}, told
            return
        if _gone(node):
            mark = {**mark, "deleted": True}
        about = str(node.get("info") or node.get("comment") or "") or told
        for key in ("response", "Event", "Attribute", "Object", "attributes", "objects"):
            if isinstance(node.get(key), dict | list):
                yield from _attributes(node[key], about, depth + 1, mark)


def _attribute(item: dict[str, Any], told: str, number: int, source: Source) -> Iterator[Indicator | Skipped]:
    kinds: dict[str, str | list[str | None] | None] = load("intel/misp_types")
    name, raw = str(item["type"]), str(item["value"])
    wanted = kinds.get(name)
    if wanted is None or wanted == "reference":
        return
    sentence = " ".join(str(item.get("comment") or told).split())[:1_000]
    parts = list(zip(wanted, raw.split("|"), strict=False)) if isinstance(wanted, list) else [(wanted, raw)]
    where = Locator(source=source.id, record=number, record_id=str(item.get("uuid", "")) or None)
    # Without the flag an attribute is context: MISP itself does not send it to sensors.
    flagged = "" if item.get("to_ids") in {True, "1", None} else "not flagged for detection (to_ids)"
    withheld = "deleted by its author" if _gone(item) else flagged
    for kind, part in parts:
        if kind is None:
            continue
        value = _value(kind, part)
        if value is None:
            yield Skipped(place=f"attribute {number}", reason=f"{part[:80]!r} is no {name}", record=number)
        else:
            role = role_of(f"{item.get('comment', '')} {item.get('category', '')}") or (
                "download" if "delivery" in str(item.get("category", "")).lower() and value.kind == "url" else None
            )
            yield make(value, source, part, sentence=sentence, role=role, locator=where, withheld=withheld)


def _value(kind: str, raw: str) -> Value | None:
    raw = raw.strip()
    if kind in {"auto", "url", "email", "md5", "sha1", "sha256"}:
        found = classify(raw)
        return found if found is not None and (kind in {"auto", "url"} or found.kind == kind) else None
    if kind == "domain":
        name = host_name(raw)
        return Value("domain", name) if name else classify(raw)
    if kind not in KINDS or not raw:
        return None
    value = raw.lower().replace(":", "") if kind in {"ja3", "certificate"} else raw
    return Value(kind, value)  # type: ignore[arg-type]


READER = IntelReader(id="misp", title="MISP event", accepts=accepts, read=read)
