from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.model import Skipped, Source
from keii.readers.logs import Head, detect, zeek
from tests.readers.logs.reading import Read, full_lines

HEADER = b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
CONN = (
    HEADER
    + b"#path\tconn\n#open\t2024-01-02-03-04-05\n"
    + b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes"
    + b"\tresp_bytes\tconn_state\tlocal_orig\tmissed_bytes\thistory\ttunnel_parents\n"
    + b"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tcount"
    + b"\tstring\tset[string]\n"
)
ROW = b"1704164645.123456\tCabc\t192.0.2.1\t50000\t198.51.100.7\t443\ttcp\tssl\t1.5\t10\t20\tSF\tT\t0\tShAD\ta,b\n"


def http(fields: bytes, row: bytes) -> bytes:
    return HEADER + b"#path\thttp\n#fields\t" + fields + b"\n" + row + b"\n"


def test_a_connection_with_every_kind_of_field() -> None:
    row = Read(zeek.READER, CONN + ROW + b"#close\t2024-01-02\n").one("network")
    assert json.loads(row.pop("more")) == {
        "local_orig": True, "missed_bytes": 0, "history": "ShAD", "tunnel_parents": ["a", "b"],
    }  # fmt: skip
    assert row == {
        "occurred": datetime(2024, 1, 2, 3, 4, 5, 123456, UTC), "record": 9, "src_ip": "192.0.2.1", "src_port": 50000,
        "dst_ip": "198.51.100.7", "dst_port": 443, "uid": "Cabc", "protocol": "tcp", "service": "ssl", "duration": 1.5,
        "bytes_out": 10, "bytes_in": 20, "state": "SF",
    }  # fmt: skip


def test_each_bad_line_is_one_skip_and_the_others_stay() -> None:
    found = Read(zeek.READER, CONN + ROW + b"short\tline\n" + ROW + b"\n" + ROW + ROW[:60])
    assert [(skip.place, skip.record, skip.count) for skip in found.skips] == [("line 10", 10, 1), ("line 14", 14, 1)]
    assert [row["record"] for row in found.rows["network"]] == [9, 11, 13]


def test_a_number_that_is_none_goes_to_more_untouched() -> None:
    found = Read(zeek.READER, CONN + ROW.replace(b"\t50000\t", b"\tabc\t") + ROW)
    first, second = found.rows["network"]
    assert (first["src_port"], second["src_port"]) == (None, 50000)
    assert json.loads(first["more"])["id.orig_p"] == "abc"
    assert "id.orig_p" not in json.loads(second["more"])


def test_a_time_that_is_none_leaves_the_record() -> None:
    row = Read(zeek.READER, CONN + ROW.replace(b"1704164645.123456", b"XXXX.XX")).one("network")
    assert "occurred" not in row
    assert json.loads(row["more"])["ts"] == "XXXX.XX"


def test_several_headers_and_pieces_without_one() -> None:
    dns = HEADER + b"#path\tdns\n#fields\tts\tuid\tquery\tanswers\n#types\ttime\tstring\tstring\tvector[string]\n"
    found = Read(zeek.READER, ROW + ROW + CONN + ROW + dns + b"1.5\tC1\tfoo.example.com\t192.0.2.1,x\\x2cy\n")
    assert (found.skips[0].count, found.skips[0].reason) == (2, "no #fields header before them")
    assert found.rows["dns"][0]["answers"] == ["192.0.2.1", "x,y"]
    assert found.rows["dns"][0]["record"] == 2 + 8 + 1 + 7 + 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (rb"caf\xc3\xa9", "café"),
        (rb"a\\b\\x41", r"a\b\x41"),
        (rb"\xff", r"\xff"),
        (b"\xff", r"\xff"),
        ("経緯".encode(), "経緯"),
        (b"(empty)", ""),
        (b'a"b', 'a"b'),
        (b"a\rb", "a\rb"),
    ],
)
def test_escapes(written: bytes, meant: str) -> None:
    row = Read(zeek.READER, http(b"ts\tuid\tuser_agent", b"1.0\tC\t" + written)).rows["http"][0]
    assert row["user_agent"] == meant


