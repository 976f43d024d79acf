"""Intel readers, asked in this order; the surest wins."""

from collections.abc import Iterator

from keii.errors import UnreadableError
from keii.model import Source
from keii.readers.intel import lists, misp, report, sigma, stix, suricata, warninglist
from keii.readers.intel.interface import Found, IntelReader

READERS: tuple[IntelReader, ...] = (
    stix.READER,
    misp.READER,
    sigma.READER,
    suricata.READER,
    warninglist.READER,
    lists.READER,
    report.READER,
)  # fmt: skip

HEAD = 65_536  # bytes shown to ``accepts``
SUREST_NEEDED = 0.3  # below it no reader is sure enough


def detect(head: bytes, name: str) -> IntelReader | None:
    """Return the reader that is surest of the head, None where none is sure enough; ties go to the first in order."""
    sure = [(reader.accepts(head[:HEAD], name), reader) for reader in READERS]
    best = max(score for score, _ in sure)
    return next(reader for score, reader in sure if score == best) if best >= SUREST_NEEDED else None


def read(data: bytes, source: Source) -> Iterator[Found]:
    """Yield indicators, patterns, rules and skips of ``data``; raises UnreadableError for what no reader can read."""
    if not data.strip(b"\x00 \t\r\n"):
        raise UnreadableError("the file is empty", place=source.name)
    reader = detect(data[:HEAD], source.name)
    if reader is None:
        raise UnreadableError("of no known kind of intel", place=source.name)
    yield from reader.read(data, source)


__all__ = ["HEAD", "READERS", "SUREST_NEEDED", "IntelReader", "detect", "read"]
