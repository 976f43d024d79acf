"""The numbers that stand in a quote, to hold a proposed value against the words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from keii.data import load

_LARGEST = 10**18  # larger ones count nothing, and lose their digits as floats
_EXACT = 1e-9  # relative: 2.7万 and 27000 are one number


def holds_number(quote: str, wanted: float) -> bool:
    """Return whether a number stands in a quote: 28000 in ``約2万8千件``, ``28,000`` and ``28 thousand``."""
    if abs(wanted) > _LARGEST:
        return False
    return any(abs(found - wanted) <= _EXACT * max(1.0, abs(wanted)) for found in numbers_in(quote))


def numbers_in(quote: str) -> set[float]:
    """Return the numbers of a quote, with digits, kanji or both, and with the words behind them that multiply."""
    table = load("proposals/numbers")
    found: set[float] = set()
    for match in _pattern().finditer(unicodedata.normalize("NFKC", quote).casefold()):
        if match["spelled"]:
            number: float | None = table["spelled"][match["spelled"]]
        else:
            number = _value(match["number"])
        if number is not None:
            found.add(number)
            found.add(number * table["words"].get(match["word"] or "", 1))
    return found


@cache
def _pattern() -> re.Pattern[str]:
    table = load("proposals/numbers")
    kanji = "".join((*table["digits"], *table["small"], *table["large"]))
    words = "|".join(sorted(table["words"], key=len, reverse=True))
    spelled = "|".join(table["spelled"])
    return re.compile(
        rf"(?:(?P<number>(?:\d[\d,]*(?:\.\d+)?|[{kanji}])(?:[{kanji}]|\d[\d,]*(?:\.\d+)?)*)|\b(?P<spelled>{spelled})\b)"
        rf"(?:[\s-]?(?P<word>{words})(?![a-z]))?"
    )


def _value(text: str) -> float | None:
    """Return the value of digits mixed with kanji (``2万8千``, ``二万八千``, ``25万4,241``, ``一八``), None for none."""
    table = load("proposals/numbers")
    total, part, digits = 0.0, 0.0, ""
    for char in text.replace(",", ""):
        if char in table["digits"] or char.isdecimal() or char == ".":
            digits += str(table["digits"].get(char, char))
            continue
        number = _plain(digits)
        if char in table["small"]:
            part += (1 if number is None else number) * table["small"][char]
        else:
            held = part + (number or 0)
            total, part = total + (held or 1) * table["large"][char], 0.0
        digits = ""
    rest = _plain(digits)
    return None if digits and rest is None else total + part + (rest or 0)


def _plain(digits: str) -> float | None:
    try:
        return float(digits) if digits else None
    except ValueError:
        return None
