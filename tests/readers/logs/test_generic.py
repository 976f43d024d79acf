from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, LogReader, delimited, detect, jsonl, syslog, text
from tests.readers.logs.reading import Read

CSV = b'Time,Client,Action\n2024-01-02T12:04:05+09:00,10.0.0.1,"a, b"\n1704164645000,10.0.0.2,x\n'
JSON = b'{"time":"2024-01-02T03:04:05Z","a":{"b":["c2.example.net"]}}\n'
LINE = b"<34>1 2024-01-02T03:04:05Z fs1.example.com su - - - from 203.0.113.5 to c2.example.net\n"
DATED = b"2024-01-02 03:04:05Z from 203.0.113.5\n"
WHEN = datetime(2024, 1, 2, 3, 4, 5, 0, UTC)


@pytest.mark.parametrize(
    ("reader", "data", "log"),
    [
        (delimited.READER, CSV, "csv"),
        (jsonl.READER, JSON, "jsonl"),
        (text.READER, DATED, "text"),
        (syslog.READER, LINE, "syslog"),
    ],
)
def test_each_kind_is_told_and_read(reader: LogReader, data: bytes, log: str) -> None:
    assert detect(Head(data, "x")) is reader
    rows = Read(reader, data).rows["generic"]
    assert {row["occurred"] for row in rows} == {WHEN}
    assert {row["log"] for row in rows} == {log}


def test_values_for_the_hunt() -> None:
    assert Read(delimited.READER, CSV).rows["generic"][0]["values"][1:] == ["10.0.0.1", "a, b"]
    assert "c2.example.net" in Read(jsonl.READER, JSON).rows["generic"][0]["values"]
    row = Read(text.READER, LINE).one("generic")
    assert row["values"] == ["fs1.example.com", "203.0.113.5", "c2.example.net"]
    assert row["host"] == "fs1.example.com"


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("d41d8cd98f00b204e9800998ecf8427e at 22:14:15", ["d41d8cd98f00b204e9800998ecf8427e"]),
        ("from 2001:db8::7 and 2001:db8:0:1:2:3:4:5", ["2001:db8::7", "2001:db8:0:1:2:3:4:5"]),
        (
            "GET http://c2.example.net:81/a?b=1 by eve@example.com",
            ["http://c2.example.net:81/a?b=1", "eve@example.com"],
        ),
    ],
)
def test_values_of_a_line(line: str, values: list[str]) -> None:
    assert text.values_of(line) == values


@pytest.mark.parametrize("line", [b"Jan  2 03:04:05 fs1 sshd[1]: hello\n", b"2024-01-02 03:04:05 hello\n"])
def test_no_year_or_zone_is_guessed(line: bytes) -> None:
    assert detect(Head(line, "x")) in (text.READER, syslog.READER)
    row = Read(text.READER, line).one("generic")
    assert "occurred" not in row
    assert row["message"] == line.decode().strip()


@pytest.mark.parametrize(
    "data",
    [
        b"A letter.\nIt has words, commas, and no times.\n",
        b"This is, a letter\nwith commas, twice\n",
        b"<html><body>2024-01-02</body></html>\n",
        b'{\n  "type": "bundle"\n}\n',
        b'{"name":"x"}\n',
        bytes(range(256)) * 10,
        b"",
        b"\xff\xfe\x00\x00" * 100,
    ],
)
def test_what_is_no_log_is_not_taken(data: bytes) -> None:
    assert detect(Head(data, "access.log")) is None


@pytest.mark.parametrize(("reader", "data"), [(delimited.READER, CSV), (jsonl.READER, JSON), (text.READER, LINE)])
@settings(max_examples=50, deadline=None)
@given(noise=st.binary(max_size=300), cut=st.integers(0, 500))
def test_random_bytes_and_cuts(reader: LogReader, data: bytes, noise: bytes, cut: int) -> None:
    whole = (data + noise + b"\n" + data)[: len(data) + cut]
    found = Read(reader, whole)
    solid = sum(1 for part in whole.split(b"\n") if part.strip())
    if reader is delimited.READER:  # a quoted value may hold line ends: rows are at most lines
        assert 0 < found.good <= solid
    else:
        assert found.good + found.skipped == solid
