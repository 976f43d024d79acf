"""Tunnels and beacons in DNS, and ordinary look-ups beside them."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from typing import Any

from keii.trace.clocks import apply_clocks
from keii.trace.destinations import prepare, suspicious
from keii.trace.hosts import Names
from keii.trace.internal import Networks
from tests.trace.conftest import MakeLake

_SINCE = dt.datetime(2021, 3, 1, tzinfo=dt.UTC)
_Rows = list[dict[str, Any]]


def _asked(
    seconds: float, client: str, query: str, kind: str = "A", answers: list[str] | None = None
) -> dict[str, Any]:
    at = _SINCE + dt.timedelta(seconds=seconds)
    return {
        "occurred": at,
        "src_ip": client,
        "dst_ip": "10.1.0.53",
        "query": query,
        "query_type": kind,
        "answers": answers,
    }


def _flow(seconds: float, client: str, far: str, port: int = 443) -> dict[str, Any]:
    at = _SINCE + dt.timedelta(seconds=seconds)
    return {
        "occurred": at,
        "src_ip": client,
        "dst_ip": far,
        "dst_port": port,
        "protocol": "tcp",
        "bytes_in": 9,
        "bytes_out": 9,
    }


def _random_name(number: int, length: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:length]


def _people() -> tuple[_Rows, _Rows]:
    """Return look-ups and connections of ten people: every name is gone to."""
    dice = random.Random(1)
    asked, flows = [], []
    for number in range(600):
        at, client, site = dice.uniform(0, 5 * 86_400), f"10.1.0.{dice.randrange(1, 11)}", dice.randrange(80)
        asked.append(_asked(at, client, f"www{dice.randrange(3)}.site-{site}.example", answers=[f"203.0.113.{site}"]))
        flows.append(_flow(at + 0.1, client, f"203.0.113.{site}"))
        asked.append(_asked(at, client, f"{number}.cdn.example", answers=["198.51.100.9"]))
        flows.append(_flow(at + 0.2, client, "198.51.100.9"))
    return asked, flows


def _found(make_lake: MakeLake, rows: _Rows, flows: _Rows = []) -> tuple[set[str], set[str]]:  # noqa: B006 - never changed
    """Return the destinations told, and those listed as regular."""
    asked, gone_to = _people()
    connection = make_lake(dns=asked + rows, network=gone_to + flows)
    apply_clocks(connection, ())
    prepare(connection, Networks(blocks=("10.0.0.0/8",), inferred=False))
    told, regular = suspicious(connection, (), Names(()))
    return {one.far for one in told}, {one.destination for one in regular}


def test_people_who_look_up_and_go_there_are_not_told(make_lake: MakeLake) -> None:
    assert _found(make_lake, [])[0] == set()


def test_a_tunnel_is_told(make_lake: MakeLake) -> None:
    rows = [_asked(at * 0.7, "10.1.0.5", f"{_random_name(at, 50)}.t.evil.example", "TXT") for at in range(900)]
    assert _found(make_lake, rows)[0] == {"evil.example"}


def test_a_beacon_that_only_asks_is_told(make_lake: MakeLake) -> None:
    dice = random.Random(4)
    times = [at * 600 + dice.uniform(-120, 120) for at in range(700)]
    rows = [_asked(at, "10.1.0.5", f"{_random_name(int(at), 8)}.ns1.evil.co.jp", answers=["0.0.0.0"]) for at in times]
    told, regular = _found(make_lake, rows)
    assert told == {"evil.co.jp"}
    assert regular == {"evil.co.jp"}


def test_a_service_that_all_machines_ask_for_data_is_not_told(make_lake: MakeLake) -> None:
    dice = random.Random(5)
    rows = [
        _asked(
            dice.uniform(0, 5 * 86_400),
            f"10.1.0.{client}",
            f"{_random_name(client * 1_000 + at, 32)}.hash.scanner.example",
        )
        for client in range(1, 11)
        for at in range(200)
    ]
    assert _found(make_lake, rows)[0] == set()


def test_a_dead_name_is_listed_and_not_told(make_lake: MakeLake) -> None:
    rows = [_asked(at * 3_600.0, "10.1.0.5", "update.gone.example") for at in range(119)]
    assert _found(make_lake, rows) == (set(), {"gone.example"})


def test_time_that_is_looked_up_and_asked_is_no_contact_by_name(make_lake: MakeLake) -> None:
    rows = [_asked(at * 3_600.0, "10.1.0.5", f"{at % 4}.time.example", answers=["192.0.2.12"]) for at in range(119)]
    flows = [_flow(at * 3_600.0, "10.1.0.5", "192.0.2.12", 123) for at in range(119)]
    assert _found(make_lake, rows, flows) == (set(), set())
