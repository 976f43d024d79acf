"""Hours in which a log always writes and did not, and when that is a sign."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from keii.model import HostIdentity, Tampering
from keii.trace.clocks import apply_clocks
from keii.trace.coverage import coverage
from keii.trace.hours import missing_hours, silences
from tests.trace.conftest import MakeLake, at

MONDAY = at("2031-03-03T00:00:00")
SYSMON = "Microsoft-Windows-Sysmon/Operational"
HOSTS = (HostIdentity(address="10.0.0.5", host="PC01", first=None, last=None),)


def writes(host: str, channel: str, hours: list[int], each: int = 20) -> list[dict[str, Any]]:
    """Return ``each`` records in each hour, counted from a Monday's midnight."""
    return [
        {"host": host, "channel": channel, "provider": "x", "event_id": 1, "record_id": at_ * each + n,
         "occurred": MONDAY + dt.timedelta(hours=hour, minutes=60 / each * n)}
        for at_, hour in enumerate(hours) for n in range(each)
    ]  # fmt: skip


def hour_of(row: dict[str, Any]) -> int:
    return int((row["occurred"] - MONDAY).total_seconds() // 3600)


def talks(hours: list[int]) -> list[dict[str, Any]]:
    return [
        {"src_ip": "10.0.0.5", "dst_ip": "198.51.100.7", "dst_port": 443, "occurred": MONDAY + dt.timedelta(hours=hour)}
        for hour in hours
    ]


def without(hours: range, gap: range) -> list[int]:
    return [hour for hour in hours if hour not in gap]


WEEKS = range(5 * 168)
GAP = range(3 * 168 + 57, 3 * 168 + 61)  # Wednesday 9 to 13 o'clock of the fourth week


def signs(make: MakeLake, rows: list[dict[str, Any]], network: list[dict[str, Any]]) -> tuple[Tampering, ...]:
    connection = make(windows=rows, network=network)
    apply_clocks(connection, ())
    return silences(connection, HOSTS).signs


def test_a_machine_that_talks_while_its_logs_stop_is_told(make_lake: MakeLake) -> None:
    rows = writes("PC01", "Security", without(WEEKS, GAP)) + writes("PC02", "Security", list(WEEKS))
    (one,) = signs(make_lake, rows, talks(list(WEEKS)))
    assert (one.kind, one.host, one.log) == ("silenced", "PC01", "Security")
    assert (one.at, one.until) == ("2031-03-26T09:00:00+00:00", "2031-03-26T13:00:00+00:00")
    assert one.note is not None
    assert one.note.facts["witness"] == "network"
    assert [place.record_id for place in one.locators] == [str(GAP[0] * 20 - 1), str(GAP[0] * 20)]


def test_one_log_that_stops_while_another_of_the_machine_goes_on_is_told(make_lake: MakeLake) -> None:
    rows = writes("PC01", "Security", without(WEEKS, GAP)) + writes("PC01", SYSMON, list(WEEKS))
    (one,) = signs(make_lake, rows, [])
    assert (one.log, one.until) == ("Security", "2031-03-26T13:00:00+00:00")


@pytest.mark.parametrize("case", ["off", "shut down", "collector", "office", "sparse", "short", "holiday", "removed"])
def test_what_is_no_sign(make_lake: MakeLake, case: str) -> None:
    """A machine nobody saw; one that said it goes down; all at once; nights; a log that writes
    now and then; two hours; a holiday on which the others rest too; records whose numbers are gone."""
    network = talks(list(WEEKS))
    rows = writes("PC01", "Security", without(WEEKS, GAP))
    if case == "off":
        network = talks(without(WEEKS, GAP))
    elif case == "shut down":
        rows.append({"host": "PC01", "channel": "System", "provider": "Microsoft-Windows-Kernel-General", "event_id": 13,
                     "record_id": 1, "occurred": MONDAY + dt.timedelta(hours=GAP[0], minutes=-3)})  # fmt: skip
    elif case == "collector":
        for host in ("PC02", "PC03", "PC04"):
            rows += writes(host, "Security", without(WEEKS, GAP))
    elif case == "office":
        rows = writes("PC01", "Security", [hour for hour in WEEKS if 8 <= hour % 24 < 18 and hour // 24 % 7 < 5])
    elif case == "sparse":
        rows = writes("PC01", "Security", without(WEEKS, GAP), each=2)
    elif case == "holiday":
        rows += writes("PC02", "Security", list(WEEKS), each=60) + writes("PC03", "Security", list(WEEKS), each=60)
        rows = [
            row
            for row in rows
            if row["host"] == "PC01" or GAP[0] > hour_of(row) or hour_of(row) > GAP[-1] or row["record_id"] % 5 == 0
        ]
    elif case == "removed":
        rows = [row for row in writes("PC01", "Security", list(WEEKS)) if hour_of(row) not in GAP]
    elif case == "short":
        rows = writes("PC01", "Security", without(WEEKS, GAP[:2]))
    assert signs(make_lake, rows, network) == ()


def test_the_hours_stand_in_the_cell_of_their_day(make_lake: MakeLake) -> None:
    connection = make_lake(windows=writes("PC01", "Security", without(WEEKS, GAP)))
    apply_clocks(connection, ())
    cells = coverage(connection, (), (), silences(connection, ()).hours)
    assert {(cell.day, cell.state, cell.missing) for cell in cells if cell.missing} == {
        ("2031-03-26", "present", (9, 10, 11, 12))
    }


def test_an_hour_is_expected_by_its_own_week_not_by_the_day() -> None:
    """A log that writes on every working hour but never on Wednesday afternoons misses nothing then."""
    hours = np.array(
        [hour for hour in WEEKS if hour % 24 in range(8, 18) and not (hour // 24 % 7 == 2 and hour % 24 > 12)]
    )
    begin = int((MONDAY - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds() // 3600)
    assert len(missing_hours(hours + begin, np.full(len(hours), 50))) == 0


def test_a_log_of_three_weeks_is_asked_by_the_kind_of_day() -> None:
    hours = np.array(without(range(3 * 168), range(200, 205)))
    assert missing_hours(hours + 4 * 24, np.full(len(hours), 50)).tolist() == [n + 4 * 24 for n in range(200, 205)]


def test_without_event_logs_nothing_is_missing(make_lake: MakeLake) -> None:
    assert signs(make_lake, [], talks(list(WEEKS))) == ()
