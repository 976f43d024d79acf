"""The tests of a STIX pattern as the expressions that the rule engine asks of events."""

from __future__ import annotations

import ipaddress
import re
from functools import cache

from keii.data import load
from keii.errors import RuleError
from keii.hunt.sigma.compile import join_all, join_any, regex_of
from keii.hunt.sigma.expression import Compare, Empty, Expression, Glob, Network, Not, Number, Operator, Text
from keii.hunt.sigma.predicates import number
from keii.hunt.stix.tree import Combined, Comparison, Test

_ORDER: dict[str, Operator] = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


class NotHeldError(RuleError):
    """No table holds a property; ``message`` is its path."""


@cache
def held() -> frozenset[str]:
    """Return the properties that some table holds."""
    sets = load("sigma/fields")
    return frozenset(path for name, fields in sets.items() if name.startswith("stix_") for path in fields)


def compile_test(test: Test) -> Expression:
    """Return what the test asks of one event. Raises NotHeldError where it needs a property that no event has."""
    if isinstance(test, Comparison):
        return _comparison(test)
    if test.word == "AND":
        return join_all(compile_test(item) for item in test.items)
    found, missing = [], None
    for item in test.items:
        try:
            found.append(compile_test(item))
        except NotHeldError as error:
            missing = error
    if not found:
        raise missing or RuleError("asks for nothing")
    return join_any(found)


def not_held(test: Test) -> set[str]:
    """Return the properties of a test that no table holds."""
    if isinstance(test, Combined):
        return set().union(*(not_held(item) for item in test.items))
    path = _path(test.path)
    return set() if path in held() else {test.path}


def _path(path: str) -> str:
    table = load("intel/stix_properties")
    path = table["same"].get(path, path)
    return str(table["types"].get(path, path))


def _comparison(test: Comparison) -> Expression:
    path = _path(test.path)
    if path not in held():
        raise NotHeldError(test.path)
    if test.operator == "EXISTS" or test.path in load("intel/stix_properties")["types"]:
        found: Expression = Not(Empty(path))
        return Empty(path) if test.negated else found
    found = join_any(_value(path, test.operator, value) for value in test.values)
    if test.negated ^ (test.operator == "!="):
        return join_all([Not(found), Not(Empty(path))])  # a property that is absent fulfils no comparison
    return found


def _value(path: str, operator: str, value: str) -> Expression:
    if operator in ("=", "!="):
        return _equal(path, value)
    if operator in _ORDER:
        found = number(value)
        if found is None:
            raise RuleError(f"{path} {operator} {value[:40]!r}: only numbers are compared by size")
        return Compare(path, _ORDER[operator], found)
    if operator == "LIKE":
        return _like(path, value)
    if operator == "MATCHES":
        return _matches(path, value)
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise RuleError(f"{path} {operator} {value[:40]!r}: no network") from None
    if operator == "ISSUBSET":
        return Network(path, str(network))
    if network.prefixlen == network.max_prefixlen:  # events hold single addresses, which contain but themselves
        return _equal(path, str(network.network_address))
    raise NotHeldError(f"{path} ISSUPERSET")


def _equal(path: str, value: str) -> Expression:
    table, lower = load("intel/stix_properties"), value.lower()
    if not lower:
        return Empty(path)
    if path in table["keys"]:
        hive, slash, rest = lower.partition("\\")
        short = table["hives"].get(hive, hive) + slash + rest
        forms = tuple(dict.fromkeys((lower, short)))
        return join_any([Text(path, "is", forms), Text(path, "starts", tuple(f"{form}\\" for form in forms))])
    if path in table["names"]:
        return join_any([Text(path, "is", (lower,)), Text(path, "ends", (f"\\{lower}", f"/{lower}"))])
    if path in table["logins"]:
        return join_any([Text(path, "is", (lower,)), Text(path, "ends", (f"\\{lower}",))])
    found = number(value)
    if found is not None and re.fullmatch(r"-?\d{1,18}(\.\d{1,6})?", value):
        return join_any([Text(path, "is", (lower,)), Number(path, found)])
    return Text(path, "is", (lower,))


def _like(path: str, value: str) -> Expression:
    parts = [0 if part == "%" else 1 if part == "_" else part.lower() for part in re.findall(r"%+|_|[^%_]+", value)]
    parts = [0 if isinstance(part, str) and set(part) == {"%"} else part for part in parts]
    if not parts or parts == [0]:
        return Not(Empty(path))
    whole = Glob(path, tuple(parts))
    if path not in load("intel/stix_properties")["names"]:
        return whole
    behind = [Glob(path, (0, sign + parts[0], *parts[1:]) if isinstance(parts[0], str) else (0, sign, *parts))
              for sign in ("\\", "/")]  # fmt: skip
    return join_any([whole, *behind])


def _matches(path: str, value: str) -> Expression:
    if path in load("intel/stix_properties")["names"] and value.startswith("^"):
        value = r"(?:^|[\\/])" + value[1:]
    return regex_of(path, value)
