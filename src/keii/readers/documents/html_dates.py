"""Every date that a page carries for itself: linked data, meta tags, marked elements, each with its rank."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from keii.model import Moment, RejectedDate
from keii.readers.documents.times import at_clock, find_times, fold, whole_day, zone_offset

_PUBLISHED = {
    "article:published_time", "og:published_time", "og:article:published_time", "datepublished", "pubdate", "publishdate",
    "publish-date", "publish_date", "date", "dc.date", "dc.date.issued", "dcterms.created", "dcterms.issued",
    "sailthru.date", "parsely-pub-date", "cxenseparse:recs:publishtime", "article.published", "publication_date",
    "date.published", "release_date", "article_date_original", "dcterms.date", "rbpubdate", "citation_publication_date",
}  # fmt: skip
_UPDATED = {
    "article:modified_time", "og:updated_time", "datemodified", "lastmod", "last-modified", "dcterms.modified",
    "article.updated", "revised", "modified", "og:modified_time",
}  # fmt: skip
_ISO = re.compile(
    r"\s*(\d{4})-?(\d\d)-?(\d\d)(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d:?\d\d|UTC|GMT|[A-Z]{3,4})?)?\s*"
)
ARCHIVES = re.compile(r"archive\.(?:today|is|ph|li|md|vn|fo|org)|wayback|archiveis|megalodon|webarchive", re.IGNORECASE)
_STORY = re.compile(r"Article|Posting|Report|PressRelease|Review", re.IGNORECASE)
_NO_STORY = re.compile(r"Comment|Answer|Question|Image|Video|Audio|Breadcrumb|Organization|Person|Product|Event")
_MARKED = re.compile(
    r"(?:^|[\s_-])(?:date|pubdate|published|posted|publish-?date|entry-?date|post-?date|dateline|timestamp|time|day|updated|modified)"
    r"(?:$|[\s_-])", re.IGNORECASE,
)  # fmt: skip
_BESIDE = re.compile(
    r"related|ranking|recommend|pager|pagination|sidebar|breadcrumb|topics|popular|latest|newslist|news-list|archive|"
    r"comment|calendar|footer|masthead|global|navi|prev|next", re.IGNORECASE,
)  # fmt: skip
_MAX_ELEMENTS = 20_000  # elements looked at for a date; an article's own date stands long before
_MAX_MARKED = 300  # of them marked as a date
_LAST_COMMA = re.compile(r",(?=\s*[}\]])")
_MAX_JSON = 1_000_000  # characters of one JSON-LD block
_EARLIEST = 1990  # no public web page is older


class Candidate(msgspec.Struct, frozen=True):
    """A date of the page: its rank (0 is best), whether it is the update, and where it stands."""

    rank: float
    update: bool
    moment: Moment
    place: str


def iso_moment(value: str, lang: str) -> Moment | str:
    """Return the moment of a machine-written time (ISO 8601, seconds or milliseconds since 1970), or why it is none."""
    value = fold(value.strip())
    if re.fullmatch(r"\d{10}|\d{13}", value):
        seconds = int(value[:10])
        clock = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
        return "the zero of a clock" if clock.year < _EARLIEST else at_clock(clock, "Z", lang, value)
    match = _ISO.fullmatch(value)
    if match is None:
        found = find_times(value, lang)
        return found[0].moment if found else "not a date"
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3]))
        if day.year < _EARLIEST:
            return "the zero of a clock, or older than the web"
        if match[4] is None:
            return whole_day(day, lang, value)
        clock = dt.datetime.combine(day, dt.time(int(match[4]), int(match[5]), int(match[6] or 0)))
    except ValueError:
        return "no such day or hour"
    if match[7] and zone_offset(match[7], clock) is None:
        return f"the zone {match[7]} does not exist"
    return at_clock(clock, match[7], lang, value)


def _ld_objects(node: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 12:
        return
    if isinstance(node, dict):
        yield node
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item"):
            yield from _ld_objects(node.get(key), depth + 1)
    elif isinstance(node, list):
        for item in node[:200]:
            yield from _ld_objects(item, depth + 1)


def linked_data(root: Any) -> list[dict[str, Any]]:
    """Return the JSON-LD objects of a page that describe a page or an article, the page's own story first."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if "ld+json" not in str(script.get("type", "")).lower() or not script.text or len(script.text) > _MAX_JSON:
            continue
        parsed = _parsed(re.sub(r"[\x00-\x1f]", " ", script.text))
        found.extend(item for item in _ld_objects(parsed) if "datePublished" in item or "headline" in item)
    titles = _titles(root)
    return sorted(found, key=lambda item: _story_rank(item, titles))


def _parsed(written: str) -> Any:
    """Return what a JSON-LD block holds, None where it is no JSON; commas before a closing bracket are forgiven."""
    for text in (written, _LAST_COMMA.sub("", written)):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            continue
    return None


def _titles(root: Any) -> str:
    named = [" ".join("".join(element.itertext()).split()) for element in root.iter("title", "h1")]
    named += [str(meta.get("content")) for meta in root.iter("meta") if meta.get("property") == "og:title"]
    return "\n".join(named)


