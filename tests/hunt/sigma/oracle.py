"""A slow and obvious evaluator of Sigma rules over pySigma's own condition tree, one event at a time.

It shares nothing with the engine but pySigma and the names of fields; every meaning is written out again here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
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
    SpecialChars,
)

from keii.hunt.sigma.mapping import Column, Each, Field, First, Joined, Taken, Witness, Words

Event = Mapping[str, Any]  # column or field, to a text, or to a list of texts; what is absent is not there or None


def holds(rule: SigmaRule, event: Event, witness: Witness) -> bool:
    """Tell whether a rule holds for an event."""
    return any(_node(condition.parsed, event, witness) for condition in rule.detection.parsed_condition)


def _node(node: Any, event: Event, witness: Witness) -> bool:
    if isinstance(node, ConditionAND):
        return all(_node(item, event, witness) for item in node.args)
    if isinstance(node, ConditionOR):
        return any(_node(item, event, witness) for item in node.args)
    if isinstance(node, ConditionNOT):
        return not _node(node.args[0], event, witness)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _field(values_of(witness.field(node.field), event), node.value, event, witness)
    assert isinstance(node, ConditionValueExpression)
    every = [value for name in event for value in _listed(event[name])]
    return any(_keyword(value, node.value) for value in every if value)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [one for one in value if one is not None] if isinstance(value, list) else [value]


def values_of(field: Field, event: Event) -> list[str]:
    """Return the values of a field in an event."""
    if isinstance(field, Column):
        found = [name for name in event if name == field.name] or [n for n in event if n.lower() == field.name.lower()]
        return _listed(event[found[0]]) if found else []
    if isinstance(field, Each):
        names = [
            n for n in event for asked in field.names if re.fullmatch(asked.replace("*", r"\d+"), n, re.IGNORECASE)
        ]
        return [value for name in names for value in _listed(event[name])]
    if isinstance(field, First):
        for one in field.fields:
            if found_values := [value for value in values_of(one, event)[:1] if value]:
                return found_values
        return []
    if isinstance(field, Joined):
        texts = [value for one in field.fields for value in values_of(one, event)[:1] if value and value != "-"]
        joined = field.by.join(texts)
        for old, new in field.begin:
            if joined.lower().startswith(old):
                return [new + joined[len(old) :]]
        return [joined] if joined else []
    if isinstance(field, Words):
        return [word for value in values_of(field.of, event) for word in value.split()]
    if isinstance(field, Taken):
        return [match[1] for value in values_of(field.of, event) if (match := re.search(field.take, value))]
    table = dict(field.values)
    return [table.get(value.lower(), value) for value in values_of(field.of, event)]


def _field(values: list[str], asked: Any, event: Event, witness: Witness) -> bool:
    filled = [value for value in values if value != ""]
    if isinstance(asked, SigmaExpansion):
        return any(_field(values, one, event, witness) for one in asked.values)
    if isinstance(asked, SigmaNull) or (isinstance(asked, SigmaString) and not asked.s):
        return not filled
    if isinstance(asked, SigmaExists):
        return bool(values) == asked.exists
    if isinstance(asked, SigmaFieldReference):
        others = [other for other in values_of(witness.field(asked.field), event) if other != ""]
        return any(_refers(asked, value, other) for value in filled for other in others)
    return any(_value(value, asked) for value in filled)


def _refers(asked: SigmaFieldReference, value: str, other: str) -> bool:
    value, other = value.lower(), other.lower()
    if asked.starts_with and asked.ends_with:
        return other in value
    if asked.starts_with:
        return value.startswith(other)
    return value.endswith(other) if asked.ends_with else value == other


def _pattern(asked: SigmaString, *, anywhere: bool) -> str:
    parts = []
    for part in asked.s:
        if isinstance(part, str):
            parts.append(re.escape(part if isinstance(asked, SigmaCasedString) else part.lower()))
        else:
            parts.append(".*" if part == SpecialChars.WILDCARD_MULTI else ".")
    written = "".join(parts)
    return f".*{written}.*" if anywhere else written


def _text(value: str, asked: SigmaString, *, anywhere: bool) -> bool:
    value = value if isinstance(asked, SigmaCasedString) else value.lower()
    return re.fullmatch(_pattern(asked, anywhere=anywhere), value, re.DOTALL) is not None


def _keyword(value: str, asked: Any) -> bool:
    if isinstance(asked, SigmaExpansion):
        return any(_keyword(value, one) for one in asked.values)
    if isinstance(asked, SigmaString):
        return _text(value, asked, anywhere=True)
    if isinstance(asked, SigmaNumber):
        return str(asked.number) in value.lower()
    return _value(value, asked)


def number(value: str) -> float | None:
    value = value.strip()
    try:
        if value.lower().startswith("0x"):
            return int(value[2:], 16)
        return None if "_" in value or value.lower().strip("+-") in ("nan", "inf", "infinity") else float(value)
    except ValueError:
        return None


def _value(value: str, asked: Any) -> bool:
    if isinstance(asked, SigmaString):
        return _text(value, asked, anywhere=False)
    if isinstance(asked, SigmaRegularExpression):
        flags = re.ASCII
        for flag in asked.flags:
            flags |= asked.sigma_to_python_flags[flag]
        return re.search(asked.regexp.to_plain_regex(), value, flags) is not None
    if isinstance(asked, SigmaTimestampPart):
        return _part(value, asked.timestamp_part.name) == asked.number
    if isinstance(asked, SigmaNumber):
        return number(value) == asked.number
    if isinstance(asked, SigmaBool):
        return value.lower() == str(asked.boolean).lower()
    if isinstance(asked, SigmaCIDRExpression):
        return _inside(value, asked)
    assert isinstance(asked, SigmaCompareExpression)
    wanted = asked.number.number
    timed = isinstance(asked.number, SigmaTimestampPart)
    found = _part(value, asked.number.timestamp_part.name) if timed else number(value)
    if found is None:
        return False
    return {
        CompareOperators.LT: found < wanted,
        CompareOperators.LTE: found <= wanted,
        CompareOperators.GT: found > wanted,
        CompareOperators.GTE: found >= wanted,
        CompareOperators.NEQ: found != wanted,
    }[asked.op]


def _inside(value: str, asked: SigmaCIDRExpression) -> bool:
    try:
        address = ipaddress.ip_address(value.split("%")[0].strip())
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped and asked.network.version == 4:
        address = address.ipv4_mapped
    return address.version == asked.network.version and address in asked.network


def _part(value: str, part: str) -> int | None:
    value = value.strip()
    try:
        if value.isdigit():
            count = int(value)
            if count >= 10**16:
                found = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=count // 10)
            else:
                found = datetime.fromtimestamp(count / 1000 if count >= 10**11 else count, UTC)
        else:
            found = datetime.fromisoformat(value)
            found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.isocalendar()[1] if part == "WEEK" else int(getattr(found, part.lower()))


def matching(rule: SigmaRule, events: Sequence[Event], witness: Witness) -> list[int]:
    """Return the positions of the events that a rule holds for."""
    return [place for place, event in enumerate(events) if holds(rule, event, witness)]
