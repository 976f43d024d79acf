"""What a stream is, told by its content: a log, intel, a document, an archive, or nothing we know."""

from __future__ import annotations

import msgspec

from keii.readers import documents, intel, logs
from keii.readers.containers import container_kind
from keii.readers.documents.interface import DocumentReader
from keii.readers.intel.interface import IntelReader
from keii.readers.logs import Head, LogReader

NEEDED = logs.SUREST_NEEDED  # of 1: below it no reader is sure enough
PROSE = "report"  # the intel reader of text that people read: what it reads is always a document too
CERTAIN = 1.0  # a reader says it of what nothing else can be
PROSE_NEEDED = 0.4  # of 1: it accepts any text a little; below this nothing in the head speaks of indicators


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream is and who reads it. An intel report may have both an intel and a document reader."""

    name: str  # log, intel, document, archive, unknown
    log: LogReader | None = None
    intel: IntelReader | None = None
    document: DocumentReader | None = None

    @property
    def reader(self) -> str:
        """The ids of the readers, joined with ``+``."""
        return "+".join(reader.id for reader in (self.log, self.intel, self.document) if reader is not None)


def kind_of(head: Head, said: str = "") -> Kind:
    """Return what a stream is.

    The surest reader wins. Intel and document do not exclude each other: where a document reader knows the format and
    an intel reader finds indicators in it, both read it.

    Args:
        head: the first bytes and the name.
        said: what the user says it is (``log``, ``intel``, ``document``, ``statement``); then only readers of that kind
            are asked, and the best of them is taken however unsure it is.
    """
    if said in ("document", "statement"):
        document, sure = _document(head)
        return Kind(name="document", document=document) if sure else Kind(name="unknown")
    if said == "intel":
        intel_reader, sure = _intel(head)
        return Kind(name="intel", intel=intel_reader) if sure else Kind(name="unknown")
    if said == "log":
        log, sure = _log(head)
        return Kind(name="log", log=log) if sure else Kind(name="unknown")
    return _by_content(head)


def _by_content(head: Head) -> Kind:
    if (
        b"\0" in head.data[:512]
    ):  # no text, or one in UTF-16: a log in a binary form of its own needs no look at its words
        log, log_sure = _log(head)
        if log_sure >= CERTAIN:
            return Kind(name="log", log=log)
    intel_reader, intel_sure = _intel(head)
    if intel_reader is not None and intel_sure >= CERTAIN:  # rule files come by thousands: nobody else is asked
        return Kind(name="intel", intel=intel_reader)
    log, log_sure = _log(head)
    document, document_sure = _document(head)
    if log_sure >= max(NEEDED, intel_sure, document_sure):
        return Kind(name="log", log=log)
    if intel_reader is None or intel_sure < (PROSE_NEEDED if intel_reader.id == PROSE else NEEDED):
        if document_sure >= NEEDED:
            return Kind(name="document", document=document)
    elif document_sure > intel_sure or (intel_reader.id == PROSE and document_sure >= NEEDED):
        return Kind(name="intel", intel=intel_reader, document=document)
    else:
        return Kind(name="intel", intel=intel_reader)
    return Kind(name="archive" if container_kind(head.data) else "unknown")


def _log(head: Head) -> tuple[LogReader | None, float]:
    best: tuple[LogReader | None, float] = (None, 0.0)
    for reader in logs.READERS:
        sure = reader.accepts(head)
        best = (reader, sure) if sure > best[1] else best
        if sure >= CERTAIN:  # nobody can be surer
            break
    return best


def _intel(head: Head) -> tuple[IntelReader | None, float]:
    best: tuple[IntelReader | None, float] = (None, 0.0)
    for reader in intel.READERS:
        sure = reader.accepts(head.data, head.name)
        best = (reader, sure) if sure > best[1] else best
    return best


def _document(head: Head) -> tuple[DocumentReader | None, float]:
    best: tuple[DocumentReader | None, float] = (None, 0.0)
    for reader in documents.READERS:
        sure = reader.accepts(head.data, head.name)
        best = (reader, sure) if sure > best[1] else best
    return best
