"""Publication time of a page: every date it carries, ranked, and why the others were not taken."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from keii.model import Moment, RejectedDate
from keii.readers.documents.byline import Byline
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
_MAX_JSON = 1_000_000  # characters of one JSON-LD block
_EARLIEST = 1990  # no public web page is older


class Candidate(msgspec.Struct, frozen=True):
    """A date of the page: its rank (0 is best), whether it is the update, and where it stands."""

    rank: int
    update: bool
    moment: Moment
    place: str


class Times(msgspec.Struct, frozen=True):
    """The times taken and the others."""

    published: Moment | None
    updated: Moment | None
    rejected: tuple[RejectedDate, ...]


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
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
            yield from _ld_objects(node.get(key), depth + 1)
    elif isinstance(node, list):
        for item in node[:200]:
            yield from _ld_objects(item, depth + 1)


def linked_data(root: Any) -> list[dict[str, Any]]:
    """Return the JSON-LD objects of a page that describe a page or an article."""
    found: list[dict[str, Any]] = []
    for script in root.iter("script"):
        if "ld+json" not in str(script.get("type", "")).lower() or not script.text or len(script.text) > _MAX_JSON:
            continue
        try:
            parsed = json.loads(re.sub(r"[\x00-\x1f]", " ", script.text))
        except (ValueError, RecursionError):
            continue
        found.extend(item for item in _ld_objects(parsed) if "datePublished" in item or "headline" in item)
    return found


def _candidates(root: Any, lang: str) -> Iterator[Candidate | RejectedDate]:
    def told(rank: int, value: Any, place: str, *, update: bool) -> Iterator[Candidate | RejectedDate]:
        if isinstance(value, str) and value.strip() and len(value) < 80:
            moment = iso_moment(value, lang)
            if isinstance(moment, str):
                yield RejectedDate(as_text=value.strip(), place=place, reason=moment)
            else:
                yield Candidate(rank, update, moment, place)

    for item in linked_data(root):
        yield from told(0, item.get("datePublished"), "JSON-LD datePublished", update=False)
        yield from told(0, item.get("dateModified"), "JSON-LD dateModified", update=True)
    for meta in root.iter("meta"):
        key = str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if key in _PUBLISHED:
            yield from told(1, meta.get("content"), f"meta {key}", update=False)
        elif key in _UPDATED:
            yield from told(1, meta.get("content"), f"meta {key}", update=True)
    for index, element in enumerate(root.iter("time")):
        outside = any(
            str(up.tag) in {"header", "nav", "aside", "footer"} for up in element.iterancestors()
        ) and not any(str(up.tag) in {"article", "main"} for up in element.iterancestors())
        value = element.get("datetime") or "".join(element.itertext())
        hint = f"{element.get('class', '')} {element.get('itemprop', '')}".lower()
        update = any(word in hint for word in ("modif", "updat", "更新"))
        if outside:
            yield RejectedDate(
                as_text=str(value).strip()[:60], place="time element", reason="stands in the page's furniture"
            )
        elif index < 200:
            yield from told(2, value, "time element", update=update)


def page_times(root: Any, lang: str, byline: Byline, url: str) -> Times:
    """Return the publication and update time of a page, and every other date with the reason.

    Ranked: JSON-LD, meta tags, labelled byline, time elements, byline, date in the address. A coarser date gives way
    to a finer one of the same day; metadata whose clock equals the byline's but whose zone is UTC on a Japanese page
    is a mislabelled local time.
    """
    found: list[Candidate] = []
    rejected: list[RejectedDate] = list(byline.rejected)
    for item in _candidates(root, lang):
        if isinstance(item, RejectedDate):
            rejected.append(item)
        else:
            found.append(item)
    for moment, update in ((byline.published, False), (byline.updated, True)):
        if moment is not None:
            found.append(Candidate(2 if byline.labelled or update else 3, update, moment, "byline"))
    if match := re.search(r"/((?:19|20)\d\d)/(\d\d)/(\d\d)(?:/|$)", url):
        moment_or_reason = iso_moment("-".join(match.groups()), lang)
        if isinstance(moment_or_reason, Moment):
            found.append(Candidate(9, update=False, moment=moment_or_reason, place="address"))
    published, others = _take([item for item in found if not item.update], byline, lang)
    updated, more = _take([item for item in found if item.update], byline, lang)
    if published is None and updated is not None and not rejected:
        updated_only = [RejectedDate(as_text=updated.as_text, place="page", reason="the update, not the publication")]
        return Times(None, updated, tuple(updated_only))
    if published is not None and updated is not None and updated.edtf == published.edtf:
        updated = None
    return Times(published, updated, (*rejected, *others, *more))


def _take(found: list[Candidate], byline: Byline, lang: str) -> tuple[Moment | None, list[RejectedDate]]:
    ranked = sorted(found, key=lambda item: item.rank)
    if not ranked:
        return None, []
    wrong = [item for item in ranked if lang == "ja" and _mislabelled(item.moment, byline)]
    ranked = [item for item in ranked if item not in wrong] or ranked
    best = ranked[0]
    finer = next((item for item in ranked[1:] if _refines(item.moment, best.moment)), None)
    taken = finer or best
    others = [
        RejectedDate(
            as_text=item.moment.as_text, place=item.place,
            reason="the clock of the byline under another zone" if item in wrong else f"{taken.place} ranks higher",
        )
        for item in found if item is not taken and item.moment.edtf != taken.moment.edtf
    ]  # fmt: skip
    return taken.moment, others


def _refines(finer: Moment, coarser: Moment) -> bool:
    """A time of day refines a bare day, or a midnight that stands for one, when both name the same day."""
    midnight = "T" not in coarser.edtf or re.search(r"T00:00(?:Z|[+-]|$)", coarser.edtf) is not None
    clocked = "T" in finer.edtf and not re.search(r"T00:00(?:Z|[+-]|$)", finer.edtf)
    return midnight and clocked and finer.edtf[:10] == coarser.edtf[:10]


def _mislabelled(moment: Moment, byline: Byline) -> bool:
    shown = [item for item in (byline.published, byline.updated) if item is not None and "T" in item.edtf]
    return moment.zone == "+00:00" and any(
        item.zone != "+00:00" and item.edtf[:16] == moment.edtf[:16] for item in shown
    )  # fmt: skip
