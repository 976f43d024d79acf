"""The hunt over small tables: what is found, where, and what is told of the rest."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from keii.hunt import Hunted, hunt
from keii.hunt.searching import Query, search
from keii.lake.index import build
from keii.lake.store import Lake, full_schema, write_file
from keii.model import Indicator, IntelPattern, Match, Moment

START = dt.datetime(2018, 3, 13, 9, tzinfo=dt.UTC)


def asked(kind: Any, value: str, **more: Any) -> Indicator:
    return Indicator(kind=kind, value=value, as_written=value, source="s-report", source_name="report.txt", **more)


def put(root: Path, table: str, rows: Sequence[dict[str, Any]], source: str = "s-log", part: int = 0) -> None:
    names = [name for name in full_schema(table).names if any(name in row for row in rows)]
    schema = pa.schema([full_schema(table).field(name) for name in names])
    write_file(root, table, source, part, [pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=schema)])


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"occurred": START + dt.timedelta(minutes=number), "record": number, **fields}


def one(found: Hunted) -> Match:
    assert len(found.matches) == 1, found.matches
    return found.matches[0]


@pytest.fixture(params=["scan", "index"])
def lake(tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    put(
        tmp_path,
        "network",
        [
            event(1, src_ip="10.0.0.5", dst_ip="203.0.113.9", dst_port=443, uid="C1"),
            event(2, src_ip="10.0.0.5", dst_ip="203.0.113.9", dst_port=443, uid="C2"),
            event(3, src_ip="10.0.0.6", dst_ip="203.0.113.10", dst_port=443, uid="C3"),
            event(4, src_ip="198.51.100.7", dst_ip="10.0.0.7", dst_port=80, uid="C4"),
            event(5, src_ip="2001:db8::1", dst_ip="2001:db8:5::9", dst_port=80, uid="C5"),
        ],
    )
    put(
        tmp_path,
        "dns",
        [
            event(1, src_ip="10.0.0.5", query="Cdn.Evil.Example.", answers=["alias.example", "203.0.113.9"], uid="D1"),
            event(2, src_ip="10.0.0.5", query="notevil.example", answers=["203.0.113.9", "203.0.113.10"], uid="D2"),
            {**event(3, src_ip="10.0.0.5", query="evil.example", uid="D3"), "occurred": START + dt.timedelta(days=7)},
        ],
    )
    put(
        tmp_path,
        "http",
        [
            event(
                1,
                src_ip="10.0.0.8",
                dst_ip="203.0.113.9",
                dst_port=8080,
                method="POST",
                url="http://evil.example:80/a/Gate.php?id=7",
                hostname="evil.example",
                path="/a/Gate.php?id=7",
                user_agent="Agent 1.0",
            ),
            event(
                2, src_ip="10.0.0.8", url="https://other.example/a/gate.php", path="/a/gate.php", user_agent="agent 1.0"
            ),
        ],
    )
    put(
        tmp_path,
        "windows",
        [
            event(
                1,
                host="PC1",
                record_id=77,
                Hashes="MD5=" + "a" * 32 + ",SHA1=" + "b" * 40 + ",IMPHASH=" + "c" * 32,
                Image="C:\\Temp\\Evil.EXE",
                CommandLine='"C:\\Temp\\Evil.EXE" -u http://www.evil.example/x -m Global\\Mx1',
            ),
            event(2, host="PC2", QueryName="x.evil.example", QueryResults="type:  5 a.example;::ffff:203.0.113.9;"),
            event(
                3,
                host="PC2",
                TargetObject="HKLM\\System\\ControlSet001\\Services\\Bad\\ImagePath",
                PipeName="\\badpipe",
            ),
        ],
    )
    lake = Lake.of_folder(tmp_path)
    if request.param == "index":
        for file in lake.files:
            build(tmp_path, file)
        lake = Lake(tmp_path, lake.files)
    return lake


def places(found: Hunted) -> dict[tuple[str, str, str | None], int]:
    return {(match.table, match.column, match.host): match.events for match in found.matches}


def test_address(lake: Lake) -> None:
    found = hunt(lake, [asked("ip", "203.0.113.9")], [])
    assert places(found) == {
        ("network", "dst_ip", "10.0.0.5"): 2,
        ("dns", "answers", "10.0.0.5"): 2,
        ("http", "dst_ip", "10.0.0.8"): 1,
        ("windows", "QueryResults", "PC2"): 1,
    }
    match = next(match for match in found.matches if match.table == "network")
    assert (match.first_seen, match.last_seen) == (
        "2018-03-13T09:01:00.000000+00:00",
        "2018-03-13T09:02:00.000000+00:00",
    )
    assert [(place.source, place.record, place.record_id) for place in match.locators] == [
        ("s-log", 1, "C1"),
        ("s-log", 2, "C2"),
    ]


def test_inbound_names_the_inner_end(lake: Lake) -> None:
    match = one(hunt(lake, [asked("ip", "198.51.100.7")], []))
    assert (match.column, match.host) == ("src_ip", "10.0.0.7")


def test_network_counts_a_row_once(lake: Lake) -> None:
    found = places(hunt(lake, [asked("cidr", "203.0.113.8/30")], []))
    assert found[("dns", "answers", "10.0.0.5")] == 2
    assert found[("network", "dst_ip", "10.0.0.6")] == 1
    assert places(hunt(lake, [asked("cidr", "2001:db8:5::/48")], [])) == {("network", "dst_ip", "2001:db8::1"): 1}


def test_domain_and_its_subdomains(lake: Lake) -> None:
    found = places(hunt(lake, [asked("domain", "evil.example")], []))
    assert found == {
        ("dns", "query", "10.0.0.5"): 2,
        ("http", "hostname", "10.0.0.8"): 1,
        ("windows", "CommandLine", "PC1"): 1,
        ("windows", "QueryName", "PC2"): 1,
    }
    assert places(hunt(lake, [asked("domain", "cdn.evil.example")], [])) == {("dns", "query", "10.0.0.5"): 1}
    assert places(hunt(lake, [asked("domain", "other.example")], [])) == {("http", "url", "10.0.0.8"): 1}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (
            "url",
            "HTTP://evil.example/a/Gate.php?id=7",
            {("http", "url", "10.0.0.8"): 1, ("dns", "query", "10.0.0.5"): 1},
        ),
        ("url", "evil.example/a/Gate.php", {("http", "url", "10.0.0.8"): 1, ("dns", "query", "10.0.0.5"): 1}),
        (
            "url",
            "http://evil.example/a/gate.php",
            {("dns", "query", "10.0.0.5"): 1},
        ),  # the name alone: that log shows no path
        ("url", "http://www.evil.example/x/", {("windows", "CommandLine", "PC1"): 1}),
        ("user-agent", "Agent 1.0", {("http", "user_agent", "10.0.0.8"): 1}),
        ("md5", "a" * 32, {("windows", "Hashes", "PC1"): 1}),
        ("md5", "c" * 32, {}),
        ("sha1", "b" * 40, {("windows", "Hashes", "PC1"): 1}),
        ("file-name", "evil.exe", {("windows", "Image", "PC1"): 1, ("windows", "CommandLine", "PC1"): 1}),
        ("file-name", "vil.exe", {}),
        ("file-path", "c:/temp/evil.exe", {("windows", "Image", "PC1"): 1, ("windows", "CommandLine", "PC1"): 1}),
        (
            "registry-key",
            "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Bad",
            {("windows", "TargetObject", "PC2"): 1},
        ),
        ("registry-key", "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Ba", {}),
        ("named-pipe", "\\\\.\\pipe\\badpipe", {("windows", "PipeName", "PC2"): 1}),
        ("mutex", "Global\\Mx1", {("windows", "CommandLine", "PC1"): 1}),
        ("ja3", "d" * 32, {}),
    ],
)
def test_kinds(lake: Lake, kind: str, value: str, expected: dict[tuple[str, str, str], int]) -> None:
    assert places(hunt(lake, [asked(kind, value)], [])) == expected


def test_broad_values_are_told_not_hunted(lake: Lake) -> None:
    broad = [
        ("cidr", "0.0.0.0/0"),
        ("domain", "com"),
        ("domain", "co.jp"),
        ("domain", "*"),
        ("ip", "10.0.0.5"),
        ("ip", "127.0.0.1"),
    ]
    found = hunt(
        lake, [*(asked(kind, value) for kind, value in broad), asked("domain", "evil.example", hunted=False)], []
    )
    assert found.matches == ()
    assert sum(found.coverage.not_hunted.values()) == 7
    assert found.coverage.indicators == {}


def test_private_address_outside_of_the_case(lake: Lake) -> None:
    assert hunt(lake, [asked("ip", "10.0.0.7")], [], internal=["10.0.0.4/31"]).matches


def test_patterns(lake: Lake) -> None:
    pattern = IntelPattern(
        source="s-report", source_name="r", sentence="", uri="/a/*.php?id=*", method="post", port=8080, period=60
    )
    match = one(hunt(lake, [], [pattern]))
    assert (match.host, match.events) == ("10.0.0.8", 1)
    assert "60" in match.note
    broad = IntelPattern(source="s-report", source_name="r", sentence="", method="POST")
    assert hunt(lake, [], [broad]).matches == ()


def test_a_zero_says_what_it_rests_on(lake: Lake) -> None:
    found = hunt(lake, [asked("ja3", "d" * 32), asked("email", "a@b.example")], [], not_searchable=["x was unreadable"])
    coverage = found.coverage
    assert found.matches == ()
    assert {item.table: (item.events, item.host_days) for item in coverage.searched} == {
        "network": (5, 3),  # the fifth has both ends outside: no machine of ours
        "dns": (3, 2),
        "http": (2, 1),
        "windows": (3, 2),
    }
    assert coverage.not_searchable == ("x was unreadable", "dns: no events 2018-03-14..2018-03-19")
    assert coverage.indicators == {"email": 1, "ja3": 1}


def test_empty_lake(tmp_path: Path) -> None:
    coverage = hunt(Lake(tmp_path, []), [asked("ip", "203.0.113.9")], []).coverage
    assert coverage.searched == ()
    assert [kind for kind, _ in coverage.not_applicable] == ["ip"]


def test_a_match_outside_of_the_validity_is_told_with_a_note(lake: Lake) -> None:
    start = dt.datetime(2019, 1, 1, tzinfo=dt.UTC)
    late = Moment(edtf="2019-01-01", earliest=start, latest=start + dt.timedelta(days=1))
    plain = hunt(lake, [asked("ip", "203.0.113.10")], []).matches
    found = hunt(lake, [asked("ip", "203.0.113.10", valid_from=late)], []).matches
    assert found
    assert [(m.id, m.events) for m in found] == [(m.id, m.events) for m in plain]
    assert all("2019-01-01" in m.note for m in found)


def test_what_was_not_looked_into_is_told(tmp_path: Path) -> None:
    rows = [
        event(1, host="a", ScriptBlockText="x " * 40_000, more='{"Odd": "203.0.113.9"}'),
        event(2, host="a", ScriptBlockText="x " * 20_000),
        event(3, host="a", more=json.dumps({"Odd": "z" * 70_000})),
    ]
    put(tmp_path, "windows", rows)
    put(tmp_path, "generic", [event(1, values=["short", "y" * 70_000]), event(2, values=["short"]), event(3, log="z")])
    told = hunt(Lake.of_folder(tmp_path), [asked("ip", "203.0.113.9")], []).coverage.not_searchable
    assert told == (
        "windows: 2 events hold a text longer than 65536 characters, searched only up to there",
        "generic: 1 events hold a text longer than 65536 characters, searched only up to there",
    )


def test_fields_without_a_column_are_searched_whether_by_index_or_not(tmp_path: Path) -> None:
    deep = {"Target": {"Url": "hxxp", "List": ["see https://files.evil.example/a.bin, then wait"]}}
    rows = [
        event(1, host="a", more=json.dumps({"Remote Server": "203.0.113.9", "Version": 3})),
        event(2, host="b", more=json.dumps(deep)),
        event(3, host="b", more=json.dumps({"203.0.113.9": "a name is no value"})),
        event(4, host="c", more=json.dumps({"Path": "C:\\Temp\\evil.dll", "Note": 'a "quoted" word: text'})),
        event(5, host="c", more=json.dumps({"Path": "C:\\Temp\\evil.dll" + " -x" * 600})),
        event(6, host="d"),
    ]
    put(tmp_path, "windows", rows)
    lake = Lake.of_folder(tmp_path)
    intel = [asked("ip", "203.0.113.9"), asked("domain", "evil.example"), asked("file-path", "c:\\temp\\evil.dll"),
             asked("file-name", "evil.dll")]  # fmt: skip
    for indexed in (False, True):
        if indexed:
            for file in lake.of("windows"):
                build(lake.root, file)
        told = {(match.indicator.value, match.host): match for match in hunt(lake, intel, []).matches}
        assert {key: (match.events, match.column) for key, match in told.items()} == {
            ("203.0.113.9", "a"): (1, "more"),
            ("evil.example", "b"): (1, "more"),
            ("c:\\temp\\evil.dll", "c"): (2, "more"),
            ("evil.dll", "c"): (2, "more"),
        }
        assert told["evil.example", "b"].values == ("see https://files.evil.example/a.bin, then wait",)
        assert "C:\\Temp\\evil.dll" in told["evil.dll", "c"].values


@pytest.mark.parametrize("written", ["03:A1:BC:44:9E:12", "03A1BC449E12", "3A1BC449E12", "0003A1BC449E12"])
def test_the_serial_number_of_a_certificate_is_found_in_every_spelling(tmp_path: Path, written: str) -> None:
    put(tmp_path, "tls", [event(1, src_ip="10.0.0.5", dst_ip="203.0.113.9", serial=written),
                          event(2, src_ip="10.0.0.5", dst_ip="203.0.113.9", serial="A1BC449E12")])  # fmt: skip
    found = one(hunt(Lake.of_folder(tmp_path), [asked("certificate", "03a1bc449e12")], []))
    assert (found.column, found.events, found.values) == ("serial", 1, (written,))


def test_the_host_of_a_url_is_looked_for_where_no_log_shows_paths(tmp_path: Path) -> None:
    put(
        tmp_path,
        "dns",
        [
            event(n, src_ip=f"10.0.0.{n}", query=name, uid=f"D{n}")
            for n, name in ((5, "evil.example"), (9, "cdn.evil.example"))
        ],
    )
    put(tmp_path, "tls", [event(2, src_ip="10.0.0.5", dst_ip="203.0.113.9", server_name="evil.example", uid="T1")])
    put(tmp_path, "network", [event(3, src_ip="10.0.0.6", dst_ip="198.51.100.7", dst_port=443, uid="C1")])
    seen_path = {"src_ip": "10.0.0.7", "method": "GET", "hostname": "evil.example"}
    put(
        tmp_path,
        "http",
        [
            event(4, **seen_path, url="http://evil.example/other", path="/other"),
            event(5, **seen_path, url="http://evil.example/a.php", path="/a.php"),
            event(6, src_ip="10.0.0.8", method="CONNECT", hostname="evil.example", url="evil.example:443"),
        ],
    )
    lake = Lake.of_folder(tmp_path)
    found = hunt(lake, [asked("url", "https://evil.example/a.php"), asked("url", "http://198.51.100.7/x")], [])
    told = {(m.table, m.column, m.host): m.note for m in found.matches}
    by_host = {key for key, note in told.items() if note.startswith("only the host")}
    assert by_host == {
        ("dns", "query", "10.0.0.5"),
        ("tls", "server_name", "10.0.0.5"),
        ("network", "dst_ip", "10.0.0.6"),
        ("http", "hostname", "10.0.0.8"),
    }
    assert {key for key in told if key not in by_host} == {("http", "url", "10.0.0.7")}


def test_the_host_of_a_url_says_nothing_where_anybody_can_put_a_file(tmp_path: Path) -> None:
    put(tmp_path, "dns", [event(1, src_ip="10.0.0.5", query=name) for name in ("cdn.discordapp.com", "github.com")])
    put(tmp_path, "network", [event(1, src_ip="10.0.0.5", dst_ip="10.0.0.9")])
    urls = ("https://cdn.discordapp.com/a/b.exe", "https://github.com/x/y.zip", "http://10.0.0.9/a")
    assert hunt(Lake.of_folder(tmp_path), [asked("url", url) for url in urls], []).matches == ()


def test_an_event_may_have_a_field_with_the_name_of_what_a_scan_adds(tmp_path: Path) -> None:
    put(tmp_path, "windows", [event(1, host="a", FileName="evil.exe", CommandLine="c:\\x\\evil.exe 203.0.113.9")])
    lake = Lake.of_folder(tmp_path)
    found = one(hunt(lake, [asked("ip", "203.0.113.9")], []))
    assert (found.host, found.events) == ("a", 1)
    answer = search(lake, Query(values=(asked("ip", "203.0.113.9"),)))
    assert [row["FileName"] for table in answer.found for row in table.rows] == ["evil.exe"]
