"""Remote execution that shows by itself: real recordings with their truth, and an administrator's work that is none."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keii.data import load
from keii.lake.store import Lake
from keii.model import Hop, Infection
from keii.trace import TraceSettings, trace
from keii.trace.clocks import apply_clocks
from keii.trace.edges import Edge
from keii.trace.executions import executions, rounds
from keii.wording import say
from tests.trace.conftest import MakeLake, read_into

ADMIN = {"TargetUserName": "admin1", "TargetLogonId": "0x51", "LogonType": "3", "IpAddress": "10.0.0.7"}


def _service(day: int, host: str = "srv1", **more: Any) -> list[dict[str, Any]]:
    security = {
        "host": f"{host}.corp.example",
        "channel": "Security",
        "provider": "Microsoft-Windows-Security-Auditing",
    }
    return [
        {**security, "occurred": f"2021-03-{day:02d}T09:00:00", "event_id": 4624, **ADMIN, **more},
        {
            **security,
            "occurred": f"2021-03-{day:02d}T09:00:05",
            "event_id": 4697,
            "SubjectUserName": "admin1",
            "SubjectLogonId": "0x51",
            "ServiceName": "helper",
        },
    ]


def _told(
    make_lake: MakeLake, rows: list[dict[str, Any]], *, infections: tuple[Infection, ...] = ()
) -> tuple[Hop, ...]:
    connection = make_lake(windows=rows)
    apply_clocks(connection, ())
    told, _ = executions(connection, (), infections, ())
    return told


def test_a_service_that_a_remote_session_installs_is_told_with_its_records(make_lake: MakeLake) -> None:
    (hop,) = _told(make_lake, _service(1))
    assert (hop.source_host, hop.target_host, hop.user, hop.how) == ("10.0.0.7", "SRV1", "admin1", "service")
    assert hop.technique == "T1569.002"
    assert [place.record for place in hop.target_records] == [2, 1]
    assert hop.missing == ("source",)


def test_what_the_same_login_does_every_day_is_not_told(make_lake: MakeLake) -> None:
    told = _told(make_lake, [row for day in range(1, 9) for row in _service(day)])
    # The first days cannot be told from usual work, since no log goes back further.
    assert all(hop.first < "2021-03-04" for hop in told)


def test_beside_an_infection_that_it_does_not_touch_it_is_not_told(make_lake: MakeLake) -> None:
    elsewhere = Infection(host="PC9", first="2021-03-01T08:00:00.000000+00:00", last="2021-03-01T10:00:00.000000+00:00")
    assert _told(make_lake, _service(1), infections=(elsewhere,)) == ()


NINE = dt.datetime(2021, 3, 20, 9, 0, tzinfo=dt.UTC)


def _edge(target: str, minutes: float, **more: Any) -> Edge:
    at = NINE + dt.timedelta(minutes=minutes)
    plain = Edge(
        source="ADM1", target=target, login="admin1", step=1, family="exec", how="psexec", technique="T1569.002", base=0.65,
        first=at, last=at, events=2, earlier_days=0, fresh=True, clients=1,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **more)


ROUND = [_edge(f"PC{n}", 2 * n) for n in range(4)]


@pytest.mark.parametrize(
    ("steps", "signs", "left_out"),
    [
        (ROUND, {"PC9": NINE}, 4),  # nobody in the round has signs: an administrator's
        (ROUND, {"ADM1": NINE - dt.timedelta(days=1)}, 0),  # who has signs makes no innocent round
        (ROUND, {"PC1": NINE + dt.timedelta(hours=1)}, 4),  # one of four had signs afterwards: chance
        (ROUND, {"PC1": NINE + dt.timedelta(hours=1), "PC2": NINE + dt.timedelta(hours=2)}, 0),
        (ROUND[:2], {"PC9": NINE}, 0),  # two machines are no round
        ([_edge(f"PC{n}", 200 * n) for n in range(4)], {"PC9": NINE}, 0),  # hours apart
        ([_edge("PC1", 24 * 60 * n) for n in range(3)], {"PC9": NINE}, 3),  # the same minute of three days
        ([_edge("PC1", 24 * 60 * n + 90 * n) for n in range(3)], {"PC9": NINE}, 0),
        ([_edge("PC1", 24 * 60 * n) for n in range(3)], {"PC1": NINE}, 0),
    ],
)
def test_an_administrators_round_is_left_out_where_nothing_ties_it_to_the_signs(
    steps: list[Edge], signs: dict[str, dt.datetime], left_out: int
) -> None:
    assert len(rounds(steps, signs, load("trace/lateral"))) == left_out


def test_a_service_of_the_machine_itself_is_not_told(make_lake: MakeLake) -> None:
    assert _told(make_lake, _service(1, IpAddress="127.0.0.1")) == ()
    local = [{**row, "SubjectLogonId": "0x3e7", "SubjectUserName": "SRV1$"} for row in _service(2)[1:]]
    assert _told(make_lake, [*_service(2)[:1], *local]) == ()


# From the descriptions and commands in the recordings' metadata: the machines, the login, the way.
RECORDED = {
    "covenant_com_wsman_automation": ("WORKSTATION5", "WORKSTATION6", "winrm"),
    "covenant_dcom_executeexcel4macro_allowed": ("WORKSTATION5", "WORKSTATION6", "dcom"),
    "covenant_dcom_registerxll": ("WORKSTATION5", "WORKSTATION6", "dcom"),
    "covenant_psremoting_grunt": ("IT001", "HR001", "winrm"),
    "covenant_sharpwmi_create_dcerpc_wmi": ("WORKSTATION5", "WORKSTATION6", "wmi"),
    "covenant_wmi_remote_event_subscription_ActiveScriptEventConsumers": ("WORKSTATION5", "WORKSTATION6", "wmi"),
    "empire_psexec_dcerpc_tcp_svcctl": ("WORKSTATION5", "WORKSTATION6", "service"),
    "empire_psremoting_stager": ("WORKSTATION5", "WORKSTATION6", "winrm"),
    "empire_shell_dcerpc_smb_service_dll_hijack": ("WORKSTATION5", "WORKSTATION6", "smb"),
    "empire_smbexec_dcerpc_smb_svcctl": ("WORKSTATION5", "WORKSTATION6", "service"),
    "empire_wmi_dcerpc_wmi_IWbemServices_ExecMethod": ("WORKSTATION5", "WORKSTATION6", "wmi"),
    "schtask_modification": ("WORKSTATION5", "WORKSTATION6", "task"),
}


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_recorded_lateral_movement(shelf: Path, tmp_path: Path, name: str) -> None:
    read_into(tmp_path, [shelf / "windows-json" / "otrf-atomic" / "lateral_movement" / f"{name}.zip"])
    found = trace(Lake.of_folder(tmp_path), (), TraceSettings())
    source, target, how = RECORDED[name]
    assert {(hop.source_host, hop.target_host, hop.user) for hop in found.hops} == {(source, target, "pgustavo")}
    assert how in {hop.how for hop in found.hops}
    assert all(hop.target_records for hop in found.hops)
    assert found.first_hosts[0].host == source
    assert all(say(r.why, lang, r.facts) for r in found.first_hosts[0].speaks_for for lang in ("en", "ja"))
