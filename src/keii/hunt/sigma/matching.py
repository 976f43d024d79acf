"""Many rules over the rows of a table: rules by kind of event, rows by the rules' rarest texts, then the rest of a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keii.hunt.sigma.anchors import Anchor, Option, options, rarest
from keii.hunt.sigma.asking import Asked, prepare
from keii.hunt.sigma.columns import Chunk, Rows, View, column_of
from keii.hunt.sigma.expression import ANY_FIELD, Expression, fields
from keii.hunt.sigma.literals import Literals, rows_of
from keii.hunt.sigma.mapping import Column, Each, Field, First, Joined, Witness, witnesses
from keii.hunt.sigma.pins import KIND_COLUMNS, Kind, Pins, fits, pins
from keii.hunt.sigma.rules import Rule

_SAMPLE = 2_000  # rows by which the rarest texts are chosen


class Hit(NamedTuple):
    """Rows of a chunk (rising) that a rule holds for, by one of its witnesses."""

    rule: int
    witness: Witness
    rows: Rows


class _Bound(NamedTuple):
    """A rule over one witness."""

    rule: int
    witness: Witness
    expression: Expression
    pinned: Pins


class Engine:
    """Rules ready to be asked of the rows of any table, in any order and any cut."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._of_witness: dict[Witness, list[_Bound]] = defaultdict(list)
        for number, rule in enumerate(rules):
            for witness in witnesses(rule.logsource):
                expression = rule.expression
                bound = _Bound(number, witness, expression, pins(expression, witness))
                self._of_witness[witness].append(bound)
        self._plans: dict[tuple[str, Kind | None], _Plan] = {}

    def tables(self) -> frozenset[str]:
        """Return the tables that some rule asks."""
        return frozenset(witness.table for witness in self._of_witness)

    def asks(self, table: str, kind: Kind | None) -> bool:
        """Tell whether some rule can hold for events of a kind (None outside of ``windows``)."""
        return bool(self._plan(table, kind).bound)

    def rules_for(self, table: str, kind: Kind | None) -> list[int]:
        """Return the rules that can hold for events of a kind (None outside of ``windows``)."""
        return sorted({bound.rule for bound in self._plan(table, kind).bound})

    def columns(self, table: str, kinds: Sequence[Kind | None], present: Sequence[str]) -> list[str]:
        """Return the columns, of those present in a file, that the rules for the kinds ask for."""
        asked: set[str] = set()
        for field in {field for kind in kinds for field in self._plan(table, kind).fields}:
            asked |= _columns_of(table, field, present)
        return [name for name in present if name in asked]

    def match(self, table: str, chunk: Chunk) -> Iterator[Hit]:
        """Yield what holds for the rows of a chunk. The chunk has the columns of ``columns`` and those of a kind."""
        if table != "windows":
            yield from self._match(self._plan(table, None), View(chunk))
            return
        for kind, rows in kinds_of(chunk):
            plan = self._plan(table, kind)
            if plan.bound:
                for hit in self._match(plan, View(chunk, rows)):
                    yield hit._replace(rows=rows[hit.rows])

    def _match(self, plan: _Plan, view: View) -> Iterator[Hit]:
        plan.note(view)
        yield from plan.match(view)

    def asked(self, rule: int) -> bool:
        """Tell whether some event was of a kind that a rule can be about."""
        return any(plan.noted and rule in plan.bound_of for plan in self._plans.values())

    def absent(self, rule: int) -> tuple[str, ...]:
        """Return the fields of a rule that no event had, of all the rule was asked of; sorted."""
        asked = {name for name in fields(self._rules[rule].expression) if name != ANY_FIELD}
        filled = set()
        for plan in self._plans.values():
            for bound in plan.bound_of.get(rule, ()) if plan.noted else ():
                filled |= {name for name in asked if bound.witness.field(name) in plan.filled}
        return tuple(sorted(asked - filled))

    def _plan(self, table: str, kind: Kind | None) -> _Plan:
        plan = self._plans.get((table, kind))
        if plan is None:
            bound = [
                one
                for witness, all_bound in self._of_witness.items()
                if witness.table == table and (kind is None or witness.takes(*kind))
                for one in all_bound
                if kind is None or fits(one.pinned, kind)
            ]
            plan = self._plans[(table, kind)] = _Plan(bound)
        return plan


def kinds_of(chunk: Chunk) -> list[tuple[Kind, Rows]]:
    """Return the kinds of event in a chunk of ``windows``, each with its rows."""
    key = np.zeros(chunk.rows, np.int64)
    parts = {}
    for name in KIND_COLUMNS:
        if chunk.name(name) is not None:
            part = parts[name] = chunk.encoded(name)[0]
            key = key * (len(part.values.array) + 1) + part.codes + 1
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    found = []
    for rows in np.split(order, starts[1:]) if len(order) else []:
        told: dict[str, str | None] = dict.fromkeys(KIND_COLUMNS)
        for name, part in parts.items():
            code = int(part.codes[rows[0]])
            told[name] = part.values.text(code) if code >= 0 else None
        event_id = told["event_id"]
        kind = Kind(told["channel"], told["provider"], int(event_id) if event_id is not None else None)
        found.append((kind, rows.astype(np.int64)))
    return found


