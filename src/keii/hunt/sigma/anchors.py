"""Texts without which a rule cannot match: all of them are looked for at once, and only rows that have one are asked.

Of ``a and b`` either side's texts will do; of ``a or b`` both sides' together; ``not`` gives none. The set that is
rarest in a sample of the rows is taken. What is taken changes how long a hunt takes, never what it finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from keii.hunt.sigma.expression import All, Any, Expression, Glob, Regex, Text, TextMode
from keii.hunt.sigma.predicates import longest_text

BEGIN, END = "\x02", "\x03"  # stand before and after every value, so that a prefix is a text like any other
MOST_TEXTS = 2_000  # in one set; beyond it a rule is asked of every row
SHORTEST = 2  # characters; shorter texts stand everywhere


class Anchor(NamedTuple):
    """A lower-case text, with its marks, that a value of the field must hold."""

    field: str
    text: str


Option = frozenset[Anchor]


def options(expression: Expression) -> list[Option]:
    """Return sets of anchors; of each set every matching event has at least one."""
    if isinstance(expression, Text):
        return _set([_anchor(expression.field, expression.mode, value.lower()) for value in expression.values])
    if isinstance(expression, Glob):
        text, mode = longest_text(expression)
        return _set([_anchor(expression.field, mode, text.lower())])
    if isinstance(expression, Regex):
        each = [_set([_anchor(expression.field, "has", text) for text in texts]) for texts in expression.sets]
        return [option for found in each for option in found]
    if isinstance(expression, All):
        return [option for item in expression.items for option in options(item)]
    if isinstance(expression, Any):
        return _of_any(expression)
    return []


def _anchor(field: str, mode: TextMode, text: str) -> Anchor | None:
    # Lowering goes by letter within ASCII only: elsewhere the lower case of a part may not be part of the lower case.
    if len(text) < SHORTEST or not text.isascii():
        return None
    before = BEGIN if mode in ("is", "starts") else ""
    after = END if mode in ("is", "ends") else ""
    return Anchor(field, before + text + after)


def _set(anchors: Sequence[Anchor | None]) -> list[Option]:
    if None in anchors or len(anchors) > MOST_TEXTS:
        return []
    return [frozenset(anchor for anchor in anchors if anchor is not None)]


def _of_any(expression: Any) -> list[Option]:
    """Return one set: of each item the one that looks rarest by its texts alone."""
    chosen: set[Anchor] = set()
    for item in expression.items:
        found = options(item)
        if not found:
            return []
        chosen |= rarest(found, {}) or frozenset()
    return [frozenset(chosen)] if len(chosen) <= MOST_TEXTS else []


def _looks_common(option: Option) -> tuple[float, list[Anchor]]:
    return sum(1 / len(anchor.text) for anchor in option), sorted(option)


def rarest(found: Sequence[Option], rows: Mapping[Anchor, int]) -> Option | None:
    """Return the option that the fewest rows of a sample have; None where there is none."""
    if not found:
        return None
    ranked = sorted(found, key=lambda option: (sum(rows.get(anchor, 0) for anchor in option), *_looks_common(option)))
    return ranked[0]
