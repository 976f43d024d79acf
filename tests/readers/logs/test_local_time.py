"""Local times: every minute of a year against the slow way, and the two odd hours of a clock change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from keii.lake.schema import TIME
from keii.readers.logs.local_time import both, marks_in, placed


def place(words: list[str], zone: str | None) -> list[tuple[str, str | None]]:
    local = pa.array([datetime.fromisoformat(word).replace(tzinfo=UTC) for word in words], TIME)
    found, marks = placed(local, pa.array([True] * len(words)), zone)
    return list(zip([time.strftime("%d %H:%M:%S") for time in found.to_pylist()], marks.to_pylist(), strict=True))


def test_a_local_time_that_happened_twice_or_never_is_marked() -> None:
    found = place(
        ["2021-03-28T01:59:59", "2021-03-28T02:30:00", "2021-03-28T03:00:00", "2021-10-31T02:30:00"], "Europe/Berlin"
    )
    assert found == [
        ("28 00:59:59", "zone-stated"),
        ("28 01:30:00", "zone-missing"),  # counted on with the offset of the winter, +01:00
        ("28 01:00:00", "zone-stated"),
        ("31 00:30:00", "zone-ambiguous"),  # the first of both, still +02:00
    ]


def test_a_change_of_half_an_hour_is_seen() -> None:
    assert place(["2021-10-03T02:15:00", "2021-04-04T01:45:00"], "Australia/Lord_Howe") == [
        ("02 15:45:00", "zone-missing"),
        ("03 14:45:00", "zone-ambiguous"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe"])
def test_all_half_hours_of_a_year_are_as_the_slow_way_has_them(zone: str) -> None:
    local = [
        datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * step, microseconds=step) for step in range(17_520)
    ]
    found, marks = placed(pa.array(local, TIME), pa.array([True] * len(local)), zone)
    slow = [time.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for time in local]
    assert found.to_pylist() == slow
    assert set(marks_in(marks)) <= {"zone-stated", "zone-ambiguous", "zone-missing"}


def test_a_written_zone_and_a_missing_time_stay() -> None:
    local = pa.array([datetime(2021, 1, 1, tzinfo=UTC), None, datetime(1, 1, 1, tzinfo=UTC)], TIME)
    found, marks = placed(local, pa.array([False, True, True]), "Asia/Tokyo")
    assert found.to_pylist() == local.to_pylist()
    assert marks.to_pylist() == [None, None, "zone"]
    assert placed(local, pa.array([None, None, None], pa.bool_()), None)[1].null_count == 3


def test_marks_are_joined_and_counted() -> None:
    joined = both(pa.array(["year", None, "year"]), pa.array(["zone", "zone", None]))
    assert joined.to_pylist() == ["year,zone", "zone", "year"]
    assert marks_in(joined) == ("year", "zone")
