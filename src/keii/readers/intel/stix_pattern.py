"""STIX patterns (STIX 2.1, part 9): the comparisons of a pattern, and how they are joined."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from keii.errors import RuleError
from keii.stix_tokens import tokens_of

MAX_PATTERN = 200_000  # characters
_OPERATORS = {"=", "==", "!=", "<>", "<", ">", "<=", ">="}
_WORD_OPERATORS = {"IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}


class Comparison(msgspec.Struct, frozen=True):
    """One comparison: object path without quotes and list steps, operator, values, whether it is negated."""

    path: str
    operator: str
    values: tuple[str, ...]
    negated: bool = False


class Pattern(msgspec.Struct, frozen=True):
    """The comparisons of a pattern in order, the words that join them, and qualifiers (WITHIN, REPEATS, START)."""

    comparisons: tuple[Comparison, ...]
    joined: tuple[Literal["AND", "OR", "FOLLOWEDBY"], ...]
    qualifiers: tuple[str, ...]


def parse(pattern: str) -> Pattern:  # noqa: C901 - one branch for each kind of token
    """Return the comparisons of ``pattern``; raises RuleError that names the place where it is not a pattern."""
    if len(pattern) > MAX_PATTERN:
        raise RuleError(f"the pattern has {len(pattern):,} characters; at most {MAX_PATTERN:,} are read")
    tokens = tokens_of(pattern)
    comparisons: list[Comparison] = []
    joined: set[str] = set()
    qualifiers: list[str] = []
    at, depth = 0, 0
    while at < len(tokens):
        kind, word = tokens[at]
        if kind == "path":
            comparison, at = _comparison(tokens, at)
            comparisons.append(comparison)
            continue
        if word in "([":
            depth += 1
        elif word in ")]":
            depth -= 1
        elif word in {"AND", "OR", "FOLLOWEDBY"}:
            joined.add(word)
        elif word in {"WITHIN", "REPEATS", "START", "STOP"}:
            qualifiers.append(" ".join(item for _, item in tokens[at : at + (2 if word in {"START", "STOP"} else 3)]))
            at += 1 if word in {"START", "STOP"} else 2
        elif word == "EXISTS":
            at += 1
        elif word != "NOT":
            raise RuleError(f"{word!r} is not expected in a pattern")
        if depth < 0:
            raise RuleError("a bracket is closed that was not opened")
        at += 1
    if depth:
        raise RuleError("a bracket is not closed")
    if not comparisons:
        raise RuleError("the pattern holds no comparison")
    order: tuple[Literal["AND", "OR", "FOLLOWEDBY"], ...] = ("AND", "OR", "FOLLOWEDBY")
    return Pattern(tuple(comparisons), tuple(word for word in order if word in joined), tuple(qualifiers))


def _comparison(tokens: list[tuple[str, str]], at: int) -> tuple[Comparison, int]:
    path = re.sub(r"\[[^\]]*\]", "", tokens[at][1].replace("'", "").replace("\\", ""))
    at += 1
    negated = False
    if at < len(tokens) and tokens[at][1] == "NOT":
        negated, at = True, at + 1
    operator = tokens[at][1] if at < len(tokens) else ""
    if operator not in _OPERATORS and operator not in _WORD_OPERATORS:
        raise RuleError(f"after {path} an operator is expected, found {operator!r}")
    at += 1
    values: list[str] = []
    if operator == "IN":
        if at >= len(tokens) or tokens[at][1] != "(":
            raise RuleError("IN is followed by a list in brackets")
        at += 1
        while at < len(tokens) and tokens[at][1] != ")":
            if tokens[at][1] != ",":
                values.append(_literal(tokens[at]))
            at += 1
        return Comparison(path, operator, tuple(values), negated), at + 1
    if at >= len(tokens) or tokens[at][0] not in {"text", "number", "word"}:
        raise RuleError(f"{path} is compared with nothing")
    return Comparison(path, operator, (_literal(tokens[at]),), negated or operator in {"!=", "<>"}), at + 1


def _literal(token: tuple[str, str]) -> str:
    kind, word = token
    if kind != "text":
        return word
    return re.sub(r"\\(.)", r"\1", word[word.index("'") + 1 : -1])
