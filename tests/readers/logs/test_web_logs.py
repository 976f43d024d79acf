from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, LogReader, combined, detect, squid
from tests.readers.logs.reading import Read

SQUID = (
    b"1704164645.824    120 10.0.0.5 TCP_MISS/200 4512 GET http://www.example.com/a?c=1 alice"
    b" HIER_DIRECT/203.0.113.9 text/html\n"
)
TUNNEL = (
    b"1704164646.001   5321 10.0.0.6 TCP_TUNNEL/200 93212 CONNECT c2.example.net:8443 - FIRSTUP_PARENT/192.0.2.3 -\n"
)
COMBINED = (
    b'192.0.2.1 - frank [02/Jan/2024:12:04:05 +0900] "GET /a.gif?x HTTP/1.0" 200 2326'
    b' "http://www.example.com/" "UA \\"q\\""\n'
)


def test_squid_direct() -> None:
    row = Read(squid.READER, SQUID).one("http")
    assert json.loads(row.pop("more")) == {"elapsed": "120", "result": "TCP_MISS", "hierarchy": "HIER_DIRECT"}
    assert row == {
        "occurred": datetime(2024, 1, 2, 3, 4, 5, 824_000, UTC), "record": 1, "src_ip": "10.0.0.5",
        "dst_ip": "203.0.113.9", "dst_port": 80, "method": "GET", "url": "http://www.example.com/a?c=1",
        "hostname": "www.example.com", "path": "/a?c=1", "status": 200, "mime_type": "text/html", "bytes_in": 4512,
        "user": "alice", "proxied": True,
    }  # fmt: skip


def test_squid_tunnel_through_a_parent() -> None:
    row = Read(squid.READER, TUNNEL).one("http")
    assert (row["method"], row["hostname"], row["dst_port"]) == ("CONNECT", "c2.example.net", 8443)
    assert "dst_ip" not in row  # the peer is another proxy
    assert json.loads(row["more"])["peer"] == "192.0.2.3"


def test_combined() -> None:
    row = Read(combined.READER, COMBINED).one("http")
    assert row == {
        "occurred": datetime(2024, 1, 2, 3, 4, 5, 0, UTC), "record": 1, "src_ip": "192.0.2.1", "method": "GET",
        "path": "/a.gif?x", "user_agent": 'UA "q"', "referrer": "http://www.example.com/", "status": 200,
        "bytes_in": 2326, "user": "frank", "proxied": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (b'192.0.2.1 - - [02/Jan/2024:03:04:05 +0000] "GET / HTTP/1.1" 200 -', "bytes_in", None),
        (b'192.0.2.1 - - [31/Feb/2024:03:04:05 +0000] "GET / HTTP/1.1" 200 -', "occurred", None),
        (b'www.example.com:80 192.0.2.1 - - [02/Jan/2024:03:04:05 +0000] "GET / HTTP/1.1" 200 5',
         "hostname", "www.example.com"),
        (b'192.0.2.1 - - [02/Jan/2024:03:04:05 +0000] "CONNECT c2.example.net:443 HTTP/1.1" 405 0', "proxied", True),
        (b'192.0.2.1 - - [02/Jan/2024:03:04:05 +0000] "\\x16\\x03" 400 0 "-" "-"',
         "more", '{"request":"\\\\x16\\\\x03"}'),
    ],
)  # fmt: skip
def test_odd_combined_lines(line: bytes, column: str, value: object) -> None:
    (row,) = Read(combined.READER, line).rows["http"]
    assert row[column] == value


@pytest.mark.parametrize(("reader", "line"), [(squid.READER, SQUID), (combined.READER, COMBINED)])
def test_surest_for_its_own(reader: LogReader, line: bytes) -> None:
    assert detect(Head(line * 3, "x")) is reader
    assert reader.accepts(Head(b"A letter.\nWith words, and no log.\n", "access.log")) == 0
    assert reader.accepts(Head(bytes(range(256)) * 20, "access.log")) == 0


@pytest.mark.parametrize(("reader", "line"), [(squid.READER, SQUID), (combined.READER, COMBINED)])
@settings(max_examples=40, deadline=None)
@given(noise=st.binary(max_size=300), cut=st.integers(0, 500))
def test_random_bytes_and_cuts(reader: LogReader, line: bytes, noise: bytes, cut: int) -> None:
    data = (line + noise + b"\n" + line)[: len(line) + cut]
    found = Read(reader, data)
    solid = sum(1 for part in data.split(b"\n") if part.strip())
    assert found.good + found.skipped == solid
    assert found.good >= 1


def test_apache_on_the_shelf(shelf: Path) -> None:
    data = (shelf / "network-text/plaso/apache_access.log").read_bytes()
    found = Read(combined.READER, data)
    solid = [line for line in data.decode().splitlines() if line.strip()]
    assert found.good + found.skipped == len(solid)
    assert found.skips[0].record is not None
