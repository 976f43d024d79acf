"""Log readers, asked in this order; the surest wins."""

from keii.readers.logs import (
    combined,
    delimited,
    elff,
    evtx,
    jsonl,
    squid,
    suricata,
    syslog,
    text,
    windows_csv,
    windows_json,
    windows_xml,
    zeek,
)
from keii.readers.logs.interface import BATCH_ROWS, MAX_LINE, Batch, Head, LogReader

READERS: tuple[LogReader, ...] = (
    zeek.READER,
    evtx.READER,
    windows_json.READER,
    windows_xml.READER,
    windows_csv.READER,
    suricata.READER,
    squid.READER,
    combined.READER,
    *syslog.READERS,
    delimited.READER,
    jsonl.READER,
    text.READER,
    elff.READER,
)  # fmt: skip

SUREST_NEEDED = 0.3  # below it no reader is sure enough and the file is told as of no known kind


def detect(head: Head) -> LogReader | None:
    """Return the reader that is surest of the head, None where none is sure enough; ties go to the first in order."""
    best, sure = None, SUREST_NEEDED
    for reader in READERS:
        found = reader.accepts(head)
        if found > sure or (best is None and found >= sure):
            best, sure = reader, found
    return best


__all__ = ["BATCH_ROWS", "MAX_LINE", "READERS", "SUREST_NEEDED", "Batch", "Head", "LogReader", "detect"]
