"""What language a text is in, and what kind of document it is, by its own words."""

from __future__ import annotations

import re
from typing import Literal

from keii.data import load

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_KANJI = re.compile(r"[\u4e00-\u9fff]")
_NAME = 2  # how many cues a telling name is worth
_LETTER = re.compile(r"[A-Za-z]")


def language(text: str) -> Literal["ja", "en"]:
    """Return ``ja`` where kana are at least a twentieth of the letters; kanji alone say nothing."""
    head = text[:200_000]
    kana = len(_KANA.findall(head))
    return "ja" if kana and kana >= 0.05 * (kana + len(_KANJI.findall(head)) + len(_LETTER.findall(head))) else "en"


def named_kind(publisher: str) -> str:
    """Return the kind that the ending of a publisher's name tells (``…新聞``, ``…株式会社``, ``…の日記``), else empty."""
    named = load("documents/cues")["named"]
    return next((kind for kind in named if any(re.search(ending, publisher) for ending in named[kind])), "")


def kind_of(text: str, title: str = "", publisher: str = "") -> str:
    """Return news, statement, government, blog, report or other: the kind with most of its cues; ties go by order.

    The name of a publisher is a cue too: «…新聞» tells news, «…株式会社» speaks for itself.
    """
    head = (title + "\n" + text[:60_000]).lower()
    best, most = "other", 0
    for kind in ("statement", "blog", "report", "government", "news"):
        cues = load("documents/cues")["kinds"][kind]["strong"]
        score = sum(min(3, head.count(str(cue).lower())) for cue in cues)
        if kind == named_kind(publisher):
            score += _NAME
        if score > most:
            best, most = kind, score
    return best