@pytest.mark.parametrize(
    ("method", "host", "uri", "port", "url", "hostname", "dst_port", "proxied"),
    [
        ("GET", "example.com", "/a?b", 80, "http://example.com/a?b", "example.com", 80, False),
        ("GET", "example.com:8080", "/", 8080, "http://example.com:8080/", "example.com", 8080, False),
        ("GET", "example.com", "/", 8080, "http://example.com:8080/", "example.com", 8080, False),
        ("GET", "[2001:db8::1]:81", "/", 81, "http://[2001:db8::1]:81/", "2001:db8::1", 81, False),
        ("GET", "example.com", "http://example.com/x", 3128, "http://example.com/x", "example.com", 3128, True),
        (
            "CONNECT",
            "c2.example.net:443",
            "c2.example.net:443",
            3128,
            "c2.example.net:443",
            "c2.example.net",
            443,
            True,
        ),
    ],
)
def test_url(
    method: str, host: str, uri: str, port: int, url: str, hostname: str, dst_port: int, proxied: bool
) -> None:
    line = {
        "ts": 1.0, "uid": "C", "id.orig_h": "10.0.0.1", "id.orig_p": 1, "id.resp_h": "192.0.2.9", "id.resp_p": port,
        "trans_depth": 1, "method": method, "host": host, "uri": uri,
    }  # fmt: skip
    row = Read(zeek.READER, json.dumps(line).encode()).rows["http"][0]
    assert (row["url"], row["hostname"], row["dst_port"], row["proxied"]) == (url, hostname, dst_port, proxied)
    assert row["dst_ip"] == (None if proxied else "192.0.2.9")


def test_json_streams_mixed_with_both_spellings_and_times() -> None:
    lines = [
        {"_path": "conn", "ts": "2024-01-02T03:04:05.5Z", "id.orig_h": "10.0.0.1", "orig_bytes": 3},
        {"@stream": "conn", "ts": 1704164645.5, "id_orig_h": "10.0.0.2", "local_resp": False},
        {"_path": "odd", "ts": 1.0, "deep": {"name": "evil.example.net"}},
    ]
    found = Read(zeek.READER, "\n".join(map(json.dumps, lines)).encode() + b"\n{broken\n[1]\n")
    first, second = found.rows["network"]
    assert first["occurred"] == second["occurred"] == datetime(2024, 1, 2, 3, 4, 5, 500_000, UTC)
    assert (first["src_ip"], second["src_ip"], first["bytes_out"]) == ("10.0.0.1", "10.0.0.2", 3)
    assert found.rows["generic"][0]["log"] == "zeek:odd"
    assert "evil.example.net" in found.rows["generic"][0]["values"]
    assert [skip.record for skip in found.skips] == [4, 5]


def test_tsv_and_json_tell_the_same() -> None:
    line = {
        "_path": "conn", "ts": 1704164645.123456, "uid": "Cabc", "id.orig_h": "192.0.2.1", "id.orig_p": 50000,
        "id.resp_h": "198.51.100.7", "id.resp_p": 443, "proto": "tcp", "service": "ssl", "duration": 1.5,
        "orig_bytes": 10, "resp_bytes": 20, "conn_state": "SF",
    }  # fmt: skip
    one, other = (
        Read(zeek.READER, CONN + ROW).one("network"),
        Read(zeek.READER, json.dumps(line).encode()).one("network"),
    )
    drop = ("record", "more")
    assert {k: v for k, v in one.items() if k not in drop} == {k: v for k, v in other.items() if k not in drop}


@pytest.mark.parametrize(
    ("types", "action"),
    [(["DISCOVER", "OFFER", "REQUEST", "ACK"], "assign"), (["REQUEST", "ACK"], "renew"), (["RELEASE"], "release")],
)
def test_dhcp_actions(types: list[str], action: str) -> None:
    line = {"ts": 1.0, "uids": ["C"], "mac": "02:00:00:00:00:01", "msg_types": types, "assigned_addr": "10.0.0.5"}
    row = Read(zeek.READER, json.dumps(line).encode(), "dhcp.log").one("dhcp")
    assert (row["action"], row["address"], row["mac"]) == (action, "10.0.0.5", "02:00:00:00:00:01")


def test_remote_and_file_streams() -> None:
    lines = [
        {"_path": "kerberos", "ts": 1.0, "client": "alice/EXAMPLE.COM", "service": "cifs/fs1", "success": True},
        {"_path": "smb_files", "ts": 1.0, "action": "SMB::FILE_RENAME", "path": r"\\fs1\plans", "name": "a.docx"},
        {"_path": "files", "ts": 1.0, "tx_hosts": ["192.0.2.1"], "rx_hosts": ["10.0.0.1"], "filename": "a.exe"},
        {"_path": "files", "ts": 1.0, "id.orig_h": "10.0.0.1", "id.orig_p": 1, "id.resp_h": "192.0.2.1",
         "id.resp_p": 80, "is_orig": False},
        {"_path": "capture_loss", "ts": 1.0, "percent_lost": 12.5, "gaps": 1, "acks": 8},
    ]  # fmt: skip
    found = Read(zeek.READER, "\n".join(map(json.dumps, lines)).encode())
    assert (found.rows["remote"][0]["user"], found.rows["remote"][0]["domain"]) == ("alice", "EXAMPLE.COM")
    assert (found.rows["smb"][0]["action"], found.rows["smb"][0]["share"]) == ("rename", r"\\fs1\plans")
    assert {(row["src_ip"], row["dst_ip"]) for row in found.rows["files"]} == {("192.0.2.1", "10.0.0.1")}
    assert found.rows["files"][1]["src_port"] == 80
    assert found.rows["sensor"][0]["lost_share"] == 0.125


