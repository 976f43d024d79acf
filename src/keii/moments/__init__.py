"""Moments: the dates and times of a text, Japanese or English, exact to the character.

``parse_dates("8日未明に検知した", "ja", published, "+09:00")`` gives the moments with the range of the words they rest on.
"""

import re

from keii.model import Moment
from keii.moments import english, japanese
from keii.moments.calendar import joined, local_day, moment_of
from keii.moments.spanned import Spanned, fold, small_number

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"  # noqa: E501
_WORDS = "spring|summer|autumn|fall|winter|yesterday|today|tomorrow|tonight|weekend|night|years?|months?|weeks?|days?|New Year|Christmas|quarter"  # noqa: E501
_SOME = {
    "ja": re.compile(
        r"[\d〇一二三四五六七八九十年][\d〇一二三四五六七八九十]?[年月日時/.:-]|[昨去今先本来翌同前元その][年月日週夏春秋冬]"
        r"|おととし|ことし|きょう|きのう|おととい|昨夜|昨晩|今朝|週末|年前|月前|日前|週間前|午[前後]"
    ),
    "en": re.compile(
        rf"(?<!\d)(?<!\d,)(?:19|20)\d\d(?!,?\d)|\d[./:-]\d|\d ?(?:[ap]\.?m\b|hrs|h\b|st\b|nd\b|rd\b|th\b)|['’]\d\d|Q[1-4]\b"
        rf"|\b(?:{_MONTHS}|{_WORDS}|noon|midnight|hours?|the \d\d?)\b|[a-z]day\b",
        re.I,
    ),
}


def may_date(text: str, lang: str) -> bool:
    """Return whether a folded text holds anything that a date is made of: a quick no saves the long look."""
    return _SOME[lang].search(text) is not None


def parse_dates(text: str, lang: str, reference: Moment | None = None, zone: str | None = None) -> tuple[Spanned, ...]:
    """Return the dates of ``text`` in order and without overlap.

    Args:
        text: any text; the offsets of the result point into it.
        lang: ``ja`` or ``en``.
        reference: publication time, from which relative words and missing years count. Without it they are left out:
            a year is never guessed.
        zone: offset or name in which days and clock times are meant; every moment marks it as inferred.
    """
    if lang == "ja":
        return japanese.parse(text, reference, zone)
    return english.parse(text, reference, zone)


__all__ = ["Spanned", "fold", "joined", "local_day", "may_date", "moment_of", "parse_dates", "small_number"]
