"""Document readers, asked in this order; the surest wins."""

from keii.errors import UnreadableError
from keii.model import Document, Source
from keii.readers.documents import docx, html, mail, pdf, plain, warc
from keii.readers.documents.interface import DocumentReader

READERS: tuple[DocumentReader, ...] = (
    warc.READER,
    pdf.READER,
    docx.READER,
    html.READER,
    mail.READER,
    plain.READER,
)  # fmt: skip

HEAD = 65_536  # bytes shown to ``accepts``
SUREST_NEEDED = 0.3  # below it no reader is sure enough


def detect(head: bytes, name: str) -> DocumentReader | None:
    """Return the reader that is surest of the head, None where none is sure enough; ties go to the first in order."""
    sure = [(reader.accepts(head[:HEAD], name), reader) for reader in READERS]
    best = max(score for score, _ in sure)
    return next(reader for score, reader in sure if score == best) if best >= SUREST_NEEDED else None


def read(data: bytes, source: Source) -> Document:
    """Return the document of ``data``; raises UnreadableError (encrypted, cut, no text, of no known kind)."""
    if not data.strip(b"\x00 \t\r\n"):
        raise UnreadableError("the file is empty", place=source.name)
    reader = detect(data[:HEAD], source.name)
    if reader is None:
        raise UnreadableError("of no known kind of document", place=source.name)
    return reader.read(data, source)


__all__ = ["HEAD", "READERS", "SUREST_NEEDED", "DocumentReader", "detect", "read"]
