"""Times as bylines and metadata write them: day or minute, with the zone where it is told."""

from __future__ import annotations

import datetime as dt
import re

import msgspec
import pytz

from keii.data import load
from keii.model import Moment
from keii.readers.documents.time_forms import ERAS, MONTHS, forms, month_only, number, yearless

# One character for one character, so that offsets into the folded text are offsets into the text.
_FOLD = {
    ord(wide): narrow
    for wide, narrow in zip("０１２３４５６７８９：／．－（）　，＋", "0123456789:/.-() ,+", strict=True)
}
_FOLD |= {0xA0: " ", 0x2009: " ", 0x202F: " "}


_FIGURES = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(?:19|20)\d{2}(?![\d/])")
_SHOWN = 200_000  # characters in which the order of figures is looked for
_COUNTED = re.compile(r"\d|[〇一二三四五六七八九十元]{1,3}年")


class Found(msgspec.Struct, frozen=True):
    """A time and the character range it stands in."""

    start: int
    end: int
    moment: Moment


def fold(text: str) -> str:
    """Return ``text`` with full-width digits and signs made narrow, every offset unchanged."""
    return text.translate(_FOLD)


def find_times(text: str, lang: str, year: int | None = None) -> tuple[Found, ...]:
    """Return the absolute times of ``text``, in order and without overlap.

    A date without a year is read only where ``year`` is given (the second time of ``1/31 01:05 … 1/31 01:15``). A zone
    that is not written is +09:00 for Japanese, marked as inferred, and unknown otherwise. ``03/04/2020`` is a time only
    where ``lang`` tells the order (``en-US``, ``en-GB``; see ``with_order``) or its own words do.
    """
    if not _COUNTED.search(text):
        return ()
    folded = fold(text)
    hits: list[tuple[int, int, Moment]] = []
    for form in forms():
        for match in form.finditer(folded):
            if any(match.start() < end and start < match.end() for start, end, _ in hits):
                continue
            moment = _moment(match, text, lang, None)
            if moment is not None:
                hits.append((match.start(), match.end(), moment))
    if year is not None:
        for match in yearless().finditer(folded):
            if not any(match.start() < end and start < match.end() for start, end, _ in hits):
                moment = _moment(match, text, lang, year)
                if moment is not None:
                    hits.append((match.start(), match.end(), moment))
    return tuple(Found(start, end, moment) for start, end, moment in sorted(hits, key=lambda hit: hit[0]))


def with_order(text: str, lang: str) -> str:
    """Return the language with the order in which a text writes days in figures, where one of its dates shows it.

    ``22/01/2024`` can only be a day first, ``01/22/2024`` a month first; a text that shows both or none tells nothing.
    """
    shown = {
        "en-GB" if int(day) > 12 else "en-US"
        for day, other in _FIGURES.findall(text[:_SHOWN])
        if (int(day) > 12) != (int(other) > 12)
    }
    return shown.pop() if lang == "en" and len(shown) == 1 else lang


def _moment(match: re.Match[str], text: str, lang: str, year: int | None) -> Moment | None:
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    day = _day(parts, year, lang)
    if day is None:
        return None
    written = text[match.start() : match.end()].strip()
    hour = _first(parts, "h", "ht")
    if hour is None:
        return whole_day(day, lang, written, edition=parts.get("edition"))
    minute = 30 if "thirty" in parts else _first(parts, "m", "mc", "mt")
    half = (parts.get("half") or parts.get("half2") or parts.get("jahalf") or "").lower().replace(".", "")
    if half in {"pm", "午後"} and hour < 12:
        hour += 12
    elif half in {"am", "午前"} and hour == 12:
        hour = 0
    if hour > 24 or (minute or 0) > 59:
        return None
    second = _first(parts, "s", "sj", "st")
    clock = dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=hour, minutes=minute or 0, seconds=second or 0)
    precision = "minute" if minute is not None else "hour"
    return at_clock(clock, parts.get("zone"), lang, written, precision)


def _first(parts: dict[str, str], *names: str) -> int | None:
    return next((number(parts[name]) for name in names if name in parts), None)


def _day(parts: dict[str, str], year: int | None, lang: str) -> dt.date | None:
    found = ERAS[parts["era"]] + number(parts["ey"]) if "era" in parts else _first(parts, "y1", "y2") or year
    if found is None:
        return None
    if "us1" in parts:
        month, day = _order(int(parts["us1"]), int(parts["us2"]), parts, lang)
    else:
        word = parts.get("mon") or parts.get("mon2")
        month = MONTHS[word[:3].lower()] if word else _first(parts, "mo1", "mo2") or 0
        day = _first(parts, "d1", "d2") or 0
    try:
        return dt.date(found, month, day)
    except ValueError:
        return None


