"""What each log can say, day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from keii.model import CoverageCell, HostIdentity, Tampering
from keii.trace.clocks import apply_clocks
from keii.trace.coverage import coverage
from tests.trace.conftest import MakeLake, at

MONDAY = at("2031-03-03T09:00:00")


def log(
    days: range | list[int], *, each: int = 1, host: str = "PC01", channel: str = "Security"
) -> list[dict[str, Any]]:
    """Return ``each`` records on each day, counted from a Monday."""
    return [{"host": host, "channel": channel, "event_id": 4624, "occurred": MONDAY + timedelta(days=day, seconds=n)}
            for day in days for n in range(each)]  # fmt: skip


def workdays(weeks: int) -> list[int]:
    return [day for day in range(7 * weeks) if day % 7 < 5]


def states(cells: tuple[CoverageCell, ...], host: str = "PC01", name: str = "Security") -> dict[int, CoverageCell]:
    zero = MONDAY.date().toordinal()
    return {
        at(f"{cell.day}T00:00:00").date().toordinal() - zero: cell
        for cell in cells
        if (cell.host, cell.log) == (host, name)
    }


def run(make: MakeLake, rows: list[dict[str, Any]], tampering: tuple[Tampering, ...] = (), known: tuple[HostIdentity, ...] = (),
        **more: list[dict[str, Any]]) -> tuple[CoverageCell, ...]:  # fmt: skip
    connection = make(windows=rows, **more)
    apply_clocks(connection, ())
    return coverage(connection, tampering, known)


def clear(day: int) -> Tampering:
    return Tampering(kind="cleared", host="PC01", log="Security", at=(MONDAY + timedelta(days=day)).isoformat())


def test_weekends_of_an_office_machine_are_silent_and_expected_to_be(make_lake: MakeLake) -> None:
    cells = states(run(make_lake, log(workdays(6))))
    assert cells[5].state == cells[6].state == "silent"
    assert cells[5].expected == 0
    assert {cell.state for day, cell in cells.items() if day % 7 < 5} == {"present"}


def test_a_weekend_before_a_clear_was_not_erased(make_lake: MakeLake) -> None:
    """Nothing saw the machine and it never writes on weekends, so the clear on Monday took nothing from them."""
    days = [day for day in workdays(8) if day not in {30, 31, 32}]
    cells = states(run(make_lake, log(days), (clear(35),)))
    assert [cells[day].state for day in (30, 31, 32, 33, 34)] == ["erased", "erased", "erased", "silent", "silent"]


def test_a_weekend_on_which_another_log_saw_the_machine_was_erased(make_lake: MakeLake) -> None:
    days = [day for day in workdays(8) if day not in {30, 31, 32}]
    cells = states(run(make_lake, log(days) + log([33], channel="System"), (clear(35),)))
    assert (cells[33].state, cells[34].state) == ("erased", "silent")
    assert cells[33].witness == "System"


def test_days_on_which_a_machine_was_off_before_a_clear_were_not_erased(make_lake: MakeLake) -> None:
    """Its System log was left alone, writes on every workday, and is silent on the same days: there was nothing to erase."""
    days = [day for day in workdays(8) if day not in {28, 29, 30, 31, 32}]
    cells = states(run(make_lake, log(days) + log(days, channel="System"), (clear(35),)))
    assert {cells[day].state for day in range(28, 35)} == {"silent"}
    assert {cells[day].witness for day in range(28, 35)} == {""}


def test_two_logs_cleared_at_once_do_not_speak_for_each_other(make_lake: MakeLake) -> None:
    days = [day for day in workdays(8) if day not in {28, 29, 30, 31, 32}]
    both = (clear(35), msgspec.structs.replace(clear(35), log="System"))
    cells = run(make_lake, log(days) + log(days, channel="System"), both)
    assert {states(cells)[day].state for day in range(28, 33)} == {"erased"}
    assert {states(cells, name="System")[day].state for day in range(28, 33)} == {"erased"}


def test_a_log_that_seldom_writes_says_nothing_of_whether_the_machine_was_off(make_lake: MakeLake) -> None:
    days = [day for day in workdays(8) if day not in {28, 29, 30, 31, 32}]
    cells = states(run(make_lake, log(days) + log([0, 9, 50], channel="Setup"), (clear(35),)))
    assert {cells[day].state for day in range(28, 33)} == {"erased"}


def test_a_log_far_below_its_own_past_is_thin(make_lake: MakeLake) -> None:
    cells = states(run(make_lake, log(range(20), each=50) + log([20]) + log(range(21, 30), each=50)))
    assert cells[20].state == "thin"
    assert cells[20].expected == 50


def test_days_outside_the_log_are_unknown(make_lake: MakeLake) -> None:
    cells = states(run(make_lake, log(range(10, 20)) + log(range(30), host="PC02")))
    assert cells[3].state == cells[25].state == "unknown"


def test_the_network_is_a_witness(make_lake: MakeLake) -> None:
    flow = {"occurred": MONDAY + timedelta(days=12), "src_ip": "10.1.2.3", "dst_ip": "10.1.1.1"}
    known = (HostIdentity(host="PC01", address="10.1.2.3", first="2031-03-01T00:00:00"),)
    cells = states(run(make_lake, log([*range(12), *range(13, 30)]), known=known, network=[flow]))
    assert (cells[12].state, cells[12].witness) == ("silent", "network")


def test_a_machine_without_logs_of_its_own_is_never_collected(make_lake: MakeLake) -> None:
    logon = {"host": "DC01", "channel": "Security", "event_id": 4768, "TargetUserName": "PC77$", "occurred": MONDAY}
    (cell,) = [cell for cell in run(make_lake, [logon]) if cell.host == "PC77"]
    assert (cell.state, cell.witness) == ("never-collected", "logons at DC01")


def test_a_broken_date_does_not_stretch_the_span(make_lake: MakeLake) -> None:
    broken = {"host": "PC01", "channel": "Security", "event_id": 4624, "occurred": at("1601-01-01T00:00:00")}
    assert len(run(make_lake, [broken, *log(range(30))])) == 30


def test_days_without_a_proxys_own_log_are_silent_though_a_sensor_saw_requests(make_lake: MakeLake) -> None:
    def requests(days: list[int], **more: Any) -> list[dict[str, Any]]:
        return [{"occurred": MONDAY + timedelta(days=day, seconds=n), "proxied": True, **more} for day in days for n in range(9)]  # fmt: skip

    days = workdays(6)
    kept = [day for day in days if day not in (15, 16)]
    cells = run(make_lake, log(days), http=[*requests(days, uid="C1"), *requests(kept)])
    proxy = states(cells, "sensor", "proxy")
    assert [day for day in days if proxy[day].state != "present"] == [15, 16]
    assert {proxy[day].state for day in (15, 16)} == {"silent"}
    assert {states(cells, "sensor", "http")[day].state for day in days} == {"present"}
