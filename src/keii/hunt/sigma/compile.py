"""From pySigma's condition tree to an ``Expression``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from keii.errors import RuleError
from keii.hunt.sigma.expression import (
    ANY_FIELD,
    All,
    Any,
    Clock,
    Compare,
    Empty,
    Exists,
    Expression,
    Glob,
    Network,
    Not,
    Number,
    Reference,
    Regex,
    Text,
    TextMode,
)
from keii.hunt.sigma.regex_shape import shape

MOST_NODES = 20_000  # of one rule's tree; the largest public rule has about 800
MOST_PATTERN = 10_000  # characters of a regular expression
Placeholders = Mapping[str, Sequence[str]]


class PlaceholderError(RuleError):
    """A placeholder of the rule has no value in this case."""

    def __init__(self, name: str) -> None:
        super().__init__(f"needs a value for the placeholder %{name}%")
        self.name = name


def compile_rule(rule: SigmaRule, placeholders: Placeholders) -> Expression:
    """Return what the rule asks of an event; of several conditions any one.

    ``placeholders`` are the values of ``%name%`` in values with the ``expand`` modifier. Raises RuleError where a
    placeholder has no value, a regular expression needs backtracking, or the tree is too large.
    """
    conditions = [condition.parsed for condition in rule.detection.parsed_condition]
    compiler = _Compiler(placeholders)
    return join_any([compiler.of(condition) for condition in conditions])


def join_any(items: Iterable[Expression]) -> Expression:
    """Return ``Any`` of the items; tests of the same kind on one field become one."""
    texts: dict[tuple[str, TextMode, bool], list[str]] = {}
    order: dict[object, Expression | tuple[str, TextMode, bool]] = {}
    for item in items:
        for part in item.items if isinstance(item, Any) else (item,):
            if isinstance(part, Text):
                key = (part.field, part.mode, part.cased)
                texts.setdefault(key, []).extend(part.values)
                order.setdefault(key, key)
            else:
                order.setdefault(part, part)
    joined = tuple(
        Text(one[0], one[1], tuple(dict.fromkeys(texts[one])), one[2]) if isinstance(one, tuple) else one
        for one in order.values()
    )
    return joined[0] if len(joined) == 1 else Any(joined)


def join_all(items: Iterable[Expression]) -> Expression:
    """Return ``All`` of the items, each once."""
    parts = dict.fromkeys(part for item in items for part in (item.items if isinstance(item, All) else (item,)))
    return next(iter(parts)) if len(parts) == 1 else All(tuple(parts))


class _Compiler:
    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._nodes = 0

    def of(self, node: object) -> Expression:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise RuleError(f"asks for more than {MOST_NODES} values")
        if isinstance(node, ConditionAND):
            return join_all(self.of(item) for item in node.args)
        if isinstance(node, ConditionOR):
            return join_any(self.of(item) for item in node.args)
        if isinstance(node, ConditionNOT):
            return Not(self.of(node.args[0]))
        if isinstance(node, ConditionFieldEqualsValueExpression):
            return self._value(node.field, node.value)
        if isinstance(node, ConditionValueExpression):
            return self._value(ANY_FIELD, node.value)
        raise RuleError("its condition refers to an empty detection")

    def _value(self, field: str, value: SigmaType) -> Expression:
        if isinstance(value, SigmaExpansion):
            return join_any(self._value(field, one) for one in value.values)
        if isinstance(value, SigmaString):
            return join_any(text(field, one) for one in self._expanded(value))
        if isinstance(value, SigmaRegularExpression):
            return join_any(regex(field, one) for one in self._expanded_regex(value))
        if field == ANY_FIELD and isinstance(value, SigmaNumber | SigmaBool):
            return Text(field, "has", (str(value).lower(),))
        return _other(field, value)

    def _fill(self, placeholder: Placeholder) -> list[SigmaString]:
        if placeholder.name not in self._placeholders:
            raise PlaceholderError(placeholder.name)
        return [SigmaString(one) for one in self._placeholders[placeholder.name]]

    def _expanded(self, value: SigmaString) -> list[SigmaString]:
        if not value.contains_placeholder():
            return [value]
        filled = value.replace_placeholders(lambda placeholder: iter(self._fill(placeholder)))
        return (
            [SigmaCasedString.from_sigma_string(one) for one in filled]
            if isinstance(value, SigmaCasedString)
            else filled
        )

    def _expanded_regex(self, value: SigmaRegularExpression) -> list[SigmaRegularExpression]:
        if not value.contains_placeholder():
            return [value]
        return list(value.replace_placeholders(lambda placeholder: iter(self._fill(placeholder))))


def _other(field: str, value: SigmaType) -> Expression:
    """Return the test of a value that is neither text nor a regular expression."""
    if isinstance(value, SigmaTimestampPart):
        return Clock(field, value.timestamp_part.name.lower(), int(value.number))
    if isinstance(value, SigmaNumber):
        return Number(field, value.number)
    if isinstance(value, SigmaBool):
        return Text(field, "is", (str(value.boolean).lower(),))
    if isinstance(value, SigmaNull):
        return Empty(field)
    if isinstance(value, SigmaExists):
        return Exists(field, value.exists)
    if isinstance(value, SigmaCompareExpression) and isinstance(value.number, SigmaTimestampPart):
        part = value.number
        return Clock(field, part.timestamp_part.name.lower(), int(part.number), value.op.name.lower())
    if isinstance(value, SigmaCompareExpression):
        return Compare(field, value.op.name.lower(), value.number.number)
    if isinstance(value, SigmaCIDRExpression):
        return Network(field, str(value.network))
    if isinstance(value, SigmaFieldReference):
        modes: dict[tuple[bool, bool], TextMode] = {
            (False, False): "is", (True, False): "starts", (False, True): "ends", (True, True): "has",
        }  # fmt: skip
        return Reference(field, value.field, modes[value.starts_with, value.ends_with])
    raise RuleError(f"has a value of the type {type(value).__name__}, which keii does not know")


def text(field: str, value: SigmaString) -> Expression:
    """Return the test of a text with wildcards. The empty text stands for no value: layouts drop empty fields."""
    cased = isinstance(value, SigmaCasedString)
    parts = _parts(value, cased=cased)
    if field == ANY_FIELD:  # a keyword stands anywhere in a value
        parts = (0, *parts, 0)
    parts = tuple(part for number, part in enumerate(parts) if part != 0 or number == 0 or parts[number - 1] != 0)
    literals = [part for part in parts if isinstance(part, str)]
    if not parts:
        return Empty(field)
    if parts == (0,):
        return Not(Empty(field))
    if len(literals) == 1 and 1 not in parts:
        modes: dict[int, TextMode] = {1: "is", 3: "has"}
        mode = modes.get(len(parts)) or ("starts" if parts[-1] == 0 else "ends")
        return Text(field, mode, (literals[0],), cased)
    return Glob(field, parts, cased)


def _parts(value: SigmaString, *, cased: bool) -> tuple[str | int, ...]:
    found: list[str | int] = []
    for part in value.s:
        if isinstance(part, str):
            written = part if cased else part.lower()
            if found and isinstance(found[-1], str):
                found[-1] += written
            elif written:
                found.append(written)
        elif part == SpecialChars.WILDCARD_MULTI:
            found.append(0)
        elif part == SpecialChars.WILDCARD_SINGLE:
            found.append(1)
        else:
            raise RuleError(f"has a part {part} that keii does not know")
    return tuple(found)


def regex(field: str, value: SigmaRegularExpression) -> Regex:
    """Return the test of a regular expression. Raises RuleError where RE2, which runs in linear time, refuses it."""
    flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in value.flags))
    return regex_of(field, value.regexp.to_plain_regex(), flags)


def regex_of(field: str, written: str, flags: str = "") -> Regex:
    """Return the test of a regular expression as it is written, likewise; ``flags`` are those of RE2."""
    if len(written) > MOST_PATTERN:
        raise RuleError(f"has a regular expression of more than {MOST_PATTERN} characters")
    pattern = f"(?{flags}){written}" if flags else written
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid as error:
        reason = " ".join(str(error).split())[:200]
        raise RuleError(f"has a regular expression that cannot run in bounded time or is broken: {reason}") from error
    known = shape(pattern)
    return Regex(field, pattern, known.least, known.sets)
