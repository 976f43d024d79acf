"""HTML pages: the main text without furniture and ruby readings, and what the page says of itself."""

from __future__ import annotations

import re
from typing import Any

import lxml.etree
import lxml.html
import msgspec
import trafilatura

from keii.errors import LimitError, UnreadableError
from keii.model import Document, Source
from keii.readers.documents.assemble import Known, assemble
from keii.readers.documents.byline import read_byline
from keii.readers.documents.encoding import decode
from keii.readers.documents.html_dates import ARCHIVES, linked_data
from keii.readers.documents.html_furniture import take_out
from keii.readers.documents.html_stories import stories_of, told_apart
from keii.readers.documents.html_tags import flatten, tame
from keii.readers.documents.html_text import clean, depth_of, walk
from keii.readers.documents.html_times import page_times
from keii.readers.documents.interface import DocumentReader
from keii.readers.documents.language import language, named_kind
from keii.readers.documents.signed import no_site

MAX_HTML = 24 * 1024 * 1024  # bytes of a page; real ones stay under 5 MB
MAX_DEPTH = 200  # nesting up to which trafilatura is asked; it walks recursively
MAX_EXTRACT = 1_500_000  # characters up to which trafilatura is asked; it needs seconds for longer ones
_SIGNS = re.compile(
    rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<article[\s>]|<meta\s|<div[\s>]|<p[\s>]", re.IGNORECASE
)
_REPLAYED = re.compile(
    r"^https?://[^/]*archive[^/]*/(?:web/)?\d{8,14}[a-z_]*/(?=https?:)"
)  # an archive's address before
_FRAME = re.compile(r"[._](?:files|データ|ファイル)/saved_resource[^/]*$")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)


def accepts(head: bytes, name: str) -> float:
    """Say how surely the head is an HTML page; told by its tags, in any single-byte-compatible encoding."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = head.replace(b"\x00", b"")
    if _FRAME.search(name):
        return 0.0  # an advertisement or frame that a browser saved beside the page
    first = head[:8_192].lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(
        rb"(?:<\?xml[^>]*\?>\s*|<!--.{0,2000}?-->\s*)*(?:<!doctype\s+html|<html[\s>])", first, re.IGNORECASE | re.DOTALL
    ):
        return 0.95
    marks = len({match.lower() for match in _SIGNS.findall(first)})
    if first.startswith(b"<") and marks:
        return 0.7
    return 0.5 if marks >= 3 and name.lower().endswith((".html", ".htm", ".xhtml")) else 0.0


def read(data: bytes, source: Source) -> Document:
    """Return the document of a page; raises LimitError for a page too large, UnreadableError for one without text."""
    if len(data) > MAX_HTML:
        raise LimitError(f"the page has {len(data):,} bytes; at most {MAX_HTML:,} are read", place=source.name)
    page, notes = decode(data, declared(data))
    return read_page(page, source, notes)


def declared(data: bytes) -> str | None:
    """Return the charset that a page names in its first lines."""
    return match[1].decode("ascii") if (match := _CHARSET.search(data[:4_096])) else None


def read_page(page: str, source: Source, notes: tuple[str, ...] = (), url: str = "") -> Document:
    """Return the document of a page that is decoded already (a part of a mail, a record of an archive)."""
    page, overfull = tame(page)
    page, deep = flatten(page)
    root = parse(page, source.name)
    about = metadata(root, url)
    foot = foot_of(root)
    cleaned = clean(root)
    if overfull:
        cleaned = (*cleaned, f"{overfull} tags with hundreds of attributes read without these")
    if deep:
        cleaned = (*cleaned, f"{deep:,} elements nested too deep read without their tags, their words kept")
    if linked := take_out(root):
        cleaned = (*cleaned, f"{linked} lists of links to other stories left out")
    visible = walk(root)
    stories = stories_of(root)
    text, how = (visible, (f"{len(stories)} stories on one page",)) if stories else _main_text(root, visible, len(page))
    if not text.strip():
        raise UnreadableError("the page holds no text that can be read", place=source.name)
    lang = language(text)
    byline = read_byline(text, lang)
    if not byline.labelled or byline.published is None or "T" not in byline.published.edtf:
        around = read_byline(_around(visible, about.title), lang)
        coarse = byline.published is None or "T" not in byline.published.edtf
        if around.published is not None and (around.labelled > byline.labelled or (coarse and not byline.labelled)):
            byline = around
    times = page_times(root, lang, byline, about.url)
    if about.title and about.title not in text[: len(about.title) + 600]:
        text = f"{about.title}\n{text}"
    document = assemble(text, source, msgspec.structs.replace(
        about, published=times.published, updated=times.updated, rejected=times.rejected, notes=(*notes, *cleaned, *how),
        foot=foot,
    ))  # fmt: skip
    if not stories:
        return document
    apart = told_apart(text, stories, document.publisher, document.published, lang)
    return msgspec.structs.replace(document, embedded=apart or document.embedded)


def parse(page: str, place: str) -> Any:
    """Return the root element of a page; entities are not expanded beyond HTML's own, nothing is fetched."""
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise UnreadableError(f"the page cannot be parsed: {error}", place=place) from error
    if root is None:
        raise UnreadableError("the page holds no element", place=place)
    return root


