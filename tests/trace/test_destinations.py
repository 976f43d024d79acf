"""Destinations told by behaviour alone: real command and control, and ordinary traffic that must not be told."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest

from keii.trace.clocks import apply_clocks, clocks
from keii.trace.destinations import Destination, prepare, suspicious
from keii.trace.hosts import Names, identities
from keii.trace.internal import internal_networks
from tests.trace.conftest import MakeLake, ReadLake


def _found(connection: Any, internal: tuple[str, ...] = ()) -> tuple[Destination, ...]:
    apply_clocks(connection, clocks(connection))
    prepare(connection, internal_networks(connection, internal))
    return suspicious(connection, (), Names(identities(connection)))[0]


def _stamp(seconds: float) -> dt.datetime:
    return dt.datetime(2021, 3, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)


def _flow(seconds: float, client: str, far: str, port: int = 443, **more: Any) -> dict[str, Any]:
    return {
        "occurred": _stamp(seconds),
        "src_ip": client,
        "dst_ip": far,
        "dst_port": port,
        "protocol": "tcp",
        "state": "SF",
        "bytes_out": 300,
        "bytes_in": 900,
        **more,
    }


def _beacon(jitter: float, count: int = 200, period: float = 3600) -> list[float]:
    dice = random.Random(7)
    now, stamps = 0.0, []
    for _ in range(count):
        now += period * (1 + dice.uniform(-jitter, jitter))
        stamps.append(now)
    return stamps


@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.3])
def test_a_beacon_is_told_and_a_person_is_not(make_lake: MakeLake, jitter: float) -> None:
    dice = random.Random(3)
    person, now = [], 0.0
    for _ in range(200):
        now += dice.expovariate(1 / 3600)
        person.append(now)
    rows = [_flow(at, "10.1.0.5", "203.0.113.9") for at in _beacon(jitter)]
    rows += [_flow(at, "10.1.0.5", "198.51.100.4") for at in person]
    found = _found(make_lake(network=rows), ("10.0.0.0/8",))
    told = {one.far for one in found}
    assert "198.51.100.4" not in told
    if jitter <= 0.1:
        assert told == {"203.0.113.9"}
        assert found[0].signs[0] == "regular"


def test_the_same_score_whatever_the_cut_and_order(make_lake: MakeLake, tmp_path: Path) -> None:
    rows = [_flow(at, "10.1.0.5", "203.0.113.9") for at in _beacon(0.1)]
    one = _found(make_lake("s-one", network=rows), ("10.0.0.0/8",))
    for path in tmp_path.glob("network/*"):
        path.unlink()
    shuffled = rows[::-1]
    make_lake("s-a", network=shuffled[:70])
    two = _found(make_lake("s-b", network=shuffled[70:]), ("10.0.0.0/8",))
    assert [(d.far, d.score, d.connections) for d in one] == [(d.far, d.score, d.connections) for d in two]


def test_a_service_that_everybody_uses_is_not_told(make_lake: MakeLake) -> None:
    rows = [
        {
            "occurred": _stamp(at),
            "src_ip": f"10.1.0.{client}",
            "hostname": "updates.example.com",
            "proxied": True,
            "method": "CONNECT",
            "url": "updates.example.com:443",
        }
        for client in range(1, 8)
        for at in _beacon(0.0)
    ]
    assert _found(make_lake(http=rows), ("10.0.0.0/8",)) == ()


def test_one_contact_in_two_logs_counts_once(make_lake: MakeLake) -> None:
    program = r"C:\Users\ann\Downloads\invoice.exe"
    host = [
        {
            "occurred": _stamp(at),
            "host": "pc1.example.com",
            "channel": "Microsoft-Windows-Sysmon/Operational",
            "event_id": 3,
            "Image": program,
            "Initiated": "true",
            "SourceIp": "10.1.0.5",
            "DestinationIp": "203.0.113.9",
            "DestinationPort": "4444",
        }
        for at in (10, 20, 30)
    ]
    flows = [_flow(at, "10.1.0.5", "203.0.113.9", 4444) for at in (10, 20, 30)]
    (told,) = _found(make_lake(windows=host, network=flows), ("10.0.0.0/8",))
    assert (told.connections, told.ports, told.image) == (3, (4444,), program.lower())
    assert {"program-place", "odd-port"} <= set(told.signs)


@pytest.mark.parametrize(
    ("folder", "wanted"),
    [
        ("stratosphere/001-zeek-scenario-malicious", {"41.108.179.197"}),
        ("stratosphere/003-zeek-scenario-malicious", {"147.32.83.234"}),
        ("stratosphere/008-zeek-mixed", set()),
        ("stratosphere/010-zeek-mixed", set()),
        ("stratosphere/011-zeek-mixed", set()),
        ("rita/proxy_rolling", set()),
    ],
)
def test_real_captures(shelf: Path, read_lake: ReadLake, folder: str, wanted: set[str]) -> None:
    # 001: the flows that its labels call C&C, without the download they begin with; 003: the port its README names;
    # 008 to 011: a machine with a public address that is attacked from outside, whose own traffic is labelled benign.
    connection = read_lake(*sorted(p for p in (shelf / "zeek" / folder).glob("*.log*")))
    assert {one.far for one in _found(connection)} == wanted
    ((contacts,),) = connection.execute("SELECT count(*) FROM talk").fetchall()
    assert contacts > 300  # its traffic was looked at


def test_a_habit_of_the_whole_log_since_the_log_began_is_no_sign(make_lake: MakeLake) -> None:
    weeks = 7 * 86_400
    nightly = [day * 86_400 + 7_200 for day in range(56)]
    rows = [_flow(at, "10.1.0.5", "203.0.113.20", bytes_out=400_000_000) for at in nightly]
    rows += [_flow(at, "10.1.0.6", "203.0.113.21", bytes_out=400_000_000) for at in nightly if at > weeks]
    told = {one.far for one in _found(make_lake(network=rows), ("10.0.0.0/8",))}
    assert "203.0.113.20" not in told  # a nightly copy since ever
    assert "203.0.113.21" in told  # the same that began while the log ran


def test_a_push_service_keeps_its_rhythm_and_an_odd_port_does_not(make_lake: MakeLake) -> None:
    rows = [_flow(at, "10.1.0.5", "203.0.113.9", 8883) for at in _beacon(0.1, period=300)]
    rows += [_flow(at, "10.1.0.6", "203.0.113.10", 8884) for at in _beacon(0.1, period=300)]
    assert {one.far for one in _found(make_lake(network=rows), ("10.0.0.0/8",))} == {"203.0.113.10"}


def test_a_page_left_open_for_an_afternoon_is_no_beacon(make_lake: MakeLake) -> None:
    rows = [_flow(at, "10.1.0.5", "203.0.113.9") for at in _beacon(0.02, count=400, period=25)]
    rows += [_flow(at, "10.1.0.6", "203.0.113.10") for at in _beacon(0.02, count=400, period=250)]
    assert {one.far for one in _found(make_lake(network=rows), ("10.0.0.0/8",))} == {"203.0.113.10"}


def test_short_logs_show_no_habit(make_lake: MakeLake) -> None:
    rows = [_flow(at * 3_600, "10.1.0.5", "203.0.113.20", bytes_out=400_000_000) for at in range(24 * 14)]
    assert {one.far for one in _found(make_lake(network=rows), ("10.0.0.0/8",))} == {"203.0.113.20"}
