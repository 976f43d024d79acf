"""STIX 2.0 and 2.1: indicator patterns and observables of bundles, lists of objects, and single objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keii.data import load
from keii.errors import RuleError, UnreadableError
from keii.model import Indicator, Locator, Moment, Skipped, Source
from keii.model.intel import IndicatorKind
from keii.model.rule import IntelRule
from keii.readers.documents.html_dates import iso_moment
from keii.readers.intel.defang import refang
from keii.readers.intel.interface import Found, IntelReader
from keii.readers.intel.json_text import parse_json
from keii.readers.intel.roles import role_of
from keii.readers.intel.stix_pattern import Comparison, Pattern, parse
from keii.readers.intel.values import KINDS, Value, classify, host_name, make

MAX_DEPTH = 40
_TYPES = {
    "indicator", "bundle", "observed-data", "malware", "report", "identity", "relationship", "campaign", "intrusion-set",
    "attack-pattern", "threat-actor", "tool", "marking-definition",
}  # fmt: skip
_OBSERVABLES = {"ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "file", "artifact", "mutex", "directory",
                "windows-registry-key", "x509-certificate", "network-traffic", "process", "user-agent"}  # fmt: skip


def accepts(head: bytes, name: str) -> float:
    """Tell STIX by a bundle, or by its ids (``indicator--``) and patterns."""
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if first[:1] not in {b"{", b"["}:
        return 0.0
    if b'"bundle--' in head or (b'"spec_version"' in head and b'"type"' in head):
        return 0.95
    if re.search(rb'"type"\s*:\s*"bundle"', head):
        return 0.9
    if b'"indicator--' in head or b'"identity--' in head or b'"observed-data--' in head or b'"malware--' in head:
        return 0.85
    return 0.6 if name.lower().endswith((".stix", ".stix2")) else 0.0


def read(data: bytes, source: Source) -> Iterator[Found]:
    """Yield the indicators of every pattern and, where a file has no pattern, of every observable.

    Patterns that ask for more than one value come whole besides.
    """
    objects = list(_objects(parse_json(data, source)))
    if not objects:
        raise UnreadableError("JSON without a STIX object", place=source.name)
    patterned = any(item.get("type") == "indicator" for item in objects)
    for number, item in enumerate(objects, start=1):
        if item.get("type") == "indicator":
            yield from _indicator(item, number, source)
        elif not patterned:
            yield from _observables(item, number, source)


def _objects(node: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, list):
        for item in node:
            yield from _objects(item, depth + 1)
    elif isinstance(node, dict):
        inner = node.get("objects")
        if node.get("type") != "observed-data" and isinstance(inner, list | dict):
            yield from _objects(list(inner.values()) if isinstance(inner, dict) else inner, depth + 1)
        if isinstance(node.get("type"), str) and node["type"] != "bundle":
            yield node
        elif "type" not in node and "objects" not in node:
            for value in node.values():
                if isinstance(value, dict | list):
                    yield from _objects(value, depth + 1)


def _time(value: Any) -> Moment | None:
    found = iso_moment(value, "en") if isinstance(value, str) else None
    return found if isinstance(found, Moment) else None


def _told(item: dict[str, Any]) -> str:
    words = item.get("description") or item.get("name") or ""
    return " ".join(str(words).split())[:1_000]


def _indicator(item: dict[str, Any], number: int, source: Source) -> Iterator[Indicator | IntelRule | Skipped]:
    place = f"object {number} ({str(item.get('id', 'without id'))[:80]})"
    pattern = item.get("pattern")
    language = str(item.get("pattern_type", "stix")).lower()
    if not isinstance(pattern, str) or language != "stix":
        reason = (
            f"a pattern in {language}, which is not hunted as STIX"
            if isinstance(pattern, str)
            else "an indicator without a pattern"
        )
        yield Skipped(place=place, reason=reason, record=number)
        return
    try:
        parsed = parse(pattern)
    except RuleError as error:
        yield Skipped(place=place, reason=f"the pattern cannot be read: {error.message}", record=number)
        return
    whole = _whole(parsed)
    if whole and item.get("revoked") is not True:
        yield _rule(item, pattern, source)
    revoked = "the indicator was revoked" if item.get("revoked") is True else ""
    joined = _joined(parsed)
    where = Locator(source=source.id, record=number, record_id=str(item.get("id", "")) or None)
    labels = " ".join(str(label) for label in item.get("labels", []) if isinstance(label, str))
    role = role_of(f"{item.get('name', '')} {labels} {_told(item)}")
    for comparison in parsed.comparisons:
        values = list(_values(comparison))
        if not values and not whole:  # of a whole pattern the hunt tells what no event holds
            yield Skipped(
                place=place, reason=f"{comparison.path} {comparison.operator}: no event table holds it", record=number
            )
        for raw, value in values:
            found = make(
                Value(value.kind, value.value, "; ".join(part for part in (value.note, joined) if part)), source, raw,
                sentence=_told(item), role=role, locator=where, since=_time(item.get("valid_from")),
                until=_time(item.get("valid_until")), withheld=revoked or ("negated in its pattern" if comparison.negated else ""),
            )  # fmt: skip
            yield found


def _whole(pattern: Pattern) -> bool:
    """Tell whether a pattern asks for more than that one of some values be seen, so that it is asked as a whole."""
    plain = all(one.operator in {"=", "==", "IN", "ISSUBSET"} and not one.negated for one in pattern.comparisons)
    return bool(pattern.qualifiers) or set(pattern.joined) - {"OR"} != set() or not plain


def _rule(item: dict[str, Any], pattern: str, source: Source) -> IntelRule:
    own = str(item.get("id", ""))[:200]
    return IntelRule(
        language="stix", place=f"{source.name}, {own}" if own else source.name, text=pattern, source=source.id,
        source_name=source.name, id=own, title=" ".join(str(item.get("name") or "").split())[:300], tags=_tags(item),
    )  # fmt: skip


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids of ATT&CK techniques among the references, written as Sigma's tags."""
    references = item.get("external_references")
    found = (
        [one.get("external_id") for one in references if isinstance(one, dict)] if isinstance(references, list) else []
    )
    return tuple(
        f"attack.{one.lower()}" for one in found if isinstance(one, str) and re.fullmatch(r"T\d{4}(\.\d{3})?", one)
    )


