"""Machines, their addresses and names over time."""

from __future__ import annotations

from typing import Any

import duckdb

from keii.model import Clock, HostIdentity
from keii.trace.clocks import apply_clocks
from keii.trace.hosts import Names, identities, short
from tests.trace.conftest import MakeLake


def _identities(connection: duckdb.DuckDBPyConnection, *wrong: Clock) -> tuple[HostIdentity, ...]:
    apply_clocks(connection, wrong)
    return identities(connection)


def lease(when: str, address: str, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "occurred": when,
        "address": address,
        "client_name": name,
        "mac": "02:00:00:00:00:01",
        "action": "assign",
    } | fields


def test_spellings_of_one_machine_are_one_name() -> None:
    assert {
        short(text) for text in ("PC01", "pc01.corp.example", "pc01$", "PC01.CORP.EXAMPLE.", "pc01$@CORP.EXAMPLE")
    } == {"PC01"}
    assert short("192.0.2.7") == "192.0.2.7"
    assert short("2001:db8::7") == "2001:db8::7"
    assert short(None) == ""


def test_an_address_that_goes_to_another_machine_is_cut(make_lake: MakeLake) -> None:
    rows = [lease("2031-03-03T08:00:00", "10.1.2.50", "pc-a"), lease("2031-03-04T08:00:00", "10.1.2.50", "pc-a", action="renew"),
            lease("2031-03-05T08:00:00", "10.1.2.50", "PC-B.corp.example"), lease("2031-03-06T08:00:00", "10.1.2.50", "pc-a")]  # fmt: skip
    found = _identities(make_lake(dhcp=rows))
    assert [(one.host, (one.first or "")[:10], one.inferred_from) for one in found] == [
        ("PC-A", "2031-03-03", False), ("PC-B", "2031-03-05", False), ("PC-A", "2031-03-06", False)]  # fmt: skip
    names = Names(found)
    assert names.name_of("10.1.2.50", "2031-03-03T09:00:00.000000+00:00") == "PC-A"
    assert names.name_of("10.1.2.50", "2031-03-05T12:00:00.000000+00:00") == "PC-B"
    assert names.name_of("10.1.2.50", "2031-03-07T00:00:00.000000+00:00") == "PC-A"
    assert names.addresses_of("pc-b.corp.example") == ("10.1.2.50",)


def test_an_address_without_a_name_stays_itself(make_lake: MakeLake) -> None:
    names = Names(_identities(make_lake()))
    assert names.name_of("198.51.100.8", None) == "198.51.100.8"


def test_host_logs_and_machine_tickets_name_addresses(make_lake: MakeLake) -> None:
    rows = [
        {
            "occurred": "2031-03-03T08:00:00",
            "host": "PC03.corp.example",
            "event_id": 3,
            "Initiated": "true",
            "SourceIp": "10.1.2.3",
        },
        {
            "occurred": "2031-03-03T08:00:00",
            "host": "DC01",
            "event_id": 4768,
            "TargetUserName": "PC04$",
            "IpAddress": "::ffff:10.1.2.4",
        },
        {
            "occurred": "2031-03-03T08:00:00",
            "host": "DC01",
            "event_id": 4768,
            "TargetUserName": "alice",
            "IpAddress": "::ffff:10.1.2.5",
        },
    ]
    found = {(one.address, one.host) for one in _identities(make_lake(windows=rows))}
    assert found == {("10.1.2.3", "PC03"), ("10.1.2.4", "PC04")}


def test_a_share_named_by_address_is_no_machine_name(make_lake: MakeLake) -> None:
    row = {
        "occurred": "2031-03-03T08:00:00",
        "src_ip": "10.1.2.3",
        "dst_ip": "10.1.1.9",
        "share": "\\\\10.1.1.9\\data",
        "path": "a.txt",
    }
    assert _identities(make_lake(smb=[row])) == ()


def test_the_times_of_a_wrong_clock_are_corrected(make_lake: MakeLake) -> None:
    row = {
        "host": "PC1.corp.example",
        "event_id": 3,
        "occurred": "2024-05-20T09:00:00",
        "Initiated": "true",
        "SourceIp": "10.0.0.5",
        "DestinationIp": "203.0.113.9",
    }
    slow = Clock(host="PC1.corp.example", offset=3600.0, pairs=9, spread=0.0, witness="UtcTime field")
    (found,) = _identities(make_lake(windows=[row]), slow)
    assert (found.host, found.address, found.first) == ("PC1", "10.0.0.5", "2024-05-20T10:00:00.000000+00:00")
