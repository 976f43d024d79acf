"""STIX patterns (STIX 2.1, part 9) as trees: comparisons inside of observations, observations joined and qualified."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

import msgspec

from keii.errors import RuleError
from keii.stix_tokens import tokens_of

MAX_PATTERN = 200_000  # characters
MAX_DEPTH = 50  # of brackets; public patterns need five
_SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_WORDS = ("IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET")


class Comparison(msgspec.Struct, frozen=True):
    """A property (quotes and list steps left out) compared with values; ``=`` and ``IN`` are one operator."""

    path: str
    operator: str  # =, !=, <, >, <=, >=, LIKE, MATCHES, ISSUBSET, ISSUPERSET, EXISTS
    values: tuple[str, ...] = ()
    negated: bool = False


class Combined(msgspec.Struct, frozen=True):
    """Comparisons of one observation that must all (AND) hold, or one of which (OR) must."""

    word: Literal["AND", "OR"]
    items: tuple[Test, ...]


Test = Comparison | Combined


class Observed(msgspec.Struct, frozen=True):
    """``[…]``: one event for which the test holds."""

    test: Test


class Joined(msgspec.Struct, frozen=True):
    """Observations joined; each must be another event. FOLLOWEDBY: no event of the later before one of the earlier."""

    word: Literal["AND", "OR", "FOLLOWEDBY"]
    items: tuple[Observation, ...]


class Within(msgspec.Struct, frozen=True):
    """All events of the observation lie within so many seconds."""

    item: Observation
    seconds: float


class Repeats(msgspec.Struct, frozen=True):
    """The observation is found so many times, each time in other events."""

    item: Observation
    times: int


class Between(msgspec.Struct, frozen=True):
    """All events lie at or after ``start`` and before ``stop`` (microseconds since 1970)."""

    item: Observation
    start: int
    stop: int


Observation = Observed | Joined | Within | Repeats | Between


def parse(pattern: str) -> Observation:
    """Return the tree of a pattern. Raises RuleError that names the place where it is not a pattern."""
    if len(pattern) > MAX_PATTERN:
        raise RuleError(f"the pattern has {len(pattern):,} characters; at most {MAX_PATTERN:,} are read")
    reader = _Reader(tokens_of(pattern))
    found = reader.observations()
    if not reader.done:
        raise RuleError(f"{reader.shown} is not expected after a whole pattern")
    return found


class _Reader:
    """Recursive descent; AND binds closer than OR, OR closer than FOLLOWEDBY."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def shown(self) -> str:
        return "the end" if self.done else repr(self._tokens[self._at][1][:40])

    def _is(self, word: str) -> bool:
        return not self.done and self._tokens[self._at][0] != "text" and self._tokens[self._at][1] == word

    def _take(self, word: str) -> bool:
        found = self._is(word)
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise RuleError(f"{word} is expected, found {self.shown}")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RuleError(f"brackets nested deeper than {MAX_DEPTH}")

    def observations(self, level: int = 0) -> Observation:
        if level == 3:
            return self._qualified()
        word: Literal["FOLLOWEDBY", "OR", "AND"] = ("FOLLOWEDBY", "OR", "AND")[level]
        items = [self.observations(level + 1)]
        while self._take(word):
            items.append(self.observations(level + 1))
        return items[0] if len(items) == 1 else Joined(word, tuple(items))

    def _qualified(self) -> Observation:
        self._deeper()
        if self._take("("):
            found = self.observations()
            self._expect(")")
        else:
            self._expect("[")
            found = Observed(self._tests())
            self._expect("]")
        self._depth -= 1
        while True:
            if self._take("WITHIN"):
                found = Within(found, self._number())
                self._expect("SECONDS")
            elif self._take("REPEATS"):
                times = self._number()
                if times < 1 or times != int(times):
                    raise RuleError(f"REPEATS {times:g} TIMES: a whole number from 1 on is expected")
                found = Repeats(found, int(times))
                self._expect("TIMES")
            elif self._take("START"):
                start = self._time()
                self._expect("STOP")
                found = Between(found, start, self._time())
            else:
                return found

    def _tests(self) -> Test:
        alternatives = [self._all()]
        while self._take("OR"):
            alternatives.append(self._all())
        return alternatives[0] if len(alternatives) == 1 else Combined("OR", tuple(alternatives))

    def _all(self) -> Test:
        items = [self._test()]
        while self._take("AND"):
            items.append(self._test())
        return items[0] if len(items) == 1 else Combined("AND", tuple(items))

    def _test(self) -> Test:
        if self._take("("):
            self._deeper()
            found = self._tests()
            self._expect(")")
            self._depth -= 1
            return found
        negated = self._take("NOT")
        if self._take("EXISTS"):
            return Comparison(self._path(), "EXISTS", (), negated)
        path = self._path()
        negated ^= self._take("NOT")
        if self._take("IN"):
            return Comparison(path, "=", self._listed(), negated)
        word = "" if self.done else self._tokens[self._at][1]
        if word not in _SIGNS and word not in _WORDS:
            raise RuleError(f"after {path} an operator is expected, found {self.shown}")
        self._at += 1
        return Comparison(path, _SIGNS.get(word, word), (self._literal(),), negated)

    def _path(self) -> str:
        if self.done or self._tokens[self._at][0] != "path":
            raise RuleError(f"a property is expected, found {self.shown}")
        self._at += 1
        return re.sub(r"\[[^\]]*\]", "", self._tokens[self._at - 1][1].replace("'", "").replace("\\", ""))

    def _listed(self) -> tuple[str, ...]:
        self._expect("(")
        values = [self._literal()]
        while self._take(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self) -> str:
        if self.done or self._tokens[self._at][0] not in ("text", "number", "word"):
            raise RuleError(f"a value is expected, found {self.shown}")
        kind, word = self._tokens[self._at]
        self._at += 1
        return re.sub(r"\\(.)", r"\1", word[word.index("'") + 1 : -1]) if kind == "text" else word

    def _number(self) -> float:
        if self.done or self._tokens[self._at][0] != "number":
            raise RuleError(f"a number is expected, found {self.shown}")
        self._at += 1
        return float(self._tokens[self._at - 1][1])

    def _time(self) -> int:
        word = self._literal()
        try:
            found = dt.datetime.fromisoformat(word)
        except ValueError:
            raise RuleError(f"{word!r} is not a time") from None
        zoned = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return (zoned - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
