"""The walk over made logs: what is a step, what is a day's work, and what only third witnesses tell."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from keii.model import HostIdentity, Infection
from keii.trace.clocks import apply_clocks
from keii.trace.internal import Networks
from keii.trace.walk import Path, walk

_DAY = dt.datetime(2024, 5, 20, 9, 0, tzinfo=dt.UTC)
_NETWORKS = Networks(blocks=("10.1.0.0/16",), inferred=False)
_KNOWN = (
    HostIdentity(host="PC1", address="10.1.0.11"),
    HostIdentity(host="PC2", address="10.1.0.12"),
    HostIdentity(host="SRV1", address="10.1.0.21"),
)


def _logon(days: float, target: str, source: str, user: str, kind: str = "3") -> dict[str, Any]:
    return {
        "occurred": _DAY + dt.timedelta(days=days),
        "host": f"{target.lower()}.example.com",
        "channel": "Security",
        "event_id": 4624,
        "LogonType": kind,
        "IpAddress": source,
        "TargetUserName": user,
    }


def _flow(days: float, source: str, target: str, port: int) -> dict[str, Any]:
    return {
        "occurred": _DAY + dt.timedelta(days=days),
        "src_ip": source,
        "dst_ip": target,
        "dst_port": port,
        "bytes_in": 500,
        "bytes_out": 500,
        "state": "SF",
    }


@pytest.fixture
def walked(make_lake: Any) -> Any:
    def run(*infected: tuple[str, float], **tables: list[dict[str, Any]]) -> Path:
        connection = make_lake(**tables)
        apply_clocks(connection, ())
        infections = [
            Infection(host=host, first=(_DAY + dt.timedelta(days=days)).isoformat(), how="intel")
            for host, days in infected
        ]
        return walk(connection, infections, _KNOWN, _NETWORKS)

    return run


def _short(path: Path) -> list[tuple[str, str, str | None, str, str]]:
    return [(h.source_host, h.target_host, h.user, h.how, h.direction) for h in path.hops]


def test_a_new_desktop_session_is_a_step_and_its_login_is_followed(walked: Any) -> None:
    logs = [
        _logon(-20, "SRV1", "10.1.0.11", "anna"),
        _logon(1, "SRV1", "10.1.0.11", "anna"),
        _logon(1.1, "PC2", "10.1.0.11", "ops", "10"),
        _logon(2, "SRV1", "10.1.0.12", "ops"),
        _logon(2.1, "SRV1", "10.1.0.12", "ben"),
    ]
    path = walked(("PC1", 0), windows=logs)
    assert _short(path) == [("PC1", "PC2", "ops", "rdp", "forward"), ("PC2", "SRV1", "ops", "smb", "forward")]
    assert [host for host, _ in path.reached] == ["PC2", "SRV1"]
    assert path.has_past


def test_what_the_login_always_did_is_work(walked: Any) -> None:
    logs = [_logon(day, "SRV1", "10.1.0.11", "ops", "10") for day in (-20, -10, 1, 2)]
    assert walked(("PC1", 0), windows=logs).hops == ()


def test_before_the_infection_nothing_is_forward(walked: Any) -> None:
    logs = [_logon(-9, "PC2", "10.1.0.11", "ops", "10"), _logon(-20, "SRV1", "10.1.0.12", "ben")]
    assert walked(("PC1", 0), windows=logs).hops == ()


def test_the_way_back_finds_who_entered(walked: Any) -> None:
    logs = [_logon(-20, "SRV1", "10.1.0.12", "ben"), _logon(-0.1, "PC2", "10.1.0.11", "ops", "10")]
    path = walked(("PC2", 0), ("SRV1", 5), windows=logs)
    assert _short(path) == [("PC1", "PC2", "ops", "rdp", "backward")]
    assert [host for host, _ in path.reached] == ["PC1"]


def test_a_desktop_session_from_outside_is_inbound(walked: Any) -> None:
    logs = [_logon(-20, "SRV1", "10.1.0.12", "ben"), _logon(-0.1, "PC2", "203.0.113.9", "ops", "10")]
    path = walked(("PC2", 0), windows=logs)
    assert _short(path) == [("203.0.113.9", "PC2", "ops", "rdp", "inbound")]
    assert path.reached == ()


def test_the_sensor_alone_tells_a_step_without_login(walked: Any) -> None:
    flows = [_flow(-20, "10.1.0.12", "10.1.0.21", 445), _flow(1, "10.1.0.11", "10.1.0.12", 5985)]
    refused = _flow(1, "10.1.0.11", "10.1.0.21", 3389) | {"state": "REJ", "bytes_in": 0}
    path = walked(("PC1", 0), network=[*flows, refused])
    assert _short(path) == [("PC1", "PC2", None, "winrm", "forward")]
    assert path.hops[0].missing == ("source", "target")


def test_short_logs_are_said_to_have_no_past(walked: Any) -> None:
    path = walked(("PC1", 0), windows=[_logon(0.1, "PC2", "10.1.0.11", "ops", "10")])
    assert len(path.hops) == 1
    assert not path.has_past


def test_nothing_infected_nothing_walked(walked: Any) -> None:
    assert walked(windows=[_logon(1, "PC2", "10.1.0.11", "ops", "10")]) == Path()


def test_a_round_over_all_machines_is_no_way_in(walked: Any) -> None:
    past = _logon(-20, "SRV1", "10.1.0.12", "ben")
    scan = [_flow(-0.1 + n / 10_000, "10.1.0.11", f"10.1.0.{n}", 3389) for n in range(12, 27)]
    path = walked(("PC2", 0), windows=[past], network=scan)
    assert path.hops == ()
    assert [(r.source_host, r.family, r.machines, r.hit) for r in path.rounds] == [("PC1", "rdp", 15, 1)]


def test_beside_a_round_a_login_of_its_own_is_a_way_in(walked: Any) -> None:
    logons = [_logon(-20, "SRV1", "10.1.0.12", "ben"), _logon(-0.05, "PC2", "10.1.0.11", "ops", "10")]
    scan = [_flow(-0.1 + n / 10_000, "10.1.0.11", f"10.1.0.{n}", 3389) for n in range(12, 27)]
    path = walked(("PC2", 0), windows=logons, network=scan)
    assert _short(path) == [("PC1", "PC2", "ops", "rdp", "backward")]


def test_a_round_after_which_many_had_signs_is_the_intruders(walked: Any) -> None:
    scan = [_flow(-0.1 + n / 10_000, "10.1.0.50", f"10.1.0.{n}", 5985) for n in range(12, 27)]
    signed = [(f"10.1.0.{n}", 0.0) for n in range(14, 18)]
    path = walked(*signed, windows=[_logon(-20, "SRV1", "10.1.0.12", "ben")], network=scan)
    assert {h.target_host for h in path.hops if h.source_host == "10.1.0.50"} >= set(dict(signed))
    assert path.rounds == ()
