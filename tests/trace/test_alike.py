"""The same behaviour on other servers: told by a shared certificate or a rare client, not by what everybody shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from keii.trace.clocks import apply_clocks
from keii.trace.destinations import prepare, suspicious
from keii.trace.hosts import Names
from keii.trace.internal import Networks
from tests.trace.conftest import MakeLake

_SINCE = dt.datetime(2021, 3, 1, tzinfo=dt.UTC)
_LIBRARY, _OWN = "a" * 32, "b" * 32
_Rows = list[dict[str, Any]]


def _talk(client: str, far: str, count: int, port: int = 443, **tls: Any) -> tuple[_Rows, _Rows]:
    """Return connections an hour apart and their handshakes."""
    flows, shakes = [], []
    for number in range(count):
        ends = {
            "occurred": _SINCE + dt.timedelta(hours=number, seconds=number * number * 7 % 1_100),
            "src_ip": client,
            "dst_ip": far,
            "dst_port": port,
            "uid": f"C{client}{far}{number}",
        }
        flows.append({**ends, "protocol": "tcp", "state": "SF", "bytes_out": 300 + number, "bytes_in": 900})
        shakes.append({**ends, "established": True, "server_name": f"srv-{far.replace('.', '-')}.example", **tls})
    return flows, shakes


def _told(make_lake: MakeLake, *more: tuple[_Rows, _Rows]) -> dict[str, tuple[str, ...]]:
    usual = [
        _talk(f"10.1.0.{client}", f"192.0.2.{far}", 3, ja3=_LIBRARY, ja3s=_LIBRARY)
        for client in range(1, 7)
        for far in range(20)
    ]
    known = _talk(
        "10.1.0.5", "203.0.113.9", 200, 4444, ja3=_OWN, ja3s=_OWN, subject="CN=a", issuer="CN=a", certificate="c1"
    )
    parts = [*usual, known, *more]
    connection = make_lake(
        network=[row for part in parts for row in part[0]], tls=[row for part in parts for row in part[1]]
    )
    apply_clocks(connection, ())
    prepare(connection, Networks(blocks=("10.0.0.0/8",), inferred=False))
    return {one.far: one.signs for one in suspicious(connection, (), Names(()))[0]}


_KNOWN, _OTHER = "srv-203-0-113-9.example", "srv-198-51-100-7.example"


def test_the_known_server_alone(make_lake: MakeLake) -> None:
    assert set(_told(make_lake, _talk("10.1.0.6", "198.51.100.7", 4, ja3=_LIBRARY, ja3s=_LIBRARY))) == {_KNOWN}


def test_a_server_with_the_same_certificate(make_lake: MakeLake) -> None:
    told = _told(make_lake, _talk("10.1.0.6", "198.51.100.7", 4, ja3=_LIBRARY, ja3s=_LIBRARY, certificate="c1"))
    assert set(told) == {_KNOWN, _OTHER}
    assert "same-certificate" in told[_OTHER]


def test_the_same_rare_client_counts_with_a_sign_of_its_own(make_lake: MakeLake) -> None:
    told = _told(make_lake, _talk("10.1.0.6", "198.51.100.7", 4, 4445, ja3=_OWN, ja3s=_OWN))
    assert set(told) == {_KNOWN, _OTHER}
    assert "same-agent" in told[_OTHER]


def test_the_same_rare_client_alone_is_not_enough(make_lake: MakeLake) -> None:
    assert set(_told(make_lake, _talk("10.1.0.6", "198.51.100.7", 4, ja3=_OWN, ja3s=_OWN))) == {_KNOWN}


def test_what_many_servers_show_is_no_mark(make_lake: MakeLake) -> None:
    shared = [_talk("10.1.0.6", f"198.51.100.{far}", 4, certificate="c1") for far in range(1, 12)]
    assert set(_told(make_lake, *shared)) == {_KNOWN}
