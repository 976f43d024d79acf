"""A moment and where it stands; text folded so that offsets stay."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import msgspec

from keii.model import Moment

_WIDE = "０１２３４５６７８９：／．－（）　，＋％～〜〇"
_NARROW = "0123456789:/.-() ,+%~~〇"
_FOLD = {ord(wide): narrow for wide, narrow in zip(_WIDE, _NARROW, strict=True)} | {0xA0: " ", 0x2009: " ", 0x202F: " ", 0x2019: "'", 0x2013: "-", 0x2014: "-"}  # fmt: skip
_DIGITS = {character: number for number, character in enumerate("〇一二三四五六七八九")}


class Spanned(msgspec.Struct, frozen=True):
    """A moment and the character range of its words."""

    start: int
    end: int
    moment: Moment


def fold(text: str) -> str:
    """Return ``text`` with full-width digits and signs narrow, character for character: every offset stays."""
    return text if text.isascii() else text.translate(_FOLD)


def small_number(word: str) -> int | None:
    """Return the value of digits or kanji digits below 10,000 (``二〇一四``, ``十二``, ``三十``), None for anything else."""
    if word.isascii() and word.isdigit():
        return int(word)
    if all(character in _DIGITS for character in word):
        return int("".join(str(_DIGITS[character]) for character in word)) if word else None
    tens, ten, ones = word.partition("十")
    if not ten or any(character not in _DIGITS for character in tens + ones) or len(tens) > 1 or len(ones) > 1:
        return None
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)
