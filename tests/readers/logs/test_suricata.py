from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, detect, suricata
from tests.readers.logs.reading import Read, full_lines

BASE = {
    "timestamp": "2024-01-02T12:04:05.250000+0900", "flow_id": 7, "src_ip": "10.0.0.5", "src_port": 50000,
    "dest_ip": "192.0.2.53", "dest_port": 53, "proto": "UDP",
}  # fmt: skip


def read(*events: dict[str, object]) -> Read:
    return Read(suricata.READER, "\n".join(json.dumps({**BASE, **event}) for event in events).encode())


ANSWER_1 = {"type": "answer", "rrname": "c2.example.net", "rrtype": "A", "rcode": "NOERROR", "rdata": "203.0.113.9"}
ANSWER_2 = {
    "version": 2, "type": "answer", "rrname": "c2.example.net", "rrtype": "A", "rcode": "NOERROR",
    "answers": [{"rrname": "c2.example.net", "rrtype": "A", "ttl": 5, "rdata": "203.0.113.9"}],
}  # fmt: skip
ANSWER_3 = {
    "version": 3, "type": "response", "rcode": "NOERROR", "queries": [{"rrname": "c2.example.net", "rrtype": "A"}],
    "answers": [{"rrname": "c2.example.net", "rrtype": "A", "ttl": 5, "rdata": "203.0.113.9"}],
}  # fmt: skip


@pytest.mark.parametrize("dns", [ANSWER_1, ANSWER_2, ANSWER_3])
def test_every_version_of_dns(dns: dict[str, object]) -> None:
    row = read({"event_type": "dns", "dns": dns}).one("dns")
    assert (row["query"], row["query_type"], row["rcode"]) == ("c2.example.net", "A", "NOERROR")
    assert row["answers"] == ["203.0.113.9"]
    assert row["occurred"] == datetime(2024, 1, 2, 3, 4, 5, 250_000, UTC)


def test_the_source_of_a_dns_answer_is_who_asked() -> None:
    turned = {"src_ip": "192.0.2.53", "src_port": 53, "dest_ip": "10.0.0.5", "dest_port": 50000}
    row = read({"event_type": "dns", "dns": ANSWER_1, **turned}).one("dns")
    assert (row["src_ip"], row["src_port"], row["dst_ip"], row["dst_port"]) == ("10.0.0.5", 50000, "192.0.2.53", 53)


def test_a_flow_starts_when_it_started() -> None:
    flow = {
        "start": "2024-01-02T12:00:00.000000+0900", "end": "2024-01-02T12:00:02.500000+0900", "state": "closed",
        "bytes_toserver": 900, "bytes_toclient": 1200, "pkts_toserver": 9, "pkts_toclient": 12,
    }  # fmt: skip
    row = read({"event_type": "flow", "flow": flow, "proto": "TCP", "app_proto": "tls"}).one("network")
    assert row["occurred"] == datetime(2024, 1, 2, 3, 0, 0, 0, UTC)
    assert (row["duration"], row["ip_bytes_out"], row["packets_in"], row["protocol"]) == (2.5, 900, 12, "tcp")
    assert json.loads(row["more"])["timestamp"] == BASE["timestamp"]


def test_the_tables_of_the_types() -> None:
    found = read(
        {"event_type": "http", "dest_port": 80, "http": {"hostname": "a.example.com", "url": "/x", "status": 200}},
        {"event_type": "tls", "tls": {"sni": "b.example.com", "fingerprint": "AA:BB", "ja3": {"hash": "0" * 32}}},
        {"event_type": "fileinfo", "fileinfo": {"filename": "/a.exe", "size": 9, "sha256": "1" * 64}},
        {"event_type": "smb", "smb": {"command": "SMB2_COMMAND_CREATE", "filename": "plan.docx", "share": r"\\f\p"}},
        {"event_type": "krb5", "krb5": {"msg_type": "KRB_TGS_REP", "cname": "alice", "realm": "EXAMPLE"}},
        {"event_type": "dhcp", "dhcp": {"dhcp_type": "ack", "assigned_ip": "10.0.0.9", "client_mac": "02:00"}},
        {"event_type": "alert", "alert": {"signature": "S", "signature_id": 5, "category": "C", "severity": 1}},
        {"event_type": "stats", "stats": {"capture": {"kernel_packets": 200, "kernel_drops": 50}}},
        {"event_type": "mqtt", "mqtt": {"connect": {"client_id": "c2.example.net"}}},
    )
    assert found.rows["http"][0]["url"] == "http://a.example.com/x"
    assert (found.rows["tls"][0]["server_name"], found.rows["tls"][0]["certificate"]) == ("b.example.com", "aabb")
    assert (found.rows["files"][0]["name"], found.rows["files"][0]["size"]) == ("/a.exe", 9)
    assert (found.rows["smb"][0]["action"], found.rows["smb"][0]["path"]) == ("open", "plan.docx")
    assert (found.rows["remote"][0]["user"], found.rows["remote"][0]["protocol"]) == ("alice", "kerberos")
    assert (found.rows["dhcp"][0]["address"], found.rows["dhcp"][0]["action"]) == ("10.0.0.9", "assign")
    assert (found.rows["alerts"][0]["signature_id"], found.rows["alerts"][0]["severity"]) == ("5", "1")
    assert found.rows["sensor"][0]["lost_share"] == 0.25
    assert "c2.example.net" in found.rows["generic"][0]["values"]


def test_an_array_cut_in_the_middle_keeps_what_is_whole() -> None:
    whole = json.dumps([{**BASE, "event_type": "flow"}] * 3, indent=1).encode()
    assert Read(suricata.READER, whole).good == 3
    found = Read(suricata.READER, whole[:-40])
    assert (found.good, found.skipped) == (2, 1)
    assert found.skips[0].record == 3


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 600))
def test_random_bytes_and_cuts(noise: bytes, cut: int) -> None:
    line = json.dumps({**BASE, "event_type": "dns", "dns": ANSWER_3}).encode()
    data = (line + b"\n" + noise + b"\n" + line)[:cut]
    found = Read(suricata.READER, data)
    solid = sum(1 for part in data.split(b"\n") if part.strip())
    assert found.good + found.skipped == solid


def test_the_shelf(shelf: Path) -> None:
    folder = shelf / "suricata"
    data = gzip.decompress((folder / "slips-test6.eve.json.gz").read_bytes())
    types = Counter(json.loads(line)["event_type"] for line in data.splitlines())
    found = Read(suricata.READER, data)
    assert detect(Head(data[:65_536], "x")) is suricata.READER
    assert {table: len(rows) for table, rows in found.rows.items()} == {
        "alerts": types["alert"], "dns": types["dns"], "http": types["http"], "files": types["fileinfo"],
        "tls": types["tls"], "network": types["flow"], "generic": types["anomaly"],
    }  # fmt: skip
    for path in sorted((folder / "fever").iterdir()):
        raw = path.read_bytes()
        got = Read(suricata.READER, raw)
        assert got.good + got.skipped == full_lines(raw)
        assert bool(got.skips) == ("broken" in path.name)
    for name, events in (("wrccdc-2017", 161), ("honeypot-2018", 44)):
        raw = (folder / f"alerts/{name}.alerts-only.json").read_bytes()
        assert len(json.loads(raw)) == events == len(Read(suricata.READER, raw).rows["alerts"])
