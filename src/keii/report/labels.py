"""Files touched per classification: how many, by which reading, whom it concerns, and what the figure leaves open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keii.model import FileTouch
from keii.model.report import LabelCount
from keii.model.trace import CoverageCell

_TAKEN = frozenset(("read", "copied", "archived", "sent"))  # what says that the content itself was had
_GONE = ("erased", "silent")


def count(files: Sequence[FileTouch], coverage: Sequence[CoverageCell]) -> tuple[LabelCount, ...]:
    """Return one count per label and owner, files without a label last.

    ``least`` are files of which a record says that they were read, copied, archived or sent; ``files`` is the most that the logs
    show. ``open_days`` are days between the first and the last touch on which a log of one of the servers is erased or silent: where
    there are any, more may have been touched than is counted.
    """
    groups: dict[tuple[str, str], list[FileTouch]] = {}
    for file in files:
        groups.setdefault((file.label, file.owner), []).append(file)
    counted = [_count(label, owner, own, coverage) for (label, owner), own in groups.items()]
    return tuple(sorted(counted, key=lambda one: (one.label == "", -one.files, one.label, one.owner)))


def _count(label: str, owner: str, own: Sequence[FileTouch], coverage: Sequence[CoverageCell]) -> LabelCount:
    readings = Counter(operation for file in own for operation in file.operations)
    firsts, lasts = [f.first for f in own if f.first], [f.last or f.first for f in own if f.last or f.first]
    first, last = min(firsts, default=None), max((one for one in lasts if one), default=None)
    servers = {file.server.split(".")[0].upper() for file in own}
    gone = {
        cell.day
        for cell in coverage
        if cell.state in _GONE
        and cell.host.split(".")[0].upper() in servers
        and first
        and last
        and first[:10] <= cell.day <= last[:10]
    }
    return LabelCount(
        label=label, owner=owner, files=len(own), least=sum(not _TAKEN.isdisjoint(f.operations) for f in own),
        readings=dict(sorted(readings.items())), first=first, last=last, open_days=len(gone),
    )  # fmt: skip
