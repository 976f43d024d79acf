"""The banner that an archive puts above or below a page it saved: no words of the page, but the address that it had."""

from __future__ import annotations

import re

import msgspec

from keii.data import load
from keii.readers.documents.byline import first_lines

_LINK = re.compile(r"https?://[^\s<>\"'）)]+")
_REPLAYED = re.compile(r"https?://[^/\s]*archive[^/\s]*/(?:[\w.-]+/)*?(?=https?:/)", re.IGNORECASE)
_LONGEST = 160  # characters of a banner's line
_SHORT = 40  # characters up to which its words alone tell it
_HEAD, _TAIL = 8, 4  # lines at either end in which it stands


class Banner(msgspec.Struct, frozen=True):
    """Offsets of the lines of a banner, and the address of the page that was saved, empty where it is not told."""

    lines: frozenset[int] = frozenset()
    url: str = ""


def banner_of(text: str) -> Banner:
    """Return the lines that an archive put around a text, none where it did not."""
    head = first_lines(text)[:_HEAD]
    own = frozenset(at for at, line in head if _is_banner(line))
    ends = [line for line in text[-1_000:].split("\n") if line.strip()][-_TAIL:]
    if not own and not any(map(_is_banner, ends)):
        return Banner()
    links = [link for line in [line for _, line in head] + ends for link in _LINK.findall(_REPLAYED.sub("", line))]
    kept = [link for link in links if not re.search(r"//[^/]*archive|//[^/]*megalodon|//gyo\.tc", link, re.IGNORECASE)]
    bare = frozenset(at for at, line in head if _LINK.fullmatch(line.strip()))
    stamps = frozenset(at for at, line in head if _STAMP.fullmatch(line.strip())) if own else frozenset()
    return Banner(own | bare | stamps, kept[0].rstrip(".,") if kept else "")


def without(text: str, banner: Banner) -> str:
    """Return a text without the lines of a banner at its head."""
    kept, at = [], 0
    for line in text[: _LONGEST * 4 * _HEAD].split("\n"):
        if at not in banner.lines:
            kept.append(line)
        at += len(line) + 1
    return "\n".join(kept) + text[_LONGEST * 4 * _HEAD :]


_STAMP = re.compile(r"\d{1,2} \w{3,9} \d{4} \d{2}:\d{2}:\d{2} (?:UTC|GMT)")  # archive.today prints when it saved


def _is_banner(line: str) -> bool:
    lower = line.lower()
    if len(line) > _LONGEST or not any(word in lower for word in load("documents/cues")["archive_banner"]):
        return False
    if any(lower.strip().startswith(word) for word in load("documents/cues")["archive_banner"]):
        return True
    return len(line) <= _SHORT or re.search(r"\d{4}|https?:", line) is not None
