"""Plain text in UTF-8, UTF-16, Shift_JIS, EUC-JP or ISO-2022-JP."""

from __future__ import annotations

import re

from keii.errors import UnreadableError
from keii.model import Document, Source
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.encoding import decode
from keii.readers.documents.interface import DocumentReader

_DATA = re.compile(r"[\s\ufeff]*(?:#(?:separator|fields|path)\b|\{\s*[\"}]|\[\s*[\[{\"\]\d-])")

_ODD = re.compile(r"[\x00-\x08\x0b\x0d-\x1a\x1c-\x1f]|\ufffd+")  # a broken sequence counts once


def accepts(head: bytes, name: str) -> float:
    """Say how surely the head is text: low, so that every format with a mark of its own is preferred."""
    if not head.strip() or name.lower().endswith((".js", ".mjs", ".css", ".map")):
        return 0.0  # scripts and styles lie beside saved pages; they are no prose
    try:
        text, _ = decode(head)
    except UnreadableError:
        return 0.0
    if _DATA.match(text):
        return 0.1  # JSON, or a sensor's log in an encoding of its own: prose only if a person says so
    odd = len(_ODD.findall(text[:4_000]))
    if odd > 0.02 * len(text[:4_000]) + 2:
        return 0.0
    return 0.4 if name.lower().endswith((".txt", ".md", ".adoc", ".text", ".rst")) else 0.3


def read(data: bytes, source: Source) -> Document:
    """Return the document of a text; raises UnreadableError for an empty one, LimitError for one that is too long."""
    text, notes = decode(data)
    if not text.strip():
        raise UnreadableError("the file holds no text", place=source.name)
    return assemble(text, source, Known(notes=notes))


READER = DocumentReader(id="plain", title="Plain text", accepts=accepts, read=read)
