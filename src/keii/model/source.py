"""Sources and places inside them."""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A readable stream we were given: a file, or one member of an archive.

    Attributes:
        id: ``s-`` and 16 hex digits. For a file, of its SHA-256; for a member, of the SHA-256 of
            ``"<sha256 of the archive>!<member path>"``. The same content added twice has one id.
        name: what a person calls it: the path inside the case (``logs/dc01.zip!Security.evtx``), always with ``/``.
        sha256: hex digest of the file, or of the outermost archive for a member.
        size: bytes of the stream where known before reading, else None.
        container: id of the archive it was found in, None for a file.
        last_year: year of its last record where someone stated it; for logs whose times have none (RFC 3164).
        time_zone: IANA zone that someone stated for its times that write none; None where nobody did.
        carve: True where its free space shall be read too (EVTX).
    """

    id: str
    name: str
    sha256: str
    size: int | None = None
    container: str | None = None
    last_year: int | None = None
    time_zone: str | None = None
    carve: bool = False


class Locator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a source: a record of a log, or a span of characters of a document.

    Attributes:
        source: id of the source.
        record: 1-based ordinal of the record in the source: the line of a text log (header lines count, so an editor
            finds it), the position of a record in an EVTX file, the row of a table. Below zero: the byte of the file where a
            record was carved.
        record_id: the number that the record gives itself (``EventRecordID``, a Zeek ``uid``), as text.
        start: first character of the span in the extracted text, 0-based, with ``end`` exclusive.
        end: see ``start``.
        page: 1-based page of a paged document.
    """

    source: str
    record: int | None = None
    record_id: str | None = None
    start: int | None = None
    end: int | None = None
    page: int | None = None


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Records that were there and could not be read.

    Attributes:
        place: where, in words a person can follow (``line 17``, ``record 42``, ``chunk 3 at byte 266240``).
        reason: why, one clause without a full stop.
        count: how many records; 0 where it cannot be known (the text then says so).
        record: 1-based ordinal of the first of them, where it has one.
        damage: the file does not fit its own counts or checksums there: it was damaged, by accident or by hand.
    """

    place: str
    reason: str
    count: int = 1
    record: int | None = None
    damage: bool = False
