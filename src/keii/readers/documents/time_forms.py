"""The ways in which bylines and metadata write a time, as patterns over folded text."""

from __future__ import annotations

import re
from functools import cache

from keii.data import load

MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1)}  # fmt: skip
ERAS = {"令和": 2018, "平成": 1988, "R": 2018, "H": 1988}
WEEKDAY = (
    r"(?i:Mon(?:day)?|Tue(?:s|sday)?|Wed(?:s|nesday)?|Thu(?:r|rs|rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)\b\.?"
)
_KANJI = "〇零一二三四五六七八九十"
_N = rf"[\d{_KANJI}]"
_MONTH = (
    r"(?i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_HALF = r"(?P<half>a\.m\.|p\.m\.|[AaPp][Mm]\b)"
_JA_CLOCK = (
    rf"(?:\s*(?:\([月火水木金土日](?:曜日?)?(?:・祝)?\)|[月火水木金土日]曜日?|\(?{WEEKDAY}\)?)?[\s,|]*(?:-(?=\d{{1,2}}:\d\d))?(?P<jahalf>午前|午後|[AP]M(?=\s?\d))?\s*"
    rf"(?P<h>{_N}{{1,3}})(?:時(?:(?P<m>{_N}{{1,3}})分|(?P<thirty>半))?(?!間)|:(?P<mc>\d\d))(?::(?P<s>\d\d)|(?P<sj>\d{{1,2}})秒)?)?"
)
# Between the day and its clock: ``at``, a slash, a bar, a dot; a weekday may stand there too.
_GAP = rf"(?:\s*,?\s*(?:\(?{WEEKDAY}\)?,?\s*)?(?:at\s+|[|/·•@–—-]{{1,2}}\s*)?)"
_EN_CLOCK = rf"(?:{_GAP}(?P<h>\d{{1,2}})(?:(?:[:.]|h)(?P<m>\d\d)(?::(?P<s>\d\d))?\s*{_HALF}?|\s*{_HALF.replace('half', 'half2')}))?"


def _zone() -> str:
    named = sorted((word for word in load("documents/zones") if word.isascii()), key=lambda word: (-len(word), word))
    words = "|".join(re.escape(word) + r"(?:\b|(?=Updated))" for word in named)
    return rf"(?:\s*\(?(?P<zone>(?:UTC|GMT)\s?[+-]\d{{1,2}}(?::?\d\d)?|[+-]\d\d:?\d\d(?!\d)|日本時間|{words})\)?)?"


@cache
def forms() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a whole date with or without a clock, the surest first."""
    zone = _zone()
    ja_day = (
        rf"(?:(?P<y1>[\d{_KANJI}]{{4}})\s?年(?:\([^)]{{1,6}}\))?|(?P<era>令和|平成)(?P<ey>{_N}{{1,3}}|元)\s?年(?:\([^)]{{1,6}}\))?)\s*"
        rf"(?P<mo1>{_N}{{1,2}})\s?月\s*(?P<d1>{_N}{{1,3}})\s?日"
    )
    number_day = r"(?<![\d/.-])(?P<y2>(?:19|20)\d{2})(?P<sep>[-/.])\s?(?P<mo2>\d{1,2})(?P=sep)\s?(?P<d2>\d{1,2})(?!\d|[-/]\d(?!\d?:\d\d))"
    short_era = r"(?<![\w.])(?P<era>R|H|令和|平成)(?P<ey>\d{1,2}|元)[./](?P<mo1>\d{1,2})[./](?P<d1>\d{1,2})(?![\d.])"
    written = (
        rf"(?<![\d:])(?P<h>\d{{1,2}})[:.](?P<m>\d\d)\s*{_HALF}?{zone}\s*(?:,|on|[|/·•–—-])?\s*(?:{WEEKDAY},?\s+)?"
        rf"(?:(?P<mon>{_MONTH})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<mon2>{_MONTH}))\s*,?\s+(?P<y1>\d{{4}})",
        ja_day + _JA_CLOCK + r"(?:\s?(?P<half>[AaPp]\.?[Mm]\b\.?))?(?:付け?)?\s*(?P<edition>朝刊|夕刊)?" + zone,
        number_day + r"(?:T(?P<ht>\d\d):?(?P<mt>\d\d)(?::?(?P<st>\d\d)(?:[.,]\d+)?)?|" + r"(?:\s*at\s)?" + _JA_CLOCK[3:-2]
        + r")?(?:付け?)?\s*(?P<edition>朝刊|夕刊)?\s*(?P<half>[AaPp]\.?[Mm]\b\.?)?" + zone,
        short_era + _JA_CLOCK + zone,
        rf"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?P<mon>{_MONTH})"
        rf"\s*(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y1>\d{{4}})(?:(?!\d)|(?=\d{{1,2}}:\d\d))" + _EN_CLOCK + zone,
        rf"(?<![\d/])(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+(?:of\s+)?|-)"
        rf"(?P<mon>{_MONTH})(?:\s*,?\s+|-)(?P<y1>\d{{4}})(?:(?!\d)|(?=\d{{1,2}}:\d\d))" + _EN_CLOCK + zone,
        r"(?<![\d/.])(?P<d1>\d{1,2})\.(?P<mo1>\d{1,2})\.(?P<y1>(?:19|20)\d{2})(?![\d.])" + _EN_CLOCK + zone,  # day first
        r"(?<![\d/.-])(?P<us1>\d{1,2})/(?P<us2>\d{1,2})/(?P<y1>(?:19|20)\d{2})(?![\d/])" + _EN_CLOCK + zone,
    )  # fmt: skip
    return tuple(re.compile(form) for form in written)


@cache
def yearless() -> re.Pattern[str]:
    """Return the pattern of a month and day without a year, as the second time of a byline is often written."""
    return re.compile(r"(?<![\d/.])(?P<mo1>\d{1,2})(?:/|月)(?P<d1>\d{1,2})日?(?!/)" + _JA_CLOCK[:-1] + _zone())


@cache
def month_only() -> re.Pattern[str]:
    """Return the pattern of a line that holds a year and a month and nothing else, as reports carry on their cover."""
    return re.compile(
        rf"\W{{0,3}}(?:(?P<y1>\d{{4}})\s?年\s?(?P<mo1>\d{{1,2}})\s?月|(?P<era>令和|平成)(?P<ey>{_N}{{1,3}}|元)\s?年\s?(?P<mo2>{_N}{{1,3}})\s?月"
        rf"|(?P<mon>{_MONTH})\s+(?P<y2>\d{{4}}))\W{{0,3}}"
    )


def number(word: str) -> int:
    """Return the value of digits, of positional kanji (``二〇二〇``) or of kanji with ten (``三十一``)."""
    if word == "元":
        return 1
    if word.isascii() or word.isdigit():
        return int(word)
    digits = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0}
    if "十" in word:
        tens, _, ones = word.partition("十")
        return (number(tens) if tens else 1) * 10 + (number(ones) if ones else 0)
    return int("".join(str(digits.get(sign, sign)) for sign in word))
