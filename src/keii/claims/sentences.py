"""Text to lines, sentences and clauses, as character ranges."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_END_JA = re.compile(r"[。！？\n]")
_END_EN = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s)|\n")
_SHORT = re.compile(r"\b(?:Inc|Co|Corp|Ltd|Mr|Mrs|Ms|Dr|No|St|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|a\.m|p\.m|U\.S|U\.K|e\.g|i\.e|Gov|Sen|Rep|Gen|vs|approx)\.$")  # fmt: skip
_CLAUSE_JA = re.compile(
    r"(?:(?:た|だ|る|い|す|ん|ず)が|ものの|けれども?|一方で?|ため|ことから|(?:して|されて|れて|おり|あり|され|せず|なく|受け|行い|取り|補う|し|れ|り|え|き|て)(?<![一-龥ァ-ヶー々]より)(?<!報道について)(?<!情報について)(?<!主張について)(?<!有無について)(?<!に対して)(?<!に関して)(?<!に対し)(?<!に関し)(?<!において)(?<!によって)|(?<=[件人点台社円名回分])(?<!会社)で|(?P<cleft>(?<=[一-龥ァ-ヶー」)）どの])で))、|「|」(?=と|。|$)|。(?=[^」])"
)
_CLEFT = re.compile(r"(?:た|だ|る|い)のは")
_CONTRAST = re.compile(
    r"(?:(?:た|だ|る|い|す|ん|ず)が|ものの|けれども?|一方で?|て?おり|あり|(?:確認|判明|発見|検知|把握)(?:し|され)て?|ため|ことから|^で)、$|[「」。]$"
)
_CLAUSE_EN = re.compile(
    r";| and (?=(?:(?:around|about|some|up to|nearly|more than|the|its|their) )?(?:[\w,'-]+ ){1,3}(?:may|might|could) (?:have|be)\b)| and (?=(?:will|would|may|might|could|said|that)\b)|,? (?:but|although|though|while|whereas|however)\b|, (?:which|who)\b(?![^.;]{3,90}?, (?:were|was|are|is|had|has|have|did|do|may|could|will|would)\b)|, (?:adding|nor)\b|, having\b| (?=rather than\b)|, and (?=no(?:ne|t)?\b)|, (?=(?:a (?:portion|part|number)|some|part|most|much|all|many|both|none|one|two|several|each|half) of (?:which|whom|them)\b)|, (?=now (?:says?|said|believes?|acknowledge[sd]?|puts?)\b)|, (?=(?:[\w'-]+ ){1,4}said,)|, (?=(?:\w+ ){0,2}(?:hours?|days?|weeks?|months?|years?) (?:after|before)\b)|, (?=(?:after|before) (?:it|they|the|he|she)\b)|, and (?=(?:it|they|he|she|we|that|has|had|is|was|were|have|will|would|may|said|adding|the \w+ (?:has|had|is|was|were|will|said|did)|\w{4,}ed (?:the|its|a|an|to|that|our|law|all|her|his|their))\b)|(?P<and> and (?=(?:(?:\w+ly|later|then|also|subsequently|now) \w+(?:ed|und|id|old)\b)|(?:(?!that\b|which\b)[\w'-]+ ){1,3}(?:have|has|had|was|were|is|are)(?: not)?(?: \w+ly| also| yet| been){0,2} \w+(?:ed|en|ing|lost|sent|ld)\b))|[:“”\"]"
)
_FINITE = re.compile(
    r"\b(?:was|were|has|have|had|is|are|may|might|could|can|will|would|did|does|said|found|took|got|stole|told|began|\w{3,}ed)\b",
    re.I,
)
LONGEST = (
    1_500  # characters; a longer run without a stop is no sentence and is read in pieces, so that time stays bounded
)
PHRASE = 45  # characters; the same for English
_QUOTES = '“”"'
TERM = 14  # characters; a quotation up to this long is a term, not a statement
_QUOTE_OPEN_LIMIT = 2_000  # a quotation that does not close within this many characters is a stray bracket


class Sentence(msgspec.Struct, frozen=True):
    """A sentence; ``paragraph`` is the start of the line it stands in."""

    start: int
    end: int
    paragraph: int


class Clause(msgspec.Struct, frozen=True):
    """A clause; ``reach`` ends where a later hedge still covers it."""

    start: int
    end: int
    reach: int


def sentences(text: str, lang: str) -> Iterator[Sentence]:
    """Yield sentences without surrounding space. A stop inside 「」 ends nothing; a line break always does."""
    start = paragraph = 0
    for stop in (_END_JA if lang == "ja" else _END_EN).finditer(text):
        mark = stop.group()
        if mark != "\n":
            if lang == "ja":
                if text[stop.end() : stop.end() + 1] in ("）", ")"):
                    continue  # «(以下「委託先」といいます。)»
                opened, closed = text.rfind("「", start, stop.start()), text.rfind("」", start, stop.start())
                if (
                    opened > closed
                    and stop.start() - opened < _QUOTE_OPEN_LIMIT
                    and text.find("」", opened, opened + _QUOTE_OPEN_LIMIT) > 0
                    and "\n" not in text[opened : text.find("」", opened)]
                ):
                    continue
            elif _SHORT.search(text, max(start, stop.start() - 8), stop.start() + 1):
                continue
        yield from _trimmed(text, start, stop.end(), paragraph)
        start = stop.end()
        if mark == "\n":
            paragraph = start
    yield from _trimmed(text, start, len(text), paragraph)


def _trimmed(text: str, start: int, end: int, paragraph: int) -> Iterator[Sentence]:
    piece = text[start:end]
    if len(piece) > LONGEST:
        for at in range(start, end, LONGEST):
            yield from _trimmed(text, at, min(end, at + LONGEST), paragraph)
        return
    bare = piece.strip()
    if bare:
        first = start + len(piece) - len(piece.lstrip())
        yield Sentence(first, first + len(bare), paragraph)


def unquoted(text: str, first: int, last: int, end: int) -> tuple[str, int, int]:
    """Return a stretch without its first long quotation, where the cut is in it, and how many characters were cut.

    What is quoted has its own times and its own subject; «5日、A社から「…」と連絡があり» reads on behind it.
    """
    opened = text.find("「", first, last)
    closed = text.find("」", opened, end) if opened >= 0 else -1
    if closed - opened <= TERM or opened < 0:
        return text[first:last], last - first, 0
    tail = text[closed + 1 : max(last, closed + 1)] if last > closed else text[closed + 1 : end]
    return text[first:opened] + tail, opened - first, closed + 1 - opened


def _is_short_quote(text: str, at: int, sentence: Sentence) -> bool:
    """Return whether the bracket at ``at`` sets off a term («標的型», "unusual") rather than what somebody said."""
    if text[at] in _QUOTES:
        near = [text.find(mark, at + 1, min(sentence.end, at + PHRASE)) for mark in _QUOTES]
        back = [text.rfind(mark, max(sentence.start, at - PHRASE), at) for mark in _QUOTES]
        return max(*near, *back) >= 0
    other = text.find("」", at, sentence.end) if text[at] == "「" else text.rfind("「", sentence.start, at)
    return other >= 0 and abs(other - at) <= TERM


def clauses(text: str, sentence: Sentence, lang: str) -> list[Clause]:
    """Return the clauses of a sentence, in order, that together cover it."""
    cuts: list[tuple[int, bool]] = []
    last = sentence.start
    for cut in (_CLAUSE_JA if lang == "ja" else _CLAUSE_EN).finditer(text, sentence.start, sentence.end):
        if cut.group() in '「」“”"' and _is_short_quote(text, cut.start(), sentence):
            continue
        if lang == "ja" and cut.lastgroup == "cleft" and not _CLEFT.search(text, last, cut.start()):
            continue  # «不正アクセスで、» is a means, «流出したのは氏名などで、» tells a thing of its own
        if lang == "en" and cut.lastgroup == "and" and not _FINITE.search(text, last, cut.start()):
            continue  # «names and addresses were stolen» is one clause
        last = cut.end()
        strong = bool(_CONTRAST.search(cut.group())) if lang == "ja" else True
        cuts.append((cut.end() if lang == "ja" else cut.start(), strong))
    cuts.append((sentence.end, True))
    found: list[Clause] = []
    start = sentence.start
    for at, (end, _) in enumerate(cuts):
        if end > start:
            reach = next(position for position, strong in cuts[at:] if strong)
            found.append(Clause(start, end, reach))
            start = end
    return found
