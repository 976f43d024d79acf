"""Which documents are the text of another: copies of a wire story, translations, updates and archived copies of a page.

A copy is told by its own words (a credit, 「翻訳」, "translated from"), by its address, or by its text: the shingles that
two texts share (Broder, On the resemblance and containment of documents, 1997). A text that quotes another in full and
goes on for itself is no copy: most of *its own* words must stand in the other.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from keii.data import load
from keii.model import Document

_SHINGLE = 12  # characters: long enough that two writers do not meet by chance, short enough to survive light editing
_COPY = 0.6  # share of a text's shingles found in the other, above which it is the other's text
_BACK = 0.35  # likewise of the longer text, where nothing tells which of the two came first
_LEAST = 100  # shingles; a shorter text may be the same by chance (a notice, a headline)
_READ = 50_000  # characters of a text that are compared
_SAMPLE = 4  # one shingle in so many is looked up to find pairs worth comparing
_COMMON = 50  # documents that share a shingle, above which it is furniture (a copyright line) and finds no pair
_EDGE = 6  # lines at each end in which a credit stands
_ARCHIVED = re.compile(
    r"^(?:https?://)?[^/]*(?:archive|webcache|megalodon)[^/]*/(?:[\w.-]+/)*?(?=https?:/)", re.IGNORECASE
)

Named = Callable[[str], str]


def copies(documents: Sequence[Document], name_of: Named) -> dict[str, str]:
    """Return document name → the origin of its text, for those whose text is another's.

    Args:
        documents: all of them.
        name_of: a publisher's name in the form for comparison.
    """
    dated = sorted(documents, key=_order)
    origin: dict[str, str] = {}
    publishers = sorted({name_of(document.publisher) for document in documents if document.publisher})
    for document in dated:
        if credited := _credit(document, publishers, name_of):
            origin[document.name] = credited
    pages: dict[str, str] = {}
    for document in dated:
        if (page := page_of(document.url)) and document.name not in origin:
            first = pages.setdefault(page, document.name)
            if first != document.name:
                origin[document.name] = origin.get(first) or _own(documents, first, name_of)
    for one, other in _alike(dated):
        if one.name not in origin:
            origin[one.name] = origin.get(other.name) or name_of(other.publisher or other.name)
    return origin


def _own(documents: Sequence[Document], name: str, name_of: Named) -> str:
    return next(name_of(one.publisher or one.name) for one in documents if one.name == name)


def _order(document: Document) -> tuple[str, str]:
    moment = document.published
    known = moment is not None and moment.earliest is not None
    return (moment.earliest.isoformat() if known and moment and moment.earliest else "~", document.name)


def page_of(url: str) -> str:
    """Return what two addresses of one page share: without scheme, ``www.``, archive, fragment and trackers."""
    bare = _ARCHIVED.sub("", url.strip())
    try:
        parts = urlsplit(re.sub(r"^(https?):/(?=[^/])", r"\1://", bare))
    except ValueError:
        return ""
    path = re.sub(r"/(?:index\.\w+|amp)?$", "", parts.path)
    if not parts.netloc or not path:
        return ""  # a front page stands for no article
    kept = "&".join(sorted(
        item for item in parts.query.split("&") if item and not re.match(r"utm_|fbclid|gclid|ref=|amp", item)
    ))  # fmt: skip
    return f"{parts.netloc.lower().removeprefix('www.').removeprefix('amp.')}{path}?{kept}"


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(form) for form in load("checks/copies")[kind])


@cache
def agencies() -> dict[str, str]:
    """Return every way to write the name of an agency, and its name."""
    return {name: key for key, names in load("checks/copies")["same"].items() for name in (key, *names)}


def _said(document: Document, kind: str) -> str:
    """Return the name that the document's first or last lines give for the author of its text, empty where none."""
    lines = [line for line in document.text[:4_000].split("\n") if line.strip()][: 2 * _EDGE]
    lines += [line for line in document.text[-2_000:].split("\n") if line.strip()][-_EDGE:]
    for form in _patterns(kind):
        for line in lines:
            if match := form.search(line[:400]) or form.search(line[-400:]):
                return match["name"].strip(" .")
    return ""


def _credit(document: Document, publishers: Iterable[str], name_of: Named) -> str:
    """Return the origin that the document's own words name, empty where they name nobody or itself."""
    own = name_of(document.publisher or document.name)
    if document.publisher in agencies():
        return name_of(agencies()[document.publisher])
    if wire := _said(document, "wire"):
        return name_of(agencies().get(wire, wire))
    translated = name_of(_said(document, "translation"))
    named = [name for name in publishers if name and name != own and name in translated] if translated else []
    return max(named, key=lambda name: (len(name), name), default="")


def _shingles(text: str) -> set[int]:
    dense = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:_READ])).encode("utf-32-le", "replace")
    width = 4 * _SHINGLE
    return {zlib.crc32(dense[at : at + width]) for at in range(0, max(0, len(dense) - width + 4), 4)}


def _alike(dated: Sequence[Document]) -> list[tuple[Document, Document]]:
    """Return pairs of a copy and what it is a copy of, which stands earlier in ``dated``; each copy once."""
    shingles = [_shingles(document.text) for document in dated]
    where: dict[int, list[int]] = defaultdict(list)
    for at, found in enumerate(shingles):
        for shingle in found:
            if shingle % _SAMPLE == 0:
                where[shingle].append(at)
    shared: Counter[tuple[int, int]] = Counter()
    for places in where.values():
        if len(places) <= _COMMON:
            shared.update((one, other) for number, other in enumerate(places) for one in places[:number])
    pairs = []
    taken: set[int] = set()
    for earlier, later in sorted(shared, key=lambda pair: (pair[1], pair[0])):
        if later not in taken and _is_copy(dated[earlier], dated[later], shingles[earlier], shingles[later]):
            taken.add(later)
            pairs.append((dated[later], dated[earlier]))
    return pairs


def _is_copy(earlier: Document, later: Document, first: set[int], second: set[int]) -> bool:
    if earlier.lang != later.lang or min(len(first), len(second)) < _LEAST:
        return False
    common = len(first & second)
    if common / len(second) >= _COPY:
        return True
    ordered = (
        earlier.published is not None and later.published is not None and earlier.published.before(later.published)
    )
    return not ordered and common / len(first) >= _COPY and common / len(second) >= _BACK
