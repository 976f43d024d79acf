"""The shape of a document reader: bytes in, one Document out."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from keii.model import Document, Source


class DocumentReader(msgspec.Struct, frozen=True, kw_only=True):
    """A reader of one document format.

    Attributes:
        id: stable id, also the file name (``html``).
        title: what a person calls it.
        accepts: how surely the first 64 KiB are this format, 0 to 1.
        read: the whole file's bytes and its source to a Document; raises ``UnreadableError`` with the reason (encrypted,
            cut, a scanned image without text).
    """

    id: str
    title: str
    accepts: Callable[[bytes, str], float]
    read: Callable[[bytes, Source], Document]
