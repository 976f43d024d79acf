"""Calendar parts to moments: EDTF value and the instants that it allows."""

# ruff: noqa: DTZ001 - calendar days have no zone until ``moment_of`` shifts them

from __future__ import annotations

import datetime as dt

import msgspec
import pytz

from keii.model import Moment

SEASONS = {
    "spring": (21, 3),
    "summer": (22, 6),
    "autumn": (23, 9),
    "winter": (24, 12),
}  # EDTF level 1 codes, first month
_FIRST_YEAR, _LAST_YEAR = 1900, 2199  # years that a report on a breach can mean; anything else is a number


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an expression says of a time.

    ``season`` is a key of SEASONS, ``fiscal`` a Japanese fiscal year (April to March), ``within`` a first and last day or
    month of the year or month named (``上旬``: 1, 10; ``early``: 1, 4), ``hours`` a part of the day (first, last hour),
    ``week`` the seven days from the day named, ``until_day`` the last day of a range within the month.
    """

    year: int
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    season: str | None = None
    fiscal: bool = False
    within: tuple[int, int] | None = None
    hours: tuple[int, int] | None = None
    about: bool = False
    week: bool = False
    until_day: int | None = None


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _span(parts: Parts) -> tuple[dt.datetime, dt.datetime, str]:
    """Return first instant, last instant (exclusive), both local, and the EDTF value without zone and ``~``."""
    year, month, day = parts.year, parts.month, parts.day
    if parts.season:
        code, first = SEASONS[parts.season]
        end_year, end_month = (year + 1, 3) if first == 12 else (year, first + 3)
        return dt.datetime(year, first, 1), dt.datetime(end_year, end_month, 1), f"{year:04}-{code}"
    if parts.fiscal:
        return dt.datetime(year, 4, 1), dt.datetime(year + 1, 4, 1), f"{year:04}-04/{year + 1:04}-03"
    if month is None:
        if parts.within:
            first, last = parts.within
            after = _next_month(year, last)
            stem = f"{year:04}-{first:02}"
            edtf = stem if first == last else f"{stem}/{year:04}-{last:02}"
            return dt.datetime(year, first, 1), dt.datetime(*after, 1), edtf
        return dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1), f"{year:04}"
    if day is None:
        end = dt.datetime(*_next_month(year, month), 1)
        if parts.within:
            last_day = min(parts.within[1], (end - dt.timedelta(days=1)).day)
            stem = f"{year:04}-{month:02}"
            return (
                dt.datetime(year, month, parts.within[0]),
                dt.datetime(year, month, last_day) + dt.timedelta(days=1),
                f"{stem}-{parts.within[0]:02}/{stem}-{last_day:02}",
            )
        return dt.datetime(year, month, 1), end, f"{year:04}-{month:02}"
    start = dt.datetime(year, month, day)
    if parts.until_day:
        until = dt.datetime(year, month, parts.until_day)
        return start, until + dt.timedelta(days=1), f"{start.date()}/{until.date()}"
    if parts.week:
        until = start + dt.timedelta(days=7)
        return start, until, f"{start.date()}/{(until - dt.timedelta(days=1)).date()}"
    if parts.hour is None:
        first, last = parts.hours or (0, 24)
        return start + dt.timedelta(hours=first), start + dt.timedelta(hours=last), start.date().isoformat()
    start += dt.timedelta(hours=parts.hour, minutes=parts.minute or 0)
    if parts.minute is None:
        return start, start + dt.timedelta(hours=1), f"{start:%Y-%m-%dT%H}"
    return start, start + dt.timedelta(minutes=1), f"{start:%Y-%m-%dT%H:%M}"


def offset_of(zone: str | None, clock: dt.datetime) -> dt.timedelta:
    """Return the offset of ``+09:00`` or ``Asia/Tokyo`` at a local time; an unknown zone counts as UTC."""
    if not zone or zone == "Z":
        return dt.timedelta()
    if zone[0] in "+-":
        hours, _, minutes = zone[1:].partition(":")
        size = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
        return -size if zone[0] == "-" else size
    try:
        return pytz.timezone(zone).localize(clock).utcoffset() or dt.timedelta()
    except pytz.UnknownTimeZoneError:
        return dt.timedelta()


def moment_of(parts: Parts, as_text: str, zone: str | None, anchor: str | None) -> Moment | None:
    """Return the moment of calendar parts, None where no such day or hour exists."""
    if not _FIRST_YEAR <= parts.year <= _LAST_YEAR:
        return None
    try:
        first, last, edtf = _span(parts)
    except (ValueError, OverflowError):
        return None
    offset = offset_of(zone, first)
    if parts.hour is not None and zone:
        edtf += _shown(offset)
    if parts.about:
        edtf = "/".join(side + "~" for side in edtf.split("/"))
        margin = min((last - first) / 2, dt.timedelta(days=183))
        first, last = first - margin, last + margin
    return Moment(
        edtf=edtf, earliest=(first - offset).replace(tzinfo=dt.UTC), latest=(last - offset).replace(tzinfo=dt.UTC),
        as_text=as_text, zone=zone, zone_inferred=True, anchor=anchor,
    )  # fmt: skip


def _shown(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def joined(first: Moment | None, last: Moment | None, as_text: str) -> Moment:
    """Return the interval between two moments; a missing end is open."""
    some = first or last
    left = first.edtf.split("/")[0] if first else ".."
    right = last.edtf.split("/")[-1] if last else ".."
    return Moment(
        edtf=f"{left}/{right}", earliest=first.earliest if first else None, latest=last.latest if last else None,
        as_text=as_text, zone=some.zone if some else None, zone_inferred=True, anchor=some.anchor if some else None,
    )  # fmt: skip


_SOON = dt.timedelta(days=62)


def year_near(month: int, day: int | None, today: dt.date, weekday: int | None = None) -> int:
    """Return the year of a month and day without one: the last such day up to today, or one that comes soon.

    A weekday (0 is Monday) decides between the years around it where it fits one of them.
    """
    named = _day_of(today.year, month, day or 1)
    soon = named is not None and named - today <= (_SOON if day else dt.timedelta(0))
    year = today.year if soon or month <= today.month else today.year - 1
    if weekday is None or day is None:
        return year
    return next(
        (y for y in (year, year + 1, year - 1) if (d := _day_of(y, month, day)) and d.weekday() == weekday), year
    )


def _day_of(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def local_day(reference: Moment | None, zone: str | None) -> dt.date | None:
    """Return the calendar day of a moment in a zone; None where it is open or unknown."""
    if reference is None or reference.earliest is None:
        return None
    clock = reference.earliest.replace(tzinfo=None)
    return (clock + offset_of(zone, clock)).date()
