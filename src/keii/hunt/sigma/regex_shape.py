"""What can be told of a regular expression without running it: its shortest match, and texts that every match has.

The expression is read by Python's own parser. Where Python reads it otherwise than RE2 nothing is told.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import Any

import msgspec

_PLAIN = re.compile(r"\\[dDsSwWbBnrt]")  # escapes that mean the same to Python and RE2
_OTHER = re.compile(r"\\[^\W_]|\[:|\[\[")
_SHORTEST, _MOST = 3, 200  # characters of a text that is worth looking for; texts of one set


class Shape(msgspec.Struct, frozen=True):
    """``least`` characters of the shortest match; ``sets`` of lower-case texts, of each of which a match has one."""

    least: int = 0
    sets: tuple[tuple[str, ...], ...] = ()


def shape(pattern: str) -> Shape:
    """Return what is known of an expression; case does not matter to its texts."""
    if _OTHER.search(_PLAIN.sub("", pattern.replace("\\\\", ""))):
        return Shape()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed: Any = re._parser.parse(pattern)  # type: ignore[attr-defined]
        return Shape(int(parsed.getwidth()[0]), tuple(_sequence(parsed)))
    except (re.error, OverflowError, RecursionError, ValueError):
        return Shape()


def _sequence(items: Iterable[tuple[Any, Any]]) -> list[tuple[str, ...]]:
    """Return the sets of a sequence: each run of letters is one, each alternative gives the texts of all its branches."""
    found: list[tuple[str, ...]] = []
    run = ""
    for operator, argument in items:
        name = str(operator)
        letter = _letter(name, argument)
        if letter is not None:
            run += letter
            continue
        if name == "AT":  # stands between characters
            continue
        if name == "SUBPATTERN" and (inner := _letters(argument[3])) is not None:
            run += inner
            continue
        found += _run(run)
        run = ""
        found += _inside(name, argument)
    return found + _run(run)


def _run(run: str) -> list[tuple[str, ...]]:
    return [(run,)] if len(run) >= _SHORTEST else []


def _letters(items: Iterable[tuple[Any, Any]]) -> str | None:
    """Return the text of a group that is nothing but letters."""
    letters = [_letter(str(operator), argument) for operator, argument in items]
    return "".join(one for one in letters if one) if None not in letters else None


def _letter(name: str, argument: Any) -> str | None:
    """Return the lower-case letter that must stand here, None where several can."""
    if name == "LITERAL":
        return chr(argument).lower() if argument < 128 else None
    if name == "IN":
        each = {chr(code).lower() for operator, code in argument if str(operator) == "LITERAL" and code < 128}
        return (
            each.pop()
            if len(each) == 1 and all(str(operator) == "LITERAL" and code < 128 for operator, code in argument)
            else None
        )
    return None


def _inside(name: str, argument: Any) -> list[tuple[str, ...]]:
    if name == "SUBPATTERN":
        return _sequence(argument[3])
    if name in ("MAX_REPEAT", "MIN_REPEAT"):
        return _sequence(argument[2]) if argument[0] >= 1 else []
    if name == "BRANCH":
        texts: list[str] = []
        for branch in argument[1]:
            sets = _sequence(branch)
            if not sets:
                return []
            texts += max(sets, key=lambda one: min(map(len, one)))
        return [tuple(dict.fromkeys(texts))] if len(texts) <= _MOST else []
    return []
