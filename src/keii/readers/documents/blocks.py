"""Quoted blocks: a publisher and a time stand at the head, the words of the source below or beside them."""

from __future__ import annotations

import re

import msgspec

from keii.data import load
from keii.model import Moment
from keii.readers.documents.publishers import Name, name_at
from keii.readers.documents.times import Found, find_times

_MARKS = re.compile(r"(?:[\-・•*■●◆▼◇○#>|｜\s]|No\.?\s*\d+|\(?\d{1,2}[).．、:：]|\d{1,2}\s*[|｜]|[①-⑳]|【|［|\[|\()*")
_FILLER = re.compile(
    r"JST|updated|published|更新|配信|付け?|掲載|公開|朝刊|夕刊|日付|[\s|｜、,，。:：;()（）\[\]【】［］「」『』<>—–\-・/]+",
    re.IGNORECASE,
)
_BAR = re.compile(r"\s*[|｜]\s*")
_PARTICLE = re.compile(r"\s*(?:は|が|も|の|に|を|と|や|等|など|によ|だけ|では|から|reported|said|says|has|and|'s|’s)")
_DOMAIN_LINE = re.compile(r"\s*(?:https?://)?[\w.-]+\.[a-z]{2,}(?:/\S*)?\s*")
_TITLE_MAX = 90  # characters; a headline is shorter, a first sentence usually ends in a full stop


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A quoted source before numbering: ``at`` orders it, ``key`` joins its later quotes, ``header`` is its head."""

    at: int
    key: str
    publisher: str
    title: str = ""
    published: Moment | None = None
    updated: Moment | None = None
    header: tuple[int, int] = (0, 0)
    spans: tuple[tuple[int, int], ...] = ()
    kind: str = "news"


class Line(msgspec.Struct, frozen=True):
    """A line of the text without its end, and where it starts."""

    start: int
    words: str

    @property
    def end(self) -> int:
        """Offset after its last character."""
        return self.start + len(self.words)


class _Head(msgspec.Struct, frozen=True):
    name: Name
    times: tuple[Moment, ...]
    updated: Moment | None
    title: str
    title_span: tuple[int, int] | None
    first: int
    after: int
    barred: bool


def lines_of(text: str) -> list[Line]:
    """Return the lines of ``text`` with their offsets."""
    found, at = [], 0
    for words in text.split("\n"):
        found.append(Line(at, words))
        at += len(words) + 1
    return found


def blocks_of(text: str, lang: str) -> list[Block]:
    """Return the blocks of ``text``; a head in its first three lines that is the only one is the document's own."""
    lines = lines_of(text)
    rows = [block for line in lines for block in _row(line, lang)]
    heads: list[_Head] = []
    index = 0
    while index < len(lines):
        head = _head(lines, index, lang)
        if head is None:
            index += 1
            continue
        heads.append(head)
        index = head.after
    top = [number for number, line in enumerate(lines) if line.words.strip()][:3]
    if len(heads) == 1 and not rows and heads[0].first in top and not heads[0].barred:
        marked = _MARKS.match(lines[heads[0].first].words)
        if heads[0].first == top[0] or not (marked and marked[0].strip()):
            return []
    starts = {head.first for head in heads}
    return rows + [_block(lines, head, starts) for head in heads]


