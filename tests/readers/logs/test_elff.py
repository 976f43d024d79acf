from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, detect, elff
from tests.readers.logs.reading import Read

IIS = (
    b"#Software: x\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status \n"
    b"2024-01-02 03:04:05 192.0.2.80 GET /owa/x.aspx a=1 443 198.51.100.7 Mozilla/5.0+(X) 200\n"
)
FIREWALL = (
    b"#Fields: date time action protocol src-ip dst-ip src-port dst-port size\n"
    b"2024-01-02 12:04:05 DROP TCP 198.51.100.7 10.0.0.5 50000 445 -\n"
)


def test_iis() -> None:
    assert Read(elff.READER, IIS).one("http") == {
        "occurred": datetime(2024, 1, 2, 3, 4, 5, 0, UTC), "record": 3, "src_ip": "198.51.100.7",
        "dst_ip": "192.0.2.80", "dst_port": 443, "method": "GET", "path": "/owa/x.aspx?a=1",
        "user_agent": "Mozilla/5.0 (X)", "status": 200, "proxied": False,
    }  # fmt: skip


def test_the_windows_firewall_tells_no_zone() -> None:
    row = Read(elff.READER, FIREWALL).one("network")
    assert json.loads(row.pop("more")) == {"date": "2024-01-02", "time": "12:04:05", "inferred": "zone"}
    assert row.pop("occurred") == datetime(2024, 1, 2, 12, 4, 5, tzinfo=UTC)
    assert row == {
        "record": 2, "src_ip": "198.51.100.7", "src_port": 50000, "dst_ip": "10.0.0.5", "dst_port": 445,
        "protocol": "tcp", "action": "deny",
    }  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([IIS, FIREWALL]))
def test_random_bytes(noise: bytes, start: bytes) -> None:
    data = start + noise
    found = Read(elff.READER, data)
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    assert found.good + found.skipped == sum(1 for line in lines if line.strip() and not line.startswith(b"#"))


@pytest.mark.parametrize(
    "name", ["iis/iis6.log", "iis/iis7_owa.log", "iis/iis10.log", "iis/iis10_cookies.log", "windows_firewall.log"]
)
def test_the_shelf(shelf: Path, name: str) -> None:
    data = (shelf / "network-text/plaso" / name).read_bytes()
    assert detect(Head(data, name)) is elff.READER
    found = Read(elff.READER, data)
    lines = [line for line in data.splitlines() if line.strip() and not line.startswith(b"#")]
    assert found.good + found.skipped == len(lines)
    assert found.good > 0
