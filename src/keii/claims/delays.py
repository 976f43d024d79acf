"""Lengths of time that matter: how long nobody noticed, how long until it was told."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from keii.claims.lexicon import words
from keii.claims.numbers import japanese_number
from keii.claims.places import Where
from keii.model import Duration

_JA = re.compile(
    r"(?P<least>少なくとも)?(?P<about>約|およそ)?(?:(?P<half>半年)|(?P<n>[\d〇一二三四五六七八九十]{1,4})(?P<u>カ月|か月|ヶ月|ケ月|ヵ月|箇月|年(?=\d{1,2}[カかヶケヵ]月)|年間?(?!\d)|日間|週間)(?P<and>半)?(?:(?P<m>[\d〇一二三四五六七八九十]{1,3})(?:カ月|か月|ヶ月|ケ月|ヵ月))?間?)(?P<near>余り|近く|ほど|以上)?"
)
_EN = re.compile(
    r"(?:(?P<about>about|nearly|almost|around|more than|at least)\s+)?(?P<n>\d{1,3}|a|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|eighteen|twenty)\s+(?P<u>day|week|month|year)s?\b",
    re.I,
)
_WORDS = {word: number for number, word in enumerate(("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"))}  # fmt: skip
_WORDS |= {"a": 1, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "eighteen": 18, "twenty": 20}
_APPROXIMATION = {
    "more than": "more-than",
    "余り": "more-than",
    "at least": "at-least",
    "以上": "at-least",
    "少なくとも": "at-least",
}


class Delay(msgspec.Struct, frozen=True):
    """A length of time with its topic and place."""

    start: int
    end: int
    topic: str
    value: Duration
    approximation: str


def delays(where: Where) -> Iterator[Delay]:
    """Yield the delays that a sentence tells: time undetected, delay of the disclosure."""
    lang, text, sentence = where.document.lang, where.folded, where.sentence
    for topic in ("disclosure.delay", "time.dwell"):
        cue = words(lang, "times", "length", topic)
        if not where.find(cue, sentence.start, sentence.end):
            continue
        for match in (_JA if lang == "ja" else _EN).finditer(text, sentence.start, sentence.end):
            iso = _iso_ja(match) if lang == "ja" else _iso_en(match)
            if iso:
                said = [match.groupdict().get(name) for name in ("least", "about", "near")]
                kinds = [_APPROXIMATION.get(word.lower(), "about") for word in said if word]
                approximation = "+".join(dict.fromkeys(kinds)) or "exact"
                yield Delay(match.start(), match.end(), topic, Duration(iso=iso), approximation)
                break
        else:
            continue
        return


def _iso_ja(match: re.Match[str]) -> str | None:
    if match["half"]:
        return "P6M"
    count = japanese_number(match["n"])
    if count is None or (match["u"] == "年" and count > 100):
        return None
    unit = match["u"]
    if unit.startswith("年"):
        months = 6 if match["and"] else japanese_number(match["m"]) if match["m"] else 0
        return f"P{count}Y{months}M" if months else f"P{count}Y"
    if match["and"] and unit not in ("日間", "週間"):
        return f"P{count}M15D"
    return f"P{count}{'W' if unit == '週間' else 'D' if unit == '日間' else 'M'}"


def _iso_en(match: re.Match[str]) -> str:
    word = match["n"].lower()
    return f"P{int(word) if word.isdigit() else _WORDS[word]}{match['u'][0].upper()}"