def test_a_long_line_is_counted_not_held() -> None:
    long = b"1.0\t" + b"x" * (17 * 1024 * 1024) + b"\n"
    found = Read(zeek.READER, CONN + ROW + long + ROW)
    assert [(skip.record, skip.count) for skip in found.skips] == [(10, 1)]
    assert [row["record"] for row in found.rows["network"]] == [9, 11]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 500), st.booleans())
def test_random_bytes_and_cuts(noise: bytes, cut: int, json_first: bool) -> None:
    start = b'{"ts":1.0,"uid":"C","proto":"tcp","conn_state":"SF"}\n' if json_first else CONN + ROW
    data = (start + noise + b"\n" + ROW)[: len(start) + cut]
    found = Read(zeek.READER, data)
    lines = [line.rstrip(b"\r") for line in data.split(b"\n")]
    full = sum(1 for line in lines if line and (json_first or not line.startswith(b"#")))
    blank = sum(1 for line in lines if line and not line.strip())  # only white space: no record in JSON
    assert full - blank <= found.good + found.skipped <= full or b"\n#fields" in noise
    for skip in found.skips:
        assert skip.place
        assert skip.reason


def _logs(shelf: Path) -> list[tuple[str, bytes]]:
    found = []
    for path in sorted((shelf / "zeek").rglob("*")):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                found += [(name, archive.read(name)) for name in sorted(archive.namelist()) if ".log" in name]
        elif path.name.endswith(".gz") and "corrupt" not in path.name:
            found.append((path.name[:-3], gzip.decompress(path.read_bytes())))
        elif ".log" in path.name and "corrupt" not in path.name:
            found.append((path.name, path.read_bytes()))
    return found


def test_every_log_of_the_shelf(shelf: Path) -> None:
    read = 0
    for name, data in _logs(shelf):
        reader = detect(Head(data[:65_536], name))
        if reader is None or reader.id != "zeek":
            assert b'{"name"' in data[:20] or b"### BTest" in data[:20], name  # no time, no header
            continue
        rows = skips = 0
        for found in _raw(data, name):
            rows, skips = rows + found[0], skips + found[1]
        assert rows + skips == sum(1 for line in data.split(b"\n") if line.rstrip(b"\r") and line[:1] != b"#"), name
        read += 1
    assert read > 950


def _raw(data: bytes, name: str) -> list[tuple[int, int]]:
    """Counts only: a row as a dict is slow."""
    source = Source(id="s-0", name=name, sha256="0" * 64)
    return [
        (0, found.count) if isinstance(found, Skipped) else (found.rows.num_rows, 0)
        for found in zeek.READER.read(io.BytesIO(data), source)
    ]


def test_apt29_day1_connections_of_the_truth(shelf: Path) -> None:
    data = gzip.decompress((shelf / "zeek/apt29-day1/combined_zeek.log.gz").read_bytes())
    found = Read(zeek.READER, data, "combined_zeek.log")
    streams: dict[str, int] = {}
    for line in data.splitlines():
        stream = json.loads(line)["@stream"]
        streams[stream] = streams.get(stream, 0) + 1
    assert len(found.rows["network"]) == streams["conn"]
    assert len(found.rows["smb"]) == streams["smb_files"] + streams["smb_mapping"]
    assert len(found.rows["remote"]) == streams["kerberos"] + streams["dce_rpc"]
    assert found.skipped == 0
    by_line = {row["record"]: row for row in found.rows["network"]}
    generator = random.Random(7)
    lines = data.splitlines()
    for number in generator.sample(sorted(by_line), 50):
        wanted, row = json.loads(lines[number - 1]), by_line[number]
        assert (row["src_ip"], row["dst_port"], row["uid"]) == (wanted["id_orig_h"], wanted["id_resp_p"], wanted["uid"])
        assert row["occurred"].timestamp() == pytest.approx(wanted["ts"], abs=1e-6)


def test_full_lines_is_what_it_says() -> None:
    assert full_lines(b"a\n\r\n\nb") == 2


def test_what_json_text_cannot_hold_is_kept_all_the_same() -> None:
    line = b'{"_path":"odd","ts":1.0,"big":NaN,"half":"\\ud800","deep":{"n":123456789012345678901234567890}}'
    row = Read(zeek.READER, line).one("generic")
    assert set(json.loads(row["more"])) == {"_path", "big", "half", "deep.n"}
