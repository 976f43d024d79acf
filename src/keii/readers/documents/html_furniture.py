"""Lists of links to other stories, taken out of a page before its text is read, so that nobody reads them as its own."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from keii.data import load

_NAMED = re.compile(
    r"(?:^|[\s_-])(?:related|relation|ranking|recommend(?:ed|ation)?s?|popular|trending|most-?read|read-?more|more-?stories|"
    r"also-?like|share|sns|social|breadcrumbs?|pager|pagination|newsletter|promo|teasers?|kanren|osusume)(?:$|[\s_-])",
    re.IGNORECASE,
)  # fmt: skip
_HOLDS = {"div", "section", "ul", "ol", "aside", "dl", "nav", "table"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "dt", "strong", "b"}
_MOST = 20_000  # elements looked at
_BLOCKS = 500  # blocks whose links are counted
_PARTS = 2_000  # elements of a block; a longer one is no list of links
_LINKED = 0.5  # share of characters inside links above which a block leads elsewhere


def take_out(root: Any) -> int:
    """Take the lists of links to other stories out of ``root``; return how many were."""
    more = load("documents/cues")["more"]
    leaving: list[Any] = []
    measured = 0
    for number, element in enumerate(root.iter()):
        if number >= _MOST or measured >= _BLOCKS:
            break
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _HOLDS and _NAMED.search(f"{element.get('class') or ''} {element.get('id') or ''}"):
            measured += 1
            if link_share(element) >= _LINKED:
                leaving.append(element)
        elif tag in _HEADINGS and len(element) <= 3 and _is_more(element, more):
            measured += 1
            following = element.getnext()
            if following is not None and following.tag in _HOLDS | {"p"} and link_share(following) >= _LINKED:
                leaving += [element, following]
    count = 0
    for element in leaving:
        parent = element.getparent()
        if parent is None:
            continue
        _drop(element, parent)
        count += element.tag in _HOLDS
    return count


def _is_more(element: Any, more: list[str]) -> bool:
    pieces = [
        f"{part.text or ''} {part.tail or '' if part is not element else ''}" for part in islice(element.iter(), 8)
    ]
    words = " ".join(" ".join(pieces).split())
    return 0 < len(words) <= 24 and any(words.lower().startswith(cue.lower()) for cue in more)


def link_share(element: Any) -> float:
    """Return the share of an element's characters that stand in links; 0 for one with long text, many parts or none."""
    whole = linked = 0
    link: Any = None  # the link we are in; links do not nest
    for number, part in enumerate(element.iter()):
        if link is not None and not any(up is link for up in islice(part.iterancestors(), 6)):
            link = None
        if part.tag == "a":
            link = part
        own = len((part.text or "").strip()) if isinstance(part.tag, str) else 0
        after = len((part.tail or "").strip()) if part is not element else 0
        whole += own + after
        linked += own if link is not None else 0
        linked += after if link is not None and part is not link else 0
        # A list of headlines is shorter; whoever named a longer block so meant the page.
        if whole > 4_000 or number > _PARTS:
            return 0.0
    return linked / whole if whole else 0.0


def _drop(element: Any, parent: Any) -> None:
    tail = element.tail or ""
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)
