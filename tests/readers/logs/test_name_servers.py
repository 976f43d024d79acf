from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from keii.readers.logs import Head, detect, syslog
from keii.readers.logs.windows_dns import name_of
from tests.readers.logs.reading import Read, full_lines

DEBUG = (
    b"DNS Server log file creation at 1/2/2024 3:04:05 AM\r\n\r\n"
    b"1/2/2024 3:04:05 AM 0A34 PACKET  000000A5C1B2D3E0 UDP Rcv 10.0.0.5        4d2a   Q [0001   D   NOERROR] A      (2)c2(7)example(3)net(0)\r\n"
    b"1/13/2024 12:04:06 PM 0A34 PACKET  000000A5C1B2D3E0 UDP Snd 10.0.0.5        4d2a R Q [8385 A DR NXDOMAIN] A      (2)c2(7)example(3)net(0)\r\n"
    b"1/13/2024 12:04:07 AM 0A34 PACKET  000000A5C1B2D3E0 UDP Snd 192.0.2.53      4d2b   Q [0001   D   NOERROR] AAAA   (0)\r\n"
)
DNSMASQ = b"""Jan  2 03:04:05 dnsmasq[12]: query[A] c2.example.net from 10.0.0.5
Jan  2 03:04:05 dnsmasq[12]: forwarded c2.example.net to 192.0.2.53
Jan  2 03:04:05 dnsmasq[12]: reply c2.example.net is 203.0.113.9
Jan  2 03:04:05 dnsmasq[12]: reply no.example.net is NXDOMAIN
Jan  2 03:04:05 gw dnsmasq[12]: 77 10.0.0.5/40000 query[AAAA] c2.example.net from 10.0.0.5
Jan  2 03:04:05 gw dnsmasq-dhcp[12]: DHCPACK(br0) 10.0.0.5 00:11:22:33:44:5A pc5
"""


def by_record(rows: list[dict[str, Any]], *names: str) -> dict[int, tuple[Any, ...]]:
    return {
        row["record"]: tuple(row.get(name) for name in names) for row in sorted(rows, key=lambda row: row["record"])
    }


def test_windows_debug_log() -> None:
    assert detect(Head(DEBUG, "x")).id == "windows_dns"  # type: ignore[union-attr]
    found = Read(syslog.READER, DEBUG)
    assert by_record(found.rows["dns"], "src_ip", "dst_ip", "query", "query_type", "rcode") == {
        3: ("10.0.0.5", None, "c2.example.net", "A", None),
        4: ("10.0.0.5", None, "c2.example.net", "A", "NXDOMAIN"),
        5: (None, "192.0.2.53", ".", "AAAA", None),
    }
    times = [row["occurred"].isoformat()[:19] for row in found.rows["dns"]]
    assert times == ["2024-01-02T03:04:05", "2024-01-13T12:04:06", "2024-01-13T00:04:07"]
    assert {json.loads(row["more"])["inferred"] for row in found.rows["dns"]} == {"zone"}


@pytest.mark.parametrize(
    ("date", "iso", "inferred"),
    [
        (b"02.01.2024 03:04:05", "2024-01-02", "zone"),
        (b"13/1/2024 03:04:05", "2024-01-13", "zone"),
        (b"2/1/2024 03:04:05", "2024-02-01", "zone,day-before-month"),
        (b"2024/01/02 3:04:05", "2024-01-02", "zone"),
    ],
)
def test_the_order_of_day_and_month(date: bytes, iso: str, inferred: str) -> None:
    line = date + b" 0A34 PACKET  000000A5C1B2D3E0 UDP Rcv 10.0.0.5 4d2a   Q [0001   D   NOERROR] A      (1)a(0)\n"
    row = Read(syslog.READER, line).one("dns")
    assert row["occurred"].isoformat() == f"{iso}T03:04:05+00:00"
    assert json.loads(row["more"])["inferred"] == inferred


def test_names_with_lengths() -> None:
    assert [name_of(text) for text in ("(3)www(7)example(0)", "(0)", "a.b", None)] == ["www.example", ".", "a.b", None]


