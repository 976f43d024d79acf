"""Own networks where every address is public: told by who asks many and is at an end of everything, else not told."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from keii.hunt import hunt
from keii.lake.inside import public_networks
from keii.lake.store import Lake
from tests.trace.lakes import of_rows


def _flow(at: int, src: str, dst: str, **more: Any) -> dict[str, Any]:
    occurred = f"2021-03-{1 + at % 5:02}T10:00:{at % 60:02}Z"
    return {"occurred": occurred, "src_ip": src, "dst_ip": dst, "bytes_out": 9, "bytes_in": 9, "state": "SF"} | more


def _office() -> list[dict[str, Any]]:
    """Return machines of one public network that ask servers all over, and visitors and scanners from outside."""
    dice = random.Random(1)
    rows = [_flow(at, f"198.51.100.{at % 9 + 1}", f"203.{at % 40}.113.{dice.randrange(1, 250)}") for at in range(300)]
    rows += [_flow(at, f"192.{at % 30}.2.{at % 200 + 1}", "198.51.100.80") for at in range(100)]
    rows += [_flow(at, "192.99.2.7", f"198.51.100.{at % 250 + 1}", state="S0", bytes_in=0) for at in range(100)]
    return rows


def _own(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return public_networks(of_rows(tmp_path, network=rows).connect(threads=1))


def test_a_network_of_public_addresses_is_known_by_what_it_asks(tmp_path: Path) -> None:
    assert _own(tmp_path, _office()) == ("198.51.100.0/24",)


def test_visitors_of_one_server_do_not_tell_whose_it_is(tmp_path: Path) -> None:
    assert _own(tmp_path, [_flow(at, f"203.{at % 60}.113.5", "198.51.100.80") for at in range(200)]) == ()


def test_a_scanner_is_not_the_victim(tmp_path: Path) -> None:
    rows = [_flow(at, "192.99.2.7", f"203.{at % 90}.113.5", state="S0", bytes_in=0) for at in range(200)]
    assert _own(tmp_path, rows) == ()


def test_two_machines_that_talk_to_each_other_tell_nothing(tmp_path: Path) -> None:
    assert _own(tmp_path, [_flow(at, "198.51.100.4", "203.0.113.9") for at in range(200)]) == ()


def test_the_sensors_word_counts_first(tmp_path: Path) -> None:
    rows = [_flow(at, "198.51.100.4", "203.0.113.9", more='{"local_orig":true,"local_resp":false}') for at in range(9)]
    assert _own(tmp_path, rows) == ("198.51.100.0/24",)


def test_host_days_are_those_of_own_machines_or_unknown(tmp_path: Path) -> None:
    told = hunt(of_rows(tmp_path / "office", network=_office()), [], []).coverage
    own = {
        (row["dst_ip"] if row["src_ip"].startswith(("192.", "203.")) else row["src_ip"], row["occurred"][:10])
        for row in _office()
    }
    assert [one.host_days for one in told.searched] == [len(own)]
    assert not told.not_searchable
    visitors = [_flow(at, f"203.{at % 60}.113.5", "198.51.100.80") for at in range(200)]
    told = hunt(of_rows(tmp_path / "visitors", network=visitors), [], []).coverage
    assert [one.host_days for one in told.searched] == [0]
    assert "unknown" in told.not_searchable[0]
    named = hunt(of_rows(tmp_path / "visitors", network=visitors), [], [], internal=["198.51.100.0/24"]).coverage
    assert [one.host_days for one in named.searched] == [5]


def test_outside_addresses_are_no_hosts_in_a_private_network(tmp_path: Path) -> None:
    rows = [_flow(0, "10.0.0.4", "203.0.113.9"), _flow(1, "192.0.2.1", "203.0.113.9")]
    assert [one.host_days for one in hunt(of_rows(tmp_path, network=rows), [], []).coverage.searched] == [1]


def test_an_empty_lake_has_no_networks(tmp_path: Path) -> None:
    assert public_networks(Lake(tmp_path, []).connect(threads=1)) == ()
