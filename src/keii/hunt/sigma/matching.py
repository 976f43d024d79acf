"""Many rules over the rows of a table: rules by kind of event, rows by the rules' rarest texts, then the rest of a rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from keii.hunt.sigma.asked_plan import Bound, Hit, Plan
from keii.hunt.sigma.columns import Chunk, Rows, View, column_of
from keii.hunt.sigma.expression import ANY_FIELD, fields
from keii.hunt.sigma.gate import Gate
from keii.hunt.sigma.mapping import Column, Each, Field, First, Joined, Witness, witnesses
from keii.hunt.sigma.pins import KIND_COLUMNS, Kind
from keii.hunt.sigma.rules import Rule

Kinds = list[tuple[Kind, Rows]]
_NONE: Rows = np.empty(0, np.int64)


class Engine:
    """Rules ready to be asked of the rows of any table, in any order and any cut."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self._of_witness: dict[Witness, list[Bound]] = defaultdict(list)
        for number, rule in enumerate(rules):
            for witness in witnesses(rule.logsource):
                self._of_witness[witness].append(Bound(number, witness, rule.expression))
        self._plans: dict[tuple[str, Kind | None], Plan] = {}
        self._of_bound: dict[tuple[int, ...], Plan] = {}  # kinds that the same rules are about are asked together
        self._also: Mapping[int, set[str]] = {}
        self._by_rule: dict[int, list[tuple[Plan, int]]] | None = None
        self._gate: Gate | None = None
        self._taking: dict[Kind, list[int]] = {}

    def tables(self) -> frozenset[str]:
        """Return the tables that some rule asks."""
        return frozenset(witness.table for witness in self._of_witness)

    def witnesses(self) -> tuple[Witness, ...]:
        """Return the witnesses that some rule asks."""
        return tuple(self._of_witness)

    def also_read(self, names: Mapping[int, set[str]]) -> None:
        """Name fields, by rule, whose columns are wanted of matches though no rule asks for them (correlations do)."""
        self._also = names

    def asks(self, table: str, kind: Kind | None) -> bool:
        """Tell whether some rule can hold for events of a kind, or with None for any kind at all."""
        return bool(self._plan(table, kind).bound)

    def rules_for(self, table: str, kind: Kind | None) -> list[int]:
        """Return the rules that can hold for events of a kind (None outside of ``windows``)."""
        return sorted({bound.rule for bound in self._plan(table, kind).bound})

    def columns(self, table: str, kinds: Sequence[Kind | None], present: Sequence[str]) -> list[str]:
        """Return the columns, of those present in a file, that the rules for the kinds ask for."""
        asked: set[str] = set()
        plans = [self._plan(table, kind) for kind in kinds]
        also = {
            bound.witness.field(name)
            for plan in plans
            for bound in (plan.bound if self._also else ())
            for name in self._also.get(bound.rule, ())
        }
        for field in also.union(*(plan.fields for plan in plans)):
            asked |= _columns_of(table, field, present)
        return [name for name in present if name in asked]

    def match(self, table: str, chunk: Chunk) -> Iterator[Hit]:
        """Yield what holds for the rows of a chunk. The chunk has the columns of ``columns`` and those of a kind."""
        if table != "windows":
            yield from self.match_table(table, chunk)
            return
        kinds = kinds_of(chunk)
        for _, hits in self.match_keywords([(chunk, kinds)]):
            yield from hits
        yield from self.match_kinds(chunk, kinds)

    def match_table(self, table: str, chunk: Chunk) -> Iterator[Hit]:
        """Yield what holds for the rows of a chunk of a table other than ``windows``."""
        self._by_rule = None
        plan, view = self._plan(table, None), View(chunk)
        plan.note(view)
        yield from plan.match(view)

    def match_keywords(self, chunks: Sequence[tuple[Chunk, Kinds]]) -> Iterator[tuple[Chunk, list[Hit]]]:
        """Yield chunks of ``windows`` with what holds of the rules with keywords; these want every column."""
        plan = self._plan("windows", None)
        if not plan.bound:
            return
        if self._gate is None:
            self._gate = Gate(plan.bound)
        self._by_rule = None
        for (chunk, kinds), worded in zip(chunks, self._gate.rows([one.table for one, _ in chunks]), strict=True):
            each: list[list[Rows]] = [[] for _ in plan.bound]
            for kind, rows in kinds:
                for number in self._takes(plan, kind):
                    each[number].append(rows)
            allowed = [_rows_of(some) for some in each]
            plan.note(View(chunk), allowed)
            may = [np.intersect1d(allowed[number], rows, assume_unique=True) for number, rows in worded.items()]
            some = np.unique(np.concatenate([*may, *(allowed[number] for number in self._gate.always), _NONE]))
            if len(some):
                few = Chunk("windows", chunk.table.take(pa.array(some)))
                within = [np.flatnonzero(np.isin(some, rows)) for rows in allowed]
                yield chunk, [hit._replace(rows=some[hit.rows]) for hit in plan.match(View(few), within)]

    def match_kinds(self, chunk: Chunk, kinds: Kinds) -> Iterator[Hit]:
        """Yield what holds of the rules about kinds of Windows events."""
        self._by_rule = None
        together: dict[Plan, list[Rows]] = defaultdict(list)
        for kind, rows in kinds:
            together[self._plan("windows", kind)].append(rows)
        for plan, some in together.items():
            if plan.bound:
                rows = _rows_of(some)
                view = View(chunk, rows)
                plan.note(view)
                for hit in plan.match(view):
                    yield hit._replace(rows=rows[hit.rows])

    def noted(self, rule: int, *, asked: bool) -> dict[str, set[str]]:
        """Return by table the fields of a rule that some event had: tables it was asked of, or the others it looks at."""
        names = _named(self.rules[rule])
        if self._by_rule is None:
            self._by_rule = defaultdict(list)
            for plan in self._of_bound.values():
                for number, bound in enumerate(plan.bound):
                    self._by_rule[bound.rule].append((plan, number))
        parts = self._by_rule.get(rule, [])
        tables = {plan.bound[number].witness.table for plan, number in parts if number in plan.asked}
        found: dict[str, set[str]] = {table: set() for table in tables} if asked else {}
        for plan, number in parts:
            bound = plan.bound[number]
            if (bound.witness.table in tables) == asked:
                filled = {name for name in names if bound.witness.field(name) in plan.filled}
                found.setdefault(bound.witness.table, set()).update(filled)
        return found

    def _takes(self, plan: Plan, kind: Kind) -> list[int]:
        """Return the rules with keywords, by their places in the plan, that events of a kind can match."""
        if kind not in self._taking:
            self._taking[kind] = [number for number, bound in enumerate(plan.bound) if bound.takes(kind)]
        return self._taking[kind]

    def _plan(self, table: str, kind: Kind | None) -> Plan:
        plan = self._plans.get((table, kind))
        if plan is None:
            bound = [
                one
                for witness, all_bound in self._of_witness.items()
                if witness.table == table and (kind is None or witness.takes(*kind))
                for one in all_bound
                if table != "windows" or (one.with_keywords if kind is None else one.fits(kind))
            ]
            key = tuple(map(id, bound))
            plan = self._of_bound.get(key)
            if plan is None:
                plan = self._of_bound[key] = Plan(bound)
            self._plans[(table, kind)] = plan
        return plan


def _named(rule: Rule) -> set[str]:
    return {name for name in fields(rule.expression) if name != ANY_FIELD}


def absent(rule: Rule, filled: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return the fields of a rule that no event had, of all the rule was asked of (``filled``, by table); sorted."""
    return tuple(sorted(_named(rule).difference(*filled.values())))


def _rows_of(some: Sequence[Rows]) -> Rows:
    return np.sort(np.concatenate(some)) if some else _NONE


def kinds_of(chunk: Chunk) -> Kinds:
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
