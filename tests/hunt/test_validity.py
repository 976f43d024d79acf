"""A match outside the time for which the intel vouches is still told, and says so."""

from __future__ import annotations

import datetime as dt

import pytest

from keii.hunt.validity import outside
from keii.model import Indicator, Moment


def moment(edtf: str, earliest: dt.datetime, latest: dt.datetime) -> Moment:
    return Moment(edtf=edtf, earliest=earliest, latest=latest)


def day(number: int) -> Moment:
    start = dt.datetime(2020, 3, number, tzinfo=dt.UTC)
    return moment(f"2020-03-{number:02d}", start, start + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("first", "last", "begin", "end", "told"),
    [
        ("2020-03-01T10:00:00+00:00", "2020-03-04T10:00:00+00:00", day(5), None, "seen only before"),
        ("2020-03-05T00:00:00+00:00", "2020-03-05T10:00:00+00:00", day(5), day(5), ""),
        ("2020-03-06T00:00:00+00:00", "2020-03-07T10:00:00+00:00", day(4), day(5), "seen only after"),
        ("2020-03-04T00:00:00+00:00", "2020-03-05T10:00:00+00:00", day(5), day(6), "seen partly outside"),
        ("2020-03-05T00:00:00+00:00", "2020-03-07T00:00:00+00:00", None, day(6), "seen partly outside"),
        ("2020-03-01T00:00:00+00:00", "2020-03-07T00:00:00+00:00", None, None, ""),
        (None, None, day(5), day(6), ""),
    ],
)
def test_outside(first: str | None, last: str | None, begin: Moment | None, end: Moment | None, told: str) -> None:
    indicator = Indicator(
        kind="ip", value="203.0.113.9", as_written="", source="s", source_name="s", valid_from=begin, valid_until=end
    )
    found = outside(indicator, first, last)
    assert found.startswith(told)
    assert bool(found) == bool(told)
