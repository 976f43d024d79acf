"""What is sent: a fixed prompt with the vocabulary, and a document in pieces, as data that cannot pose as an order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec

from keii.data import load
from keii.model import Document

_ENDS = ("\n", "。", ". ")  # where a text may be cut, best first


class Piece(msgspec.Struct, frozen=True):
    """A run of a document's text with its offset in it."""

    start: int
    text: str


@cache
def prompt() -> str:
    """Return the prompt: the same for every document, so that its hash names it."""
    lines = []
    for topic, about in load("topics").items():
        cats = f" ({', '.join(about['cats'])})" if about.get("cats") else ""
        lines.append(f"- {topic}: {about['value']}{cats}; {about['en']}")
    fixed = files("keii.data").joinpath("proposals", "prompt.txt").read_text("utf-8")
    return fixed + "\n".join(lines) + "\n"


def prompt_hash() -> str:
    """Return the SHA-256 of the prompt."""
    return hashlib.sha256(prompt().encode()).hexdigest()


def pieces(document: Document, most: int) -> Iterator[Piece]:
    """Yield the text in runs of at most ``most`` characters, cut at the end of a line or sentence where there is one."""
    text, start = document.text, 0
    while start < len(text):
        end = min(start + most, len(text))
        if end < len(text):
            cuts = (text.rfind(mark, start + most // 2, end) + len(mark) for mark in _ENDS)
            end = next((cut for mark, cut in zip(_ENDS, cuts, strict=True) if cut >= start + len(mark)), end)
        piece = text[start:end]
        if piece.strip():
            yield Piece(start, piece)
        start = end


def message(piece: Piece, document: Document) -> str:
    """Return what is sent of a piece: JSON, in which no text can end the string that it stands in."""
    day = document.published.edtf if document.published else None
    return msgspec.json.encode({"lang": document.lang, "published": day, "piece": piece.text}).decode()
