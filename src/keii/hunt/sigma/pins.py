"""Which kinds of Windows event a rule can be about at all: the event ids, channels and providers that it insists on."""

from __future__ import annotations

from typing import NamedTuple

from keii.hunt.sigma.expression import All, Any, Expression, Number, Text
from keii.hunt.sigma.mapping import Column, Witness
from keii.hunt.sigma.predicates import number

KIND_COLUMNS = ("channel", "provider", "event_id")


class Kind(NamedTuple):
    """Channel, provider and event id of Windows events; None where an event names none."""

    channel: str | None
    provider: str | None
    event_id: int | None


Pins = dict[str, frozenset[str]]


def pins(expression: Expression, witness: Witness) -> Pins:
    """Return per column of a kind the lower-case values of which a matching event must have one."""
    if isinstance(expression, Text | Number):
        column = witness.field(expression.field)
        if not isinstance(column, Column) or column.name.lower() not in KIND_COLUMNS:
            return {}
        if isinstance(expression, Number):
            return {column.name.lower(): frozenset({str(expression.value)})}
        return {column.name.lower(): frozenset(v.lower() for v in expression.values)} if expression.mode == "is" else {}
    if isinstance(expression, All):
        found: Pins = {}
        for item in expression.items:
            for column_name, values in pins(item, witness).items():
                found[column_name] = found[column_name] & values if column_name in found else values
        return found
    if isinstance(expression, Any):
        each = [pins(item, witness) for item in expression.items]
        shared = set(each[0]).intersection(*each[1:])
        return {name: frozenset().union(*(one[name] for one in each)) for name in shared}
    return {}


def fits(pinned: Pins, kind: Kind) -> bool:
    """Tell whether events of a kind can match a rule with these pins."""
    for name, values in pinned.items():
        value = getattr(kind, name)
        if value is None:
            return False
        text = str(value).lower()
        if text not in values and (name != "event_id" or not any(number(one) == value for one in values)):
            return False
    return True
