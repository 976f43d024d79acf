"""A rule asked of rows: each part only of the rows that the parts before have left, each test once per value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from keii.hunt.sigma import predicates
from keii.hunt.sigma.bulk import Bulk
from keii.hunt.sigma.columns import Part, Rows, Values, View, texts_of
from keii.hunt.sigma.expression import All, Any, Empty, Exists, Expression, Not, Number, Reference, Regex, Test, Text
from keii.hunt.sigma.mapping import Field

_MANY_VALUES = 256  # from which on they are asked by columns
Mask = npt.NDArray[np.bool_]
FieldOf = Callable[[str], Field]


class Asked(Protocol):
    """Something that can be asked of rows; ``cost`` orders the parts of a rule."""

    cost: int

    def ask(self, view: View, rows: Rows) -> Mask:
        """Return for each row (positions in the view) whether it holds."""


def prepare(expression: Expression, field_of: FieldOf) -> Asked:
    """Return an expression ready to be asked; ``field_of`` gives what its fields are called in the table."""
    if isinstance(expression, All):
        return _All([prepare(item, field_of) for item in expression.items])
    if isinstance(expression, Any):
        return _Any([prepare(item, field_of) for item in expression.items])
    if isinstance(expression, Not):
        return _Not(prepare(expression.item, field_of))
    if isinstance(expression, Empty):
        return _Empty(field_of(expression.field))
    if isinstance(expression, Exists):
        return _Exists(field_of(expression.field), expression.wanted)
    if isinstance(expression, Reference):
        return _Reference(expression, field_of)
    return _Test(expression, field_of(expression.field))


class _All:
    def __init__(self, items: list[Asked]) -> None:
        self._items = sorted(items, key=lambda item: item.cost)
        self.cost = sum(item.cost for item in items)

    def ask(self, view: View, rows: Rows) -> Mask:
        left = np.arange(len(rows))
        for item in self._items:
            left = left[item.ask(view, rows[left])]
            if not len(left):
                break
        mask = np.zeros(len(rows), bool)
        mask[left] = True
        return mask


class _Any:
    def __init__(self, items: list[Asked]) -> None:
        self._items = sorted(items, key=lambda item: item.cost)
        self.cost = sum(item.cost for item in items)

    def ask(self, view: View, rows: Rows) -> Mask:
        mask = np.zeros(len(rows), bool)
        left = np.arange(len(rows))
        for item in self._items:
            held = item.ask(view, rows[left])
            mask[left[held]] = True
            left = left[~held]
            if not len(left):
                break
        return mask


class _Not:
    def __init__(self, item: Asked) -> None:
        self._item = item
        self.cost = item.cost

    def ask(self, view: View, rows: Rows) -> Mask:
        return ~self._item.ask(view, rows)


class _Empty:
    cost = 1

    def __init__(self, field: Field) -> None:
        self._field = field

    def ask(self, view: View, rows: Rows) -> Mask:
        mask = np.ones(len(rows), bool)
        for part in view.parts(self._field):
            mask &= ~part.filled(rows)
        return mask


class _Exists:
    cost = 1

    def __init__(self, field: Field, wanted: bool) -> None:  # noqa: FBT001 - the rule's own value
        self._field, self._wanted = field, wanted

    def ask(self, view: View, rows: Rows) -> Mask:
        mask = np.zeros(len(rows), bool)
        for part in view.parts(self._field):
            mask |= part.codes[rows] >= 0
        return mask if self._wanted else ~mask


class _Reference:
    cost = 20

    def __init__(self, test: Reference, field_of: FieldOf) -> None:
        self._mode = test.mode
        self._fields = field_of(test.field), field_of(test.other)

    def ask(self, view: View, rows: Rows) -> Mask:
        mask = np.zeros(len(rows), bool)
        first, second = (view.parts(field) for field in self._fields)
        for one in first:
            for other in second:
                mask |= self._hold(texts_of(one.at(rows)), texts_of(other.at(rows)))
        return mask

    def _hold(self, values: list[str | None], others: list[str | None]) -> Mask:
        held = [
            bool(value and other and predicates.refers(self._mode, value, other))
            for value, other in zip(values, others, strict=True)
        ]
        return np.fromiter(held, np.bool_, len(held))


def _cost(test: Test) -> int:
    if isinstance(test, Regex):
        return 50
    if isinstance(test, Text):
        return 2 + (len(test.values) if test.mode == "has" else 0)
    return 2 if isinstance(test, Number) else 5


class _Test:
    def __init__(self, test: Test, field: Field) -> None:
        self._test, self._field = test, field
        self._check = predicates.check(test)
        self._lowers = predicates.lowers(test)
        self.cost = _cost(test)
        self._bulk: Bulk | None = None
        self._values: Values | None = None
        self._known: dict[int, bool] = {}

    def ask(self, view: View, rows: Rows) -> Mask:
        mask = np.zeros(len(rows), bool)
        for part in view.parts(self._field):
            mask |= self._of_part(part, rows)
        return mask

    def _of_part(self, part: Part, rows: Rows) -> Mask:
        if part.values is not self._values:  # verdicts hold for one set of distinct values
            self._values, self._known = part.values, {-1: False, part.values.empty: False}
        codes = part.codes[rows]
        if len(codes) <= 64:
            listed = codes.tolist()
            self._learn(part.values, [code for code in listed if code not in self._known])
            return np.fromiter((self._known[code] for code in listed), bool, len(listed))
        verdicts = np.zeros(len(part.values.array) + 1, bool)  # code -1 is the last place: no value, False
        verdicts[codes] = True
        used = np.flatnonzero(verdicts[:-1]).astype(np.int32)
        if len(used) >= _MANY_VALUES and self._in_bulk():
            assert self._bulk is not None  # noqa: S101 - told to mypy
            verdicts[used] = self._bulk.hold(part.values, used)
        else:
            listed = used.tolist()
            self._learn(part.values, [code for code in listed if code not in self._known])
            verdicts[used] = [self._known[code] for code in listed]
        verdicts[[part.values.empty, -1]] = False
        return verdicts[codes]

    def _in_bulk(self) -> bool:
        if self._bulk is None:
            self._bulk = Bulk.of(self._test)
        return self._bulk is not None

    def _learn(self, values: Values, codes: list[int]) -> None:
        if not codes:
            return
        if isinstance(self._test, Regex):
            found = predicates.matches(self._test, [values.text(code) for code in codes])
            self._known.update(zip(codes, found, strict=True))
            return
        get = values.lower if self._lowers else values.text
        for code in codes:
            self._known[code] = self._check(get(code))
