"""PDF files: the text of each page in its order, with the offset at which the page starts."""

from __future__ import annotations

import re

import pypdfium2

from keii.errors import LimitError, UnreadableError
from keii.model import Document, Moment, Source
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.interface import DocumentReader
from keii.readers.documents.language import language
from keii.readers.documents.times import find_times

MAX_PDF = 256 * 1024 * 1024
MAX_PAGES = 5_000
MAX_CHARACTERS = 32 * 1024 * 1024
_STAMP = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d\d))?(?:Z|([+-]\d\d)'?(\d\d)?)?")


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell a PDF by its mark within the first kilobyte."""
    return 1.0 if b"%PDF-" in head[:1_024] else 0.0


def read(data: bytes, source: Source) -> Document:
    """Return the document of a PDF; raises UnreadableError for one that is encrypted, cut, or holds only images."""
    if len(data) > MAX_PDF:
        raise LimitError(f"the PDF has {len(data):,} bytes; at most {MAX_PDF:,} are read", place=source.name)
    texts, title, stamp = _pages(data, source.name)
    pages, parts, at = [], [], 0
    for words in texts:
        pages.append(at)
        parts.append(words)
        at += len(words) + 1
    text = "\n".join(parts)
    if len(re.sub(r"\s", "", text)) < 4 * len(texts) and len(re.sub(r"\s", "", text)) < 40:
        raise UnreadableError(
            f"{len(texts)} pages without text: a scanned image, which needs text recognition", place=source.name
        )
    empty = sum(1 for words in texts if not words.strip())
    notes = (f"{empty} of {len(texts)} pages hold no text",) if empty else ()
    created = _created(stamp, language(text))
    return assemble(text, source, Known(
        title=title if len(title) > 3 and not title.lower().startswith(("microsoft word", "untitled")) else "",
        pages=tuple(pages), notes=(*notes, *((f"the file was made {created.edtf}",) if created else ())),
    ))  # fmt: skip


def _pages(data: bytes, place: str) -> tuple[list[str], str, str]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = (
            "the PDF is encrypted and asks for a password"
            if "password" in str(error).lower()
            else f"the PDF is damaged or cut ({error})"
        )
        raise UnreadableError(reason, place=place) from error
    try:
        if len(document) > MAX_PAGES:
            raise LimitError(f"the PDF has {len(document):,} pages; at most {MAX_PAGES:,} are read", place=place)
        texts, total = [], 0
        for number in range(len(document)):
            words = _page(document, number)
            total += len(words)
            if total > MAX_CHARACTERS:
                raise LimitError(
                    f"the PDF has more than {MAX_CHARACTERS:,} characters", place=f"{place}, page {number + 1}"
                )
            texts.append(words)
        about = document.get_metadata_dict()
        return texts, str(about.get("Title", "")).strip(), str(about.get("CreationDate", ""))
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        area = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ""
    words = str(area.get_text_range())
    area.close()
    page.close()
    # The engine marks a hyphen at a line's end with U+FFFE or U+0002.
    return (
        words.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "-").replace("\x02", "-").replace("\x00", "")
    )


def _created(stamp: str, lang: str) -> Moment | None:
    match = _STAMP.match(stamp)
    if match is None:
        return None
    zone = f" {match[7]}:{match[8] or '00'}" if match[7] else " UTC" if stamp.rstrip().endswith("Z") else ""
    found = find_times(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}{zone}", lang)
    return found[0].moment if found else None


READER = DocumentReader(id="pdf", title="PDF", accepts=accepts, read=read)
