"""Bytes that left, counted once, against the host's own past."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from keii.trace.clocks import apply_clocks
from keii.trace.files import Suspect
from keii.trace.transfers import transfers
from tests.trace.conftest import MakeLake, ReadLake, at

START = at("2031-03-20T10:00:00")
PC01 = Suspect(host="PC01", addresses=("10.1.2.3",), first=START.isoformat())


def flow(when: Any, dst: str, out: int, **fields: Any) -> dict[str, Any]:
    return {
        "occurred": when,
        "src_ip": "10.1.2.3",
        "dst_ip": dst,
        "dst_port": 443,
        "bytes_out": out,
        "bytes_in": 100,
    } | fields


def test_a_flow_that_two_logs_tell_counts_once(make_lake: MakeLake) -> None:
    network = [flow(START, "203.0.113.9", 500_000, uid="C1", dst_port=80)]
    http = [{"occurred": START, "src_ip": "10.1.2.3", "dst_ip": "203.0.113.9", "uid": "C1", "method": "PUT", "hostname": "drop.example",
             "path": "/in/plans.7z", "bytes_out": 499_000}]  # fmt: skip
    connection = make_lake(network=network, http=http)
    apply_clocks(connection, ())
    (one,) = transfers(connection, [PC01], ["203.0.113.9", "drop.example"])
    assert (one.host, one.connections, one.bytes_out, one.bytes_in) == ("PC01", 1, 500_000, 100)
    assert one.file == "/in/plans.7z"


def test_the_usual_level_is_the_hosts_own_past(make_lake: MakeLake) -> None:
    past = [flow(START - timedelta(days=day), "198.51.100.1", 2_000) for day in range(1, 15)]
    connection = make_lake(network=[*past, flow(START, "203.0.113.9", 5_000_000)])
    apply_clocks(connection, ())
    (one,) = transfers(connection, [PC01], ["203.0.113.9"])
    assert (one.bytes_out, one.usual_bytes_out) == (5_000_000, 2_000)


def test_before_the_window_and_elsewhere_nothing_counts(make_lake: MakeLake) -> None:
    network = [flow(START - timedelta(hours=1), "203.0.113.9", 500_000), flow(START, "198.51.100.1", 500_000)]
    connection = make_lake(network=network)
    apply_clocks(connection, ())
    assert transfers(connection, [PC01], ["203.0.113.9"]) == ()


def test_the_volumes_of_a_real_intrusion(shelf: Path, read_lake: ReadLake) -> None:
    truth = json.loads((shelf / "zeek/apt29-day1/truth.json").read_text("utf-8"))
    wanted = next(one for one in truth["exfiltration"] if one.get("http_method") == "PUT")
    connection = read_lake(*sorted((shelf / "zeek/apt29-day1").glob("*.zip")))
    apply_clocks(connection, ())
    found = transfers(connection, [Suspect(host="SCRANTON", addresses=(wanted["src"],))], [wanted["dst"]])
    (one,) = found
    assert (one.file or "").endswith(wanted["uri"])
    assert one.bytes_out == wanted["bytes_out"]


def test_a_connection_that_two_copies_of_a_log_tell_counts_once(make_lake: MakeLake) -> None:
    flow = {
        "occurred": "2031-03-03T09:00:00",
        "src_ip": "10.0.0.5",
        "dst_ip": "203.0.113.9",
        "bytes_out": 50_000,
        "bytes_in": 10,
    }
    rows = [flow | {"uid": "C1", "record": 1}, flow | {"uid": "C1", "record": 9}, flow | {"uid": "C2", "record": 2}]
    (told,) = transfers(make_lake(network=rows), [Suspect(host="PC5", addresses=("10.0.0.5",))], ["203.0.113.9"])
    assert (told.bytes_out, told.connections) == (100_000, 2)
