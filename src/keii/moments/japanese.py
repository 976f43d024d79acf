"""Japanese dates: 昨年6月下旬, 一四年ごろ, 2018年度, 8日未明, 同年, 2016~17年, 2016年12月以降."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Iterator

import msgspec

from keii.model import Moment
from keii.moments.calendar import Parts, joined, local_day, moment_of, year_near
from keii.moments.spanned import Spanned, fold, small_number

_N = r"(?:\d{1,2}|[〇一二三四五六七八九十]{1,3})"
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
_YEAR_WORDS = {
    "一昨年": -2, "おととし": -2, "昨年": -1, "去年": -1, "今年": 0, "本年": 0, "ことし": 0, "来年": 1, "昨": -1, "今": 0,
}  # fmt: skip
_MONTH_WORDS = {"今月": 0, "先月": -1, "昨月": -1, "来月": 1, "先々月": -2}
_DAY_WORDS = {"本日": 0, "今日": 0, "きょう": 0, "昨日": -1, "きのう": -1, "一昨日": -2, "おととい": -2, "昨夜": -1, "明日": 1, "今朝": 0, "昨晩": -1}  # fmt: skip
_SEASON = {"春": "spring", "夏": "summer", "秋": "autumn", "冬": "winter"}
_DECADE = {"上旬": (1, 10), "初旬": (1, 10), "中旬": (11, 20), "半ば": (11, 20), "下旬": (21, 31), "末": (25, 31), "初め": (1, 10), "前半": (1, 15), "後半": (16, 31)}  # fmt: skip
_OF_YEAR = {"末": (12, 12), "初め": (1, 3), "前半": (1, 6), "後半": (7, 12), "半ば": (5, 8), "初頭": (1, 3), "上半期": (1, 6), "下半期": (7, 12)}  # fmt: skip
_HOURS = {"未明": (0, 5), "早朝": (4, 8), "朝": (5, 11), "午前": (0, 12), "昼": (11, 15), "午後": (12, 24), "夕方": (15, 19), "夕刻": (15, 19), "夜": (18, 24), "深夜": (22, 24), "夕": (15, 19)}  # fmt: skip

_YEAR_START = {"年明け": None, "元日": 1}
_TEXT_MONTHS = {"同月": 0, "翌月": 1, "前月": -1}
_TEXT_DAYS = {"同日": 0, "その日": 0, "同夜": 0, "翌日": 1, "前日": -1}
_NEAR = 120  # characters from a day to a clock time that stands without one
_AHEAD = re.compile(
    r"(?:から|より)(?:順次|順に)?、?[^。]{0,24}(?:します|いたします|する|の予定)|まで(?!さかのぼ|遡)に?|を(?:めど|目途)|に(?:も)?再開|に予定|[^、]{0,10}(?:見通し|予定|見込[みん]|めど|目途|目指|計画|方針)"
)
_PAST = re.compile(r"(?:ました|った|した|れた|せた|いた)[」』]?$")  # «9月2日までに…奪取しました» tells what was
_TO_COME = re.compile(r"[^。]*(?:予定|方針|計画|ことにし|見通し|見込[みん]|めど|目指|開始する|始める|したい|再開する)")
_AGO = re.compile(
    rf"(?P<about>約|およそ)?(?P<n>{_N})(?P<u>年半|年|[カか月ヶケヵ]月|週間|日)(?P<more>ほど|余り)?前(?![後半提回日年月])|(?P<end>先週末|(?<![一-龥])週末)|(?P<week>先々週|先週|今週|来週)"
)
_WEEKS = {"先々週": -2, "先週": -1, "今週": 0, "来週": 1}
_FORM = re.compile(
    r"(?=[\d〇一二三四五六七八九十同昨今前先来翌本おこき去令平昭明年元午そRHS])(?<![\d.,一二三四五六七八九十第約/A-Za-z])"
    r"(?:(?P<initial>[RHS])(?P<iy>\d{1,2})\.(?P<im>\d{1,2})\.(?P<id>\d{1,2})(?!\d)"
    r"|(?P<slash>(?P<sm>1?\d)/(?P<sd>[1-3]?\d))(?=\([月火水木金土日]|に|付|未明|午[前後]|夜|朝|から|まで)"
    r"|(?P<clock>午[前後](?P<ch>\d{1,2})時(?!間)(?:(?P<cm>\d{1,2})分|(?P<chalf>半))?|(?P<ch2>\d{1,2})時(?P<cm2>\d{1,2})分(?=ごろ|頃|に|、|すぎ|過ぎ))"
    r"|(?P<num>(?P<ny>(?:19|20)\d\d)(?P<sep>[-/.])(?P<nm>\d{1,2})(?P=sep)(?P<nd>\d{1,2})(?!\d))"
    r"|(?P<word>年明け|元日|一昨日|おととい|本日|今日|きょう|昨日|きのう|昨夜|昨晩|今朝|明日)"
    rf"|(?:(?P<y4>(?:19|20)\d\d|[一二][〇九][〇一二三四五六七八九]{{2}})(?:年|(?=~\d\d年))|(?P<y2>\d\d|[〇一二三四五六七八九]{{2}})年(?!間|前(?!半)|ぶり|以上|以内|超|目|半|後|連続|余|保証|[代来]|にわた|、?\d+カ月|近く)"
    rf"|(?P<era>令和|平成|昭和)(?P<ey>元|{_N})年|(?P<yw>一昨年|おととし|昨年|去年|今年|本年|ことし|来年|同年|前年|翌年|昨(?=[春夏秋冬])|今(?=[春夏秋冬])))?"
    rf"(?P<fy>度)?の?(?:(?P<m>{_N})(?:月(?!間)(?P<term>期)?|(?=[~-]{_N}月))|(?P<mw>先々月|今月|先月|昨月|来月|同月|翌月|前月))?の?"
    rf"(?:翌?(?P<d>{_N})(?:日(?!間|以内|以上|後|前|目|連続|ほど|本|々)|(?=[~、・-]{_N}日))|(?P<dw>同日|その日|翌日|前日|同夜)|(?P<part>上旬|初旬|中旬|下旬|半ば|末|初め|初頭|前半|後半|上半期|下半期)|(?P<season>[春夏秋冬]))?)"
    rf"(?:\((?P<weekday>[月火水木金土日])?[月火水木金土日・祝休]{{0,3}}\))?[\sのT]?(?P<hours>未明|早朝|朝(?!刊)|午前|昼|午後|夕方|夕刻|夜|深夜)?(?:の|\s)?(?:(?P<h>{_N})(?:時(?!間)(?:(?P<mi>{_N})分|(?P<half>半))?|:(?P<mc>\d\d)))?"
    r"(?P<about>ごろ|頃|ころ|前後|過ぎ|すぎ)?"
)
_OPEN = re.compile(r"(?:に)?(?P<from>以降|以来|から|より後)|(?P<to>までに?|以前|より前)")
_JOIN = re.compile(r"(?:から|[~-])(?:、)?")


class _State(msgspec.Struct):
    """The day that relative words count from: publication, and the last day that the text named."""

    today: dt.date | None
    last: Parts | None = None
    last_end: int = -1


def parse(text: str, reference: Moment | None, zone: str | None) -> tuple[Spanned, ...]:
    """Return the moments of a Japanese text, in order; what counts from publication needs ``reference``."""
    folded = fold(text)
    state = _State(local_day(reference, zone))
    found: list[Spanned] = []
    for match in _FORM.finditer(folded):
        length = match.end() - match.start()
        if not length or (length < 4 and match.group().isdigit()):
            continue  # nothing, or a number that nothing makes a date
        parts, anchor = _resolve(match, state, folded)
        if parts is None:
            continue
        moment = moment_of(parts, text[match.start() : match.end()], zone, anchor)
        if moment is not None:
            state.last, state.last_end = parts, match.end()
            found.append(Spanned(match.start(), match.end(), moment))
    ago = "前" in folded or "週" in folded
    if ago and state.today is not None and (match_ago := list(_AGO.finditer(folded))):
        starts = [one.start for one in found]
        ordered = tuple(found)
        for match in match_ago:
            parts = _ago(match, state.today)
            held = bisect_left(starts, match.end()) - 1  # the last date that begins before this one ends
            free = held < 0 or ordered[held].end <= match.start()
            moment = moment_of(parts, match.group(), zone, "publication") if parts and free else None
            if moment is not None:
                found.append(Spanned(match.start(), match.end(), moment))
        found.sort(key=lambda one: one.start)
    return tuple(_opened(text, folded, found))


def _ago(match: re.Match[str], today: dt.date) -> Parts | None:
    """Return the time of ``3日前``, ``約2年前`` or ``先週``; months and years ago are only about."""
    if match["end"]:
        saturday = today - dt.timedelta(days=(today.weekday() - 5) % 7)
        return (
            Parts(
                year=saturday.year,
                month=saturday.month,
                day=saturday.day,
                until_day=(saturday + dt.timedelta(days=1)).day,
            )
            if (saturday + dt.timedelta(days=1)).month == saturday.month
            else Parts(year=saturday.year, month=saturday.month, day=saturday.day, about=True)
        )
    if match["week"]:
        monday = today - dt.timedelta(days=today.weekday()) + dt.timedelta(weeks=_WEEKS[match["week"]])
        return Parts(year=monday.year, month=monday.month, day=monday.day, week=True)
    count = small_number(match["n"])
    if count is None or count > 99:
        return None
    if match["u"] == "年半":
        year, month = _shift(today.year, today.month, -count * 12 - 6)
        return Parts(year=year, month=month, about=True)
    if match["u"] == "年":
        return Parts(year=today.year - count, about=True)
    if match["u"].endswith("月"):
        year, month = _shift(today.year, today.month, -count)
        return Parts(year=year, month=month, about=True)
    day = today - dt.timedelta(days=count * (7 if match["u"] == "週間" else 1))
    about = match["u"] == "週間" or bool(match["about"] or match["more"])
    return Parts(year=day.year, month=day.month, day=day.day, about=about)


def _resolve(match: re.Match[str], state: _State, text: str) -> tuple[Parts | None, str | None]:
    got = match.groupdict()
    if got["clock"]:
        return _clock_alone(got, state, text[state.last_end : match.start()] if state.last else "")
    if got["initial"]:
        base = {"R": 2018, "H": 1988, "S": 1925}[got["initial"]]
        return Parts(year=base + int(got["iy"]), month=int(got["im"]), day=int(got["id"])), None
    if got["slash"]:
        got["m"], got["d"] = got["sm"], got["sd"]
        return _month_day(got, None, None, state, match, text)
    if got["num"]:
        return _with_clock(Parts(year=int(got["ny"]), month=int(got["nm"]), day=int(got["nd"])), got), None
    if got["word"]:
        if state.today is None:
            return None, None
        if got["word"] in _YEAR_START:
            return Parts(year=state.today.year, month=1, day=_YEAR_START[got["word"]]), "publication"
        day = state.today + dt.timedelta(days=_DAY_WORDS[got["word"]])
        hours = {"昨夜": (18, 24), "昨晩": (18, 24), "今朝": (5, 11)}.get(got["word"])
        return _with_clock(Parts(year=day.year, month=day.month, day=day.day, hours=hours), got), "publication"
    if got["term"]:
        return None, None  # a business year or a quarter: «2020年3月期»
    if not any(got[key] for key in ("y4", "y2", "era", "yw", "m", "mw", "d", "dw")):
        return None, None
    if got["season"] and not (got["y4"] or got["y2"] or got["era"] or got["yw"]):
        return None, None
    year, anchor = _year(got, state)
    if year is None and any(got[key] for key in ("y4", "y2", "era", "yw")):
        return None, None
    return _month_day(got, year, anchor, state, match, text)


def _clock_alone(got: dict[str, str | None], state: _State, between: str) -> tuple[Parts | None, str | None]:
    """Return «午後11時半» on the day that the text named last, unless that stands far away."""
    last = state.last
    if last is None or last.day is None or len(between) > _NEAR:
        return None, None
    hour = int(got["ch"] or got["ch2"] or 0)
    hour += 12 if (got["clock"] or "").startswith("午後") and hour < 12 else 0
    if hour > 24:
        return None, None
    stated = got["cm"] or got["cm2"]
    minute = 30 if got["chalf"] else int(stated) if stated else None
    return Parts(year=last.year, month=last.month, day=last.day, hour=hour % 24, minute=minute), "text"


def _year(got: dict[str, str | None], state: _State) -> tuple[int | None, str | None]:
    if got["y4"]:
        return small_number(got["y4"]), None
    if got["y2"]:
        short = small_number(got["y2"])
        if short is None:
            return None, None
        year = 2000 + short
        if state.today is not None and year > state.today.year + 1 and 1988 + short <= state.today.year:
            return 1988 + short, None  # 30年7月 in a text of 2020: 平成30年
        limit = (state.today.year if state.today else 2099) + 10
        return (year if year <= limit else year - 100), None
    if got["era"]:
        count = 1 if got["ey"] == "元" else small_number(got["ey"] or "")
        return (_ERAS[got["era"]] + count if count else None), None
    word = got["yw"]
    if word in ("同年", "前年", "翌年"):
        base = state.last.year if state.last else None
        if base is None and state.today and word == "前年":
            return state.today.year - 1, "publication"
        return (base + {"同年": 0, "前年": -1, "翌年": 1}[word] if base is not None else None), "text"
    if word and state.today:
        return state.today.year + _YEAR_WORDS[word], "publication"
    return None, None


def _month_day(
    got: dict[str, str | None], year: int | None, anchor: str | None, state: _State, match: re.Match[str], text: str
) -> tuple[Parts | None, str | None]:
    month = small_number(got["m"]) if got["m"] else None
    day = small_number(got["d"]) if got["d"] else None
    follows = text[match.start() - 1 : match.start()] in ("同", "翌")  # «翌29日»: of the month named before
    near = state.last if state.last and (follows or _same_sentence(text, state.last_end, match.start())) else None
    today = state.today
    if got["mw"]:
        year, month, anchor = _month_word(got["mw"], state)
        if year is None:
            return None, None
    if got["dw"]:
        return _day_word(got, state.last)
    if year is None and month is not None:
        future = text[match.end() : match.end() + 44].partition("。")[0]
        plan = _AHEAD.match(future) is not None and _PAST.search(future) is None
        year, anchor = _year_for(month, day, near, today, got["weekday"], future=plan)
    elif year is None and day is not None:
        if near is not None and near.month is not None and (follows or near.within is None):
            year, month, anchor = near.year, near.month, "text"
        elif today is not None:
            ahead = day <= today.day or _TO_COME.match(text[match.end() : match.end() + 80].partition("。")[0])
            year, month = (today.year, today.month) if ahead else _shift(today.year, today.month, -1)
            anchor = "publication"
    if year is None:
        return None, None
    if day is not None and month is None:
        return None, None
    part = got["part"]
    within = (_DECADE if month else _OF_YEAR).get(part) if part else None
    return _with_clock(
        Parts(year=year, month=month, day=day, season=_SEASON.get(got["season"] or ""), fiscal=bool(got["fy"]) and month is None, within=within, about=bool(got["about"])), got
    ), anchor  # fmt: skip


def _month_word(word: str, state: _State) -> tuple[int | None, int | None, str | None]:
    """Return year, month and anchor of 同月 (counted from the text) or 先月 (from publication)."""
    if word in _TEXT_MONTHS:
        if state.last is None or state.last.month is None:
            return None, None, None
        return (*_shift(state.last.year, state.last.month, _TEXT_MONTHS[word]), "text")
    if state.today is None:
        return None, None, None
    return (*_shift(state.today.year, state.today.month, _MONTH_WORDS[word]), "publication")


def _day_word(got: dict[str, str | None], last: Parts | None) -> tuple[Parts | None, str | None]:
    """Return the day that 同日 or 翌日 counts from the day named last."""
    named = _date(last.year, last.month, last.day) if last and last.month and last.day else None
    if named is None:
        return None, None
    day = named + dt.timedelta(days=_TEXT_DAYS[got["dw"] or ""])
    return _with_clock(Parts(year=day.year, month=day.month, day=day.day), got), "text"


def _year_for(
    month: int, day: int | None, near: Parts | None, today: dt.date | None, weekday: str | None, *, future: bool
) -> tuple[int | None, str | None]:
    """Return the year of a month without one: that of the sentence, else the last (or, for plans, next) such month."""
    if near is not None:
        return (near.year + 1 if near.month and month < near.month - 6 else near.year), "text"
    if today is None:
        return None, None
    if future:
        return (today.year if month >= today.month else today.year + 1), "publication"
    return year_near(month, day, today, "月火水木金土日".index(weekday) if weekday else None), "publication"


def _same_sentence(text: str, before: int, here: int) -> bool:
    return before >= 0 and not any(mark in text[before:here] for mark in "。\n「」")


def _shift(year: int, month: int, by: int) -> tuple[int, int]:
    count = year * 12 + month - 1 + by
    return count // 12, count % 12 + 1


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _with_clock(parts: Parts, got: dict[str, str | None]) -> Parts:
    hour = small_number(got["h"]) if got["h"] else None
    if parts.day is None or (hour is None and not got["hours"]):
        return parts
    if hour is None or hour > 24:
        return msgspec.structs.replace(parts, hours=_HOURS[got["hours"]] if got["hours"] else parts.hours)
    if (
        got["hours"] in ("午後", "夕方", "夕刻", "夜", "深夜")
        and hour < 12
        and not (got["hours"] == "深夜" and hour < 6)
    ):
        hour += 12
    minute = 30 if got["half"] else small_number(got["mi"] or got["mc"] or "")
    return msgspec.structs.replace(parts, hour=hour, minute=minute)


def _opened(text: str, folded: str, found: list[Spanned]) -> Iterator[Spanned]:
    """Join ``AからB`` and ``A~B`` to one interval, and open the end that ``以降`` or ``まで`` leaves open."""
    at = 0
    while at < len(found):
        one = found[at]
        following = found[at + 1] if at + 1 < len(found) else None
        if following and _JOIN.fullmatch(folded[one.end : following.start]):
            until = re.match(r"までの?", folded[following.end : following.end + 3])
            end = following.end + (until.end() if until else 0)
            yield Spanned(one.start, end, joined(one.moment, following.moment, text[one.start : end]))
            at += 2
            continue
        tail = _OPEN.match(folded, one.end)
        if tail and tail["from"]:
            yield Spanned(one.start, tail.end(), joined(one.moment, None, text[one.start : tail.end()]))
        elif tail:
            yield Spanned(one.start, tail.end(), joined(None, one.moment, text[one.start : tail.end()]))
        else:
            yield one
        at += 1