def _main_text(root: Any, visible: str, size: int) -> tuple[str, tuple[str, ...]]:
    """Return the article; the whole visible text where the extractor finds nothing or too little to be the article."""
    if size > MAX_EXTRACT or depth_of(root) > MAX_DEPTH:
        return visible, ("the page is too large or too deep for main text extraction: its whole visible text is kept",)
    article = "\n".join(
        walk(element)
        for element in root.iter("article", "main")
        if next(element.iterancestors("article", "main"), None) is None
    )
    try:
        main = (
            trafilatura.extract(
                lxml.html.tostring(root, encoding="unicode"), include_comments=False, include_tables=True
            )
            or ""
        )
    except (lxml.etree.LxmlError, ValueError, RecursionError, AttributeError, TypeError) as error:
        return visible, (f"main text extraction failed ({type(error).__name__}): the whole visible text is kept",)
    if len(main) >= 0.5 * len(article) and len(main) >= min(200, 0.5 * len(visible)):
        return main, ()
    if (article and len(article) <= 4 * max(len(main), 1)) or (article and len(visible) < 4_000):
        return article, ("text of the page's article element",)
    return (
        (main, ()) if len(main) >= 200 else (visible, ("the whole visible text is kept: no article was found in it",))
    )


def _around(visible: str, title: str) -> str:
    at = visible.find(title) if title else -1
    return visible[max(0, at - 200) : at + len(title) + 1_500] if at >= 0 else visible[:3_000]


def metadata(root: Any, url: str) -> Known:
    """Return title, publisher, address and author as the page states them: JSON-LD, meta tags, then visible elements."""
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = str(meta.get("property") or meta.get("name") or "").lower()
        if key and meta.get("content"):
            metas.setdefault(key, " ".join(str(meta.get("content")).split())[:500])
    objects = linked_data(root)
    headline = next((_words(item.get("headline")) for item in objects if item.get("headline")), "")
    publisher = next((_words(item.get("publisher")) for item in objects if item.get("publisher")), "")
    author = next((_words(item.get("author")) for item in objects if item.get("author")), "")
    tops = [" ".join("".join(element.itertext()).split()) for element in root.iter("h1")]
    named = next((" ".join((element.text or "").split()) for element in root.iter("title")), "")
    canonical = next(
        (str(link.get("href")) for link in root.iter("link") if "canonical" in str(link.get("rel", ""))), ""
    )
    title = headline or metas.get("og:title", "") or next((top for top in tops if top), "") or named
    names = (metas.get("og:site_name", ""), publisher, metas.get("application-name", ""))
    site = next((name for name in names if name and not ARCHIVES.search(name) and not no_site(name)), "")
    if not site and (parts := re.split(r"\s*[|｜]\s*|\s+[-–—:：]\s+", named)) and len(parts) > 1:
        site = _site_of(parts, tops)
    return Known(
        publisher=site[:200], title=_without_site(title, site)[:500],
        url=_REPLAYED.sub("", canonical or metas.get("og:url", "") or url)[:2_000], author=(author or metas.get("author", ""))[:200],
    )  # fmt: skip


def foot_of(root: Any) -> str:
    """Return the words of a page's foot and its head's banner, which are no part of its article: a copyright line, a name."""
    found = [" ".join(element.text_content().split())[:2_000] for element in root.iter("footer", "address", "small")]
    marked = root.xpath("//*[contains(@class, 'copyright') or contains(@id, 'copyright') or @id='footer']")
    found += [" ".join(element.text_content().split())[:2_000] for element in marked[:20]]
    return "\n".join(dict.fromkeys(words for words in found[:60] if words))[-6_000:]


def _site_of(parts: list[str], tops: list[str]) -> str:
    """Return the part of a page's name that names its site: one with a publisher's ending, else the last."""
    others = [part for part in parts if part and part not in tops and not no_site(part)]
    return next(
        (part for part in reversed(others) if len(part) <= 30 and named_kind(part)), others[-1] if others else ""
    )


def _words(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name", "")
    return " ".join(value.split()) if isinstance(value, str) else ""


def _without_site(title: str, site: str) -> str:
    shorter = re.sub(rf"\s*[|｜:：\-–—]\s*{re.escape(site)}\s*$", "", title) if site else title
    return shorter or title


READER = DocumentReader(id="html", title="HTML page", accepts=accepts, read=read)
