"""Which patterns can fit where: one pass of Aho-Corasick over a text instead of thousands of searches.

Every pattern that can only fit where certain words stand gives those words, its anchors: one set, or two where two parts
of it have some («<intruder> … <file>»). All anchors of a language are looked for at once; a sentence then tries only the
patterns of whose sets it holds one anchor each. A pattern without anchors is always tried, so that nothing is lost.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from operator import itemgetter
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from ahocorasick_rs import AhoCorasick

_WIDEST = 24  # strings that one run of characters may stand for («マルウ[エェ]ア» for two)
_LONG = 3  # letters that an anchor of a second set has at least in a language of letters: shorter ones are everywhere
_MOST = 400  # anchors of one pattern; one with more is always tried
_KANA = re.compile(r"[ぁ-んァ-ヶー\s\W]?")


class Cue:
    """A list of expressions of a lexicon: fits where one of them does, at the leftmost place, the first of the list first.

    ``flags`` has a bit for every expression; with the bits seen in a sentence only those are tried that can fit there.
    """

    __slots__ = ("_first", "_own", "_patterns", "finditer", "flags", "fullmatch", "match", "search")

    def __init__(self, whole: re.Pattern[str], first: int, own: list[re.Pattern[str]]) -> None:
        self._first, self._own, self._patterns = first, (1 << len(own)) - 1, own
        self.flags = self._own << first
        self.search, self.match = whole.search, whole.match
        self.finditer, self.fullmatch = whole.finditer, whole.fullmatch

    def find(self, seen: int, text: str, start: int, end: int) -> re.Match[str] | None:
        """Return the first fit between two places of a sentence in which the bits ``seen`` can fit."""
        best: re.Match[str] | None = None
        bits = (seen >> self._first) & self._own  # small numbers: cheap to take apart
        if not bits & (bits - 1):  # one or none
            return self._patterns[bits.bit_length() - 1].search(text, start, end) if bits else None
        while bits:
            low = bits & -bits
            hit = self._patterns[low.bit_length() - 1].search(text, start, end)
            if hit is not None and (best is None or hit.start() < best.start()):
                best = hit
            bits ^= low
        return best

    def all(self, seen: int, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """Yield the fits of every expression."""
        bits = (seen >> self._first) & self._own
        while bits:
            low = bits & -bits
            yield from self._patterns[low.bit_length() - 1].finditer(text, start, end)
            bits ^= low


class Cues:
    """The expressions of one language.

    Args:
        flags: flags of ``re`` for every expression.
    """

    def __init__(self, flags: int) -> None:
        self._flags = flags
        self._patterns: list[re.Pattern[str]] = []
        self._scan: tuple[AhoCorasick, list[int], int, int] | None = None

    def add(self, expressions: Iterable[str]) -> Cue:
        """Compile a list of expressions and give each its bit."""
        first = len(self._patterns)
        listed = list(expressions)
        own = [re.compile(one, self._flags) for one in listed]
        self._patterns += own
        self._scan = None
        whole = re.compile("|".join(f"(?:{one})" for one in listed) or "(?!)", self._flags)
        return Cue(whole, first, own)

    def scan(self, text: str) -> Scan:
        """Look for the anchors of all expressions in a text."""
        if self._scan is None:
            self._scan = _automaton(self._patterns)
        return Scan(text, *self._scan)


class Scan:
    """Where in a text which patterns can fit."""

    def __init__(self, text: str, automaton: AhoCorasick, bits: list[int], single: int, width: int) -> None:
        lowered = text.lower()
        self._all = len(lowered) != len(text)  # a letter that changes its length in lower case: try everything
        found = [] if self._all else automaton.find_matches_as_indexes(lowered, overlapping=True)
        found.sort(key=itemgetter(1))  # they come by their ends: a long word that begins earlier may come later
        self._starts = [start for _, start, _ in found]
        self._bits = [bits[anchor] for anchor, _, _ in found]
        self._single, self._width = single, width

    def mask(self, start: int, end: int) -> int:
        """Return a bit for every pattern that can fit between two places."""
        if self._all:
            return -1
        found = self._single
        for bits in self._bits[bisect_left(self._starts, start) : bisect_left(self._starts, end)]:
            found |= bits
        return found & (found >> self._width)


def _automaton(patterns: list[re.Pattern[str]]) -> tuple[AhoCorasick, list[int], int, int]:
    """Return the automaton, the bits of each anchor, those that hold without any, and how far second sets are shifted.

    Bit n stands for the first set of pattern n, bit n + width for its second one; a set that is absent counts as found.
    """
    width = len(patterns)
    single, bits = 0, dict[str, int]()
    for at, pattern in enumerate(patterns):
        first, second = _two(pattern.pattern, pattern.flags)
        for listed, bit in ((first, 1 << at), (second, 1 << (at + width))):
            if listed is None:
                single |= bit
            for word in listed or ():
                bits[word] = bits.get(word, 0) | bit
    ordered = sorted(bits)
    return AhoCorasick(ordered), [bits[word] for word in ordered], single, width


@cache
def _two(expression: str, flags: int) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Return the anchors of an expression, and those of another part of it that every fit holds too."""
    sets = sorted((words for words in _runs(_parser.parse(expression, flags)) if words), key=_worth, reverse=True)
    useful = [words for words in sets if not any(_KANA.fullmatch(word) for word in words) and len(words) <= _MOST]
    if not useful:
        return None, None
    least = _LONG if flags & re.IGNORECASE else 1  # a Chinese character tells as much as a syllable or two
    second = next((words for words in useful[1:] if min(map(len, words)) >= least and words != useful[0]), None)
    return useful[0], second


@cache
def anchors(expression: str, flags: int = 0) -> frozenset[str] | None:
    """Return lower-case strings of which every fit of an expression holds one, None where there are none that help."""
    found = _required(_parser.parse(expression, flags))
    return None if found is None or len(found) > _MOST else found


def _required(items: Any) -> frozenset[str] | None:
    best: frozenset[str] | None = None
    for words in _runs(items):
        if words and (best is None or _worth(words) > _worth(best)) and not any(map(_KANA.fullmatch, words)):
            best = words
    return best


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
