"""Correlation rules through pySigma's parser, their references resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaError

from keii.errors import RuleError
from keii.hunt.sigma.rules import (
    About,
    BoolTerm,
    Correlation,
    CorrelationType,
    NotLoaded,
    RefTerm,
    Rule,
    RuleSet,
    Threshold,
)

_OPERATORS = frozenset(SigmaCorrelationConditionOperator.operators())


class Correlated(msgspec.Struct, frozen=True):
    """A document with a correlation."""

    about: About
    content: dict[str, Any]


def compile_correlations(rules: Sequence[Rule], documents: Sequence[Correlated]) -> RuleSet:
    """Return the rules and the correlations over them, those that others rest on first.

    A rule that a correlation rests on is no longer shown for itself, unless the correlation says ``generate: true``.
    """
    waiting: dict[str, tuple[Correlated, SigmaCorrelationRule, tuple[Threshold, ...]]] = {}
    broken: list[NotLoaded] = []
    for document in documents:
        try:
            waiting.setdefault(document.about.id, (document, *_parse(document.content)))
        except (SigmaError, RuleError, ValueError, TypeError, AttributeError) as error:
            broken.append(_refused(document.about, " ".join(str(error).split())[:300]))
    names = _names([*(rule.about for rule in rules), *(one[0].about for one in waiting.values())])
    known = {rule.about.id for rule in rules}
    done: list[Correlation] = []
    hidden: set[str] = set()
    while waiting:
        ready = [key for key, (_, parsed, _) in waiting.items() if _references(parsed, names) <= known]
        for key in ready:
            document, parsed, thresholds = waiting.pop(key)
            try:
                one = _resolved(document.about, parsed, thresholds, names)
            except RuleError as error:
                broken.append(_refused(document.about, error.message))
                continue
            done.append(one)
            known.add(key)
            hidden |= set() if parsed.generate else set(one.rules)
        if not ready:
            for document, parsed, _ in waiting.values():
                absent = ", ".join(sorted(_references(parsed, names) - known))
                broken.append(_refused(document.about, f"refers to rules that are not there: {absent}"))
            break
    replace = msgspec.structs.replace
    return RuleSet(
        rules=tuple(replace(rule, shown=rule.about.id not in hidden) for rule in rules),
        correlations=tuple(replace(one, shown=one.about.id not in hidden) for one in done),
        not_loaded=tuple(broken),
    )


def _refused(about: About, reason: str) -> NotLoaded:
    return NotLoaded(place=about.place, reason=reason, id=about.id, title=about.title)


def _names(rules: Sequence[About]) -> dict[str, str]:
    """Return the id that each name and id stands for; of two rules with one name the first counts."""
    names: dict[str, str] = {}
    for rule in rules:
        names.setdefault(rule.id, rule.id)
    for rule in rules:
        if rule.name:
            names.setdefault(rule.name, rule.id)
    return names


def _parse(content: dict[str, Any]) -> tuple[SigmaCorrelationRule, tuple[Threshold, ...]]:
    """Parse a correlation. Of a range (``gt: 100, lte: 200``), which pySigma takes one end of, both ends are kept."""
    correlation = content["correlation"]
    condition = correlation.get("condition") if isinstance(correlation, dict) else None
    operators = sorted(_OPERATORS & condition.keys(), key=str) if isinstance(condition, dict) else []
    if len(operators) < 2:
        return _parse_one(content)
    assert isinstance(condition, dict)  # noqa: S101 - told to mypy; there are no operators otherwise
    shared = {key: value for key, value in condition.items() if key not in _OPERATORS}
    parsed = [
        _parse_one({**content, "correlation": {**correlation, "condition": {operator: condition[operator], **shared}}})
        for operator in operators
    ]
    return parsed[0][0], tuple(threshold for _, thresholds in parsed for threshold in thresholds)


def _parse_one(content: dict[str, Any]) -> tuple[SigmaCorrelationRule, tuple[Threshold, ...]]:
    parsed = SigmaCorrelationRule.from_dict(content, collect_errors=True)
    if fatal := [
        error for error in parsed.errors if "orrelation" in type(error).__name__ or "Timespan" in type(error).__name__
    ]:
        raise fatal[0]
    condition = parsed.condition
    if not isinstance(condition, SigmaCorrelationCondition):
        return parsed, ()
    named = condition.fieldref
    counted = [named] if isinstance(named, str) else [str(one) for one in named or ()]
    if condition.percentile is not None and not 0 <= condition.percentile <= 100:
        raise RuleError(f"asks for the percentile {condition.percentile}, which is not within 0 and 100")
    operator = cast("Any", condition.op.name.lower())
    return parsed, (
        Threshold(operator=operator, number=condition.count, fields=tuple(counted), percentile=condition.percentile),
    )


def _written(parsed: SigmaCorrelationRule) -> list[str]:
    if parsed.rules:
        return [str(reference.reference) for reference in parsed.rules]
    if isinstance(parsed.condition, SigmaExtendedCorrelationCondition):
        return [str(name) for name in parsed.condition.get_referenced_rules()]
    return []


def _references(parsed: SigmaCorrelationRule, names: Mapping[str, str]) -> set[str]:
    return {names.get(written, written) for written in _written(parsed)}


def _resolved(
    about: About, parsed: SigmaCorrelationRule, thresholds: tuple[Threshold, ...], names: Mapping[str, str]
) -> Correlation:
    rules = tuple(dict.fromkeys(names[written] for written in _written(parsed)))
    if not rules:
        raise RuleError("refers to no rule")
    aliases = {
        alias.alias: {names.get(str(ref.reference), str(ref.reference)): field for ref, field in alias.mapping.items()}
        for alias in parsed.aliases
    }
    condition: tuple[Threshold, ...] | RefTerm | BoolTerm = thresholds
    if isinstance(parsed.condition, SigmaExtendedCorrelationCondition):
        condition = _term(parsed.condition.parsed, names)
    return Correlation(
        about=about,
        type=cast("CorrelationType", parsed.type.name.lower()),
        rules=rules,
        group_by=tuple(parsed.group_by or ()),
        aliases=aliases,
        seconds=parsed.timespan.seconds,
        condition=condition,
    )


def _term(node: CorrelationConditionItem | SigmaRuleReference, names: Mapping[str, str]) -> RefTerm | BoolTerm:
    if isinstance(node, SigmaRuleReference):
        return RefTerm(names[node.reference])
    items = tuple(_term(item, names) for item in node.args)
    if isinstance(node, CorrelationConditionAND):
        return BoolTerm("and", items)
    return BoolTerm("or" if isinstance(node, CorrelationConditionOR) else "not", items)
