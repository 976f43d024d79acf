"""The year or month of a day told without one: that of the full date before it in a report, or in the table above.

Before it in its paragraph, or anywhere where the report appeared long after what it tells.
"""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from keii.claims.places import Where
from keii.model import Moment
from keii.moments import Spanned, parse_dates

_KINDS = ("government", "statement")  # a decision or a report tells in order; a newspaper goes back and forth
_DAY = 10  # characters of a full date
_LONG = dt.timedelta(days=240)  # a decision on an incident of the year before
_AHEAD = dt.timedelta(days=300)  # what is told next lies within so many days
_ROW = re.compile(r"\d{1,2}日(?:[(（].[)）])?")  # a row of a table of days that goes on in the month of the row above
_NEXT = re.compile(r"[\s　|:：]")
_TABLE = 200  # characters between two rows of such a table


class Told(msgspec.Struct, frozen=True):
    """A date told with its year, and the paragraph in which it stands."""

    date: dt.date
    paragraph: int


def told_in_full(where: Where, dates: list[Spanned]) -> Told | None:
    """Return the last date of a sentence that is told with its year, None where there is none."""
    if where.document.lang == "ja":
        return _row(where, dates)
    full = [
        one
        for one in dates
        if one.moment.anchor is None and len(one.moment.edtf) == _DAY and "/" not in one.moment.edtf
    ]
    if not full or where.document.kind not in _KINDS:
        return None
    try:
        return Told(dt.date.fromisoformat(full[-1].moment.edtf), where.sentence.paragraph)
    except ValueError:
        return None


def in_told_year(where: Where, dates: list[Spanned], told: Told | None) -> list[Spanned]:
    """Return the dates of a sentence, those counted from publication within the year after the date told before."""
    if told is not None and where.document.lang == "ja":
        return _in_month(where, dates, told)
    if told is None or (told.paragraph != where.sentence.paragraph and not _long_after(where, told)):
        return dates
    clock = dt.datetime.combine(told.date + _AHEAD, dt.time(12), dt.UTC)
    reference = Moment(edtf=clock.date().isoformat(), earliest=clock, latest=clock, zone="+00:00")
    return [_moved(where, one, reference) for one in dates]


def _long_after(where: Where, told: Told) -> bool:
    """Return whether a document appeared so long after the day told that its other days are hardly of its own year."""
    published = where.document.published
    return published is not None and published.earliest is not None and published.earliest.date() - told.date > _LONG


def _moved(where: Where, one: Spanned, reference: Moment) -> Spanned:
    words = where.document.text[one.start : one.end]
    month_and_day = one.moment.anchor == "publication" and len(one.moment.edtf) == _DAY and any(map(str.isdigit, words))
    if not month_and_day:
        return one
    read = parse_dates(words, "en", reference, reference.zone)
    return Spanned(one.start, one.end, msgspec.structs.replace(read[0].moment, anchor="text")) if read else one


def _row(where: Where, dates: list[Spanned]) -> Told | None:
    """Return the day with which a line begins, None where it begins with none."""
    sentence = where.sentence
    if not dates or dates[0].start != sentence.start or "/" in dates[0].moment.edtf:
        return None
    lead = where.folded[sentence.paragraph : sentence.start]
    try:
        return None if lead.strip() else Told(dt.date.fromisoformat(dates[0].moment.edtf[:_DAY]), sentence.paragraph)
    except ValueError:
        return None


def _in_month(where: Where, dates: list[Spanned], told: Told) -> list[Spanned]:
    """Return the dates of a line, a bare day at its beginning («18日　省に連絡») in the month of the row above."""
    sentence = where.sentence
    first = dates[0] if dates and dates[0].start == sentence.start else None
    if first is None or not 0 < sentence.paragraph - told.paragraph < _TABLE:
        return dates
    row = _ROW.match(where.folded, first.start, first.end)
    bare = row and not where.folded[row.end() : first.end].strip() and _NEXT.match(where.folded, row.end())
    day = int(row.group().partition("日")[0]) if row and bare else 0
    if day < told.date.day:
        return dates
    published = where.voice.published or where.document.published
    zone = published.zone if published is not None else "+09:00"
    read = parse_dates(f"{told.date.year}年{told.date.month}月{day}日", "ja", None, zone)
    return (
        [Spanned(first.start, first.end, msgspec.structs.replace(read[0].moment, anchor="text")), *dates[1:]]
        if read
        else dates
    )
