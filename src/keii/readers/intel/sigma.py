"""Sigma rule files (specification 2.1): rules, correlations and filters, kept whole; the hunt loads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keii.model import Source
from keii.model.rule import IntelRule
from keii.readers.intel.interface import IntelReader

_FIRST = re.compile(r"(?:---\s*|[A-Za-z_][\w-]*\s*:.*)\r?")
_KEYS = re.compile(r"^(title|logsource|detection|correlation|filter|action)\s*:", re.MULTILINE)


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell Sigma by the keys at the left edge of a YAML map; whether the rest is whole does not matter here."""
    text = head.decode("utf-8", "replace").lstrip("\ufeff")
    first = next((line for line in text.split("\n")[:200] if line.strip() and not line.lstrip().startswith("#")), "")
    if not _FIRST.fullmatch(first):
        return 0.0
    keys = set(_KEYS.findall(text))
    if {"detection", "logsource"} <= keys or {"title", "correlation"} <= keys or {"title", "filter"} <= keys:
        return 1.0
    return 0.8 if "title" in keys and keys & {"detection", "logsource"} else 0.0


def read(data: bytes, source: Source) -> Iterator[IntelRule]:
    """Yield the file as one value: what stands in it, and what of it is broken, is told rule by rule after the hunt."""
    text = data.decode("utf-8-sig", "replace")
    yield IntelRule(language="sigma", place=source.name, text=text, source=source.id, source_name=source.name)


READER = IntelReader(id="sigma", title="Sigma rules", accepts=accepts, read=read)
