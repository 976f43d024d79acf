"""Numbers that are a part or a whole: «41,200 people, of whom 318 live in Vermont», «37 of its 112 sites»."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re

from keii.claims.lexicon import Unit

_NEARLY = (
    r"(?:(?:about|around|some|nearly|almost|roughly|over|more than|up to|approximately|at least|an estimated) ){0,2}"
)
_WHOLE = re.compile(
    rf"\b(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|dozens?|some|several|many|most|half|any|none|all)"
    rf" of (?:its|our|the|their|the \w+'s) {_NEARLY}$",
    re.I,
)  # the whole of which a part was hit
_OUT_OF = re.compile(rf"\b\d[\d,.]* out of (?:its |our |the |a total of )?{_NEARLY}$", re.I)
_RUNS = re.compile(
    rf"\b(?:employ(?:s|ing)?|serv(?:es|ing)|operat(?:es|ing)|runs|running|treats|teaches|educates|insures|boasts|owns|looks after|caters for"
    rf"|(?:which|and|it|company|group|hospital|university|trust|bank|council|district) (?:has|had)|home to|workforce of|staff of) {_NEARLY}$",
    re.I,
)
_GOES_ON_AS_BEFORE = re.compile(
    r"\s+(?:\w+ )?(?:remain(?:s|ed)?|continu(?:es?|ed)|stay(?:s|ed)?|(?:are|is|were|was) (?:\w+ )?(?:open|unaffected|operating|trading|operational))\b",
    re.I,
)
_OF_WHOM = re.compile(rf"\b(?:of whom|of which|of them|of those|including|among them) {_NEARLY}$", re.I)
_OF_THE = re.compile(r"\W*of (?:the|those|these|its|their)\b[^.;]*$", re.I)
_OF_THOSE_HIT = re.compile(r"\W*of (?:the|those) (?:affected|impacted|victims|notified)\b[^.;]*$", re.I)
_AND_MORE = re.compile(
    rf"\s+(?:(?:(?!and\b|or\b)[\w-]+ ){{0,2}}(?:and|or|plus)|out of(?: its| our| the| a total of)?)\s+{_NEARLY}(?=\d)",
    re.I,
)
LEAST = 20  # a smaller number without a noun counts something else
_WERE_HIT = re.compile(
    r"\s+(?:were|had been|have been|are|may have been|might have been|could have been|could be|was) (?:\w+ )?"
    r"(?:affected|impacted|hit|caught up|exposed|compromised|notified|involved|stolen)\b",
    re.I,
)
_LIVE = re.compile(
    r"\s+(?:(?:who )?(?:live|reside|are resident|were|are|had|have|in)\b|[A-Z]\w+ residents\b|residents\b)", re.I
)


def is_background(text: str, match: re.Match[str], unit: tuple[Unit, int], start: int, end: int) -> bool:
    """Return whether a number only tells how large an organisation is: «employs 1,900 people», «37 of its 112 sites»."""
    if unit[0].unit not in ("person", "org", "host"):
        return False
    before = max(start, match.start() - 40), match.start()
    if _WHOLE.search(text, *before) or _OUT_OF.search(text, *before) or _RUNS.search(text, *before):
        return True
    return _GOES_ON_AS_BEFORE.match(text, unit[1], end) is not None


def goes_on(text: str, match: re.Match[str], end: int) -> bool:
    """Return whether a number shares the noun of the next one: «1,900 current and 4,400 former employees»."""
    return _AND_MORE.match(text, match.end(), end) is not None


def were_hit(text: str, match: re.Match[str], end: int) -> bool:
    """Return whether a number without a noun tells how many were hit: «41,000 were affected»."""
    return _WERE_HIT.match(text, match.end(), end) is not None


def of_those_hit(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Return whether a number is a part of those hit, of whom no count was told: «of those affected, 310 are in Oregon»."""
    return (
        _OF_THOSE_HIT.match(text, start, match.start()) is not None and _LIVE.match(text, match.end(), end) is not None
    )


def is_part(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Return whether a number is a part of the one before: «41,200 people, of whom 318 live in Vermont»."""
    before = max(start, match.start() - 30), match.start()
    led = _OF_WHOM.search(text, *before) or _OF_THE.match(text, start, match.start())
    return led is not None and _LIVE.match(text, match.end(), end) is not None