def _row(line: Line, lang: str) -> list[Block]:
    """Read one table row (``| 1 | Kyodo | 2020-01-31 01:05 | words |``) as a block."""
    bars = [match.start() for match in re.finditer(r"[|｜\t]", line.words)]
    if len(bars) < 2 or len(line.words) > 20_000:
        return []
    cells, at = [], 0
    for bar in (*bars, len(line.words)):
        cells.append((at, line.words[at:bar]))
        at = bar + 1
    name: Name | None = None
    times: tuple[Found, ...] = ()
    used: set[int] = set()
    for number, (_, cell) in enumerate(cells):
        start = len(cell) - len(cell.lstrip())
        here = name_at(cell, start) if name is None and len(cell) <= _TITLE_MAX else None
        dated = find_times(cell, lang) if len(cell) <= _TITLE_MAX and not times else ()
        if here is not None and not _rest(cell[here.end :], lang, _TITLE_MAX // 3):
            name = here
            used.add(number)
        if (dated and not _rest(cell[: dated[0].start], lang, 30)) or (dated and here is not None):
            times = dated
            used.add(number)
    if name is None or not times:
        return []
    spans, title = [], ""
    for number, (at, cell) in enumerate(cells):
        words = cell.strip()
        if number in used or len(words) < 4 or re.fullmatch(r"[\d\s:=+-]+", words):
            continue
        begin = line.start + at + cell.index(words)
        spans.append((begin, begin + len(words)))
        if not title and len(words) <= _TITLE_MAX and not words.endswith("。"):
            title = words
    return [Block(
        at=line.start, key=name.key, publisher=name.written, title=title, published=times[0].moment,
        updated=times[1].moment if len(times) > 1 else None, header=(line.start, line.start), spans=tuple(spans),
    )]  # fmt: skip


def _rest(words: str, lang: str, most: int) -> str:
    """Return what is left of a short text without its times, names of editions and punctuation."""
    for found in reversed(find_times(words, lang)):
        words = words[: found.start] + words[found.end :]
    left = _FILLER.sub("", words)
    return left if len(left) > most else ""


def _head(lines: list[Line], index: int, lang: str) -> _Head | None:
    """Return the head that starts at line ``index``: a publisher and its time on one line or on two."""
    words = lines[index].words
    if not 2 <= len(words.strip()) <= 200:
        return None
    mark = _MARKS.match(words)
    begin = mark.end() if mark else 0
    name = name_at(words, begin)
    here = find_times(words, lang)
    if name is None and here and here[0].start <= begin + 2:
        # The time may stand before the name.
        after = here[-1].end
        gap = re.match(r"[\s、,:：|()（）—–-]*", words[after:])
        name = name_at(words, after + (gap.end() if gap else 0))
    if name is None or (_PARTICLE.match(words, name.end) and not here):
        return None
    if here:
        return _one_line(lines, index, name, here, lang)
    if _FILLER.sub("", words[name.end :]):
        return None
    following = next((i for i in range(index + 1, min(index + 3, len(lines))) if lines[i].words.strip()), None)
    if following is None:
        return None
    below = lines[following].words
    times = find_times(below, lang)
    if not times or _left_over(below, lang, times):
        return None
    published, updated = _two(below, times, lang)
    return _Head(name, (published,), updated, "", None, index, following + 1, _is_bar(lines, following + 1))


def _one_line(lines: list[Line], index: int, name: Name, times: tuple[Found, ...], lang: str) -> _Head | None:
    words = lines[index].words
    last = max(name.end, times[-1].end)
    between = words[min(name.end, times[-1].end) : max(name.start, times[0].start)]
    if len(_FILLER.sub("", between)) > 6 or _PARTICLE.match(words, name.end):
        return None
    tail = words[last:]
    trimmed = tail.strip(' 　:：)）]】「」『』"“”—–-|｜、,')
    if len(trimmed) > _TITLE_MAX or trimmed.endswith("。") or re.match(r"\s*(?:に|の|は|、|,\s+[a-z]|that|when)", tail):
        return None
    published, updated = _two(words, times, lang)
    title_span = None
    if trimmed and not _is_filler(trimmed):
        at = lines[index].start + last + tail.index(trimmed)
        title_span = (at, at + len(trimmed))
    else:
        trimmed = ""
    return _Head(
        name,
        (published,),
        updated,
        trimmed.strip('「」『』"“”'),
        title_span,
        index,
        index + 1,
        _is_bar(lines, index + 1),
    )


def _is_filler(words: str) -> bool:
    return not _FILLER.sub("", words)


def _two(words: str, times: tuple[Found, ...], lang: str) -> tuple[Moment, Moment | None]:
    """Return the publication and the update time of a head; the second may leave out the year."""
    first = times[0]
    year = first.moment.edtf[:4]
    every = find_times(words, lang, int(year)) if year.isdigit() else times
    others = [found for found in every if found.start >= first.end]
    updated = others[0].moment if others else None
    if updated is not None and updated.zone_inferred and not first.moment.zone_inferred and lang == "ja":
        updated = (
            msgspec.structs.replace(updated, zone_inferred=False) if updated.zone == first.moment.zone else updated
        )
    return first.moment, updated


def _left_over(words: str, lang: str, times: tuple[Found, ...]) -> str:
    year = times[0].moment.edtf[:4]
    every = find_times(words, lang, int(year)) if year.isdigit() else times
    for found in reversed(every):
        words = words[: found.start] + words[found.end :]
    return _FILLER.sub("", words)


def _is_bar(lines: list[Line], index: int) -> bool:
    return index < len(lines) and bool(_BAR.fullmatch(lines[index].words))


def _block(lines: list[Line], head: _Head, starts: set[int]) -> Block:
    """Collect the words below a head: to the closing bar of a table cell, else to the end of the paragraph."""
    omitted = load("documents/cues")["omitted"]
    index = head.after
    if head.barred:
        index += 1
    else:
        while index < len(lines) and not lines[index].words.strip() and index < head.after + 1:
            index += 1
    quoted = index < len(lines) and lines[index].words.lstrip().startswith((">", "＞"))
    title, spans, first = head.title, [], index
    if head.title_span:
        spans.append(head.title_span)
    while index < len(lines):
        line = lines[index]
        bare = line.words.strip()
        if (_BAR.fullmatch(line.words) and head.barred) or (index in starts and index > first - 1 and not head.barred):
            break
        if not head.barred and (
            not bare or (quoted and not bare.startswith((">", "＞"))) or _DOMAIN_LINE.fullmatch(bare)
        ):
            break
        if bare and bare not in omitted and bare.strip("()（）") not in omitted:
            if not title and not spans and len(bare) <= _TITLE_MAX and not bare.endswith(("。", ".")):
                title = bare.lstrip("> ＞「『").rstrip("」』")
            spans.append((line.start, line.end))
        index += 1
    return Block(
        at=lines[head.first].start, key=head.name.key, publisher=head.name.written, title=title,
        published=head.times[0], updated=head.updated,
        header=(lines[head.first].start, lines[head.after - 1].end), spans=join(spans),
    )  # fmt: skip


def join(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join spans of adjoining lines; a line left out between two keeps them apart."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
