"""English dates: last June, mid-May, on Thursday, between March and June 2019, early 2014, since at least 2016."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import msgspec

from keii.model import Moment
from keii.moments.calendar import Parts, joined, local_day, moment_of, year_near
from keii.moments.spanned import Spanned, fold

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "a": 1,
}
_SEASON = {"spring": "spring", "summer": "summer", "autumn": "autumn", "fall": "autumn", "winter": "winter"}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART_YEAR = {
    "first half": (1, 6),
    "second half": (7, 12),
    "early": (1, 4),
    "mid": (5, 8),
    "middle": (5, 8),
    "late": (9, 12),
    "beginning": (1, 3),
    "end": (11, 12),
    "start": (1, 3),
}
_PART_MONTH = {"first half": (1, 15), "second half": (16, 31), "first week": (1, 7), "second week": (8, 14), "third week": (15, 21), "last week": (25, 31), "early": (1, 10), "mid": (11, 20), "middle": (11, 20), "late": (21, 31), "beginning": (1, 10), "end": (21, 31), "start": (1, 10)}  # fmt: skip
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
_DAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_ORDINAL = r"(?:st|nd|rd|th)?"
# How a date can begin: a look at two letters saves the long look at most words.
_BEGINS = r"(?=\d|a[bprut]|a\s|be|c[ih]|d[eu]|e[an]|f[eraio]|j[au]|la|m[ioa]|n[eo]|o[cvn]|pa|q[1-4]|ro|s[puaeti]|t[hwuo]|w[ei]|ye)"
_FORM = re.compile(
    rf"\b{_BEGINS}"
    r"(?:(?P<about>around|about|circa|approximately|roughly)\s+)?"
    r"(?:(?P<ph>\d{1,2})(?:[:.](?P<pmi>\d\d))?\s*(?P<phalf>[ap]\.?m\b\.?)(?:\s+\(?[A-Z]{2,4}\)?)?,?\s+(?:on\s+)?)?"
    r"(?:(?P<clock24>[012]?\d:[0-5]\d)(?:\s+(?:hours|local time|[A-Z]{2,4}))?,?\s+on\s+)?"
    r"(?:(?:the\s+)?(?P<part>early|mid|late|beginning|end|start|middle|first half|second half|first week|second week|third week|last week(?=\s+(?:of|in)))[\s-]+(?:(?:of|in)\s+)?)?(?:"
    r"(?P<iy>(?:19|20)\d\d)-(?P<im>\d\d)-(?P<id>\d\d)"
    r"|(?P<um>\d{1,2})/(?P<ud>\d{1,2})/(?P<uy>(?:19|20)\d\d)(?!\d)"
    rf"|(?:(?P<wk>{_DAY}),?\s+)?(?:(?P<rel>last|this|next)\s+)?(?P<m>{_MONTH})\s+(?P<d>\d{{1,2}}){_ORDINAL}(?![\d.,]*\d)(?:\s*(?P<join>-|to|through|and)\s*(?P<dto>\d{{1,2}}){_ORDINAL}(?![\d:/]|[.,]\d|\s*(?:[ap]\.?m\b|million|thousand|billion|percent|%|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))))?(?:,?\s+(?P<y>(?:19|20)\d\d)\b)?"
    rf"|(?:(?P<wk2>{_DAY}),?\s+)?(?:(?P<d2from>\d{{1,2}}){_ORDINAL}\s*(?P<join2>-|to|through|and)\s*)?(?P<d2>\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?(?P<m2>{_MONTH})(?:,?\s+(?P<y2>(?:19|20)\d\d)\b)?"
    rf"|(?:(?P<rel3>last|this|next)\s+)?(?P<m3>{_MONTH})(?:(?:\s+of)?,?\s+(?P<y3>(?:19|20)\d\d)\b|\s+(?P<of>(?:of )?(?:last year|this year|that year|that same year|the same year)))?"
    r"|(?:(?P<rels>last|this|next)\s+)?(?P<season>spring|summer|autumn|fall|winter)(?:\s+(?:of\s+)?(?P<ys>(?:19|20)\d\d)\b)?"
    r"|(?P<q>Q[1-4]|first quarter|second quarter|third quarter|fourth quarter)\s+(?:of\s+)?(?P<yq>(?:19|20)\d\d)"
    r"|(?P<relu>last|this|the next|next|that|the same|the previous|the following|(?<=by the end of )the(?! day))\s+(?P<unit>year|month|week|day)"
    r"|(?P<n>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a|\d{1,2})\s+(?P<nu>days?|weeks?|months?|years?)\s+(?P<nd>ago|earlier(?! than)|later(?! than)|after that|afterwards?(?! the))"
    r"|(?:over|during|at|on|last|this|past)\s+(?:the\s+)?(?:past\s+|last\s+|holiday\s+|long\s+)*(?P<weekend>weekend)"
    r"|(?P<feast>New Year's (?:Day|Eve)|Christmas (?:Day|Eve))(?:,?\s+(?P<yf>(?:19|20)\d\d)\b)?"
    r"|(?P<word>yesterday|today|tomorrow|tonight|last night)"
    r"|(?:(?P<relw>last|this|next)\s+)?(?P<wd>Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
    r"|(?P<ch>\d{1,2})(?:[.:](?P<cmi>\d\d))?\s*(?P<chalf>[ap]\.?m\b\.?)"
    r"|(?P<y4>(?<!\$)(?:19|20)\d\d)(?=[\s.,;:)'\"-]|$)(?!\s*(?:files|people|persons|records|customers|users|employees|computers|servers|accounts))"
    r")(?:,?\s+(?:at\s+)?(?:about\s+|around\s+)?(?:(?P<hm>[012]?\d:[0-5]\d)(?![:\d]|\s*[ap]\.?m\b)|(?P<h>\d{1,2})(?:[:.](?P<mi>\d\d))?\s*(?P<half>a\.?m\b\.?|p\.?m\b\.?)))?",
    re.I,
)
_THIS = re.compile(r"^the$")  # «by the end of the week»
_LEAD = re.compile(r"(?:(?P<since>\bsince|\bfrom|\bstarting(?: in| on)?|\bbeginning(?: in| on)?|\bafter)|(?P<until>\buntil|\bthrough|\bbefore|\bprior to|\bup to|\bby|\bno later than))(?:\s+(?:at least|the|as early as|in|on))*\s+$", re.I)  # fmt: skip
_AHEAD = re.compile(r"\b(?:will|would(?! have)|(?:stay|remain)s?\b[^.;]{0,40}until|expect\w*|plans?|aims?|hopes?|scheduled|deadline|due|given [\w'& ]{1,40}until|ha(?:s|ve) until|must|(?:is|are) to|to (?:resume|reopen|restart|restore|report))\b(?:(?!\bbut\b)[^.;])*$", re.I)  # fmt: skip
_HAD = re.compile(
    r"\bhad been (?:expected|scheduled|due|planned|hoped|meant|supposed)\b[^.;]*$", re.I
)  # a plan of the past
_IN_MAY = re.compile(
    r"\b(?:in|of|since|until|till|by|from|to|and|last|this|next|early|mid|late|through|during|before|after|for|between|around)[\s-]+(?:early[ -]|mid[ -]|late[ -]|the end of )?May$|[-/]May$",
    re.I,
)
_BETWEEN = re.compile(r"\b(?:between|from)\s+$", re.I)
_NOT_UNTIL = re.compile(
    r"(?:\bnot\b|n't\b|\bonly\b|\bnever\b)[^.;,]{0,36}\b(?:until|before)\s+$", re.I
)  # it was then that it happened
_AND = re.compile(r"\s*(?:and|to|until|through|till|-)\s*", re.I)


def parse(text: str, reference: Moment | None, zone: str | None) -> tuple[Spanned, ...]:
    """Return the moments of an English text, in order; what counts from publication needs ``reference``."""
    folded = fold(text)
    today, last = local_day(reference, zone), None
    found: list[tuple[Spanned, Parts]] = []
    for match in _FORM.finditer(folded):
        parts, anchor = _resolve(match, today, last)
        moment = moment_of(parts, text[match.start() : match.end()], zone, anchor) if parts else None
        if parts is not None and moment is not None:
            last = parts
            found.append((Spanned(match.start(), match.end(), moment), parts))
    return tuple(_opened(text, folded, found, zone))


def _month_number(word: str) -> int:
    return next(at for at, name in enumerate(_MONTHS, 1) if name.startswith(word[:3].lower()))


def _resolve(match: re.Match[str], today: dt.date | None, last: Parts | None) -> tuple[Parts | None, str | None]:
    got = match.groupdict()
    about = bool(got["about"])
    part = (got["part"] or "").lower()
    if got["iy"]:
        return _clock(Parts(year=int(got["iy"]), month=int(got["im"]), day=int(got["id"])), got), None
    if got["y4"]:
        return Parts(year=int(got["y4"]), within=_PART_YEAR.get(part), about=about), None
    if got["q"]:
        quarter = {"f": 1, "s": 2, "t": 3}.get(got["q"][0].lower(), 0) if got["q"][0] not in "Qq" else int(got["q"][1])
        if got["q"].lower().startswith("fourth"):
            quarter = 4
        return Parts(year=int(got["yq"]), within=(quarter * 3 - 2, quarter * 3)), None
    if got["uy"]:
        month_first = int(got["um"]) <= 12
        month, day = (got["um"], got["ud"]) if month_first else (got["ud"], got["um"])
        return _clock(Parts(year=int(got["uy"]), month=int(month), day=int(day)), got), None
    if got["ch"]:
        return _clock_alone(got, last, about=about), "text"
    if got["feast"]:
        return _feast(got, today)
    if (
        got["m3"]
        and got["m3"].startswith("May")
        and not got["y3"]
        and not _IN_MAY.search(match.string[max(0, match.start() - 12) : match.end()])
    ):
        return None, None  # «May have accessed» at the beginning of a sentence
    word = got["m"] or got["m2"] or got["m3"]
    if word:
        return _named_month(got, word, part, today, last, match.string[max(0, match.start() - 70) : match.start()])
    if got["season"]:
        return _season(got, today)
    ahead = _looks_ahead(match.string[max(0, match.start() - 60) : match.start()])
    return _relative(got, today, last, part, ahead=ahead)


def _looks_ahead(before: str) -> bool:
    """Return whether the words before a date tell what is still to come."""
    return _AHEAD.search(before) is not None and _HAD.search(before) is None


def _named_month(
    got: dict[str, str | None], word: str, part: str, today: dt.date | None, last: Parts | None, before: str
) -> tuple[Parts | None, str | None]:
    stated = got["y"] or got["y2"] or got["y3"]
    day = int(got["d"] or got["d2from"] or got["d2"] or 0) or None
    between = before.rstrip().lower().endswith("between")
    until = int(got["dto"] or (got["d2"] if got["d2from"] else 0) or 0)
    join = (got["join"] or got["join2"] or "").lower()
    if until and day and (until <= day or (join == "and" and not between)):
        day, until = (int(got["d2"] or 0) if got["d2from"] else day), 0
    if not stated and not word[0].isupper():
        return None, None  # the verbs «may» and «march»
    month = _month_number(word)
    year, anchor = (int(stated), None) if stated else _year_of(got, month, day, today, before)
    if (got["of"] or "").lower().endswith(("that year", "same year")):
        year, anchor = (last.year, "text") if last is not None else (None, None)
    if year is None and last is not None:
        year, anchor = last.year, "text"
    if year is None:
        return None, None
    within = _PART_MONTH.get(part) if day is None else None
    parts = Parts(year=year, month=month, day=day, within=within, about=bool(got["about"]), until_day=until or None)
    return _clock(parts, got), anchor


def _year_of(
    got: dict[str, str | None], month: int, day: int | None, today: dt.date | None, before: str
) -> tuple[int | None, str | None]:
    """Return the year of a month without one: the last such month, or the next one where the words look ahead."""
    if today is None:
        return None, None
    if got["of"]:
        return today.year - (1 if "last year" in got["of"].lower() else 0), "publication"
    relative = (got["rel"] or got["rel3"] or "").lower()
    later = (month, day or 1) > (today.month, today.day)
    if relative == "next" or (_looks_ahead(before) and (later or month < today.month)):
        return (today.year if later else today.year + 1), "publication"
    if relative == "last" and month == today.month:
        return today.year - 1, "publication"
    weekday = got["wk"] or got["wk2"]
    return year_near(month, day, today, _WEEKDAYS.index(weekday[:3].lower()) if weekday else None), "publication"


def _season(got: dict[str, str | None], today: dt.date | None) -> tuple[Parts | None, str | None]:
    season = _SEASON[(got["season"] or "").lower()]
    if got["ys"]:
        return Parts(year=int(got["ys"]), season=season), None
    if not got["rels"] or today is None:
        return None, None
    first = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}[season]
    back = got["rels"].lower() == "last" and today.month < first + 3
    return Parts(year=today.year - 1 if back else today.year, season=season), "publication"


def _relative(
    got: dict[str, str | None], today: dt.date | None, last: Parts | None, part: str, *, ahead: bool
) -> tuple[Parts | None, str | None]:
    if today is None:
        return None, None
    if got["unit"]:
        return _unit(_THIS.sub("this", (got["relu"] or "").lower()), got["unit"].lower(), today, last, part)
    if got["weekend"]:
        return _weekend(today), "publication"
    if got["n"]:
        count = _WORDS.get(got["n"].lower()) or int(got["n"])
        way = (got["nd"] or "").lower()
        if way != "ago":
            return _from_text(count, (got["nu"] or "").lower()[:3], last, later=way != "earlier"), "text"
        return _ago(count, (got["nu"] or "").lower()[:3], today), "publication"
    if got["word"]:
        move = {"yesterday": -1, "last night": -1, "tomorrow": 1}.get(got["word"].lower(), 0)
        day = today + dt.timedelta(days=move)
        return _clock(Parts(year=day.year, month=day.month, day=day.day), got), "publication"
    if got["wd"] and got["wd"][0].isupper():
        back = (today.weekday() - _DAYS.index(got["wd"].lower())) % 7
        relative = (got["relw"] or "").lower()
        if relative == "last" and back == 0:
            back = 7
        day = (
            today + dt.timedelta(days=(7 - back) % 7 or 7)
            if relative == "next" or (ahead and not relative)
            else today - dt.timedelta(days=back)
        )
        return _clock(Parts(year=day.year, month=day.month, day=day.day), got), "publication"
    return None, None


def _unit(relative: str, unit: str, today: dt.date, last: Parts | None, part: str) -> tuple[Parts | None, str | None]:
    move = {"last": -1, "this": 0, "next": 1}.get(relative)
    if move is not None and unit == "week":
        monday = today - dt.timedelta(days=today.weekday()) + dt.timedelta(weeks=move)
        if part == "end":
            sunday = monday + dt.timedelta(days=6)
            return Parts(year=sunday.year, month=sunday.month, day=sunday.day), "publication"
        return Parts(year=monday.year, month=monday.month, day=monday.day, week=True), "publication"
    if move is None or relative == "the next":
        if last is None or unit not in ("year", "day") or (unit == "day" and last.day is None):
            return None, None
        shift = {"the previous": -1, "the following": 1, "the next": 1}.get(relative, 0)
        if unit == "year":
            return Parts(year=last.year + shift, within=_PART_YEAR.get(part)), "text"
        try:
            day = dt.date(last.year, last.month or 1, last.day or 1) + dt.timedelta(days=shift)
        except (ValueError, OverflowError):
            return None, None
        return Parts(year=day.year, month=day.month, day=day.day), "text"
    if unit == "year":
        return Parts(year=today.year + move, within=_PART_YEAR.get(part)), "publication"
    if unit == "month":
        count = today.year * 12 + today.month - 1 + move
        return Parts(year=count // 12, month=count % 12 + 1, within=_PART_MONTH.get(part)), "publication"
    return None, None


def _ago(count: int, unit: str, today: dt.date) -> Parts:
    if unit == "day":
        day = today - dt.timedelta(days=count)
        return Parts(year=day.year, month=day.month, day=day.day)
    if unit == "wee":
        day = today - dt.timedelta(weeks=count)
        return Parts(year=day.year, month=day.month, day=day.day, about=True)
    if unit == "mon":
        months = today.year * 12 + today.month - 1 - count
        return Parts(year=months // 12, month=months % 12 + 1, about=True)
    return Parts(year=today.year - count, about=True)


def _weekend(today: dt.date) -> Parts:
    """Return the last Saturday and Sunday up to a day."""
    saturday = today - dt.timedelta(days=(today.weekday() - 5) % 7)
    sunday = saturday + dt.timedelta(days=1)
    whole = sunday.month == saturday.month
    return Parts(
        year=saturday.year, month=saturday.month, day=saturday.day, until_day=sunday.day if whole else None, about=not whole
    )  # fmt: skip


def _clock_alone(got: dict[str, str | None], last: Parts | None, *, about: bool) -> Parts | None:
    """Return «at about 11.30pm» on the day that the text named last."""
    if last is None or last.day is None or last.until_day or int(got["ch"] or 0) > 12:
        return None
    hour = int(got["ch"] or 0) % 12 + (12 if (got["chalf"] or "").lower().startswith("p") else 0)
    minute = int(got["cmi"]) if got["cmi"] else None
    return Parts(year=last.year, month=last.month, day=last.day, hour=hour, minute=minute, about=about)


def _feast(got: dict[str, str | None], today: dt.date | None) -> tuple[Parts | None, str | None]:
    """Return New Year or Christmas: of the year named, else the last one before publication."""
    word = (got["feast"] or "").lower()
    month, day = (1, 1) if word == "new year's day" else (12, {"new year's eve": 31, "christmas eve": 24}.get(word, 25))
    if got["yf"]:
        return Parts(year=int(got["yf"]), month=month, day=day), None
    if today is None:
        return None, None
    return Parts(year=today.year - ((month, day) > (today.month, today.day)), month=month, day=day), "publication"


def _from_text(count: int, unit: str, last: Parts | None, *, later: bool) -> Parts | None:
    """Return the time of «two days later» or «six months earlier», counted from the date named last."""
    if last is None or last.month is None:
        return None
    try:
        base = dt.date(last.year, last.month, last.day or 1)
        if last.day and unit in ("day", "wee"):
            moved = base + dt.timedelta(days=count * (7 if unit == "wee" else 1) * (1 if later else -1))
            return Parts(year=moved.year, month=moved.month, day=moved.day, about=unit == "wee")
    except (ValueError, OverflowError):
        return None
    if unit == "mon":
        months = last.year * 12 + last.month - 1 + (count if later else -count)
        return Parts(year=months // 12, month=months % 12 + 1, about=True)
    if unit == "yea":
        return Parts(year=last.year + (count if later else -count), about=True)
    return None


def _clock(parts: Parts, got: dict[str, str | None]) -> Parts:
    written = got["clock24"] or got["hm"]
    if written and parts.day is not None and not parts.until_day and int(written.split(":")[0]) < 24:
        at, _, past = written.partition(":")
        return msgspec.structs.replace(parts, hour=int(at), minute=int(past))
    stated, minute, half = (got["h"], got["mi"], got["half"]) if got["h"] else (got["ph"], got["pmi"], got["phalf"])
    if not stated or parts.day is None or parts.until_day:
        return parts
    hour = int(stated) % 12 + (12 if (half or "").lower().startswith("p") else 0)
    return msgspec.structs.replace(parts, hour=hour, minute=int(minute) if minute else None)


def _from_day_to_day(folded: str, one: Spanned, other: Spanned) -> bool:
    """Return whether two whole days, each with its year, are joined («02/12/2025 to 02/26/2025»)."""
    whole = all(re.search(r"(?:19|20)\d\d", folded[day.start : day.end]) for day in (one, other))
    return whole and re.fullmatch(r"\s*(?:to|through|until)\s*", folded[one.end : other.start]) is not None


def _opened(text: str, folded: str, found: list[tuple[Spanned, Parts]], zone: str | None) -> Iterator[Spanned]:
    """Join ``between A and B`` to one interval, and open the end that ``since`` or ``until`` leaves open."""
    at = 0
    while at < len(found):
        one, own = found[at]
        before = folded[max(0, one.start - 40) : one.start]
        following = found[at + 1] if at + 1 < len(found) else None
        between = _BETWEEN.search(before)
        if (
            following
            and _AND.fullmatch(folded[one.end : following[0].start])
            and (between or "-" in folded[one.end : following[0].start] or _from_day_to_day(folded, one, following[0]))
        ):
            other, later = following
            first = one.moment
            if own.month and later.month and one.moment.anchor and not other.moment.anchor:
                # «between March and June 2019»: the year stands once, at the end.
                year = later.year if own.month <= later.month else later.year - 1
                first = moment_of(msgspec.structs.replace(own, year=year), first.as_text, zone, None) or first
            start = one.start - (len(between.group()) if between else 0)
            yield Spanned(start, other.end, joined(first, other.moment, text[start : other.end]))
            at += 2
            continue
        if own.until_day and (between or before.rstrip().lower().endswith("from")):
            lead_word = _BETWEEN.search(before)
            start = one.start - (len(lead_word.group()) if lead_word else 0)
            yield Spanned(start, one.end, one.moment)
            at += 1
            continue
        lead = None if _NOT_UNTIL.search(before) else _LEAD.search(before)
        start = one.start - len(lead.group()) if lead else one.start
        if lead and lead["since"]:
            yield Spanned(start, one.end, joined(one.moment, None, text[start : one.end]))
        elif lead:
            yield Spanned(start, one.end, joined(None, one.moment, text[start : one.end]))
        else:
            yield one
        at += 1
