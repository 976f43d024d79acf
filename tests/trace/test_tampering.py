"""Cleared logs, stopped services, changed policies and clocks, and record numbers that are missing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from keii.data import load
from keii.model import Tampering
from keii.trace.clocks import apply_clocks
from keii.trace.tampering import tampering
from keii.wording import say
from tests.trace.conftest import MakeLake, ReadLake

EVENTLOG = {"host": "FS01.corp.example", "provider": "Microsoft-Windows-Eventlog"}
CLEARED = EVENTLOG | {"channel": "Security", "event_id": 1102, "SubjectUserName": "mallory"}
OTRF = ("defense_evasion/cmd_mshta_vbscript_execute_psh.zip", "credential_access/cmd_dumping_ntds_dit_file_volume_shadow_copy.zip",
        "persistence/cmd_userinitmprlogonscript_batch.zip")  # fmt: skip


def told(make: MakeLake, rows: list[dict[str, Any]], **more: list[dict[str, Any]]) -> tuple[Tampering, ...]:
    connection = make(windows=rows, **more)
    apply_clocks(connection, ())
    return tampering(connection)


def numbered(count: int, **fields: Any) -> list[dict[str, Any]]:
    """Return records 1..count of one dense log, one a minute."""
    base = {
        "host": "FS01",
        "channel": "Security",
        "provider": "Microsoft-Windows-Security-Auditing",
        "event_id": 4624,
    } | fields
    return [
        base | {"record_id": n, "occurred": f"2031-03-{3 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00"}
        for n in range(1, count + 1)
    ]


def test_a_cleared_security_log_names_user_and_record(make_lake: MakeLake) -> None:
    (one,) = told(make_lake, [CLEARED | {"occurred": "2031-03-04T01:02:03", "record_id": 77}])
    assert (one.kind, one.host, one.log, one.user) == ("cleared", "FS01", "Security", "mallory")
    assert one.at == "2031-03-04T01:02:03.000000+00:00"
    assert [place.record_id for place in one.locators] == ["77"]


def test_a_cleared_log_of_another_name_is_named(make_lake: MakeLake) -> None:
    row = EVENTLOG | {
        "channel": "System",
        "event_id": 104,
        "occurred": "2031-03-04T01:02:03",
        "Data_Channel": "Windows PowerShell",
    }
    (one,) = told(make_lake, [row])
    assert (one.kind, one.log) == ("cleared", "Windows PowerShell")


def test_event_104_of_remote_desktop_is_no_cleared_log(make_lake: MakeLake) -> None:
    row = {"host": "FS01", "provider": "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", "event_id": 104,
           "channel": "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational", "occurred": "2031-03-04T01:02:03"}  # fmt: skip
    assert told(make_lake, [row, row | {"channel": "System"}]) == ()


def test_two_logs_cleared_in_one_instant_are_two_clears(make_lake: MakeLake) -> None:
    row = EVENTLOG | {"channel": "System", "event_id": 104, "occurred": "2031-03-04T01:02:03"}
    assert len(told(make_lake, [row, row])) == 2


def test_copies_of_one_clear_are_told_once(make_lake: MakeLake) -> None:
    row = CLEARED | {"occurred": "2031-03-04T01:02:03", "record_id": 77}
    make_lake("s-copy", windows=[row])
    (one,) = told(make_lake, [row])
    assert sorted(place.source for place in one.locators) == ["s-copy", "s-made"]


def test_a_stop_of_the_service_at_a_shutdown_is_not_told(make_lake: MakeLake) -> None:
    stop = EVENTLOG | {"channel": "Security", "event_id": 1100, "occurred": "2031-03-04T18:00:10"}
    shutdown = {
        "host": "FS01",
        "channel": "System",
        "provider": "EventLog",
        "event_id": 6006,
        "occurred": "2031-03-04T18:00:09",
    }
    assert told(make_lake, [stop, shutdown]) == ()


def test_a_stop_of_the_service_while_the_machine_runs_is_told(make_lake: MakeLake) -> None:
    stop = EVENTLOG | {"channel": "Security", "event_id": 1100, "occurred": "2031-03-04T18:00:10"}
    running = {"host": "FS01", "channel": "System", "provider": "Service Control Manager", "event_id": 7040}
    rows = [stop, running | {"occurred": "2031-03-04T17:00:00"}, running | {"occurred": "2031-03-04T19:00:00"}]
    assert [one.kind for one in told(make_lake, rows)] == ["service-stopped"]


def test_a_stop_followed_by_a_start_of_windows_is_a_shutdown(make_lake: MakeLake) -> None:
    """Without the System log, the Security log itself tells a boot: 4608 comes right after the stop."""
    stop = EVENTLOG | {"channel": "Security", "event_id": 1100, "occurred": "2031-03-04T18:00:10", "record_id": 10}
    boot = {"host": "FS01", "channel": "Security", "provider": "Microsoft-Windows-Security-Auditing", "event_id": 4608,
            "occurred": "2031-03-05T08:00:00", "record_id": 11}  # fmt: skip
    assert told(make_lake, [stop, boot]) == ()


def test_a_hole_in_a_dense_log_is_told_with_its_bounds(make_lake: MakeLake) -> None:
    rows = [row for row in numbered(2000) if not 900 <= row["record_id"] <= 1099]
    (one,) = told(make_lake, rows)
    assert (one.kind, one.host, one.log, one.count) == ("records-missing", "FS01", "Security", 200)
    assert [place.record_id for place in one.locators] == ["899", "1100"]


def test_one_record_taken_out_of_a_whole_log_is_told(make_lake: MakeLake) -> None:
    (one,) = told(make_lake, [row for row in numbered(1000) if row["record_id"] != 500])
    assert (one.kind, one.count) == ("records-missing", 1)


def test_the_event_log_service_disabled_is_told_in_any_language(make_lake: MakeLake) -> None:
    base = {
        "host": "PC09",
        "channel": "System",
        "provider": "Service Control Manager",
        "occurred": "2031-03-04T01:02:03",
    }
    disabled = {
        "event_id": 7040,
        "param1": "Windows イベント ログ",
        "param2": "自動開始",
        "param3": "無効",
        "param4": "EventLog",
    }
    stopped = {"event_id": 7036, "Binary": "4500760065006E0074004C006F0067002F0031000000"}
    other = {"event_id": 7040, "param1": "Windows Update", "param4": "wuauserv"}
    started = {"event_id": 7036, "Binary": "4500760065006E0074004C006F0067002F0034000000"}
    older = {
        "event_id": 7036,
        "Binary": "6500760065006E0074006C006F0067002F0031000000",
    }  # "eventlog/1", Windows Vista to 8
    found = told(make_lake, [base | row for row in (disabled, stopped, other, started)])
    assert [(one.kind, one.note.why if one.note else "") for one in found] == [
        ("service-stopped", "tampering.service-configured"), ("service-stopped", "tampering.service-stopped")]  # fmt: skip
    (one,) = told(make_lake, [base | older | {"host": "PC10"}])[-1:]
    assert (one.host, one.kind) == ("PC10", "service-stopped")


def test_a_channel_switched_off_or_deleted_is_told_with_its_name(make_lake: MakeLake) -> None:
    sysmon = {"host": "PC09", "channel": "Microsoft-Windows-Sysmon/Operational", "provider": "Microsoft-Windows-Sysmon"}
    audit = {"host": "PC09", "channel": "Security", "provider": "Microsoft-Windows-Security-Auditing"}
    key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WINEVT\\Channels\\"
    off, on = "DWORD (0x00000000)", "DWORD (0x00000001)"
    rows = [
        sysmon | {"event_id": 12, "EventType": "DeleteKey", "TargetObject": key + "Windows PowerShell"},
        sysmon | {"event_id": 12, "EventType": "CreateKey", "TargetObject": key + "Made/Admin"},
        sysmon | {"event_id": 13, "TargetObject": key + "Made-Provider/Operational\\Enabled", "Details": off},
        sysmon | {"event_id": 13, "TargetObject": key + "Made-Provider/Debug\\Enabled", "Details": on},
        sysmon | {"event_id": 13, "TargetObject": key + "Made-New/Debug\\Enabled", "Details": off,
                  "Image": "C:\\Windows\\WinSxS\\x\\TiWorker.exe"},
        sysmon | {"event_id": 13, "Details": off,
                  "TargetObject": "HKLM\\System\\CurrentControlSet\\Control\\WMI\\Autologger\\EventLog-Security\\Start"},
        audit | {"event_id": 4657, "ObjectName": key.replace("HKLM", "\\REGISTRY\\MACHINE") + "Made-Audit/Operational",
                 "ObjectValueName": "Enabled", "NewValue": "0"},
        audit | {"event_id": 4688, "CommandLine": 'wevtutil.exe sl "Made Log" /e:false', "SubjectUserName": "mallory"},
        audit | {"event_id": 4688, "CommandLine": "wevtutil set-log Made-Last/Admin /enabled:false"},
        audit | {"event_id": 4688, "CommandLine": "wevtutil sl Made-Size/Admin /ms:1048576"},
    ]  # fmt: skip
    times = [row | {"occurred": f"2031-03-04T01:00:{second:02}"} for second, row in enumerate(rows)]
    found = told(make_lake, times)
    assert {one.kind for one in found} == {"channel-disabled"}
    assert [one.log for one in found] == [
        "Windows PowerShell", "Made-Provider", "Security", "Made-Audit", "Made Log", "Made-Last"]  # fmt: skip
    assert found[4].user == "mallory"


def test_sysmon_stopped_or_configured_anew_is_told_but_not_its_installation(make_lake: MakeLake) -> None:
    base = {"host": "PC09", "channel": "Microsoft-Windows-Sysmon/Operational", "provider": "Microsoft-Windows-Sysmon"}
    rows = [
        base | {"event_id": 16, "occurred": "2031-03-04T01:00:00", "Configuration": '"C:\\Tools\\Sysmon64.exe" -i'},
        base | {"event_id": 4, "occurred": "2031-03-04T01:00:01", "State": "Started"},
        base | {"event_id": 16, "occurred": "2031-03-04T02:00:00", "Configuration": "C:\\Temp\\nothing.xml"},
        base | {"event_id": 4, "occurred": "2031-03-04T03:00:00", "State": "Stopped"},
    ]
    assert [one.kind for one in told(make_lake, rows)] == ["audit-policy-changed", "service-stopped"]


def test_every_sign_has_its_sentence(make_lake: MakeLake) -> None:
    table = load("trace/tampering")
    kinds = ("cleared", "audit-policy-changed", "time-changed", "service-stopped")
    keys = {spec.get("why", kind) for kind in kinds for spec in table[kind]}
    assert all(
        say(f"tampering.{key}", lang, {"host": "PC09", "log": "Security"}) for key in keys for lang in ("en", "ja")
    )


def test_a_filtered_export_has_no_holes(make_lake: MakeLake) -> None:
    assert told(make_lake, numbered(3000)[::60]) == ()


def test_overlapping_copies_have_no_holes(make_lake: MakeLake) -> None:
    rows = numbered(2000)
    make_lake("s-copy", windows=rows[500:1500])
    assert told(make_lake, rows) == ()


def test_forwarded_records_have_no_holes(make_lake: MakeLake) -> None:
    """A collector's file holds part of many machines' records."""
    rows = [
        row
        for name in ("PC01", "PC02", "PC03", "PC04")
        for row in numbered(900, host=name)
        if not 300 <= row["record_id"] <= 420
    ]
    assert told(make_lake, rows) == ()


@pytest.mark.parametrize("file", OTRF)
def test_all_clears_of_real_json(shelf: Path, read_lake: ReadLake, file: str) -> None:
    truth = json.loads((shelf / "windows-json/otrf-atomic-dev.truth.json").read_text("utf-8"))
    wanted = next(case for case in truth["cases"] if case["file"] == file)["log_tampering"]
    connection = read_lake(shelf / "windows-json/otrf-atomic" / file)
    apply_clocks(connection, ())
    found = Counter(one.kind for one in tampering(connection))
    assert found["cleared"] == sum(1 for one in wanted if one["event_id"] in {104, 1102})


def test_a_benign_machine_shows_no_tampering(shelf: Path, read_lake: ReadLake) -> None:
    connection = read_lake(shelf / "evtx/benign-rathbun-w10.tar.xz")
    apply_clocks(connection, ())
    assert tampering(connection) == ()
