"""Visible text of a parsed page, in order, by our own walk; and what is taken out before any reading."""

from __future__ import annotations

import re
from typing import Any

_HIDDEN = {
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "svg",
    "math",
    "iframe",
    "object",
    "select",
    "button",
    "textarea",
}
_FURNITURE = {"nav", "footer", "aside", "form"}
_BLOCK = {
    "p", "div", "section", "article", "main", "header", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt",
    "dd", "table", "tr", "blockquote", "pre", "figure", "figcaption", "br", "hr", "title", "caption", "address", "details",
}  # fmt: skip
_ARCHIVE_IDS = {"wm-ipp-base", "wm-ipp", "wm-ipp-print", "archive_bar", "HEADER-archive"}


def clean(root: Any) -> tuple[str, ...]:
    """Take ruby readings and archive banners out of ``root``; return notes on what was taken."""
    notes = []
    readings = list(root.iter("rt", "rp"))
    for element in readings:
        _drop(element)
    if readings:
        notes.append(f"{sum(1 for element in readings if element.tag == 'rt')} ruby readings removed")
    banners = [element for element in root.iter("div") if element.get("id") in _ARCHIVE_IDS]
    # archive.today and its mirrors wrap the page: HEADER with their own day, CONTENT with the page.
    wrapped = {element.get("id"): element for element in root.iter("div") if element.get("id") in {"HEADER", "CONTENT"}}
    if len(wrapped) == 2:
        banners.append(wrapped["HEADER"])
    for element in banners:
        if element.getparent() is not None:
            _drop(element)
    if banners:
        notes.append("an archive's banner removed")
    return tuple(notes)


def _drop(element: Any) -> None:
    parent, tail = element.getparent(), element.tail or ""
    if parent is None:
        return
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)


def depth_of(root: Any) -> int:
    """Return the deepest nesting below ``root``, without recursion; stops counting at 1,000."""
    deepest = 0
    level = [(root, 1)]
    while level:
        element, depth = level.pop()
        deepest = max(deepest, depth)
        if depth >= 1_000:
            break
        level.extend((child, depth + 1) for child in element)
    return deepest


def walk(root: Any) -> str:
    """Return the visible text: a line for each block, cells of a table row parted by `` | ``, furniture left out."""
    pieces: list[str] = []
    # Each entry is an element to open, or text to put out after its children; no recursion, so depth is no danger.
    stack: list[Any] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        tag = item.tag if isinstance(item.tag, str) else None
        after = [item.tail] if item.tail and item is not root else []
        if tag is None or tag in _HIDDEN or (tag in _FURNITURE and item is not root) or item.get("hidden") is not None:
            stack.extend(after)
            continue
        close = "\n" if tag in _BLOCK else " | " if tag in {"td", "th"} and item.getnext() is not None else ""
        if tag in _BLOCK:
            pieces.append("\n")
        if tag == "pre":
            pieces.append("".join(item.itertext()))
            stack.extend([*after, "\n"])
            continue
        stack.extend(after)
        if close:
            stack.append(close)
        stack.extend(reversed(item))
        if item.text:
            pieces.append(re.sub(r"\s+", " ", item.text))
    text = "".join(piece if piece in {"\n", " | "} else re.sub(r"[^\S\n]+", " ", piece) for piece in pieces)
    lines = (line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line and line != "|"))
