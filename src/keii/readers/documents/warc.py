"""One record of a web archive (WARC): the page it holds, under the address it was retrieved from."""

from __future__ import annotations

import re
import zlib

import msgspec

from keii.errors import LimitError, UnreadableError
from keii.model import Document, RejectedDate, Source
from keii.readers.containers_warc import MAGIC, fields_of
from keii.readers.documents import docx, html, pdf, plain
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.encoding import decode
from keii.readers.documents.interface import DocumentReader

MAX_PAYLOAD = 64 * 1024 * 1024  # bytes of a page after unpacking
_BREAK = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"\s*([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell a record by its first line."""
    return 1.0 if MAGIC.match(head) else 0.0


def read(data: bytes, source: Source) -> Document:
    """Return the document that a record holds, with the address of the record.

    The publication time is the page's own. ``WARC-Date`` and ``Last-Modified`` are the times of the retrieval and of the
    server, and are told among the dates not taken. Raises UnreadableError and LimitError as the reader of the page does.
    """
    header, block = _parted(data, source.name)
    record = fields_of(header)
    http: dict[str, str] = {}
    if record.get("content-type", "").lower().startswith("application/http"):
        head, block = _parted(block, source.name)
        http = fields_of(head)
        block = _unpacked(block, http, source.name)
    media = http.get("content-type") or record.get("content-type", "")
    url = record.get("warc-target-uri", "").strip("<>")[:2_000]
    document = _page(block, media, url, source)
    late = [
        RejectedDate(as_text=value[:60], place=place, reason=reason)
        for value, place, reason in (
            (record.get("warc-date", ""), "WARC-Date", "the time the page was retrieved"),
            (http.get("last-modified", ""), "Last-Modified", "the time the server gave for the file"),
        )
        if value
    ]
    return msgspec.structs.replace(document, url=url or document.url, rejected=(*document.rejected, *late))


def _parted(data: bytes, place: str) -> tuple[bytes, bytes]:
    match = _BREAK.search(data[: 1024 * 1024])
    if match is None:
        raise UnreadableError("the header of the record does not end", place=place)
    return data[: match.start()], data[match.end() :]


def _unpacked(block: bytes, http: dict[str, str], place: str) -> bytes:
    if "chunked" in http.get("transfer-encoding", "").lower():
        block = _joined(block)
    packing = http.get("content-encoding", "").lower().strip()
    if packing in {"gzip", "x-gzip", "deflate"}:
        return _inflated(block, place)
    if packing not in {"", "identity"} and not block[:512].lstrip().startswith((b"<", b"%PDF")):
        raise UnreadableError(f"the page is packed as {packing[:40]}, which cannot be unpacked", place=place)
    return block


def _joined(block: bytes) -> bytes:
    """Return the chunks of a transfer joined; crawlers often store them joined already, then nothing is done."""
    parts: list[bytes] = []
    at = 0
    while match := _CHUNK.match(block, at):
        size = int(match[1], 16)
        if not size:
            return b"".join(parts)
        parts.append(block[match.end() : match.end() + size])
        at = match.end() + size
    return b"".join(parts) if parts and at >= len(block) else block


def _inflated(block: bytes, place: str) -> bytes:
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        unpack = zlib.decompressobj(window)
        try:
            found = unpack.decompress(block, MAX_PAYLOAD + 1)
        except zlib.error:
            continue
        if len(found) > MAX_PAYLOAD:
            raise LimitError(f"the page unpacks to more than {MAX_PAYLOAD:,} bytes", place=place)
        return found
    if block[:512].lstrip().startswith((b"<", b"%PDF")):
        return block  # stored unpacked under the old header
    raise UnreadableError("the packed page is damaged", place=place)


def _page(block: bytes, media: str, url: str, source: Source) -> Document:
    if not block.strip():
        raise UnreadableError("the record holds no content", place=source.name)
    head = block[:65_536]
    if pdf.accepts(head, source.name):
        return pdf.read(block, source)
    if docx.accepts(head, source.name):
        return docx.read(block, source)
    if b"\x00" in head[:1024] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"the record holds {media.partition(';')[0] or 'bytes'}, no text", place=source.name)
    charset = match[1] if (match := re.search(r"charset\s*=\s*[\"']?([\w-]+)", media, re.IGNORECASE)) else None
    if "html" in media.lower() or html.accepts(head, source.name) >= 0.5:
        if len(block) > html.MAX_HTML:
            raise LimitError(
                f"the page has {len(block):,} bytes; at most {html.MAX_HTML:,} are read", place=source.name
            )
        inside = html.declared(block)
        page, notes = decode(block, charset or inside)
        return html.read_page(page, source, notes, url)
    if plain.accepts(head, source.name) < 0.2:
        raise UnreadableError(f"the record holds {media.partition(';')[0] or 'data'}, no prose", place=source.name)
    text, notes = decode(block, charset)
    return assemble(text, source, Known(url=url, notes=notes))


READER = DocumentReader(id="warc", title="Page of a web archive (WARC)", accepts=accepts, read=read)
