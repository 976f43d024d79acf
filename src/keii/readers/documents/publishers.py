"""Names of papers, agencies and broadcasters in a line of text."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from keii.data import load


class Name(msgspec.Struct, frozen=True):
    """A publisher's name in a line: where, as written (with ``電子版``), and the name that all its forms share."""

    start: int
    end: int
    written: str
    key: str


# «…して侵入されたと潮騒新聞»: the words before the name run on into it.
_RUNS_ON = re.compile(r".*(?:た|る|だ|い|す|か)と(?=[一-龥ァ-ヶ])")


@cache
def _keys() -> dict[str, str]:
    named = load("documents/publishers")["names"]
    return {name: key for key, others in named.items() for name in (key, *others)}


@cache
def _form() -> re.Pattern[str]:
    table = load("documents/publishers")
    names = sorted(_keys(), key=lambda name: (-len(name), name))
    known = "|".join(
        rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" if name.isascii() else re.escape(name) for name in names
    )
    suffixes = "|".join(re.escape(word) for word in sorted(table["suffixes"], key=len, reverse=True))
    unknown_ja = rf"[\u3041-\u3096\u4e00-\u9fff\u30a1-\u30fc]{{1,10}}(?:{'|'.join(table['patterns']['ja'])})"
    unknown_en = rf"(?:The\s)?(?:[A-Z][A-Za-z]+\s){{1,3}}(?:{'|'.join(table['patterns']['en'])})\b"
    return re.compile(rf"(?:(?P<known>{known})|(?P<ja>{unknown_ja})|(?P<en>{unknown_en}))(?:\s?(?:{suffixes}))*")


def name_at(line: str, at: int) -> Name | None:
    """Return the publisher whose name starts exactly at ``at``, by lexicon or by the ending of an unknown name."""
    match = _form().match(line, at)
    name = _name(match) if match else None
    return name if name is not None and name.start == at else None


def known_names(line: str) -> list[Name]:
    """Return the publishers named in ``line``; unknown names only where their ending shows them (``○○新聞``)."""
    return [_name(match) for match in _form().finditer(line)]


def _name(match: re.Match[str]) -> Name:
    written = re.sub(r"\s*(?:朝刊|夕刊)$", "", match[0])
    base = match["known"] or match["ja"] or match["en"]
    lead = _RUNS_ON.match(base).end() if match["ja"] and _RUNS_ON.match(base) else 0  # type: ignore[union-attr]
    return Name(match.start() + lead, match.start() + len(written), written[lead:], _keys().get(base, base[lead:]))