def _joined(pattern: Pattern) -> str:
    if len(pattern.comparisons) < 2:
        return ""
    more = f", {'; '.join(pattern.qualifiers)}" if pattern.qualifiers else ""
    return f"one of {len(pattern.comparisons)} comparisons joined by {'/'.join(pattern.joined) or 'AND'}{more}"


def _values(comparison: Comparison) -> Iterator[tuple[str, Value]]:
    if comparison.operator not in {"=", "==", "IN", "!=", "<>", "ISSUBSET", "LIKE", "ISSUPERSET"}:
        return
    for raw in comparison.values:
        found = _value(comparison.path, raw)
        if found is not None and not (
            comparison.operator == "LIKE" and ("%" in raw or ("_" in raw and found.kind == "domain"))
        ):
            yield raw, found


def _value(path: str, raw: str) -> Value | None:
    kinds: dict[str, str | None] = load("intel/stix_paths")
    kind = kinds.get(path, "" if path.split(":")[0] in _OBSERVABLES else None)
    if not kind or not raw.strip():
        return None
    if kind in {"auto", "domain", "url", "email"}:
        raw = refang(raw)
    if kind == "auto":
        return classify(raw)
    if kind == "domain":
        name = host_name(raw)
        return Value("domain", name) if name else classify(raw) if "." in raw else None
    if kind == "url":
        found = classify(raw)
        return found if found is not None and found.kind in {"url", "domain", "ip"} else None
    if kind == "email":
        found = classify(raw)
        return found if found is not None and found.kind == "email" else None
    hashed = kind in {"md5", "sha1", "sha256", "certificate"}
    return Value(_kind(kind), raw.lower() if hashed else raw)


def _kind(name: str) -> IndicatorKind:
    if name not in KINDS:
        raise RuleError(f"{name} in stix_paths.yaml is no kind of indicator")
    return name  # type: ignore[return-value]


def _observables(item: dict[str, Any], number: int, source: Source) -> Iterator[Indicator]:
    inner = item.get("objects") if item.get("type") == "observed-data" else None
    parts = list(inner.values()) if isinstance(inner, dict) else [item]
    for part in parts:
        if not isinstance(part, dict) or part.get("type") not in _OBSERVABLES:
            continue
        for path, raw in _flat(part, str(part["type"])):
            value = _value(path, raw)
            if value is not None:
                where = Locator(source=source.id, record=number, record_id=str(item.get("id", "")) or None)
                yield make(value, source, raw, sentence=_told(item), locator=where)


def _flat(node: Any, kind: str, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict) and depth < 6:
        for key, value in node.items():
            yield from _flat(value, kind, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(node, str):
        yield f"{kind}:{path}", node


READER = IntelReader(id="stix", title="STIX 2.0 and 2.1", accepts=accepts, read=read)
