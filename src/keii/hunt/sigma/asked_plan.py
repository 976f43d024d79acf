"""The rules for one kind of event, ready to be asked: texts and automata are made when its first rows come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from keii.hunt.sigma.anchors import Anchor, Option, options, rarest
from keii.hunt.sigma.asking import Asked, Mask, prepare
from keii.hunt.sigma.columns import Rows, View
from keii.hunt.sigma.expression import ANY_FIELD, Expression, fields
from keii.hunt.sigma.mapping import Field, Witness
from keii.hunt.sigma.pins import Kind, Pins, fits, pins
from keii.hunt.sigma.search import KEYWORDS, Search

_ENOUGH = 500  # rows from which a sample is worth its time
_SAMPLE = 2_000  # rows by which the rarest texts are chosen


class Hit(NamedTuple):
    """Rows of a chunk (rising) that a rule holds for, by one of its witnesses."""

    rule: int
    witness: Witness
    rows: Rows


class Resolved(NamedTuple):
    """A set of anchors and what their fields are called in the table."""

    names: Option
    fields: Mapping[str, Field]


class Bound:
    """A rule over one witness; what it takes to ask it is made when it is first asked, and shared by all plans."""

    def __init__(self, rule: int, witness: Witness, expression: Expression) -> None:
        self.rule, self.witness, self.expression = rule, witness, expression
        self.pinned: Pins = pins(expression, witness)
        self.with_keywords = ANY_FIELD in fields(expression)  # words in any field: then it wants every column there is

    def takes(self, kind: Kind) -> bool:
        """Tell whether events of a kind can match."""
        return self.witness.takes(*kind) and fits(self.pinned, kind)

    def fits(self, kind: Kind) -> bool:
        """Tell the same of a kind that the witness takes, for rules without keywords."""
        return not self.with_keywords and (not self.pinned or fits(self.pinned, kind))

    @cached_property
    def asked(self) -> Asked:
        """The rule ready to be asked."""
        return prepare(self.expression, self.witness.field)

    @cached_property
    def options(self) -> list[Resolved]:
        """The sets of texts of which the rule needs one, and where they stand."""
        return [
            Resolved(option, {anchor.field: self.witness.field(anchor.field) for anchor in option})
            for option in options(self.expression)
        ]

    @cached_property
    def fields(self) -> set[Field]:
        """The fields of its table that the rule, and what its witness demands, look at."""
        expressions = [one for one in (self.expression, self.witness.where) if one is not None]
        return {self.witness.field(name) for one in expressions for name in fields(one)}


class Plan:
    """Rules asked together."""

    def __init__(self, bound: list[Bound]) -> None:
        self.bound = bound
        self.fields: set[Field] = set().union(*(one.fields for one in bound))
        self.filled: set[Field] = set()
        self.asked: set[int] = set()
        self._with_keywords = {number for number, one in enumerate(bound) if one.with_keywords}
        self._chosen = False
        self._sampled = False
        self._search: list[Search] = []
        self._always: list[int] = []

    def match(self, view: View, allowed: Sequence[Rows] | None = None) -> Iterator[Hit]:
        """Yield the rows of a view, by their positions in it, for every rule that holds for some.

        ``allowed`` are per rule the rows (rising) that it may be asked of; None for all rows.
        """
        if not len(view) or not self.bound:
            return
        if not self._chosen or (not self._sampled and len(view) >= _ENOUGH):
            self._chosen = True
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

    def note(self, view: View, allowed: Sequence[Rows] | None = None) -> None:
        """Note which rules are asked of a view, and which of their fields some row has."""
        if not len(view):
            return
        self.asked |= {number for number in range(len(self.bound)) if allowed is None or len(allowed[number])}
        every = np.arange(len(view), dtype=np.int64)
        for field in self.fields - self.filled - {KEYWORDS}:
            if any(part.filled(every).any() for part in view.parts(field)):
                self.filled.add(field)

    def _ask(self, number: int, view: View, rows: Rows) -> Mask:
        asked = self.bound[number].asked
        if number not in self._with_keywords:
            return asked.ask(view, rows)
        # Keywords take every field of ``more`` apart: of the candidates only.
        return asked.ask(View(view.chunk, view.at[rows]), np.arange(len(rows), dtype=np.int64))

    def _choose(self, view: View) -> None:
        """Choose each rule's texts by how many rows of a sample have them, where there are rows enough to learn from."""
        self._sampled = len(view) >= _ENOUGH
        all_options = [bound.options for bound in self.bound]
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


def _best(found: Sequence[Resolved], counts: Mapping[tuple[Field, str], int]) -> Resolved | None:
    seen: dict[Anchor, int] = {}
    for option in found:
        for anchor in option.names:
            seen[anchor] = counts.get((option.fields[anchor.field], anchor.text), 0)
    best = rarest([option.names for option in found], seen)
    return next((option for option in found if option.names == best), None)
