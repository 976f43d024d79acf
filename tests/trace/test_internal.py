"""Which networks are the victim's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keii.trace.internal import internal_networks
from tests.trace.conftest import MakeLake, ReadLake

WHEN = "2031-03-04T10:00:00"


def flow(src: str, dst: str, port: int, **fields: Any) -> dict[str, Any]:
    return {"occurred": WHEN, "src_ip": src, "dst_ip": dst, "dst_port": port, "bytes_out": 10, "bytes_in": 10} | fields


def test_configured_networks_are_taken_as_they_are(make_lake: MakeLake) -> None:
    own = internal_networks(make_lake(network=[flow("10.9.9.9", "10.8.8.8", 53)]), ["198.51.100.0/24"])
    assert own.is_internal("198.51.100.7")
    assert not own.is_internal("10.9.9.9")
    assert not own.inferred


def test_a_private_address_that_is_only_a_destination_is_not_proven_internal(make_lake: MakeLake) -> None:
    rows = [flow("10.1.2.3", "10.1.1.4", 88), flow("10.1.2.4", "10.1.1.4", 88), flow("10.1.2.3", "192.168.77.5", 443)]
    own = internal_networks(make_lake(network=rows))
    assert own.inferred
    assert own.is_internal("10.1.2.3")
    assert own.is_internal("10.1.1.4")
    assert not own.is_internal("192.168.77.5")


def test_leases_and_host_logs_prove_their_networks(make_lake: MakeLake) -> None:
    connection = make_lake(
        dhcp=[
            {
                "occurred": WHEN,
                "address": "10.3.3.30",
                "client_name": "PC30",
                "mac": "02:00:00:00:00:30",
                "action": "assign",
            }
        ],
        windows=[
            {
                "occurred": WHEN,
                "host": "PC40",
                "event_id": 3,
                "Initiated": "true",
                "SourceIp": "10.4.4.40",
                "DestinationIp": "203.0.113.1",
            }
        ],
    )
    own = internal_networks(connection)
    assert own.is_internal("10.3.3.30")
    assert own.is_internal("10.4.4.40")
    assert not own.is_internal("203.0.113.1")


def test_what_is_no_address_is_not_internal(make_lake: MakeLake) -> None:
    own = internal_networks(make_lake(network=[flow("10.1.2.3", "10.1.1.4", 88)]))
    assert not own.is_internal(None)
    assert not own.is_internal("-")
    assert not own.is_internal("PC01")


def test_the_attacker_in_private_space_is_outside(shelf: Path, read_lake: ReadLake) -> None:
    """The truth of apt29-day1 names 192.168.0.4 and .5 as the attacker's, 10.0.0.4, 10.0.1.4 and 10.0.1.6 as the victim's."""
    own = internal_networks(read_lake(*sorted((shelf / "zeek/apt29-day1").glob("*.zip"))))
    assert all(own.is_internal(address) for address in ("10.0.0.4", "10.0.1.4", "10.0.1.6"))
    assert not any(own.is_internal(address) for address in ("192.168.0.4", "192.168.0.5"))


def test_the_command_server_in_private_space_is_outside(shelf: Path, read_lake: ReadLake) -> None:
    own = internal_networks(read_lake(*sorted((shelf / "windows-json/lsass-campaign-01").glob("*.zip"))))
    assert own.is_internal("192.168.1.41")
    assert not own.is_internal("10.0.5.13")
