"""What an indicator is for, by the words around it."""

from __future__ import annotations

import re
from functools import cache

import ahocorasick_rs

from keii.data import load


@cache
def _cues() -> re.Pattern[str]:
    parts = []
    for role, words in load("intel/roles")["roles"].items():
        forms = sorted((str(word) for word in words), key=len, reverse=True)
        joined = "|".join(
            rf"(?<![A-Za-z0-9]){re.escape(w)}(?![A-Za-z0-9])" if w.isascii() else re.escape(w) for w in forms
        )
        parts.append(f"(?P<{role}>{joined})")
    return re.compile("|".join(parts), re.IGNORECASE)


@cache
def _any_cue() -> ahocorasick_rs.AhoCorasick:
    cues = {str(word).lower() for words in load("intel/roles")["roles"].values() for word in words}
    return ahocorasick_rs.AhoCorasick(sorted(cues))


def role_of(words: str, at: int | None = None) -> str | None:
    """Return the role that the cue nearest to ``at`` (else the first cue) of ``words`` tells, None where none does."""
    if not _any_cue().find_matches_as_indexes(words[:4_000].lower()):
        return None  # most words hold no cue, and the whole expression is dear
    best: tuple[int, str] | None = None
    for match in _cues().finditer(words[:4_000]):
        distance = match.start() if at is None else min(abs(match.start() - at), abs(match.end() - at))
        if match.lastgroup and (best is None or distance < best[0]):
            best = (distance, match.lastgroup)
    return best[1] if best else None


def is_ioc_heading(words: str) -> bool:
    """Say whether a heading opens a list of indicators."""
    return _heading(words, "ioc_heading") and not _heading(words, "reference_heading")


def is_reference_heading(words: str) -> bool:
    """Say whether a heading opens references, or what a vendor says of itself."""
    return _heading(words, "reference_heading")


@cache
def _heading_words() -> frozenset[str]:
    table = load("intel/roles")
    return frozenset(str(cue) for key in ("ioc_heading", "reference_heading") for cue in table[key])


def is_heading_word(words: str) -> bool:
    """Say whether a line is nothing but such a heading, which needs no blank line before it."""
    return words.strip(" :：*#【】[]■●◆0123456789.").lower() in _heading_words()


def is_benign(words: str) -> bool:
    """Say whether a sentence tells a value as legitimate, and not as a legitimate site that was taken over."""
    lower = words.lower()
    table = load("intel/roles")
    return any(cue in lower for cue in table["benign"]) and not any(cue in lower for cue in table["taken_over"])


def _heading(words: str, key: str) -> bool:
    lower = words.lower()
    return any(
        re.search(rf"(?<![a-z0-9]){re.escape(cue)}(?![a-z0-9])", lower) if cue.isascii() else cue in lower
        for cue in map(str, load("intel/roles")[key])
    )