def _story_rank(item: dict[str, Any], titles: str) -> int:
    """Return 0 for the page's own story, 1 for a story, 2 for the page around it, 3 for a part that is no story."""
    kind = " ".join(item["@type"]) if isinstance(item.get("@type"), list) else str(item.get("@type", ""))
    headline = item.get("headline")
    if _NO_STORY.search(kind):
        return 3
    if isinstance(headline, str) and headline.strip() and " ".join(headline.split())[:40] in titles:
        return 0
    return 1 if _STORY.search(kind) else 2


def _told(rank: float, value: Any, place: str, lang: str, *, update: bool) -> Iterator[Candidate | RejectedDate]:
    if isinstance(value, str) and value.strip() and len(value) < 80:
        moment = iso_moment(value, lang)
        if isinstance(moment, str):
            yield RejectedDate(as_text=value.strip(), place=place, reason=moment)
        else:
            yield Candidate(rank, update, moment, place)


def candidates(root: Any, lang: str) -> Iterator[Candidate | RejectedDate]:
    """Yield the dates that the markup gives, those of other things as rejected."""
    yield from _linked(root, lang)
    yield from _meta(root, lang)
    yield from _elements(root, lang)


def _linked(root: Any, lang: str) -> Iterator[Candidate | RejectedDate]:
    titles = _titles(root)
    objects = linked_data(root)
    best = _story_rank(objects[0], titles) if objects else 0
    for item in objects:
        rank = _story_rank(item, titles)
        if rank == 3 or (rank > best and best == 0):
            value = item.get("datePublished")
            if isinstance(value, str) and rank != 2:
                yield RejectedDate(as_text=value[:60], place="JSON-LD datePublished", reason="of another story or part")
            continue
        # The page around a story (rank 2) may be older than it: a labelled byline is surer.
        place_rank = 2.2 if rank == 2 else 0.1 * rank
        yield from _told(place_rank, item.get("datePublished"), "JSON-LD datePublished", lang, update=False)
        yield from _told(place_rank, item.get("dateModified"), "JSON-LD dateModified", lang, update=True)


def _meta(root: Any, lang: str) -> Iterator[Candidate | RejectedDate]:
    metas = [
        (str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(), meta.get("content"))
        for meta in root.iter("meta")
    ]
    archived = any(
        ARCHIVES.search(str(value)) for key, value in metas if key in {"og:site_name", "twitter:site", "og:url"}
    )
    for key, value in metas:
        if key not in _PUBLISHED and key not in _UPDATED:
            continue
        if archived:
            yield RejectedDate(as_text=str(value)[:60], place=f"meta {key}", reason="the day an archive saved the page")
        else:
            yield from _told(1, value, f"meta {key}", lang, update=key in _UPDATED)


def _elements(root: Any, lang: str) -> Iterator[Candidate | RejectedDate]:
    """Yield the dates of marked elements: microdata, ``time``, and those whose class says that they hold a date."""
    marked = 0
    for number, element in enumerate(root.iter()):
        if number >= _MAX_ELEMENTS or marked >= _MAX_MARKED:
            return
        tag = element.tag if isinstance(element.tag, str) else ""
        hint = f"{element.get('itemprop') or ''} {element.get('class') or ''}"
        if tag == "meta" or not (tag == "time" or element.get("itemprop") or _MARKED.search(hint)):
            continue
        marked += 1
        words = " ".join("".join(element.itertext()).split()) if len(element) < 12 else ""
        value = element.get("datetime") or element.get("content") or (element.get("title") if tag == "abbr" else None)
        item = (element.get("itemprop") or "").lower()
        if (element.get("itemprop") and item not in _PUBLISHED | _UPDATED) or not (value or 6 <= len(words) <= 60):
            continue
        place = "time element" if tag == "time" else f"element marked {hint.strip()[:40]}"
        if _is_beside(element):
            yield RejectedDate(as_text=str(value or words)[:60], place=place, reason="stands in the page's furniture")
            continue
        update = bool(re.search(r"modif|updat|更新", hint, re.IGNORECASE)) or words.startswith(
            ("更新", "最終更新", "Updated")
        )
        if tag == "time" or item or value:
            yield from _told(1.5 if item else 2, value or words, place, lang, update=update)
        elif len(found := find_times(words, lang)) == 1 and len(words) - (found[0].end - found[0].start) <= 14:
            other = re.search(r"更新|Updated|updated|Modified", words) is not None
            yield Candidate(2.5, update or other, found[0].moment, place)


def _is_beside(element: Any) -> bool:
    """Tell whether an element stands in furniture or in a link to another story."""
    within = [element, *element.iterancestors()][:30]
    tags = {str(up.tag) for up in within}
    link = next((up for up in within if up.tag == "a"), None)
    if link is not None and not _holds_only(link, element):
        return True
    if any(
        _BESIDE.search(f"{up.get('class') or ''} {up.get('id') or ''}")
        for up in within[:6]
        if up.tag not in {"body", "html"}
    ):
        return True
    return bool(tags & {"header", "nav", "aside", "footer"}) and not tags & {"article", "main"}


def _holds_only(link: Any, element: Any) -> bool:
    """Tell whether a link holds nothing but the date: a blog links its own date to the day's archive."""
    if sum(1 for _ in islice(link.iter(), 9)) > 8:
        return False
    words = "".join("".join(link.itertext()).split())
    dates = [element] if element.tag != "time" else list(link.iter("time"))
    return len(words) - sum(len("".join("".join(date.itertext()).split())) for date in dates) <= 4
