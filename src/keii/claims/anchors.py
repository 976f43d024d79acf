"""Which patterns can fit where: one pass of Aho-Corasick over a text instead of thousands of searches.

Every pattern that can only fit where certain words stand gives those words, its anchors. All anchors of a language are
looked for at once; a sentence then tries only the patterns of whose anchors it holds one. A pattern without anchors is
always tried, so that nothing is lost.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from ahocorasick_rs import AhoCorasick

_WIDEST = 24  # strings that one run of characters may stand for («マルウ[エェ]ア» for two)
_MOST = 400  # anchors of one pattern; one with more is always tried
_KANA = re.compile(r"[ぁ-んァ-ヶー\s\W]?")


class Cue:
    """A pattern of a lexicon with its place in the scan; searches as the compiled pattern does."""

    __slots__ = ("bit", "finditer", "fullmatch", "match", "pattern", "search")

    def __init__(self, pattern: re.Pattern[str], bit: int) -> None:
        self.pattern, self.bit = pattern, bit
        self.search, self.match = pattern.search, pattern.match
        self.finditer, self.fullmatch = pattern.finditer, pattern.fullmatch


class Cues:
    """The patterns of one language.

    Args:
        flags: flags of ``re`` for every pattern.
    """

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._cues: list[Cue] = []
        self._scan: tuple[AhoCorasick, list[int], int] | None = None

    def add(self, expression: str) -> Cue:
        """Compile an expression and give it its place."""
        cue = Cue(re.compile(expression, self._flags), len(self._cues))
        self._cues.append(cue)
        self._scan = None
        return cue

    def scan(self, text: str) -> Scan:
        """Look for the anchors of all patterns in a text."""
        if self._scan is None:
            self._scan = _automaton(self._cues)
        return Scan(text, *self._scan)


class Scan:
    """Where in a text which patterns can fit."""

    def __init__(self, text: str, automaton: AhoCorasick, bits: list[int], always: int) -> None:
        lowered = text.lower()
        self._all = len(lowered) != len(text)  # a letter that changes its length in lower case: try everything
        found = [] if self._all else automaton.find_matches_as_indexes(lowered, overlapping=True)
        self._starts = [start for _, start, _ in found]
        self._bits = [bits[anchor] for anchor, _, _ in found]
        self._always = always

    def mask(self, start: int, end: int) -> int:
        """Return a bit for every pattern that can fit between two places."""
        if self._all:
            return -1
        mask = self._always
        for at in range(bisect_left(self._starts, start), bisect_left(self._starts, end)):
            mask |= self._bits[at]
        return mask


def _automaton(cues: list[Cue]) -> tuple[AhoCorasick, list[int], int]:
    always, bits = 0, dict[str, int]()
    for cue in cues:
        words = anchors(cue.pattern.pattern, cue.pattern.flags)
        if words is None:
            always |= 1 << cue.bit
            continue
        for word in words:
            bits[word] = bits.get(word, 0) | 1 << cue.bit
    words = frozenset(bits)
    ordered = sorted(words)
    return AhoCorasick(ordered), [bits[word] for word in ordered], always


@cache
def anchors(expression: str, flags: int = 0) -> frozenset[str] | None:
    """Return lower-case strings of which every fit of an expression holds one, None where there are none that help."""
    found = _required(_parser.parse(expression, flags))
    return None if found is None or len(found) > _MOST else found


def _required(items: Any) -> frozenset[str] | None:
    best: frozenset[str] | None = None
    for words in _runs(items):
        if words and (best is None or _worth(words) > _worth(best)):
            best = words
    return None if best is None or any(_KANA.fullmatch(word) for word in best) else best


def _worth(words: frozenset[str]) -> tuple[int, int]:
    return min(map(len, words)), -len(words)


def _runs(items: Any) -> Iterator[frozenset[str]]:
    """Yield the sets of strings of which each fit of a sequence must hold one."""
    run: list[tuple[str, ...]] = []
    for kind, value in _flat(items):
        characters = _characters(kind, value)
        if characters:
            run.append(characters)
            continue
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            continue  # these take no room
        yield _strings(run)
        run = []
        if kind is op.BRANCH:
            branches = [_required(branch) for branch in value[1]]
            yield frozenset().union(*(b for b in branches if b)) if all(branches) else frozenset()
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] >= 1:
            yield _required(value[2]) or frozenset()
    yield _strings(run)


def _flat(items: Any) -> Iterator[tuple[Any, Any]]:
    for kind, value in items:
        if kind is op.SUBPATTERN:
            yield from _flat(value[3])
        else:
            yield kind, value


def _characters(kind: Any, value: Any) -> tuple[str, ...]:
    """Return the characters that one position may hold, in lower case; empty where they are too many."""
    if kind is op.LITERAL:
        return (chr(value).lower(),)
    if kind is op.IN and all(one is op.LITERAL for one, _ in value) and len(value) <= 4:
        return tuple(sorted({chr(one).lower() for _, one in value}))
    return ()


def _strings(run: list[tuple[str, ...]]) -> frozenset[str]:
    """Return the strings that a run of positions stands for; of a run that stands for too many, its longest piece."""
    best: list[tuple[str, ...]] = []
    piece: list[tuple[str, ...]] = []
    size = 1
    for characters in run:
        if size * len(characters) > _WIDEST:
            best, piece, size = max(best, piece, key=len), [], 1
        piece, size = [*piece, characters], size * len(characters)
    best = max(best, piece, key=len)
    return frozenset("".join(one) for one in product(*best)) if best else frozenset()


__all__ = ["Cue", "Cues", "Scan", "anchors"]
assert sys.version_info >= (3, 11), "the parser of re has its present name since 3.11"  # noqa: S101
