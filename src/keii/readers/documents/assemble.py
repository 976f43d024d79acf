"""Extracted text and what is known of it, made into a Document: language, kind, byline, embedded sources."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from keii.data import load
from keii.model import Document, Moment, RejectedDate, Source
from keii.readers.documents.blocks import blocks_of
from keii.readers.documents.embedded import embedded_sources
from keii.readers.documents.language import kind_of, language
from keii.readers.documents.publishers import name_at
from keii.readers.documents.times import Found, find_times, fold

_HEAD_LINES = 14  # non-blank lines from the top in which a byline is looked for
_TAIL_LINES = 4
_BYLINE = re.compile(
    r"(?:^|[\s(（])(?:By|文[=＝:：]|記者[=＝:：]|著者[:：]|投稿者[:：]|Author:)\s*([A-Z][\w.'-]+(?:\s[A-Z][\w.'-]+){1,3}|[^\s、。()（）]{2,12})"
)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the format told of a document besides its text."""

    publisher: str = ""
    title: str = ""
    url: str = ""
    author: str = ""
    published: Moment | None = None
    updated: Moment | None = None
    rejected: tuple[RejectedDate, ...] = ()
    pages: tuple[int, ...] = ()
    headings: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


class Byline(msgspec.Struct, frozen=True):
    """Times that the visible text gives for itself, and those it gives for something else."""

    published: Moment | None = None
    updated: Moment | None = None
    labelled: bool = False
    rejected: tuple[RejectedDate, ...] = ()


def assemble(text: str, source: Source, known: Known) -> Document:
    """Return the Document of ``text``; what the format did not tell is read from the visible text."""
    lang = language(text)
    title, headings = known.title, known.headings
    publisher = known.publisher
    first = _first_lines(text)
    if not publisher and first:
        name = name_at(first[0][1], 0)
        if name is not None and len(first[0][1]) - len(name.written) <= 40:
            publisher = name.written
    if not title:
        title = _title(first, lang)
    if not headings and title and (at := text.find(title)) >= 0 and at < 2_000:
        headings = ((at, at + len(title)),)
    quoted = [span for block in blocks_of(text, lang) for span in (block.header, *block.spans)]
    byline = read_byline(text, lang, quoted)
    published, updated = known.published or byline.published, known.updated or byline.updated
    author = known.author or (match[1] if (match := _BYLINE.search(text[:1_500])) else "")
    return Document(
        source=source.id, name=source.name, text=text, lang=lang, publisher=publisher, title=title, url=known.url,
        author=author, kind=kind_of(text, title), published=published, updated=updated,
        rejected=(*known.rejected, *byline.rejected), embedded=embedded_sources(text, lang, publisher),
        pages=known.pages, headings=headings, notes=known.notes,
    )  # fmt: skip


def _first_lines(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for line in text[:8_000].split("\n"):
        if line.strip():
            found.append((at, line))
        at += len(line) + 1
        if len(found) >= _HEAD_LINES:
            break
    return found


def _title(first: list[tuple[int, str]], lang: str) -> str:
    """Return the first short line that is neither a time nor a publisher nor a sentence."""
    for _, line in first[:5]:
        if re.match(r"\s*[・•*\-]", line) or "。" in line:
            return ""  # a list or running text begins: there is no headline
        bare = line.strip().lstrip("=#■● ").strip()
        name = name_at(bare, 0)
        if (name is not None and len(bare) - len(name.written) <= 12) or not 4 <= len(bare) <= 120:
            continue
        times = find_times(bare, lang)
        if times and sum(found.end - found.start for found in times) > 0.4 * len(bare):
            continue
        return "" if bare.endswith(("。", "｡")) or (bare.endswith(".") and len(bare) > 60) else bare
    return ""


def read_byline(text: str, lang: str, quoted: Sequence[tuple[int, int]] = ()) -> Byline:
    """Return the times of the head (or a labelled one of the foot) of a text, labelled ones first, none of ``quoted``."""
    cues = load("documents/cues")
    published: Moment | None = None
    updated: Moment | None = None
    bare: Moment | None = None
    rejected: list[RejectedDate] = []
    head = _first_lines(text)
    tail = [(0, line) for line in text[-2_000:].split("\n") if line.strip()][-_TAIL_LINES:] if len(text) > 400 else []
    for number, (at, line) in enumerate([*head, *tail]):
        if len(line) > 240 or (number < len(head) and any(start <= at < end for start, end in quoted)):
            continue
        times = find_times(line, lang)
        for found in times:
            label = _label(line, found, times)
            refused = _refused(line, label, cues)
            if refused:
                rejected.append(
                    RejectedDate(as_text=found.moment.as_text, place=f"line: {line.strip()[:60]}", reason=refused)
                )
            elif _ends_with(label, cues["updated"]):
                updated = updated or found.moment
            elif _ends_with(label, cues["published"]):
                published = published or found.moment
            elif bare is None and number < len(head) and _stands_alone(line, times):
                bare = found.moment
    return Byline(published or bare, updated, published is not None, tuple(rejected))


def _label(line: str, found: Found, times: tuple[Found, ...]) -> str:
    begin = max((other.end for other in times if other.end <= found.start), default=0)
    after = re.match(r"\s*(?:\(JST\))?\s*(updated|更新|公開|配信|掲載)", line[found.end :])
    return after[1] if after else line[begin : found.start]


def _ends_with(label: str, words: list[str]) -> bool:
    bare = label.strip(" 　:：|｜-–—・[]【】()（）<>").lower()
    return any(bare.endswith(word.lower()) for word in words)


def _refused(line: str, label: str, cues: dict[str, list[str]]) -> str:
    lower = line.lower()
    if any(word in lower for word in cues["furniture"]):
        return "a copyright line"
    if any(word in lower for word in cues["archive"]):
        return "the day an archive saved the page"
    bare = label.strip(" 　:：は").lower()
    return "the day the page was looked at" if bare in cues["today"] else ""


def _stands_alone(line: str, times: tuple[Found, ...]) -> bool:
    """A byline is a time with few words beside it; a sentence that mentions a day is none."""
    rest = fold(line)
    for found in reversed(times):
        rest = rest[: found.start] + rest[found.end :]
    rest = rest.strip()
    return (
        len(rest) <= 60
        and not rest.startswith(("・", "•", "*", "- "))
        and not rest.endswith(("。", "、"))
        and not re.search(r"[。、]|\b(?:said|was|were|on)\b", rest)
    )
