"""Every reader whose logs write local time places it in the zone that a person stated, and marks it."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from keii.model import Skipped, Source
from keii.readers.logs import Head, detect
from keii.readers.logs.mapping import load_mapping, mapped_reader

ELFF = b"""#Version: 1.5
#Fields: date time action protocol src-ip dst-ip src-port dst-port
2024-01-02 12:04:05 ALLOW TCP 192.0.2.1 203.0.113.9 50000 443
"""
IIS = b"""#Fields: date time c-ip cs-method cs-uri-stem sc-status
2024-01-02 03:04:05 192.0.2.1 GET /a 200
"""
WINDOWS_DNS = (
    b"2024-01-02 12:04:05 0A1C PACKET  000001A2B3C4D5E6 UDP Rcv 192.0.2.1       1a2b   Q [0001   D   NOERROR] "
    b"A      (3)www(7)example(3)com(0)\n"
)
FORTIGATE = (
    b'date=2024-01-02 time=12:04:05 devid="FG1" logid="0000000013" type="traffic" srcip=192.0.2.1 dstip=203.0.113.9\n'
)
CEF = b"CEF:0|A|B|1|5|x|3|rt=Jan 02 2024 12:04:05 src=192.0.2.1 dst=203.0.113.9 out=5\n"
PALO_ALTO = (
    b"1,2024/01/02 12:04:05,001,TRAFFIC,end,2305,2024/01/02 12:04:05,192.0.2.1,203.0.113.9,,,rule,,,ssl,vsys1,a,b\n"
)
WINDOWS = b'{"EventID":4624,"Channel":"Security","Computer":"pc1","EventTime":"2024-01-02 12:04:05","EventData":{"TargetUserName":"eve"}}\n'
JAVA = b"2024-01-02 12:04:05,000 INFO [main] hello\n" * 2
CSV = b"time,user\n2024-01-02 12:04:05,eve\n"
JSONL = b'{"timestamp": "2024-01-02T12:04:05", "user": "eve"}\n'


def read(data: bytes, zone: str | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    reader = detect(Head(data, "x"))
    assert reader is not None
    source = Source(id="s-0", name="x", sha256="0" * 64, time_zone=zone)
    batches = list(reader.read(io.BytesIO(data), source))
    assert not any(isinstance(batch, Skipped) for batch in batches)
    batch = batches[0]
    assert not isinstance(batch, Skipped)
    return batch.rows.to_pylist()[0], batch.inferred


@pytest.mark.parametrize("data", [ELFF, WINDOWS_DNS, FORTIGATE, CEF, PALO_ALTO, WINDOWS])
def test_local_time_is_placed_in_the_stated_zone_else_in_utc(data: bytes) -> None:
    for zone, hour, mark in ((None, 12, "zone"), ("Asia/Tokyo", 3, "zone-stated")):
        row, inferred = read(data, zone)
        assert row["occurred"] == datetime(2024, 1, 2, hour, 4, 5, tzinfo=UTC)
        assert json.loads(row["more"])["inferred"] == mark
        assert inferred == (mark,)


@pytest.mark.parametrize("data", [JAVA, CSV, JSONL])
def test_logs_of_no_known_kind_have_no_time_until_a_zone_is_stated(data: bytes) -> None:
    row, inferred = read(data, None)
    assert (row["occurred"], inferred) == (None, ("zone-unknown",))
    row, inferred = read(data, "Asia/Tokyo")
    assert row["occurred"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert json.loads(row["more"])["inferred"] == "zone-stated"
    assert (inferred, "zone-stated" in row["values"]) == (("zone-stated",), False)


@pytest.mark.parametrize(
    "data",
    [
        IIS,
        FORTIGATE.replace(b"12:04:05", b'03:04:05 tz="+0000"'),
        CEF.replace(b"12:04:05", b"03:04:05 UTC"),
        b"2024-01-02T03:04:05Z fs1 app[9]: hello\n",
        b"Jan  2 2024 03:04:05 UTC: fw1: hello\n",
        b"2024-01-02T03:04:05 UTC fs1 app[9]: hello\n",
    ],
)
def test_a_written_zone_stands_above_the_stated_one(data: bytes) -> None:
    row, inferred = read(data, "America/New_York")
    assert row["occurred"] == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert "inferred" not in json.loads(row["more"] or "{}")
    assert inferred == ()


@pytest.mark.parametrize(("own", "hour"), [("Europe/Berlin", 11), (None, 3)])
def test_the_zone_of_a_mapping_stands_above_the_stated_one(own: str | None, hour: int) -> None:
    zone = f", zone: {own}" if own else ""
    text = f"table: generic\ncolumns: {{message: user}}\ntime: {{fields: time, format: iso{zone}}}\n"
    source = Source(id="s-0", name="x", sha256="0" * 64, time_zone="Asia/Tokyo")
    (batch,) = mapped_reader(load_mapping(text, "a.yaml")).read(io.BytesIO(CSV), source)
    assert not isinstance(batch, Skipped)
    assert batch.rows.to_pylist()[0]["occurred"] == datetime(2024, 1, 2, hour, 4, 5, tzinfo=UTC)
    assert batch.inferred == (() if own else ("zone-stated",))
