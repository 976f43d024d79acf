"""Clock errors found by the data itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from keii.trace.clocks import apply_clocks, clocks
from tests.trace.conftest import MakeLake, ReadLake, at


def sysmon(seconds_off: float, count: int, **fields: Any) -> list[dict[str, Any]]:
    """Return records whose record time is ``seconds_off`` later than their own UtcTime."""
    rows = []
    for number in range(count):
        true = at("2031-03-04T10:00:00") + timedelta(seconds=31 * number)
        rows.append(
            {"host": "PC01.corp.example", "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
             "provider": "Microsoft-Windows-Sysmon", "UtcTime": true.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
             "occurred": true + timedelta(seconds=seconds_off)} | fields
        )  # fmt: skip
    return rows


def connections(seconds_off: float, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the host's connection events and the sensor's records of the same connections."""
    host, wire = [], []
    for number in range(count):
        true = at("2031-03-04T10:00:00") + timedelta(seconds=97 * number)
        host.append(
            {"host": "PC02", "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 3, "provider": "Microsoft-Windows-Sysmon",
             "Initiated": "true", "SourceIp": "10.1.2.3", "SourcePort": str(50000 + number), "DestinationIp": "203.0.113.9",
             "DestinationPort": "443", "occurred": true + timedelta(seconds=seconds_off + number % 3)}
        )  # fmt: skip
        wire.append(
            {
                "src_ip": "10.1.2.3",
                "src_port": 50000 + number,
                "dst_ip": "203.0.113.9",
                "dst_port": 443,
                "occurred": true,
            }
        )
    return host, wire


def test_a_right_clock_is_no_error(make_lake: MakeLake) -> None:
    host, wire = connections(0.5, 30)
    assert clocks(make_lake(windows=sysmon(0.2, 40) + host, network=wire)) == ()


def test_a_record_time_moved_in_transport_is_found_by_the_field(make_lake: MakeLake) -> None:
    (one,) = clocks(make_lake(windows=sysmon(-9 * 3600, 40)))
    assert (round(one.offset), one.pairs) == (9 * 3600, 40)


def test_a_wrong_clock_is_found_by_the_sensor(make_lake: MakeLake) -> None:
    """The host's own field is as wrong as its record time; only the wire knows."""
    host, wire = connections(610, 30)
    (one,) = clocks(make_lake(windows=sysmon(0.1, 40, host="PC02") + host, network=wire))
    assert one.host == "PC02"
    assert one.offset == pytest.approx(-611, abs=2)


def test_the_corrected_view_keeps_what_was_recorded(make_lake: MakeLake) -> None:
    connection = make_lake(windows=[*sysmon(-3600, 10), *sysmon(0, 1, host="PC09")])
    apply_clocks(connection, clocks(connection))
    rows = connection.execute(
        "SELECT machine, min(occurred) = min(CAST(UtcTime AS TIMESTAMPTZ)), min(recorded) = min(occurred) FROM windows_true "
        "GROUP BY machine ORDER BY machine"
    ).fetchall()
    assert rows == [("PC01", True, False), ("PC09", True, True)]


@pytest.mark.parametrize("case", ["lsass-campaign-01", "lsass-campaign-02", "lsass-campaign-04"])
def test_the_error_of_a_real_host(shelf: Path, read_lake: ReadLake, case: str) -> None:
    folder = shelf / "windows-json" / case
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    (one,) = clocks(read_lake(*sorted(folder.glob("*.zip"))))
    assert one.offset == pytest.approx(-truth["host_clock"]["record_minus_utc_seconds"], abs=5)
