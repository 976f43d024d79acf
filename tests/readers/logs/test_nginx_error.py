from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from keii.readers.kinds import kind_of
from keii.readers.logs import Head, detect, syslog
from tests.readers.logs.reading import Read, full_lines

LINES = (
    b'2024/01/02 03:04:05 [error] 7#7: *17 open() "/a" failed (2: No such file or directory), client: 203.0.113.9, '
    b'server: _, request: "GET /x?a=1 HTTP/1.1", host: "www.example.com:81", referrer: "http://a.example/"\n'
    b"2024/01/02 03:04:06 [notice] 7#7: signal process started\n"
)


def test_the_request_and_its_client() -> None:
    assert detect(Head(LINES, "x")) is syslog.READER
    found = Read(syslog.READER, LINES)
    row = found.one("http")
    assert (row["src_ip"], row["method"], row["path"], row["hostname"]) == (
        "203.0.113.9",
        "GET",
        "/x?a=1",
        "www.example.com",
    )
    assert row["occurred"].isoformat() == "2024-01-02T03:04:05+00:00"
    assert found.one("generic")["message"].endswith("signal process started")


@pytest.mark.parametrize(
    ("archive", "name"),
    [
        ("crowdsec-hub-tests", "nginx-http-generic-bf/nginx-http-generic-bf.log"),
        ("loghub-samples", "Apache/Apache_2k.log"),
    ],
)
def test_error_logs_are_no_documents(shelf: Path, archive: str, name: str) -> None:
    with zipfile.ZipFile(shelf / "network-text" / f"{archive}.zip") as folder:
        data = folder.read(name)
    assert kind_of(Head(data[:65_536], "x")).name == "log"
    found = Read(syslog.READER, data)
    assert found.good + found.skipped == full_lines(data)
    errors = sum(1 for line in data.splitlines() if b"#" in line and b", client: " in line and line[4:5] == b"/")
    assert len(found.rows.get("http", [])) == errors
    assert sum(1 for row in found.rows.get("generic", []) if row.get("occurred")) + errors > full_lines(data) / 2
