"""The rules for one kind of event, ready to be asked: texts and automata are made when its first rows come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from keii.hunt.sigma.anchors import Anchor, Option, options, rarest
from keii.hunt.sigma.asking import Asked, Mask, prepare
from keii.hunt.sigma.columns import Rows, View
from keii.hunt.sigma.expression import Expression, fields
from keii.hunt.sigma.mapping import Field, Witness
from keii.hunt.sigma.pins import Kind, Pins, fits
from keii.hunt.sigma.search import KEYWORDS, Search

_ENOUGH = 500  # rows from which a sample is worth its time
_SAMPLE = 2_000  # rows by which the rarest texts are chosen


class Hit(NamedTuple):
    """Rows of a chunk (rising) that a rule holds for, by one of its witnesses."""

    rule: int
    witness: Witness
    rows: Rows


class Bound(NamedTuple):
    """A rule over one witness."""

    rule: int
    witness: Witness
    expression: Expression
    pinned: Pins

    with_keywords: bool  # asks for words in any field: then it wants every column there is

    def takes(self, kind: Kind) -> bool:
        """Tell whether events of a kind can match."""
        return self.witness.takes(*kind) and fits(self.pinned, kind)

    def fits(self, kind: Kind) -> bool:
        """Tell the same of a kind that the witness takes, for rules without keywords."""
        return not self.with_keywords and (not self.pinned or fits(self.pinned, kind))


class Plan:
    """Rules asked together."""

    def __init__(self, bound: list[Bound]) -> None:
        self.bound = bound
        self.fields = {
            bound.witness.field(name)
            for bound in bound
            for expression in (bound.expression, bound.witness.where)
            if expression is not None
            for name in fields(expression)
        }
        self.filled: set[Field] = set()
        self.asked: set[int] = set()
        self._with_keywords = {number for number, one in enumerate(bound) if one.with_keywords}
        self._asked: list[Asked] = []
        self._sampled = False
        self._search: list[Search] = []
        self._always: list[int] = []

    def match(self, view: View, allowed: Sequence[Rows] | None = None) -> Iterator[Hit]:
        """Yield the rows of a view, by their positions in it, for every rule that holds for some.

        ``allowed`` are per rule the rows (rising) that it may be asked of; None for all rows.
        """
        if not len(view) or not self.bound:
            return
        self._note(view, allowed)
        if not self._asked:
            self._asked = [prepare(bound.expression, bound.witness.field) for bound in self.bound]
            self._choose(view)
        elif not self._sampled and len(view) >= _ENOUGH:
            self._choose(view)
        every = np.arange(len(view), dtype=np.int64)
        held: dict[Witness, Rows] = {}
        for number, rows in sorted(self._candidates(view, every).items()):
            bound = self.bound[number]
            if allowed is not None:
                rows = np.intersect1d(rows, allowed[number], assume_unique=True)
            if bound.witness.where is not None:
                if bound.witness not in held:
                    held[bound.witness] = every[prepare(bound.witness.where, bound.witness.field).ask(view, every)]
                rows = np.intersect1d(rows, held[bound.witness], assume_unique=True)
            found = rows[self._ask(number, view, rows)] if len(rows) else rows
            if len(found):
                yield Hit(bound.rule, bound.witness, found)

    def _note(self, view: View, allowed: Sequence[Rows] | None) -> None:
        """Note which rules were asked, and which of their fields some row has."""
        self.asked |= {number for number in range(len(self.bound)) if allowed is None or len(allowed[number])}
        every = np.arange(len(view), dtype=np.int64)
        for field in self.fields - self.filled - {KEYWORDS}:
            if any(part.filled(every).any() for part in view.parts(field)):
                self.filled.add(field)

    def _ask(self, number: int, view: View, rows: Rows) -> Mask:
        asked = self._asked[number]
        if number not in self._with_keywords:
            return asked.ask(view, rows)
        # Keywords take every field of ``more`` apart: of the candidates only.
        return asked.ask(View(view.chunk, view.at[rows]), np.arange(len(rows), dtype=np.int64))

    def _choose(self, view: View) -> None:
        """Choose each rule's texts by how many rows of a sample have them, where there are rows enough to learn from."""
        self._sampled = len(view) >= _ENOUGH
        all_options = [_resolved(options(bound.expression), bound.witness) for bound in self.bound]
        step = max(1, len(view) // _SAMPLE)
        sample = View(view.chunk, view.at[::step])
        asked: dict[Field, dict[str, None]] = defaultdict(dict)
        for found in all_options if self._sampled else ():
            for option in found if len(found) > 1 else ():
                for anchor in sorted(option.names):
                    asked[option.fields[anchor.field]][anchor.text] = None
        counts: dict[tuple[Field, str], int] = {}
        for field, texts in asked.items():
            for text, rows in Search(list(texts), [[n] for n in range(len(texts))], field).rows(sample).items():
                counts[(field, list(texts)[text])] = len(rows)
        chosen: dict[Field, dict[str, list[int]]] = defaultdict(dict)
        self._always = []
        for number, found in enumerate(all_options):
            best = _best(found, counts)
            if best is None:
                self._always.append(number)
                continue
            for anchor in sorted(best.names):
                chosen[best.fields[anchor.field]].setdefault(anchor.text, []).append(number)
        self._search = [Search(list(texts), list(texts.values()), field) for field, texts in chosen.items()]

    def _candidates(self, view: View, every: Rows) -> dict[int, Rows]:
        found: dict[int, list[Rows]] = defaultdict(list)
        for search in self._search:
            for text, rows in search.rows(view).items():
                for number in search.rules[text]:
                    found[number].append(rows)
        candidates = {n: each[0] if len(each) == 1 else np.unique(np.concatenate(each)) for n, each in found.items()}
        return candidates | dict.fromkeys(self._always, every)


class _Resolved(NamedTuple):
    """A set of anchors and what their fields are called in the table."""

    names: Option
    fields: Mapping[str, Field]


def _resolved(found: Sequence[Option], witness: Witness) -> list[_Resolved]:
    return [_Resolved(option, {anchor.field: witness.field(anchor.field) for anchor in option}) for option in found]


def _best(found: Sequence[_Resolved], counts: Mapping[tuple[Field, str], int]) -> _Resolved | None:
    seen: dict[Anchor, int] = {}
    for option in found:
        for anchor in option.names:
            seen[anchor] = counts.get((option.fields[anchor.field], anchor.text), 0)
    best = rarest([option.names for option in found], seen)
    return next((option for option in found if option.names == best), None)
