"""The year of a day told without one in a report about the past: that of the full date before it in its paragraph."""

from __future__ import annotations

import datetime as dt

import msgspec

from keii.claims.places import Where
from keii.model import Moment
from keii.moments import Spanned, parse_dates

_KINDS = ("government", "statement")  # a decision or a report tells in order; a newspaper goes back and forth
_DAY = 10  # characters of a full date
_AHEAD = dt.timedelta(days=300)  # what is told next lies within so many days


class Told(msgspec.Struct, frozen=True):
    """A date told with its year, and the paragraph in which it stands."""

    date: dt.date
    paragraph: int


def told_in_full(where: Where, dates: list[Spanned]) -> Told | None:
    """Return the last date of a sentence that is told with its year, None where there is none."""
    full = [
        one
        for one in dates
        if one.moment.anchor is None and len(one.moment.edtf) == _DAY and "/" not in one.moment.edtf
    ]
    if not full or where.document.lang != "en" or where.document.kind not in _KINDS:
        return None
    try:
        return Told(dt.date.fromisoformat(full[-1].moment.edtf), where.sentence.paragraph)
    except ValueError:
        return None


def in_told_year(where: Where, dates: list[Spanned], told: Told | None) -> list[Spanned]:
    """Return the dates of a sentence, those counted from publication within the year after the date told before."""
    if told is None or told.paragraph != where.sentence.paragraph:
        return dates
    clock = dt.datetime.combine(told.date + _AHEAD, dt.time(12), dt.UTC)
    reference = Moment(edtf=clock.date().isoformat(), earliest=clock, latest=clock, zone="+00:00")
    return [_moved(where, one, reference) for one in dates]


def _moved(where: Where, one: Spanned, reference: Moment) -> Spanned:
    words = where.document.text[one.start : one.end]
    month_and_day = one.moment.anchor == "publication" and len(one.moment.edtf) == _DAY and any(map(str.isdigit, words))
    if not month_and_day:
        return one
    read = parse_dates(words, "en", reference, reference.zone)
    return Spanned(one.start, one.end, msgspec.structs.replace(read[0].moment, anchor="text")) if read else one
