"""Extracted text and what is known of it, made into a Document: language, kind, byline, embedded sources."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from keii.data import load
from keii.model import Document, Moment, RejectedDate, Source
from keii.model.document import READ
from keii.readers.documents.archived import banner_of, without
from keii.readers.documents.blocks import blocks_of
from keii.readers.documents.byline import first_lines, read_byline
from keii.readers.documents.embedded import embedded_sources
from keii.readers.documents.language import kind_of, language
from keii.readers.documents.publishers import name_at
from keii.readers.documents.signed import REGISTRANT, SIGNATURE, no_site, signed, speaks_for_itself, tells_of_itself
from keii.readers.documents.times import find_times

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
    foot: str = ""  # the words of the page's foot, which is no part of the text


def assemble(text: str, source: Source, known: Known) -> Document:
    """Return the Document of ``text``; what the format did not tell is read from the visible text."""
    lang = language(text)
    title, headings = known.title, known.headings
    publisher = known.publisher
    banner = banner_of(text)
    url = known.url or banner.url
    first = [line for line in first_lines(text) if line[0] not in banner.lines and not _says_no_name(line[1])]
    tops = first[:2] if first and _is_time(first[0][1], lang) else first[:1]  # the day may stand above the name
    for _, line in tops if not publisher else ():
        name = name_at(line, 0)
        if name is not None and len(line) - len(name.written) <= 40:
            publisher = name.written
    if not publisher and not known.url:
        publisher = _named_by_place(first, lang)
    notes = (
        (*known.notes, "an archived copy: its banner tells neither publisher nor date") if banner.lines else known.notes
    )
    own = not publisher and kind_of(text, title) in _NOTICES and speaks_for_itself(text, lang)
    told = signed(without(text, banner), lang, url, known.foot) if own else None
    if told is not None:
        publisher, notes = told.name, (*notes, f"publisher told by {told.by}")
    if not publisher and url:
        publisher = (urlsplit(url).hostname or "").removeprefix("www.")
    if not title:
        title = _title([line for line in first if line[1].strip() != publisher], lang)
    if not headings and title and (at := text.find(title)) >= 0 and at < 2_000:
        headings = ((at, at + len(title)),)
    read = text[:READ]
    if len(text) > READ:
        notes = (*notes, f"claims and quoted sources are read from the first {READ:,} of {len(text):,} characters")
    quoted = [span for block in blocks_of(read, lang) for span in (block.header, *block.spans)]
    byline = read_byline(text, lang, quoted)
    published, updated = known.published or byline.published, known.updated or byline.updated
    author = known.author or (match[1] if (match := _BYLINE.search(text[:1_500])) else "")
    kind = kind_of(text, title, publisher)
    if kind == "other" and (tells_of_itself(text, lang) or (told is not None and told.by in (SIGNATURE, REGISTRANT))):
        kind = "statement"
    return Document(
        source=source.id, name=source.name, text=text, lang=lang, publisher=publisher, title=title, url=url,
        author=author, kind=kind, published=published, updated=updated,
        rejected=(*known.rejected, *byline.rejected), embedded=embedded_sources(read, lang, publisher),
        pages=known.pages, headings=headings, notes=notes,
    )  # fmt: skip


_NOTICES = ("statement", "government", "report", "other")  # who tells of others quotes their «we» and 「当社」 too
_OFFICE = re.compile(r".{0,12}第\s?\d+号|(?:代表)?取締役.{0,20}")  # a letter's number, its signature


def _says_no_name(line: str) -> bool:
    """Tell a rule of signs, or a line that opens any letter: «各位», «FOR IMMEDIATE RELEASE»."""
    bare = line.strip()
    cues = load("documents/cues")
    return (
        re.search(r"\w", bare) is None or _OFFICE.fullmatch(bare) is not None or bare.lower() in cues["openings"]
        or (len(bare) <= 30 and bare.endswith(tuple(cues["addressed"])))
    )  # fmt: skip


_AGENCY = re.compile(r"©\s*(?:\d{4}\s*)?([^\d.。,、|©]{2,40})")
_ORGANISATION = re.compile(
    r"(?:株式会社|有限会社|合同会社|法人|機構|協会|組合|大学|病院|市|町|村|県|府|省|庁|委員会|銀行|Inc\.?|Corp\.?|Ltd\.?|LLC|plc|Company|Council|University|Hospital)"
)


def _named_by_place(first: list[tuple[int, str]], lang: str) -> str:
    """Return who publishes a text by where the name stands: on a line of its own before or after the line of the date.

    «みなと経済», then «2024年4月12日 10:15»; or «2024年3月5日», then «白嶺重工業株式会社».
    """
    if len(first) < 3:
        return ""
    lines = [line.strip() for _, line in first[:3]]
    if agencies := [match[1].strip() for line in lines if (match := _AGENCY.fullmatch(line))]:
        return agencies[0]  # «©洋上通信社» on a line of its own below the headline
    if (beside := _beside_time(lines[1], lang)) and not _is_time(lines[0], lang):
        return beside  # the headline, then «西海日報 2023年3月14日 11時05分»
    dated = [_is_time(line, lang) for line in lines]
    if dated[1] and not dated[0] and _is_name_line(lines[0]):
        return lines[0]
    if dated[0] and not dated[1] and _is_name_line(lines[1]) and _ORGANISATION.search(lines[1]):
        return lines[1]
    return ""


def _beside_time(line: str, lang: str) -> str:
    """Return the name that stands on one line with a time, and with nothing else."""
    times = find_times(line, lang)
    if len(times) != 1:
        return ""
    rest = _CREDIT.sub("", line[: times[0].start] + "\n" + line[times[0].end :]).strip(
        " \u3000\n|｜・/-–—()（）[]【】,、"
    )
    return rest if "\n" not in rest and 2 <= len(rest) <= 20 and _is_name_line(rest) and not _LABEL.search(rest) else ""


_CREDIT = re.compile(r"[(（]?\bJST\b[)）]?|©\s*(?:\d{4}\s)?")  # «10:32 (JST) ©通信社»: the credit names the agency
_LABEL = re.compile(
    r"(?i)更新|公開|配信|掲載|発表|投稿|追記|日時|日付|時刻|現在|付|号$|曜|ページ|[Uu]pdated|[Pp]ublished|[Pp]osted|[Dd]ate|^[Bb]y\b|記者|JST|GMT"
)


def _is_time(line: str, lang: str) -> bool:
    times = find_times(line, lang)
    return bool(times) and sum(found.end - found.start for found in times) > 0.5 * len(line)


def _is_name_line(line: str) -> bool:
    if not 2 <= len(line) <= 30 or re.search(
        r"[。．、「」?？!！:：]|(?:か|も|へ|に|を|と|た|恐れ|おそれ|疑い)$|\d", line
    ):
        return False
    if (
        line.lower() in load("documents/cues")["sections"]
        or no_site(line)
        or re.search(r"(?:概要|会見録|議事録|について)$", line)
    ):
        return False
    if line.isascii():
        return all(
            word[0].isupper() or word in {"of", "the", "and", "for", "plc", "de", "van", "von", "&"}
            for word in line.split()
        )
    if re.search(r"[\u30a1-\u30fc\u4e00-\u9fff][をがはにへ][\u30a1-\u30fc\u4e00-\u9fff]", line):
        return False  # «重工に攻撃»
    return len(line) <= 8 or re.search(r".[をがはにへ].", line) is None  # a headline has a verb's companions


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
        return "" if bare.endswith(("。", "｡", ",")) or (bare.endswith(".") and len(bare) > 60) else bare
    return ""
