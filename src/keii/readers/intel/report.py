"""Threat reports in text, HTML, PDF, Word, Markdown or AsciiDoc: indicators with their sentences, and patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keii.errors import UnreadableError
from keii.model import Document, Indicator, IntelPattern, Locator, Skipped, Source
from keii.readers.documents import read as read_document
from keii.readers.documents.encoding import decode
from keii.readers.intel.behaviour import patterns_of
from keii.readers.intel.defang import Seen, find
from keii.readers.intel.interface import IntelReader
from keii.readers.intel.named import named_things
from keii.readers.intel.report_words import Words
from keii.readers.intel.roles import is_benign, is_ioc_heading, is_reference_heading, role_of
from keii.readers.intel.values import make

MAX_REPORT = 20_000_000  # characters
_SHARED = re.compile(r"\bAS\d+\b")
_NUMBERED = re.compile(  # what stands before figures that number something
    r"(?:\b(?:v|ver|version|versions|build|release|firmware|revision|update|patch|section|chapter|figure|table|step|OID|RFC)\.?"
    r"|\b(?:[A-Z][A-Za-z]*(?:SSL|OS|SDK|VPN|Server|Exchange|Chrome|Firefox|Java|Office)|Windows|Chrome|Firefox|Office|Java|Python|PHP)"
    r"|§|バージョン|版|第|[-_/])\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(  # a row of a table that says of a name when it was seen, or where it pointed
    r"\s*[|｜]\s*[*`]*[\w.-]+[*`]*\s*[|｜].*(?:\b\d{4}-\d\d-\d\d\b|\b\d{1,3}(?:\[?\.\]?\d{1,3}){3}\b|\b[0-9a-fA-F]{32,64}\b)"
)
_HEADED = re.compile(
    r"[\s#*=]*\d{1,2}(?:\.\d{1,2}){3}\.?\s+[*]*[A-Z\u3041-\u9fff]"
)  # the number of a section and its title
_MOST_SECTIONS = 30
_OR_LATER = re.compile(
    r"\s*(?:and|or)\s+(?:later|earlier|newer|older|before|above|below|prior)\b|\s*(?:以降|以前|より前|未満)"
)
_ROW = re.compile(r"\s*[|｜]|.*\S(?:\s{2,}|\t| \| )\S")


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Say how surely the head is a document with indicators; lists and structured formats are surer of theirs."""
    if head.startswith(b"%PDF-") or (head.startswith(b"PK") and b"word/" in head):
        return 0.5
    try:
        text, _ = decode(head)
    except UnreadableError:
        return 0.0
    marks = len(
        re.findall(
            r"\[\.\]|hxxps?|\[dot\]|\b[0-9a-fA-F]{64}\b|\b[0-9a-fA-F]{40}\b|\bIOCs?\b|[Ii]ndicators? of [Cc]ompromise",
            text,
        )
    )
    return 0.45 if marks else 0.31


def read(data: bytes, source: Source) -> Iterator[Indicator | IntelPattern | Skipped]:
    """Yield what a report tells; raises UnreadableError for a document that cannot be read."""
    return read_text(read_document(data, source), source)


def read_text(document: Document, source: Source) -> Iterator[Indicator | IntelPattern | Skipped]:
    """Yield the indicators and patterns of a document that is extracted already, once per value and sentence."""
    text = document.text
    if len(text) > MAX_REPORT:
        yield Skipped(place=f"character {MAX_REPORT:,} to the end", reason="the report is too long", count=0)
        text = text[:MAX_REPORT]
    words = Words(text)
    own = _own_site(document)
    seen_before: set[tuple[str, str]] = set()
    for seen in find(text):
        indicator = _indicator(seen, words, source, document, own)
        if indicator is not None and (indicator.kind, indicator.value) not in seen_before:
            seen_before.add((indicator.kind, indicator.value))
            yield indicator
    for start, end, value in named_things(text):
        if (value.kind, value.value) not in seen_before:
            seen_before.add((value.kind, value.value))
            sentence = words.sentence(start, end)
            where = _locator(source, document, start, end)
            yield make(value, source, text[start:end], sentence=sentence, role=role_of(sentence), locator=where)
    for start, end, pattern in patterns_of(text, source):
        yield _placed(pattern, _locator(source, document, start, end))