def test_dnsmasq() -> None:
    assert detect(Head(DNSMASQ, "x")).id == "dnsmasq"  # type: ignore[union-attr]
    found = Read(syslog.READER, DNSMASQ)
    assert by_record(found.rows["dns"], "src_ip", "query", "query_type", "rcode", "answers") == {
        1: ("10.0.0.5", "c2.example.net", "A", None, None),
        2: (None, "c2.example.net", None, None, None),
        3: (None, "c2.example.net", None, None, ["203.0.113.9"]),
        4: (None, "no.example.net", None, "NXDOMAIN", None),
        5: ("10.0.0.5", "c2.example.net", "AAAA", None, None),
    }
    row = found.one("dhcp")
    assert (row["mac"], row["address"], row["client_name"], row["action"]) == (
        "00:11:22:33:44:5a",
        "10.0.0.5",
        "pc5",
        "assign",
    )


def test_leases() -> None:
    data = b"""2024-01-02T03:04:05Z gw dhcpd[1]: DHCPACK on 10.0.0.6 to 00:11:22:33:44:66 (pc6) via eth0
2024-01-02T03:04:06Z gw dhcpd[1]: DHCPREQUEST for 10.0.0.6 (10.0.0.1) from 00:11:22:33:44:66 (pc6) via eth0
2024-01-02T03:04:07Z gw dhcpd[1]: DHCPRELEASE of 10.0.0.6 from 00:11:22:33:44:66 via eth0 (found)
2024-01-02T03:04:08Z gw kea-dhcp4[1]: INFO DHCP4_LEASE_ALLOC [hwtype=1 00:11:22:33:44:77], cid=[no info], tid=0x1: lease 10.0.0.7 has been allocated for 3600 seconds
"""
    found = Read(syslog.READER, data)
    assert detect(Head(data, "x")).id == "dhcpd"  # type: ignore[union-attr]
    assert by_record(found.rows["dhcp"], "action", "address", "mac", "client_name", "lease") == {
        1: ("assign", "10.0.0.6", "00:11:22:33:44:66", "pc6", None),
        2: ("request", "10.0.0.6", "00:11:22:33:44:66", "pc6", None),
        3: ("release", "10.0.0.6", "00:11:22:33:44:66", None, None),
        4: ("assign", "10.0.0.7", "00:11:22:33:44:77", None, 3600.0),
    }


def test_bind() -> None:
    data = (
        b"02-Jan-2024 03:04:05.123 queries: info: client @0x7f 10.0.0.5#5353 (c2.example.net): view v: "
        b"query: c2.example.net. IN A +E(0)K (10.0.0.1)\n"
        b"2024-01-02T03:04:05Z ns1 named[7]: client 10.0.0.5#5353 (x.example.net): query failed (SERVFAIL) for x.example.net/IN/AAAA at q.c:1\n"
        b"2024-01-02T03:04:05Z ns1 unbound: [7:0] info: 10.0.0.5 c2.example.net. A IN NOERROR 0.1 0 64\n"
    )
    found = Read(syslog.READER, data)
    assert detect(Head(data, "x")).id == "bind"  # type: ignore[union-attr]
    assert by_record(found.rows["dns"], "src_ip", "dst_ip", "query", "query_type", "rcode") == {
        1: ("10.0.0.5", "10.0.0.1", "c2.example.net", "A", None),
        2: ("10.0.0.5", None, "x.example.net", "AAAA", "SERVFAIL"),
        3: ("10.0.0.5", None, "c2.example.net", "A", "NOERROR"),
    }


@pytest.mark.parametrize("name", ["bind9-logs", "bind9-refused"])
def test_bind_of_the_shelf(shelf: Path, name: str) -> None:
    with zipfile.ZipFile(shelf / "network-text/crowdsec-hub-tests.zip") as folder:
        data = folder.read(f"{name}/{name}.log")
    found = Read(syslog.READER, data)
    assert len(found.rows["dns"]) == sum(1 for line in data.splitlines() if b"client " in line) == full_lines(data)
    assert detect(Head(data, "x")).id == "bind"  # type: ignore[union-attr]
