"""One test of a rule on one value. The values come in as written; what is compared without case is lowered here."""

from __future__ import annotations

import datetime as dt
import ipaddress
import operator
import re
from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.expression import Clock, Compare, Glob, Network, Number, Regex, Test, Text, TextMode

Check = Callable[[str], bool]

_DECIMAL = re.compile(r"\s*[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,3})?\s*\Z", re.ASCII)
_HEX = re.compile(r"\s*0[xX]([0-9a-fA-F]{1,32})\s*\Z")
_RUN = re.compile(r"(?:\.|\(\.\))\{[1-9]\d*(?:,\d*)?\}\Z")  # a run of any characters of a line
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FILETIME = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)  # Windows counts 100 ns from here


def lowers(test: Test) -> bool:
    """Tell whether the check of a test wants its value in lower case."""
    return isinstance(test, Text | Glob) and not test.cased


def check(test: Test) -> Check:
    """Return the check of a test on one value; the value is not empty."""
    if isinstance(test, Text):
        return _text(test)
    if isinstance(test, Glob):
        return _Glob(test.parts).fits
    if isinstance(test, Number):
        wanted = test.value
        return lambda value: number(value) == wanted
    if isinstance(test, Compare):
        return _compare(test)
    if isinstance(test, Network):
        return _network(test)
    if isinstance(test, Clock):
        return _clock(test)
    if isinstance(test, Regex):
        return lambda value: matches(test, [value])[0]
    raise TypeError(f"{type(test).__name__} is not asked of one value")


def _text(test: Text) -> Check:
    values = test.values
    if test.mode == "is":
        return frozenset(values).__contains__
    if test.mode == "starts":
        return lambda value: value.startswith(values)
    if test.mode == "ends":
        return lambda value: value.endswith(values)
    if len(values) == 1:
        return lambda value: values[0] in value

    def has(value: str) -> bool:
        for one in values:  # noqa: SIM110 - a third faster than any()
            if one in value:
                return True
        return False

    return has


class _Glob:
    """Wildcards without backtracking: between stars each piece is taken where it first fits."""

    def __init__(self, parts: Sequence[str | int]) -> None:
        pieces: list[list[str | int]] = [[]]
        for part in parts:
            if part == 0:
                pieces.append([])
            else:
                pieces[-1].append(part)
        self._pieces = [_Piece(piece) for piece in pieces]

    def fits(self, value: str) -> bool:
        first, *rest = self._pieces
        if not first.at(value, 0):
            return False
        if not rest:
            return len(value) == first.length
        at = first.length
        for piece in rest[:-1]:
            at = piece.find(value, at)
            if at < 0:
                return False
            at += piece.length
        last = rest[-1]
        start = len(value) - last.length
        return start >= at and last.at(value, start)


class _Piece:
    """Text and single wildcards: of one length."""

    def __init__(self, parts: Sequence[str | int]) -> None:
        self.length = sum(len(part) if isinstance(part, str) else 1 for part in parts)
        self._texts: list[tuple[int, str]] = []
        at = 0
        for part in parts:
            if isinstance(part, str):
                self._texts.append((at, part))
            at += len(part) if isinstance(part, str) else 1
        # The longest text leads the search; the others are looked at where it stands.
        self._lead = max(self._texts, key=lambda one: len(one[1]), default=None)

    def at(self, value: str, start: int) -> bool:
        return start + self.length <= len(value) and all(value.startswith(text, start + at) for at, text in self._texts)

    def find(self, value: str, start: int) -> int:
        if self._lead is None:
            return start if start + self.length <= len(value) else -1
        offset, text = self._lead
        found = value.find(text, start + offset)
        while found >= 0:
            if self.at(value, found - offset):
                return found - offset
            found = value.find(text, found + 1)
        return -1


def number(value: str) -> int | float | None:
    """Return the number that a value tells, decimal or hexadecimal; None where it tells none."""
    if found := _HEX.match(value):
        return int(found[1], 16)
    if not _DECIMAL.match(value):
        return None
    try:
        return int(value)
    except ValueError:
        return float(value)


_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "neq": operator.ne,
}


def _compare(test: Compare) -> Check:
    holds, wanted = _COMPARED[test.operator], test.value
    return lambda value: (found := number(value)) is not None and holds(found, wanted)


def _network(test: Network) -> Check:
    network = ipaddress.ip_network(test.network)

    def inside(value: str) -> bool:
        try:
            address = ipaddress.ip_address(value.strip().partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return address in network or (mapped is not None and mapped in network)

    return inside


def moment(value: str) -> dt.datetime | None:
    """Return the time that a value tells, in UTC: ISO 8601, seconds or milliseconds since 1970, Windows file time."""
    value = value.strip()
    try:
        if value.isascii() and value.isdigit() and len(value) <= 20:
            count = int(value)
            if count >= 10**16:
                return _FILETIME + dt.timedelta(microseconds=count // 10)
            return _EPOCH + (dt.timedelta(milliseconds=count) if count >= 10**11 else dt.timedelta(seconds=count))
        found = dt.datetime.fromisoformat(value[:64])
        return found.replace(tzinfo=dt.UTC) if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _clock(test: Clock) -> Check:
    def holds(value: str) -> bool:
        found = moment(value)
        if found is None:
            return False
        part = found.isocalendar().week if test.part == "week" else getattr(found, test.part)
        return _COMPARED[test.operator](part, test.value)

    return holds


def is_run(test: Regex) -> bool:
    """Tell whether the expression asks for nothing but a line of some length."""
    return _RUN.match(test.pattern) is not None


def matches(test: Regex, values: Sequence[str]) -> list[bool]:
    """Return for each value whether the expression is found in it; RE2 takes time linear in the value."""
    if is_run(test):  # RE2 keeps a state per repetition here; the longest line tells the same
        return [any(len(line) >= test.least for line in value.split("\n")) for value in values]
    long = [value for value in values if len(value) >= test.least]
    if not long:
        return [False] * len(values)
    found = iter(pc.match_substring_regex(pa.array(long, pa.string()), pattern=test.pattern).to_pylist())
    return [len(value) >= test.least and next(found) for value in values]


def refers(mode: TextMode, value: str, other: str) -> bool:
    """Tell whether a value stands to another field's value as ``mode`` says, without case."""
    value, other = value.lower(), other.lower()
    if mode == "is":
        return value == other
    if mode == "starts":
        return value.startswith(other)
    return value.endswith(other) if mode == "ends" else other in value


def longest_text(test: Glob) -> tuple[str, TextMode]:
    """Return the longest text of a pattern and where it must stand."""
    place, text = max(
        ((place, part) for place, part in enumerate(test.parts) if isinstance(part, str)),
        key=lambda one: len(one[1]),
        default=(0, ""),
    )
    if place == 0:
        return text, "starts"
    return text, "ends" if place == len(test.parts) - 1 else "has"
