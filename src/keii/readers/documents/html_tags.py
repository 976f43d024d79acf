"""Tags with thousands of attributes made small before the parser sees them: it compares each with every other."""

from __future__ import annotations

import re

_OPEN = re.compile(r"<[A-Za-z][A-Za-z0-9:-]{0,40}")
_TAG = re.compile(r"<[A-Za-z](?:[^\"'>]++|\"[^\"]*+\"|'[^']*+')*+>")
_LONG = 4_000  # characters of a tag; only longer ones can hold so many
_ATTRIBUTES = 300  # real tags have a few dozen
_FAILURES = 20  # tags that never end, after which the rest is left to the parser's own bounds


def tame(page: str) -> tuple[str, int]:
    """Return the page with every overfull tag reduced to its name, and how many there were."""
    pieces: list[str] = []
    at = kept = count = failed = 0
    while failed < _FAILURES and (opened := _OPEN.search(page, at)) is not None:
        close = page.find(">", opened.end())
        if close < 0:
            break
        tag = _TAG.match(page, opened.start())
        if tag is None:
            failed += 1
            at = opened.end()
            continue
        at = tag.end()
        if at - opened.start() > _LONG and _attributes(tag[0]) > _ATTRIBUTES:
            pieces += [page[kept : opened.start()], opened[0] + ">"]
            kept = at
            count += 1
    return ("".join([*pieces, page[kept:]]) if count else page), count


def _attributes(tag: str) -> int:
    """Return how many attributes a tag has at most: the words outside quotation marks."""
    return len(re.sub(r"\"[^\"]*\"|'[^']*'", "", tag).split()) + tag.count('"') // 2