def _placed(pattern: IntelPattern, locator: Locator) -> IntelPattern:
    return IntelPattern(
        source=pattern.source, source_name=pattern.source_name, sentence=pattern.sentence, uri=pattern.uri,
        user_agent=pattern.user_agent, method=pattern.method, port=pattern.port, period=pattern.period, locator=locator,
    )  # fmt: skip


def _own_site(document: Document) -> str:
    match = re.match(r"https?://(?:www\.)?([^/:]+)", document.url)
    return match[1].lower() if match else ""


def _locator(source: Source, document: Document, start: int, end: int) -> Locator:
    page = sum(1 for offset in document.pages if offset <= start) or None
    return Locator(source=source.id, start=start, end=end, page=page)


def _indicator(seen: Seen, words: Words, source: Source, document: Document, own: str) -> Indicator | None:
    section = words.section(seen.start)
    line = words.near(seen.start)
    sentence = words.sentence(seen.start, seen.end)
    listed = len(line.strip()) - (seen.end - seen.start) < 12 or bool(_ROW.match(line)) or _in_code(words.text, seen)
    at = sentence.find(seen.written)
    role = role_of(sentence, at if at >= 0 else None) or role_of(section)
    withheld = ""
    if own and re.search(rf"(?:^|[@/.]){re.escape(own)}(?:[:/]|$)", seen.value.value):
        role, withheld = "vendor", "the publisher's own site"
    elif not seen.defanged:
        # What a report leaves clickable it means to be clicked on, unless it stands in a list of indicators.
        top = words.sections[0].words if words.sections else ""
        opened = is_ioc_heading(section) and section != top and not is_reference_heading(section)
        figures = seen.value.kind in {"ip", "cidr"}
        numbered = figures and not _is_address(words.text, seen)
        told = role in {"c2", "download", "exfiltration"} and not is_reference_heading(section)
        bare = figures and role not in {"victim", "vendor"}
        dated = seen.value.kind == "domain" and _DATED.match(line) is not None
        meant = (opened and listed) or ((told or bare or dated) and not numbered)
        if _is_link(words.text, seen) or not meant:
            role = role if role in {"vendor", "victim"} else "reference"
            withheld = "written as a link, outside any list of indicators"
    elif is_benign(sentence) and seen.value.kind in {"domain", "url", "ip", "email"}:
        role, withheld = "reference", "told as legitimate"
    elif role in {"reference", "vendor"}:
        # Nobody defangs a reference: the cue belongs to other words of the line.
        role = None
    return make(
        seen.value, source, seen.written, sentence=sentence, role=role,
        locator=_locator(source, document, seen.start, seen.end), withheld=withheld,
    )  # fmt: skip


def _is_address(text: str, seen: Seen) -> bool:
    """Say whether bare figures with dots are an address of a host, not the number of a version or a section."""
    if _HEADED.match(text, text.rfind("\n", 0, seen.start) + 1, seen.end + 40) and all(
        int(part) <= _MOST_SECTIONS for part in seen.value.value.partition("/")[0].split(".") if part.isdigit()
    ):
        return False
    return not _NUMBERED.search(text[max(0, seen.start - 40) : seen.start]) and not _OR_LATER.match(text, seen.end)


def _is_link(text: str, seen: Seen) -> bool:
    """A link to click on: AsciiDoc's ``address[text]``, ``link:address``, Markdown's ``[text](address)``, ``<address>``."""
    after, before = text[seen.end : seen.end + 1], text[max(0, seen.start - 5) : seen.start]
    return after == "[" or before.endswith(("](", "link:")) or (after == ">" and before.endswith("<"))


def _in_code(text: str, seen: Seen) -> bool:
    before, after = text[max(0, seen.start - 2) : seen.start], text[seen.end : seen.end + 1]
    return (before.endswith("`") and after == "`") or before.endswith("+")


READER = IntelReader(id="report", title="Threat report", accepts=accepts, read=read)
