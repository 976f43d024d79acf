"""Documents of a file without a case: the file itself, or the pages of an archive (WARC, zip, gzip)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from keii.errors import UnreadableError
from keii.model import Document, Skipped, Source
from keii.readers.containers import is_container, members
from keii.readers.documents import read

LARGEST = 256 * 1024**2  # bytes of a document, which is read whole


def documents_at(path: Path) -> list[Document]:
    """Return the document at ``path``, or those of the archive there.

    Members that hold no document are passed over: a case tells each of them. Raises UnreadableError where nothing can be
    read, with the first reason.
    """
    try:
        if path.stat().st_size > LARGEST and not is_container(path):
            raise UnreadableError(f"larger than {LARGEST:,} bytes, the bound for documents", place=str(path))
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        source = Source(id=f"s-{digest[:16]}", name=path.name, sha256=digest, size=len(data))
        if not is_container(path):
            return [read(data, source)]
        return _members(path, source)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error), place=str(path)) from error


def _members(path: Path, source: Source) -> list[Document]:
    found: list[Document] = []
    first = ""
    for member in members(path, source):
        if isinstance(member, Skipped):
            first = first or f"{member.place}: {member.reason}"
            continue
        stream = member.open()
        content = stream.read(LARGEST + 1) or b""
        while len(content) <= LARGEST and (more := stream.read(1024 * 1024)):
            content += more
        try:
            if len(content) > LARGEST:
                raise UnreadableError(f"larger than {LARGEST:,} bytes", place=member.source.name)
            found.append(read(content, member.source))
        except UnreadableError as error:
            first = first or str(error)
    if not found:
        raise UnreadableError(f"no document in the archive ({first or 'it is empty'})", place=source.name)
    return found
