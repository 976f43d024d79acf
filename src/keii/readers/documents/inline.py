"""Words handed to another source inside a sentence, or by a line such as 「(東京新聞記事より引用)」 below a quote."""

from __future__ import annotations

import re
from collections.abc import Mapping

from keii.readers.documents.blocks import Block, Line, join, lines_of
from keii.readers.documents.publishers import Name, known_names, name_at
from keii.readers.documents.times import find_times

_CREDIT = re.compile(
    r"\s*[-—―–]{0,2}\s*[(（〔\[]?\s*(?:(?:出典|引用元?|参照|source|via)\s*[:：]\s*)?(?P<name>.{2,40}?)"
    r"(?P<cue>(?:の?(?:記事|報道|ニュース|発表|サイト))?(?:より|から)(?:引用|抜粋|転載)?)?\s*[)）〕\]]?\s*",
    re.IGNORECASE,
)
_CREDIT_SIGN = re.compile(r"\s*(?:[(（〔\[]?\s*(?:出典|引用|参照|source|via)\s*[:：]|[-—―–]{1,2}\s*\S)", re.IGNORECASE)
_SENTENCE = re.compile(r"[^。\n]+?(?:。(?![」』])|(?<=[a-z0-9\"”)])\.(?=\s+[A-Z\"“]|\s*$)|$)", re.MULTILINE)
_QUOTE = re.compile(r"「([^「」]{4,600})」|『([^『』]{4,600})』|“([^“”]{8,800})”|\"([^\"\n]{8,800})\"")
_JA_CUE = re.compile(r"(?:と|を)?(?:報じ|伝え|報道|スクープ)|によると|によれば|によりますと")
_EN_AFTER = re.compile(
    r"\s*(?:(?:(?!,\s+(?:[A-Z]|(?:the|a|an|he|she|it)\s))[^.\n]){0,60}?\b)?(?:first\s+)?(?:reported|reports|wrote|revealed|quoted|said)\b"
)
_EN_SPOKEN_TO = re.compile(
    r"\b(?:told|tells|telling|informed|interview with|spoke (?:to|with)|speaking (?:to|with))\s+(?:the\s+)?$"
)
_EN_BEFORE = re.compile(
    r"\b(?:[Aa]ccording to|[Aa]s (?:first\s+)?reported by|(?:first\s+)?reported by)\s+"
    r"(?:an?\s+(?:[\w-]+\s+){0,2}(?:report|article|story)\s+(?:by|in|from|of)\s+)?(?:the\s+)?"
    r"(?:(?:newspaper|website|news\s+(?:site|agency)|broadcaster|magazine|blog)\s+)?$"
)
_EN_CUE = re.compile(r"\b(?:report(?:s|ed)|wrote|revealed|quoted|said|[Aa]ccording to|report (?:by|in))\b")
_STOP = re.compile(r"\s*(?:[|｜]|(?:https?://)?[\w.-]+\.[a-z]{2,}(?:/\S*)?|[■●◆【#].{0,40})?\s*")
_BACK = 8  # lines; a longer stretch without a break is not taken to be one quotation


def quotes_of(text: str, lang: str, taken: list[tuple[int, int]], known: Mapping[str, Block], own: str) -> list[Block]:
    """Return quotations outside ``taken``; they carry the publisher's key, so that they join its dated block."""
    lines = lines_of(text)
    found = _credited(lines, lang, taken)
    busy = taken + [span for block in found for span in block.spans]
    for line in lines:
        if not line.words.strip() or len(line.words) > 100_000:
            continue
        for match in _SENTENCE.finditer(line.words):
            at = line.start + match.start()
            if any(start <= at < end for start, end in busy):
                continue
            block = _handed_over(match[0], at, lang)
            if block is not None and not (own and (block.key in own or own in block.publisher)):
                found.append(block)
    return [block for block in found if block.spans or block.published or block.key not in known]


def _credited(lines: list[Line], lang: str, taken: list[tuple[int, int]]) -> list[Block]:
    blocks = []
    for index, line in enumerate(lines):
        if len(line.words) > 80 or index == 0 or any(start <= line.start < end for start, end in taken):
            continue
        signed = _CREDIT_SIGN.match(line.words)
        if not signed and "より" not in line.words and "から" not in line.words:
            continue  # no cue: the whole pattern is dear to try
        match = _CREDIT.fullmatch(line.words)
        if match is None or not (match["cue"] or signed):
            continue
        name = name_at(match["name"], 0)
        times = find_times(line.words, lang)
        if name is None or len(match["name"]) - len(name.written) > (40 if times else 8):
            continue
        spans = _above(lines, index)
        blocks.append(Block(
            at=spans[0][0] if spans else line.start, key=name.key, publisher=name.written, header=(line.start, line.end),
            published=times[0].moment if times else None, spans=spans,
        ))  # fmt: skip
    return blocks


def _above(lines: list[Line], index: int) -> tuple[tuple[int, int], ...]:
    """Return the quoted lines above a credit line: to the break before them, or the one line where none is near."""
    back = index - 1
    if back >= 0 and not lines[back].words.strip():
        back -= 1
    collected: list[tuple[int, int]] = []
    for number in range(back, max(-1, back - _BACK), -1):
        if _STOP.fullmatch(lines[number].words):
            return join(collected)
        collected.append((lines[number].start, lines[number].end))
    return join(collected if back < _BACK else collected[:1])


def _handed_over(sentence: str, at: int, lang: str) -> Block | None:
    if not (_JA_CUE if lang == "ja" else _EN_CUE).search(sentence):
        return None  # names are dear to look for
    for name in known_names(sentence):
        spans = _japanese(sentence, name, at) if lang == "ja" else _english(sentence, name, at)
        if spans is None:
            continue
        times = find_times(sentence, lang)
        return Block(
            at=at, key=name.key, publisher=name.written, published=times[0].moment if times else None, spans=spans,
        )  # fmt: skip
    return None


def _japanese(sentence: str, name: Name, at: int) -> tuple[tuple[int, int], ...] | None:
    after = sentence[name.end :]
    subject = re.match(r"(?:の記事|の報道)?(?:は|が|も|によると|によれば|によりますと|では)", after)
    if subject is None or not _JA_CUE.search(after):
        return None
    return tuple(
        (at + name.end + match.start() + 1, at + name.end + match.end() - 1) for match in _QUOTE.finditer(after)
    )


def _english(sentence: str, name: Name, at: int) -> tuple[tuple[int, int], ...] | None:
    before, after = sentence[: name.start], sentence[name.end :]
    if _EN_SPOKEN_TO.search(before):
        return None  # who spoke to a paper speaks, not the paper
    cue = _EN_AFTER.match(after)
    lead = _EN_BEFORE.search(before)
    if cue is None and lead is None:
        return None
    quotes = [(at + match.start() + 1, at + match.end() - 1) for match in _QUOTE.finditer(sentence)]
    if quotes:
        return tuple(quotes)
    if cue is not None:
        clause = re.search(r"\bthat\s+(.+?)[.\s]*$", after)
        begin = name.end + clause.start(1) if clause else None
        return ((at + begin, at + name.end + clause.end(1)),) if clause and begin is not None else ()
    if lead is not None and (words := before[: lead.start()].rstrip(" ,")):
        return ((at, at + len(words)),)
    clause = re.match(r"[^,]{0,40},\s*(.+?)[.\s]*$", after)
    return ((at + name.end + clause.start(1), at + name.end + clause.end(1)),) if clause else ()
