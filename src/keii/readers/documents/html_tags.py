"""Pages made safe before the parser sees them: tags with thousands of attributes, elements nested by the hundred."""

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


_DEEPEST = 230  # levels; libxml2 leaves the rest of a page out, without a word, from 256 on
_ANY = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]{0,40})(?P<rest>[^<>]*)>")
# Elements that end by themselves or hold nothing count no level; lists and tables bring levels of their own.
_NO_LEVEL = frozenset((
    "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "optgroup", "rt", "rp", "html", "head", "body",
    "area", "base", "br", "col", "colgroup", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
))  # fmt: skip
_LEVELS = {"ul": 2, "ol": 2, "dl": 2, "table": 4}
_LOOK_BACK = 40  # open elements among which the one that a tag closes is looked for


def flatten(page: str) -> tuple[str, int]:
    """Return the page without the tags of elements nested too deep, their words kept, and how many elements that were."""
    pieces: list[str] = []
    opened: list[tuple[str, bool]] = []  # name, and whether its tag was left out
    depth = kept = count = 0
    for tag in _ANY.finditer(page):
        name = tag["name"].lower()
        if name in _NO_LEVEL or tag["rest"].endswith("/"):
            continue
        if tag["close"]:
            back = next((at for at in range(1, min(len(opened), _LOOK_BACK) + 1) if opened[-at][0] == name), 0)
            if not back:
                continue
            left_out = opened[-back][1]
            depth -= sum(_LEVELS.get(one, 1) for one, out in opened[-back:] if not out)
            del opened[-back:]
        else:
            left_out = depth + _LEVELS.get(name, 1) > _DEEPEST
            depth += 0 if left_out else _LEVELS.get(name, 1)
            opened.append((name, left_out))
            count += left_out
        if left_out:
            words = page[kept : tag.start()]
            pieces += [words, "<br>"] if name == "div" and words.strip() else [words or " "]
            kept = tag.end()
    return ("".join([*pieces, page[kept:]]) if count else page), count
