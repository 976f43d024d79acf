"""E-mails (EML) and saved pages (MHTML): the best text part, and the headers' sender, subject and date."""

from __future__ import annotations

import email
import email.header
import email.message
import email.policy
import email.utils
import re

import msgspec

from keii.errors import LimitError, UnreadableError
from keii.model import Document, Moment, RejectedDate, Source
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.encoding import decode
from keii.readers.documents.html import read_page
from keii.readers.documents.interface import DocumentReader
from keii.readers.documents.times import at_clock

MAX_MAIL = 64 * 1024 * 1024
MAX_PARTS = 500
_HEADER = re.compile(
    rb"^(?:From|To|Subject|Date|Received|Return-Path|MIME-Version|Message-ID|Content-Type|Delivered-To|Snapshot-Content-Location):",
    re.IGNORECASE | re.MULTILINE,
)


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell a mail by the headers of its first block."""
    block = re.split(rb"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]
    if not re.match(rb"(?:From |[A-Za-z][A-Za-z0-9-]*:)", block):
        return 0.0
    found = {match.lower() for match in _HEADER.findall(block)}
    if b"mime-version:" in found and (b"content-type:" in found or b"from:" in found):
        return 0.9
    return 0.8 if len(found) >= 3 else 0.0


def read(data: bytes, source: Source) -> Document:
    """Return the document of a mail or saved page; raises UnreadableError where it has no text part."""
    if len(data) > MAX_MAIL:
        raise LimitError(f"the mail has {len(data):,} bytes; at most {MAX_MAIL:,} are read", place=source.name)
    try:
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        page, plain = _best(message)
    except (RecursionError, ValueError, LookupError) as error:
        raise UnreadableError(f"the mail cannot be parsed ({error})", place=source.name) from error
    saved = "Snapshot-Content-Location" in message or "saved by" in str(message.get("From", "")).lower()
    url = str(message.get("Snapshot-Content-Location", "")).strip()
    subject = _header(message, "Subject")
    sender, address = email.utils.parseaddr(_header(message, "From"))
    if page is not None:
        text, notes = page
        document = read_page(text, source, notes, url)
    elif plain is not None:
        text, notes = plain
        document = assemble(text, source, Known(title=subject, url=url, notes=notes))
    else:
        raise UnreadableError("the mail has no text part", place=source.name)
    sent = _date(str(message.get("Date", "")), document.lang)
    if saved:
        # The Date header of a saved page is the day somebody saved it.
        late = RejectedDate(
            as_text=str(message.get("Date", "")), place="Date header", reason="the day the page was saved"
        )
        return msgspec.structs.replace(document, title=document.title or subject, rejected=(*document.rejected, late))
    return msgspec.structs.replace(
        document, title=subject or document.title, publisher=sender or document.publisher or address,
        author=document.author or sender, published=sent or document.published,
    )  # fmt: skip


def _best(
    message: email.message.Message,
) -> tuple[tuple[str, tuple[str, ...]] | None, tuple[str, tuple[str, ...]] | None]:
    page: tuple[str, tuple[str, ...]] | None = None
    plain: tuple[str, tuple[str, ...]] | None = None
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            break
        if part.is_multipart() or (part.get_filename() and part.get_content_type() != "text/html"):
            continue
        kind = part.get_content_type()
        if kind not in {"text/html", "text/plain", "application/xhtml+xml"}:
            continue
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or not payload.strip():
            continue
        decoded = decode(payload, part.get_content_charset())
        if kind == "text/plain":
            plain = plain or decoded
        elif page is None or (len(decoded[0]) > 4 * len(page[0]) and "Snapshot-Content-Location" not in message):
            page = decoded
    return page, plain


def _header(message: email.message.Message, name: str) -> str:
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        pieces = email.header.decode_header(str(raw))
        words = "".join(
            piece.decode(charset or "utf-8", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except (LookupError, ValueError):
        words = str(raw)
    return " ".join(words.split())


def _date(value: str, lang: str) -> Moment | None:
    parsed = email.utils.parsedate_tz(value)
    if parsed is None:
        return None
    try:
        stamp = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    zone = stamp.strftime("%z")
    return at_clock(stamp.replace(tzinfo=None), f"{zone[:3]}:{zone[3:5]}" if zone else None, lang, value)


READER = DocumentReader(id="mail", title="E-mail or saved page (EML, MHTML)", accepts=accepts, read=read)