def _columns_of(table: str, field: Field, present: Sequence[str]) -> set[str]:
    """Return the columns that a field is made of; ``more`` where it is none of those present."""
    if isinstance(field, Column):
        if field.name == ANY_FIELD:
            return set(present)
        found = column_of(table, present, field.name)
        return {found or "more"}
    if isinstance(field, Each):
        stems = tuple(name.rstrip("*").lower() for name in field.names)
        return {name for name in present if name.lower().startswith(stems)} | {"more"}
    if isinstance(field, First | Joined):
        return set().union(*(_columns_of(table, one, present) for one in field.fields))
    return _columns_of(table, field.of, present)


class _Plan:
    """The rules for one kind of event; texts and automata are made when its first rows come."""

    def __init__(self, bound: list[_Bound]) -> None:
        self.bound = bound
        self.fields = {
            bound.witness.field(name)
            for bound in bound
            for expression in (bound.expression, bound.witness.where)
            if expression is not None
            for name in fields(expression)
        }
        self.bound_of: dict[int, list[_Bound]] = defaultdict(list)
        for one in bound:
            self.bound_of[one.rule].append(one)
        self.filled: set[Field] = set()
        self.noted = False
        self._asked: list[Asked] | None = None
        self._search: dict[Field, _Search] = {}
        self._always: list[int] = []

    def note(self, view: View) -> None:
        """Note which fields of the rules some row has."""
        self.noted = True
        every = np.arange(len(view), dtype=np.int64)
        for field in self.fields - self.filled:
            if any(part.filled(every).any() for part in view.parts(field)):
                self.filled.add(field)

    def match(self, view: View) -> Iterator[Hit]:
        """Yield the rows of a view, by their positions in it, for every rule that holds for some."""
        if self._asked is None:
            self._asked = [prepare(bound.expression, bound.witness.field) for bound in self.bound]
            self._choose(view)
        if not len(view):
            return
        every = np.arange(len(view), dtype=np.int64)
        held: dict[Witness, Rows] = {}
        for number, rows in sorted(self._candidates(view, every).items()):
            bound = self.bound[number]
            if bound.witness.where is not None:
                kept = held.get(bound.witness)
                if kept is None:
                    kept = every[prepare(bound.witness.where, bound.witness.field).ask(view, every)]
                    held[bound.witness] = kept
                rows = np.intersect1d(rows, kept, assume_unique=True)
            found = rows[self._asked[number].ask(view, rows)]
            if len(found):
                yield Hit(bound.rule, bound.witness, found)

    def _choose(self, view: View) -> None:
        """Choose each rule's texts by how many rows of a sample have them."""
        all_options = [_resolved(options(bound.expression), bound.witness) for bound in self.bound]
        step = max(1, len(view) // _SAMPLE)
        sample = View(view.chunk, view.at[::step])
        asked: dict[Field, dict[str, None]] = defaultdict(dict)
        for found in all_options:
            for option in found if len(found) > 1 else ():
                for anchor in sorted(option.names):
                    asked[option.fields[anchor.field]][anchor.text] = None
        counts: dict[tuple[Field, str], int] = {}
        for field, texts in asked.items():
            for text, rows in _Search(list(texts), [[n] for n in range(len(texts))]).rows(sample, field).items():
                counts[(field, list(texts)[text])] = len(rows)
        chosen: dict[Field, dict[str, list[int]]] = defaultdict(dict)
        for number, found in enumerate(all_options):
            best = _best(found, counts)
            if best is None:
                self._always.append(number)
                continue
            for anchor in sorted(best.names):
                chosen[best.fields[anchor.field]].setdefault(anchor.text, []).append(number)
        self._search = {field: _Search(list(texts), list(texts.values())) for field, texts in chosen.items()}

    def _candidates(self, view: View, every: Rows) -> dict[int, Rows]:
        found: dict[int, list[Rows]] = defaultdict(list)
        for field, search in self._search.items():
            for text, rows in search.rows(view, field).items():
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


class _Search:
    """Texts looked for in one field, and the rules that each speaks for."""

    def __init__(self, texts: Sequence[str], rules: Sequence[Sequence[int]]) -> None:
        self._literals = Literals(texts)
        self.rules = rules

    def rows(self, view: View, field: Field) -> dict[int, Rows]:
        """Return per text (its number) the rows of the view that have it, rising."""
        found: dict[int, list[Rows]] = defaultdict(list)
        for part in view.parts(field):
            texts, codes = self._literals.find(part)
            if not len(texts):
                continue
            distinct, place = np.unique(codes, return_inverse=True)
            rows, begin, end = rows_of(part, distinct)
            counts = (end - begin)[place]
            total = int(counts.sum())
            within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
            every = rows[np.repeat(begin[place], counts) + within]
            ends = np.cumsum(_sums(texts, counts))
            for text, some in zip(np.unique(texts).tolist(), np.split(every, ends[:-1]), strict=True):
                found[text].append(some)
        return {text: np.unique(np.concatenate(each)) for text, each in found.items()}


def _sums(texts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sum of counts per text; texts rise."""
    starts = np.flatnonzero(np.diff(texts, prepend=-1))
    sums: npt.NDArray[np.int64] = np.add.reduceat(counts, starts)
    return sums
