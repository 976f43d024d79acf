"""One test on many distinct values at once, by columns; it says what ``predicates`` says of each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.columns import Codes, Values
from keii.hunt.sigma.expression import Regex, Test, Text
from keii.hunt.sigma.literals import Literals, holding
from keii.hunt.sigma.predicates import is_run, lowers

Verdicts = npt.NDArray[np.bool_]


class Bulk:
    """A text or a regular expression on the values of some codes; None stands for tests of other kinds."""

    def __init__(self, test: Text | Regex) -> None:
        self._test = test
        has = isinstance(test, Text) and test.mode == "has"
        self._literals = Literals(test.values) if has and isinstance(test, Text) else None

    @staticmethod
    def of(test: Test) -> Bulk | None:
        """Return the test by columns, None where there is no such way."""
        if isinstance(test, Text) or (isinstance(test, Regex) and not is_run(test)):
            return Bulk(test)
        return None

    def hold(self, values: Values, codes: Codes) -> Verdicts:
        """Tell for each code whether its value passes; the values are not empty."""
        test = self._test
        if self._literals is not None:
            return holding(self._literals, values, codes, lowered=lowers(test))
        array = values.lowered(codes) if lowers(test) else values.array.take(pa.array(codes))
        if isinstance(test, Regex):
            return _expression(test, array)
        if test.mode == "is":
            return _as_verdicts(pc.is_in(array, value_set=pa.array(test.values, array.type)))
        found = np.zeros(len(codes), bool)
        by_end = pc.starts_with if test.mode == "starts" else pc.ends_with
        for value in test.values:
            found |= _as_verdicts(by_end(array, pattern=value))
        return found


def _expression(test: Regex, array: pa.Array) -> Verdicts:
    long = _as_verdicts(pc.greater_equal(pc.utf8_length(array), test.least))
    if long.any():
        long[long] = _as_verdicts(pc.match_substring_regex(array.filter(pa.array(long)), pattern=test.pattern))
    return long


def _as_verdicts(array: pa.Array) -> Verdicts:
    return np.array(array.to_numpy(zero_copy_only=False), bool)
