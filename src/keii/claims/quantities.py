"""Counts and amounts: 約2万8千点, 2.7万, 25万4,241, 145.5 million, up to 3,000."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

import msgspec

from keii.claims.lexicon import money, table, units, words
from keii.model import Number

_KANJI = {character: number for number, character in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "億": 100_000_000, "兆": 1_000_000_000_000}
_JA = re.compile(
    r"(?<![\d.,A-Za-z第])(?:[\d〇一二三四五六七八九十百千][\d,〇一二三四五六七八九十百千万億兆]{0,24}(?:\.\d{1,6}[万億兆千]?)?)"
)
_EN = re.compile(
    r"(?<![\w.$])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,12}(?:\.\d{1,6})?)(?P<s>[kKMB]\b|\s?(?:thousand|million|billion)\b)?",
    re.I,
)
_MONEY = re.compile(
    r"(?P<c>[$€£¥])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,12}(?:\.\d{1,6})?)(?P<s>[kKMB]\b|\s?(?:thousand|million|billion)\b)?",
    re.I,
)
_SCALE = {"k": 1_000, "m": 10**6, "b": 10**9, "thousand": 1_000, "million": 10**6, "billion": 10**9}


class Counted(msgspec.Struct, frozen=True):
    """A number with its unit and where it stands, qualifiers included."""

    start: int
    end: int
    topic: str
    value: Number
    approximation: str
    scope: str | None


def japanese_number(word: str) -> int | float | None:
    """Return the value of a number in digits, kanji, or both (``2万8千``, ``25万4,241``, ``一二三``); None if it is none."""
    total, section, digits = Fraction(0), Fraction(0), ""
    try:
        for character in word.replace(",", ""):
            if character in _LARGE:
                section += _digits(digits) if digits else (0 if section else 1)
                total, section, digits = total + section * _LARGE[character], Fraction(0), ""
            elif character in _SMALL:
                section, digits = section + (_digits(digits) if digits else 1) * _SMALL[character], ""
            else:
                digits += character
        total += section + (_digits(digits) if digits else 0)
    except (ValueError, ZeroDivisionError):
        return None
    return int(total) if total.denominator == 1 else float(total)


def _digits(word: str) -> Fraction:
    return Fraction("".join(str(_KANJI[c]) if c in _KANJI else c for c in word))


def counted(folded: str, start: int, end: int, lang: str) -> Iterator[Counted]:
    """Yield the counts of a sentence that speaks of a breach; ``folded`` has narrow digits and the same offsets."""
    if not words(lang, "quantities", "about").search(folded, start, end):
        return
    if lang == "en":
        yield from _money(folded, start, end)
    for match in (_JA if lang == "ja" else _EN).finditer(folded, start, end):
        number = japanese_number(match.group()) if lang == "ja" else _english_number(match)
        if number is None:
            continue
        found = _unit(folded, match.end(), end, start, lang, number)
        if found is None:
            continue
        topic, unit, stop = found
        first, before = _before(folded, match.start(), start, lang)
        last, after = _after(folded, match.end(), stop, end, lang)
        approximation = "+".join(dict.fromkeys([*before, *after])) or "exact"
        yield Counted(
            first,
            max(stop, last),
            topic,
            Number(num=number, unit=unit),
            approximation,
            _scope(folded, start, end, lang),
        )


def _money(text: str, start: int, end: int) -> Iterator[Counted]:
    """Yield amounts of money of an English sentence that speaks of a ransom or of cost."""
    for match in _MONEY.finditer(text, start, end):
        topic = next((name for name, near in money() if near.search(text, start, end)), None)
        value = _english_number(match)
        if topic is not None and value is not None:
            first, before = _before(text, match.start(), start, "en")
            unit = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}[match["c"]]
            yield Counted(first, match.end(), topic, Number(num=value, unit=unit), "+".join(before) or "exact", None)


def _english_number(match: re.Match[str]) -> int | float | None:
    value = Fraction(match["n"].replace(",", "")) * _SCALE.get((match["s"] or "").strip().lower(), 1)
    if not match["s"] and "," not in match["n"] and 1900 <= value <= 2100:
        return None
    return int(value) if value.denominator == 1 else float(value)


_GAP_JA = re.compile(r"(?:(?:以上|超|余り|余|程度|ほど|弱|近く)?(?:の|を超える|超える)?)")
_GAP_EN = re.compile(r"(?:\+|or more)?[\s-]{0,2}(?:[\w'-]+\s+){0,3}?", re.I)


def _unit(text: str, at: int, end: int, start: int, lang: str, number: float) -> tuple[str, str, int] | None:
    for row in units(lang):
        if number < row.least or (row.nearby and not row.nearby.search(text, start, end)):
            continue
        if lang == "ja":
            gap = _GAP_JA.match(text, at)
            hit = row.words.match(text, at) or (row.words.match(text, gap.end()) if gap else None)
        else:
            hit = re.compile(rf"(?:\+| or more)?[\s-](?:[\w'-]+ ){{0,3}}?(?:{row.words.pattern})\b", re.I).match(
                text, at, min(end, at + 60)
            )
        if hit:
            return row.topic, row.unit, hit.end()
    return None


def _before(text: str, at: int, start: int, lang: str) -> tuple[int, list[str]]:
    """Return where the qualifiers before a number begin, and which they are, in order."""
    names: list[str] = []
    for _ in range(2):
        for name, listed in table(lang, "quantities")["before"].items():
            hit = re.compile(rf"(?:{'|'.join(listed)})\s*$", re.I).search(text, max(start, at - 20), at)
            if hit and (lang == "ja" or hit.start() == 0 or not text[hit.start() - 1].isalnum()):
                at, names = hit.start(), [name, *names]
                break
    return at, names


def _after(text: str, at: int, stop: int, end: int, lang: str) -> tuple[int, list[str]]:
    names, last = [], stop
    for name in table(lang, "quantities")["after"]:
        pattern = re.compile(rf"(?:{'|'.join(table(lang, 'quantities')['after'][name])})", re.I)
        inner = pattern.match(text, at)
        outer = pattern.match(text, stop, end)
        if inner or outer:
            names.append(name)
            last = max(last, outer.end() if outer else stop)
            break
    return last, names


def _scope(text: str, start: int, end: int, lang: str) -> str | None:
    return next((name for name in table(lang, "quantities")["scope"] if words(lang, "quantities", "scope", name).search(text, start, end)), None)  # fmt: skip
