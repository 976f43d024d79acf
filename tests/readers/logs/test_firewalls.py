from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from keii.readers.logs import Head, detect, syslog
from tests.readers.logs.reading import Read, full_lines

ASA = b"<166>Jan 02 2024 03:04:05 fw1 : %ASA-"
AT = b"2024-01-02T03:04:05Z fw1 "


def ends(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("src_ip", "src_port", "dst_ip", "dst_port", "protocol", "action"))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            b"6-302013: Built outbound TCP connection 77 for outside:203.0.113.9/443 (203.0.113.9/443) to "
            b"inside:10.0.0.5/50000 (198.51.100.1/50000)",
            ("10.0.0.5", 50000, "203.0.113.9", 443, "tcp", "allow"),
        ),
        (
            b"6-302013: Built inbound TCP connection 78 for outside:203.0.113.9/50001 (203.0.113.9/50001)(LOCAL\\eve) to "
            b"dmz:10.0.1.5/443 (198.51.100.2/443) (eve)",
            ("203.0.113.9", 50001, "10.0.1.5", 443, "tcp", "allow"),
        ),
        (
            b"6-302014: Teardown TCP connection 77 for outside:203.0.113.9/443 to inside:10.0.0.5/50000 duration 1:02:03 "
            b"bytes 4096 TCP FINs",
            ("10.0.0.5", 50000, "203.0.113.9", 443, "tcp", None),
        ),
        (
            b'4-106023: Deny udp src outside:203.0.113.9/53 dst inside:10.0.0.5/1234 by access-group "x" [0x0, 0x0]',
            ("203.0.113.9", 53, "10.0.0.5", 1234, "udp", "deny"),
        ),
        (
            b"6-106100: access-list out denied tcp inside/10.0.0.5(50000) -> outside/203.0.113.9(445) hit-cnt 1 first hit",
            ("10.0.0.5", 50000, "203.0.113.9", 445, "tcp", "deny"),
        ),
        (
            b"2-106001: Inbound TCP connection denied from 203.0.113.9/50000 to 10.0.0.5/22 flags SYN on interface outside",
            ("203.0.113.9", 50000, "10.0.0.5", 22, "tcp", "deny"),
        ),
        (
            b"2-106017: Deny IP due to Land Attack from 203.0.113.9 to 203.0.113.10",
            ("203.0.113.9", None, "203.0.113.10", None, None, "deny"),
        ),
    ],
)
def test_asa_connections(message: bytes, expected: tuple[Any, ...]) -> None:
    row = Read(syslog.READER, ASA + message).one("network")
    assert ends(row) == expected
    assert row["occurred"].isoformat() == "2024-01-02T03:04:05+00:00"
    assert json.loads(row["more"])["inferred"] == "zone"


def test_asa_durations_and_bytes() -> None:
    line = (
        b"6-302014: Teardown TCP connection 9 for a:203.0.113.9/443 to b:10.0.0.5/50000 duration 1:02:03 bytes 4096 x"
    )
    row = Read(syslog.READER, ASA + line).one("network")
    more = json.loads(row["more"])
    assert (row["duration"], row["uid"], more["bytes"], more["ends_inferred"]) == (3723.0, "9", "4096", "port")


def test_asa_sessions() -> None:
    data = b"\n".join(
        ASA + line
        for line in (
            b"4-113019: Group = g, Username = eve, IP = 203.0.113.9, Session disconnected. Session Type: SSL, "
            b"Duration: 0h:10m:05s, Bytes xmt: 100, Bytes rcv: 200, Reason: User Requested",
            b"4-722051: Group <g> User <eve> IP <203.0.113.9> IPv4 Address <10.9.0.5> IPv6 address <::> assigned to session",
            b'6-605004: Login denied from 203.0.113.9/5000 to outside:10.0.0.1/ssh for user "admin"',
            b"3-999999: something new",
        )
    )
    found = Read(syslog.READER, data)
    rows = {row["record"]: (row["user"], row["src_ip"], row.get("success")) for row in found.rows["remote"]}
    assert rows == {
        1: ("eve", "203.0.113.9", None),
        2: ("eve", "203.0.113.9", True),
        3: ("admin", "203.0.113.9", False),
    }
    assert found.one("alerts")["signature_id"] == "999999"


def test_pf() -> None:
    data = (
        AT + b"filterlog[9]: 5,,,1000000103,igb0,match,block,in,4,0x0,,64,1,0,none,6,tcp,60,203.0.113.9,10.0.0.5,50000,22,0,S,1,,1,,mss\n"
        + AT + b"filterlog[9]: 5,,,1000000103,igb0,match,pass,out,6,0x00,0x0,64,UDP,17,80,2001:db8::5,2001:db8::7,5353,53,60\n"
        + AT + b"pf: rule 4/0(match): block in on em0: 203.0.113.9.50000 > 10.0.0.5.22: Flags [S], seq 1, length 0\n"
    )  # fmt: skip
    found = Read(syslog.READER, data)
    assert [ends(row) for row in sorted(found.rows["network"], key=lambda row: row["record"])] == [
        ("203.0.113.9", 50000, "10.0.0.5", 22, "tcp", "deny"),
        ("2001:db8::5", 5353, "2001:db8::7", 53, "udp", "allow"),
        ("203.0.113.9", 50000, "10.0.0.5", 22, "tcp", "deny"),
    ]


def test_asa_of_the_shelf(shelf: Path) -> None:
    """Each line of the test file holds one message; all but one, which lacks the colon, is told apart."""
    with zipfile.ZipFile(shelf / "network-text/wazuh-ruleset-tests.zip") as folder:
        lines = folder.read("cisco_asa.ini").decode().splitlines()
    data = "\n".join(line.split(" = ", 1)[1] for line in lines if line.startswith("log ") and " = " in line).encode()
    found = Read(syslog.READER, data)
    assert detect(Head(data, "x")).id == "cisco_asa"  # type: ignore[union-attr]
    whole = sum(1 for line in data.splitlines() if b"%ASA-" in line and b": " in line[:16])
    assert sum(len(rows) for table, rows in found.rows.items() if table != "generic") == whole
    assert found.good + found.skipped == full_lines(data)


def test_pf_of_the_shelf(shelf: Path) -> None:
    with zipfile.ZipFile(shelf / "network-text/crowdsec-hub-tests.zip") as folder:
        data = folder.read("pfsense-rfc5424-filterlog/pfsense-rfc5424-filterlog.log")
    assert detect(Head(data, "x")).id == "pf"  # type: ignore[union-attr]
    found = Read(syslog.READER, data)
    assert len(found.rows["network"]) == full_lines(data) == 4
