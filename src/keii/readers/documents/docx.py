"""Word documents (OOXML): paragraphs, and tables row by row."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import lxml.etree

from keii.errors import LimitError, UnreadableError
from keii.model import Document, Source
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.interface import DocumentReader

MAX_PART = 128 * 1024 * 1024  # bytes of word/document.xml unpacked; bounds a zip bomb
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC = "{http://purl.org/dc/elements/1.1/}"


def accepts(head: bytes, name: str) -> float:
    """Tell a Word document by its zip mark and its part names; the name decides only where the head shows none."""
    if not head.startswith(b"PK\x03\x04"):
        return 0.0
    if b"word/" in head:
        return 0.95
    return 0.6 if b"[Content_Types].xml" in head and name.lower().endswith(".docx") else 0.0


def read(data: bytes, source: Source) -> Document:
    """Return the document of a Word file; raises UnreadableError for one that is encrypted, cut or not Word."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            body = _part(package, "word/document.xml", source.name)
            names = set(package.namelist())
            notes = [
                _part(package, name, source.name)
                for name in ("word/footnotes.xml", "word/endnotes.xml")
                if name in names
            ]
            core = _part(package, "docProps/core.xml", source.name) if "docProps/core.xml" in names else b""
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise UnreadableError(f"the Word document is damaged, cut or encrypted ({error})", place=source.name) from error
    parts = [words for part in (body, *notes) if (words := _words(_parse(part, source.name)))]
    text = "\n".join(parts)
    if not text.strip():
        raise UnreadableError("the Word document holds no text", place=source.name)
    title, author = _about(core, source.name)
    return assemble(text, source, Known(title=title, author=author))


def _part(package: zipfile.ZipFile, name: str, place: str) -> bytes:
    with package.open(name) as stream:
        found = stream.read(MAX_PART + 1)
    if len(found) > MAX_PART:
        raise LimitError(f"{name} unpacks to more than {MAX_PART:,} bytes", place=place)
    return found


def _parse(part: bytes, place: str) -> Any:
    parser = lxml.etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        return lxml.etree.fromstring(part, parser)
    except lxml.etree.XMLSyntaxError as error:
        raise UnreadableError(f"the Word document is damaged: {error}", place=place) from error


def _words(root: Any) -> str:
    lines: list[str] = []
    for element in root.iter(f"{_W}p"):
        cell = next(element.iterancestors(f"{_W}tc"), None)
        if cell is None:
            lines.append(_paragraph(element))
        elif (element is next(cell.iter(f"{_W}p")) and cell.getprevious() is None) or _first_cell(cell, element):
            row = next(cell.iterancestors(f"{_W}tr"))
            cells = [
                " ".join(filter(None, (_paragraph(p).strip() for p in c.iter(f"{_W}p"))))
                for c in row.iterchildren(f"{_W}tc")
            ]
            lines.append(" | ".join(cells))
    return "\n".join(lines)


def _first_cell(cell: Any, paragraph: Any) -> bool:
    """Say whether this is the first paragraph of the first cell of its row: the row is told once, there."""
    row = next(cell.iterancestors(f"{_W}tr"))
    first = next(row.iterchildren(f"{_W}tc"), None)
    nested = next(row.iterancestors(f"{_W}tc"), None)
    return nested is None and paragraph is next(iter(cell.findall(f".//{_W}p")), None) and first is cell


def _paragraph(element: Any) -> str:
    pieces = []
    for node in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}noBreakHyphen"):
        if next(node.iterancestors(f"{_W}rt"), None) is not None:
            continue  # the reading of a ruby
        name = node.tag.removeprefix(_W)
        pieces.append({"t": node.text or "", "tab": "\t", "noBreakHyphen": "-"}.get(name, "\n"))
    return "".join(pieces)


def _about(core: bytes, place: str) -> tuple[str, str]:
    if not core:
        return "", ""
    root = _parse(core, place)
    return (root.findtext(f"{_DC}title") or "").strip(), (root.findtext(f"{_DC}creator") or "").strip()


READER = DocumentReader(id="docx", title="Word document", accepts=accepts, read=read)
