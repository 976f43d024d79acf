"""Several stories on one page (a digest, a live blog): each with its own heading and words."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from keii.model import Embedded, Moment
from keii.readers.documents.byline import read_byline
from keii.readers.documents.html_furniture import link_share
from keii.readers.documents.html_text import walk

_LEAST = 80  # characters of a story; a teaser has fewer
_MOST = 200  # stories of a page
_LOOKED_AT = 1_000  # article elements; a page with more is no digest for people
_WHOLE = 0.7  # share of all that the longest may have; above it the others are teasers beside one article
_NO_STORY = re.compile(r"comment|teaser|card|related|promo|ranking|recommend|reply", re.IGNORECASE)


class Story(msgspec.Struct, frozen=True):
    """A story: its heading and its text as it stands in the page's text."""

    title: str
    text: str


def stories_of(root: Any) -> tuple[Story, ...]:
    """Return the stories of a page that has several, none for a page with one."""
    found = []
    for number, element in enumerate(root.iter("article")):
        if number >= _LOOKED_AT:
            return ()
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        if next(element.iterancestors("article"), None) is not None or _NO_STORY.search(named):
            continue
        text = walk(element)
        if len(text) >= _LEAST and link_share(element) < 0.5:
            found.append(Story(_heading(element), text))
        if len(found) > _MOST:
            return ()
    sizes = [len(story.text) for story in found]
    titled = sum(1 for story in found if story.title)
    if len(found) < 2 or max(sizes) > _WHOLE * sum(sizes) or titled < len(found):
        return ()
    return tuple(found)


def _heading(element: Any) -> str:
    for heading in element.iter("h1", "h2", "h3", "h4"):
        if words := " ".join("".join(heading.itertext()).split()):
            return words[:300]
    return ""


def told_apart(
    text: str, stories: tuple[Story, ...], publisher: str, published: Moment | None, lang: str
) -> tuple[Embedded, ...]:
    """Return the stories as sources quoted in ``text``, in its order; one without a time has that of the page."""
    found: list[Embedded] = []
    cursor = 0
    for story in stories:
        at = text.find(story.text, cursor)
        if at < 0:
            continue
        cursor = at + len(story.text)
        byline = read_byline(story.text, lang)
        found.append(Embedded(
            id=f"e{len(found) + 1}", publisher=publisher, title=story.title, published=byline.published or published,
            updated=byline.updated, spans=((at, cursor),), kind="news",
        ))  # fmt: skip
    return tuple(found)
