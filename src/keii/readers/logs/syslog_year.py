"""The years of times that are written without one, from the order of a file's own lines.

Lines stand in the order of time, so a date that falls back by more than a month is in a new year. The year itself comes
from the file: a line that tells its own date once more with the year, what the person who added it said, or the date in
a rotated file's name, in this order. Where none of them tells, the year stays unknown; it is never that of today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.model import Source

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = r"^(?:<[0-9]{1,3}>)?(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>[0-9]{1,2}) [0-9]{2}:[0-9]{2}:[0-9]{2}\b"
_TOLD = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/](?P<m>\d\d)[-/](?P<d>\d\d)(?!\d)"
    r"|(?<!\d)(?P<d2>\d{1,2})[ /-](?P<m2>[A-Z][a-z]{2})[ /-](?P<y2>(?:19|20)\d\d)(?!\d)"
    r"|(?P<m3>[A-Z][a-z]{2}) {1,2}(?P<d3>\d{1,2}) \d\d:\d\d:\d\d (?P<y3>(?:19|20)\d\d)(?!\d)"
)
_TOLD_ROUGH = r"[^0-9](19|20)[0-9]{2}[-/][0-9]{2}[-/][0-9]{2}|[0-9][ /-][A-Z][a-z]{2}[ /-](19|20)[0-9]{2}|:[0-9]{2} (19|20)[0-9]{2}"
_NAMED = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)")
_NEW_YEAR = -31  # days: a fall by more is no disorder of late lines but the next year
_LATE = 330  # days: a rise by more is a late line of the year before
_FEW = 200  # lines of a block that are searched for a date with its year


class Years(msgspec.Struct, frozen=True):
    """What a first pass over the dates of a file told.

    Attributes:
        turns: how often the year changes from the first line to the last.
        first: year of the first line, None where nothing tells it.
        basis: what told it: ``line``, ``stated``, ``name``; empty where nothing did.
        conflict: whether what a person stated differs from a line or from the file's name.
    """

    turns: int
    first: int | None
    basis: str = ""
    conflict: bool = False

    @property
    def mark(self) -> str:
        """What marks a time that was given such a year: ``year-stated`` or ``year``."""
        return "year-stated" if self.basis == "stated" else "year"

    def marks(self) -> tuple[str, ...]:
        """What is told of the file beside its events: ``year-unknown``, ``year-conflict``."""
        return (*(("year-conflict",) if self.conflict else ()), *(("year-unknown",) if self.first is None else ()))


class Turns:
    """Counts the changes of year while lines go by in order."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.count = 0

    def of(self, days: pa.Array) -> pa.Array:
        """Return for each day of the year (372 days, null where a line has none) how many years after the first."""
        known = pc.fill_null_forward(days)
        if self.last is not None:
            known = pc.fill_null(known, self.last)
        if known.null_count == len(known):
            return pa.nulls(len(days), pa.int64())
        start = self.last if self.last is not None else pc.drop_null(known)[0].as_py()
        known = pc.fill_null(known, start)
        before = pa.concat_arrays([pa.array([start], pa.int64()), known[:-1]])
        steps = pc.subtract(known, before)
        turned = pc.cast(pc.less(steps, _NEW_YEAR), pa.int64())
        late = pc.cast(pc.greater(steps, _LATE), pa.int64())
        found = pc.add(pc.cumulative_sum(pc.subtract(turned, late)), self.count)
        self.count, self.last = found[-1].as_py(), known[-1].as_py()
        return found


def day_numbers(lines: pa.Array) -> pa.Array:
    """Return month x 31 + day of lines that start with a date without a year; null for others."""
    parts = pc.extract_regex(lines, _DATE)
    months = pc.index_in(pc.struct_field(parts, "month"), value_set=pa.array(MONTHS))
    day = pc.cast(pc.struct_field(parts, "day"), pa.int64())
    return pc.add(pc.multiply(pc.cast(months, pa.int64()), 31), day)


def first_year(texts: Iterable[pa.Array], source: Source) -> Years:
    """Return the changes of year and the year of the first line, from a pass over all lines of a file."""
    turns, told = Turns(), None
    for lines in texts:
        days = day_numbers(lines)
        after = turns.of(days)
        if told is None:
            told = _told(lines, days, after)
    stated = None if source.last_year is None else source.last_year - turns.count
    dates = list(_NAMED.finditer(source.name.rsplit("/", 1)[-1]))
    named = int(dates[-1]["year"]) - turns.count if dates else None
    if told is not None:
        return Years(turns.count, told, "line", stated is not None and stated != told)
    if stated is not None:
        return Years(turns.count, stated, "stated", named is not None and named != stated)
    return Years(turns.count, named, "name" if dates else "")


def _told(lines: pa.Array, days: pa.Array, after: pa.Array) -> int | None:
    """Return the year of the first line as told by a line that has its own date a second time, with the year."""
    rough = pc.and_(pc.is_valid(days), pc.match_substring_regex(lines, _TOLD_ROUGH))
    rough = pc.fill_null(rough, fill_value=False)
    rows = zip(*(column.filter(rough)[:_FEW].to_pylist() for column in (lines, days, after)), strict=True)
    for line, day, turn in rows:
        for found in _TOLD.finditer(line[:4096]):
            name = found["m2"] or found["m3"]
            month = int(found["m"]) if name is None else MONTHS.index(name) + 1 if name in MONTHS else 0
            if (month - 1) * 31 + int(found["d"] or found["d2"] or found["d3"]) == day:
                return int(found["y"] or found["y2"] or found["y3"]) - int(turn)
    return None