def _order(first: int, second: int, parts: dict[str, str], lang: str) -> tuple[int, int]:
    """Return month and day of ``1/30/2020``; (0, 0) where either could be the month and nothing tells."""
    american = "half" in parts or "half2" in parts or parts.get("zone", "")[:1] in {"E", "C", "M", "P"}
    american = american or lang == "en-US"
    if lang == "en-GB" and first <= 31 and second <= 12:
        return second, first
    if second > 12 or (first <= 12 and american) or first == second:
        return first, second
    return (second, first) if first > 12 else (0, 0)


def zone_offset(word: str | None, clock: dt.datetime) -> dt.timedelta | None:
    """Return the offset that a zone word (``JST``, ``+0900``, ``UTC+9``, ``ET``) means at ``clock``; None if unknown."""
    if not word:
        return None
    bare = re.fullmatch(r"(?:UTC|GMT)?\s?([+-])(\d{1,2})(?::?(\d\d))?", word)
    if bare:
        size = dt.timedelta(hours=int(bare[2]), minutes=int(bare[3] or 0))
        size = -size if bare[1] == "-" else size
        # ISO 8601 zones in use lie between -12:00 and +14:00; anything else is a slip of the page.
        return size if dt.timedelta(hours=-12) <= size <= dt.timedelta(hours=14) else None
    named = load("documents/zones").get(word)
    if named is None:
        return None
    if named[0] in "+-":
        return zone_offset(named, clock)
    return pytz.timezone(named).localize(clock).utcoffset()


def _default(lang: str) -> dt.timedelta | None:
    return dt.timedelta(hours=9) if lang == "ja" else None


def _shown(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _utc(clock: dt.datetime, offset: dt.timedelta | None) -> dt.datetime | None:
    try:
        return (clock - (offset or dt.timedelta())).replace(tzinfo=dt.UTC)
    except OverflowError:
        return None


def at_clock(clock: dt.datetime, zone: str | None, lang: str, written: str, precision: str = "minute") -> Moment:
    """Return the moment of a clock time; bounds are one minute (or hour) wide."""
    stated = zone_offset(zone, clock)
    offset = stated if stated is not None else _default(lang)
    width = dt.timedelta(hours=1) if precision == "hour" else dt.timedelta(minutes=1)
    stamp = clock.strftime("%Y-%m-%dT%H" if precision == "hour" else "%Y-%m-%dT%H:%M")
    if offset is not None:
        stamp += "Z" if zone == "Z" else _shown(offset)
    return Moment(
        edtf=stamp, earliest=_utc(clock, offset), latest=_utc(clock + width, offset), as_text=written,
        zone=_shown(offset) if offset is not None else None, zone_inferred=stated is None,
    )  # fmt: skip


def whole_day(day: dt.date, lang: str, written: str, *, edition: str | None = None) -> Moment:
    """Return the moment of a calendar day; a morning edition can only lie before noon, an evening one after."""
    offset = _default(lang)
    start = dt.datetime.combine(day, dt.time())
    first, last = {"朝刊": (0, 12), "夕刊": (12, 24)}.get(edition or "", (0, 24))
    return Moment(
        edtf=day.isoformat(), earliest=_utc(start + dt.timedelta(hours=first), offset),
        latest=_utc(start + dt.timedelta(hours=last), offset), as_text=written,
        zone=_shown(offset) if offset is not None else None, zone_inferred=True,
    )  # fmt: skip


def month_alone(line: str, lang: str) -> Moment | None:
    """Return the month that is all a line holds (``2020年1月``, ``January 2020``), None for any other line."""
    match = month_only().fullmatch(fold(line.strip())) if len(line) < 40 else None
    if match is None:
        return None
    day = _day(
        {name: value for name, value in match.groupdict().items() if value is not None} | {"d1": "1"}, None, lang
    )
    if day is None:
        return None
    offset = _default(lang)
    start = dt.datetime.combine(day, dt.time())
    after = (start + dt.timedelta(days=32)).replace(day=1)
    return Moment(
        edtf=f"{day:%Y-%m}", earliest=_utc(start, offset), latest=_utc(after, offset), as_text=line.strip(),
        zone=_shown(offset) if offset is not None else None, zone_inferred=True,
    )  # fmt: skip
