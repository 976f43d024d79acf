"""The values of written numbers: 2万8千, 25万4,241, 1,140,326, 3.5 million, two dozen."""

from __future__ import annotations

from fractions import Fraction

_KANJI = {character: number for number, character in enumerate("〇一二三四五六七八九")}
_SMALL = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "億": 100_000_000, "兆": 1_000_000_000_000}
ENGLISH_WORDS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "dozen", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
COMPOUND = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|five|six|seven|eight|nine)"
ONE = (
    r"(?:one|a single)(?= (?:(?!of\b)[\w'-]+ ){0,3}(?:account|mailbox|inbox|server|laptop|computer|device|workstation)\b)"
    r"|(?:one|a)(?= (?:million|billion)\b)"
)
_EN_VALUES = {"one": 1, "a": 1, "a single": 1} | dict(
    zip(ENGLISH_WORDS, (*range(2, 13), 12, *range(20, 100, 10)), strict=True)
)
_PARTS = {
    "half a": Fraction(1, 2),
    "quarter of a": Fraction(1, 4),
    "three quarters of a": Fraction(3, 4),
    "three-quarters of a": Fraction(3, 4),
}
_SCALE = {
    "k": 1_000,
    "m": 10**6,
    "mn": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "tn": 10**12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
}


def japanese_number(word: str) -> int | float | None:
    """Return the value of a number in digits, kanji, or both (``2万8千``, ``25万4,241``, ``一二三``); None if it is none."""
    bare = word.replace(",", "")
    if bare.isascii() and bare.isdigit():
        return int(bare)
    total: int | Fraction = 0
    section: int | Fraction = 0
    digits = ""
    try:
        for character in bare:
            if character in _LARGE:
                section += _digits(digits) if digits else (0 if section else 1)
                total, section, digits = total + section * _LARGE[character], 0, ""
            elif character in _SMALL:
                section, digits = section + (_digits(digits) if digits else 1) * _SMALL[character], ""
            else:
                digits += character
        total += section + (_digits(digits) if digits else 0)
    except (ValueError, ZeroDivisionError):
        return None
    return total if isinstance(total, int) else plain(total)


def plain(value: Fraction | float) -> int | float:
    """Return a value as an integer where it is one."""
    if isinstance(value, float):
        value = Fraction(round(value) if abs(value) >= 10**6 else value).limit_denominator(10**6)
    return int(value) if value.denominator == 1 else float(value)


def _digits(word: str) -> int | Fraction:
    plain = "".join(str(_KANJI[c]) if c in _KANJI else c for c in word)
    return int(plain) if plain.isdigit() else Fraction(plain)


def english_number(word: str, scale: str | None) -> int | float | None:
    """Return the value of a number in digits or words with its scale (``k``, ``million``); None for a bare year."""
    if not scale and word.isdigit():
        return None if len(word) == 4 and 1900 <= int(word) <= 2100 else int(word)
    lower = word.lower()
    tens, _, ones = lower.partition("-")
    if tens in _EN_VALUES and ones in _EN_VALUES:  # «twenty-three»
        return plain(Fraction(_EN_VALUES[tens] + _EN_VALUES[ones]) * _SCALE.get((scale or "").strip().lower(), 1))
    if lower in _EN_VALUES or lower in _PARTS:
        value = _PARTS[lower] if lower in _PARTS else Fraction(_EN_VALUES[lower])
    else:
        value = Fraction(word.replace(",", ""))
        if not scale and "," not in word and 1900 <= value <= 2100:
            return None
    return plain(value * _SCALE.get((scale or "").strip().lower(), 1))
