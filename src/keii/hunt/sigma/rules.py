"""Rules as the hunt runs them, and what became of those that it cannot run."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.hunt.sigma.expression import Expression
from keii.model.rule import About as About

CorrelationType = Literal[
    "event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile",
    "value_median",
]  # fmt: skip


class LogSource(msgspec.Struct, frozen=True):
    """The kind of log that a rule is written for, as its author names it."""

    product: str | None = None
    category: str | None = None
    service: str | None = None

    def __str__(self) -> str:
        named = (("product", self.product), ("category", self.category), ("service", self.service))
        return " ".join(f"{name}={value}" for name, value in named if value)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about single events. ``shown`` is False where it only serves a correlation."""

    about: About
    logsource: LogSource
    expression: Expression
    shown: bool = True


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """The condition of a correlation: the count, sum … compared with a number. ``fields`` of the value counted."""

    operator: Literal["lt", "lte", "gt", "gte", "eq", "neq"]
    number: int | float
    fields: tuple[str, ...] = ()
    percentile: int | None = None


class RefTerm(msgspec.Struct, frozen=True, tag="rule"):
    """A rule named in the condition of a temporal correlation."""

    rule: str


class BoolTerm(msgspec.Struct, frozen=True, tag="bool"):
    """``and``, ``or`` (two or more items) or ``not`` (one) in the condition of a temporal correlation."""

    operator: Literal["and", "or", "not"]
    items: tuple[RefTerm | BoolTerm, ...]


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule about several matches of other rules.

    Attributes:
        rules: ids of the rules it rests on, in the order written.
        group_by: fields or aliases that the events must share.
        aliases: per alias, the field of each rule (id) that it stands for.
        seconds: length of the time window.
        condition: thresholds that must all hold, or an expression over the rules.
    """

    about: About
    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: dict[str, dict[str, str]]
    seconds: int
    condition: tuple[Threshold, ...] | RefTerm | BoolTerm
    shown: bool = True


class NotLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that cannot run: where it stands and why, in English, one clause.

    Attributes:
        lacks: the placeholder that the case gives no value for; the rule itself is whole then.
        withdrawn: the status by which its author has withdrawn it, ``deprecated`` or ``unsupported``.
    """

    place: str
    reason: str
    lacks: str | None = None
    withdrawn: str | None = None
    id: str | None = None
    title: str | None = None


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a folder, ordered by place; every document is in one of the three."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    not_loaded: tuple[NotLoaded, ...] = ()
