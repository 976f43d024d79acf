"""What a rule asks of one event: a small tree of plain values, made from pySigma's and kept in the cached plan.

``field`` is the name that the rule uses; the empty name stands for every value of the event (keywords). A field that
the event lacks, or that is empty, makes a test false, so that ``not`` of it is true. ``Empty`` alone holds for it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ANY_FIELD = ""

TextMode = Literal["is", "starts", "ends", "has"]
Operator = Literal["lt", "lte", "gt", "gte", "neq"]
TimePart = Literal["minute", "hour", "day", "week", "month", "year"]


class Text(msgspec.Struct, frozen=True, tag="text"):
    """The value is, starts with, ends with or has one of these; without ``cased`` they are lower-case, as is the value."""

    field: str
    mode: TextMode
    values: tuple[str, ...]
    cased: bool = False


class Glob(msgspec.Struct, frozen=True, tag="glob"):
    """The whole value fits the parts: text as it stands, 0 for any run of characters, 1 for any one character."""

    field: str
    parts: tuple[str | int, ...]
    cased: bool = False


class Regex(msgspec.Struct, frozen=True, tag="regex"):
    """The expression (RE2 syntax, flags written in front) is found in the value.

    ``least`` is a length in characters below which no value can match, ``sets`` are lower-case texts of which a value
    that matches has, of each set, one; 0 and none where it is not known.
    """

    field: str
    pattern: str
    least: int = 0
    sets: tuple[tuple[str, ...], ...] = ()


class Number(msgspec.Struct, frozen=True, tag="number"):
    """The value is this number, written as decimal or, with ``0x``, as hexadecimal."""

    field: str
    value: int | float


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """The value is a number and less, more or other than this one."""

    field: str
    operator: Operator
    value: int | float


class Network(msgspec.Struct, frozen=True, tag="network"):
    """The value is an address inside the network; an IPv4 address mapped into IPv6 counts as IPv4."""

    field: str
    network: str


class Empty(msgspec.Struct, frozen=True, tag="empty"):
    """The event has no value for the field: it lacks it, or it is the empty text."""

    field: str


class Exists(msgspec.Struct, frozen=True, tag="exists"):
    """The event has the field, even if empty, or has it not."""

    field: str
    wanted: bool


class Reference(msgspec.Struct, frozen=True, tag="reference"):
    """The value is, starts with, ends with or has the value of another field; both must be there and not empty."""

    field: str
    other: str
    mode: TextMode


class Clock(msgspec.Struct, frozen=True, tag="clock"):
    """A part of the time that the value tells is, or compares with, this number; a time without a zone is taken as UTC."""

    field: str
    part: TimePart
    value: int
    operator: Operator | Literal["eq"] = "eq"


class All(msgspec.Struct, frozen=True, tag="all"):
    """Every item holds."""

    items: tuple[Expression, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    """At least one item holds."""

    items: tuple[Expression, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """The item does not hold."""

    item: Expression


Test = Text | Glob | Regex | Number | Compare | Network | Empty | Exists | Reference | Clock
Expression = Text | Glob | Regex | Number | Compare | Network | Empty | Exists | Reference | Clock | All | Any | Not


def tests(expression: Expression) -> list[Test]:
    """Return the tests of an expression, in order."""
    if isinstance(expression, All | Any):
        return [test for item in expression.items for test in tests(item)]
    if isinstance(expression, Not):
        return tests(expression.item)
    return [expression]


def fields(expression: Expression) -> tuple[str, ...]:
    """Return the names of the fields that an expression asks for, sorted; the empty name for keywords."""
    found = {test.field for test in tests(expression)}
    found |= {test.other for test in tests(expression) if isinstance(test, Reference)}
    return tuple(sorted(found))
