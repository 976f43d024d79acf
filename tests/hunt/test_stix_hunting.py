"""STIX patterns over a lake: operators by machine, properties by table, and an outcome for every pattern."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from keii.hunt.stix import gathering
from keii.hunt.stix.hunting import hunt_patterns
from keii.lake.schema import TABLES, TIME
from keii.lake.store import Lake, write_file
from keii.model import Source
from keii.model.rule import IntelRule, RuleOutcome
from keii.readers.intel import stix

BEGIN = dt.datetime(2024, 5, 1, 8, 0, tzinfo=dt.UTC)


def _rows(table: str, rows: list[dict[str, Any]]) -> list[pa.RecordBatch]:
    """Return rows (``second``: seconds after BEGIN) as a batch of a table."""
    made = [
        {
            "occurred": BEGIN + dt.timedelta(seconds=row["second"]) if row["second"] is not None else None,
            "source": "s-1",
            "record": number,
            **{name: value for name, value in row.items() if name != "second"},
        }
        for number, row in enumerate(rows)
    ]
    names = list(dict.fromkeys(name for row in made for name in row))
    types = {field.name: field.type for field in TABLES[table]} | {"occurred": TIME}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in names])
    return [pa.RecordBatch.from_pylist([{name: row.get(name) for name in names} for row in made], schema)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    files = []
    tables: dict[str, list[dict[str, Any]]] = {
        "dns": [
            {"second": 0, "src_ip": "10.0.0.5", "query": "relay.example", "answers": ["203.0.113.9"]},
            {"second": 500, "src_ip": "10.0.0.6", "query": "relay.example", "answers": ["203.0.113.9"]},
        ],
        "network": [
            {"second": 3, "src_ip": "10.0.0.5", "dst_ip": "203.0.113.9", "dst_port": 443, "bytes_out": 2_000_000},
            {"second": 100, "src_ip": "10.0.0.6", "dst_ip": "203.0.113.9", "dst_port": 443, "bytes_out": 10},
            {"second": 40, "src_ip": "10.0.0.7", "dst_ip": "198.51.100.1", "dst_port": 80, "bytes_out": 10},
            {"second": 50, "src_ip": "10.0.0.7", "dst_ip": "198.51.100.1", "dst_port": 80, "bytes_out": 10},
            {"second": None, "src_ip": "10.0.0.8", "dst_ip": "203.0.113.77", "dst_port": 80, "bytes_out": 10},
        ],
        "windows": [
            {
                "second": 9, "host": "PC-1", "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
                "Image": "C:\\Users\\Public\\Loader.exe", "CommandLine": "loader.exe -k 7",
                "Hashes": "MD5=00112233445566778899AABBCCDDEEFF,SHA256=AB",
            },
            {
                "second": 12, "host": "PC-1", "channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 13,
                "TargetObject": "HKLM\\Software\\Example\\Run\\Loader", "Details": "C:\\Users\\Public\\Loader.exe",
            },
        ],
    }  # fmt: skip
    for table, rows in tables.items():
        files.append(write_file(tmp_path, table, "s-1", 0, _rows(table, rows)))
    return Lake(tmp_path, files)


def _asked(lake: Lake, *texts: str) -> list[RuleOutcome]:
    rules = [
        IntelRule(language="stix", place=f"feed.json, {number:03}", text=text, source="s-2", source_name="feed.json")
        for number, text in enumerate(texts)
    ]
    return list(hunt_patterns(lake, rules).outcomes)


DNS, CONTACT = "[domain-name:value = 'relay.example']", "[network-traffic:dst_ref.value = '203.0.113.9']"


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [
        (f"{DNS} AND {CONTACT}", {"10.0.0.5": 2, "10.0.0.6": 2}),
        (f"{DNS} FOLLOWEDBY {CONTACT}", {"10.0.0.5": 2}),
        (f"({DNS} AND {CONTACT}) WITHIN 60 SECONDS", {"10.0.0.5": 2}),
        (f"({DNS} FOLLOWEDBY {CONTACT}) WITHIN 2 SECONDS", {}),
        ("[network-traffic:dst_ref.value = '198.51.100.1'] REPEATS 2 TIMES WITHIN 10 SECONDS", {"10.0.0.7": 2}),
        ("[network-traffic:dst_ref.value = '198.51.100.1'] REPEATS 2 TIMES WITHIN 9 SECONDS", {}),
        ("[network-traffic:dst_port = 443 AND network-traffic:src_byte_count > 1000000]", {"10.0.0.5": 1}),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", {"10.0.0.7": 2}),
        (f"{CONTACT} START t'2024-05-01T08:01:00Z' STOP t'2024-05-01T09:00:00Z'", {"10.0.0.6": 1}),
        (f"{CONTACT} START t'2024-05-01T08:00:00Z' STOP t'2024-05-01T08:00:03Z'", {}),
        ("[domain-name:value LIKE 'rel%.example']", {"10.0.0.5": 1, "10.0.0.6": 1}),
        ("[domain-name:value MATCHES '^re[kl]ay']", {"10.0.0.5": 1, "10.0.0.6": 1}),
        ("[domain-name:value NOT LIKE 'rel%' AND domain-name:value LIKE '203.%']", {}),
        ("[network-traffic:dst_port != 443 AND network-traffic:dst_ref.value = '203.0.113.9']", {}),
        ("[file:name = 'loader.exe' AND file:hashes.MD5 = '00112233445566778899aabbccddeeff']", {"PC-1": 1}),
        ("[process:command_line LIKE '%-k 7'] FOLLOWEDBY [windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Example\\\\Run']", {"PC-1": 2}),
        ("[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_port IN (80, 8080) AND network-traffic:dst_ref.value = '198.51.100.1']", {"10.0.0.7": 2}),
    ],
)  # fmt: skip
def test_who_fulfils_a_pattern(lake: Lake, pattern: str, hosts: dict[str, int]) -> None:
    (told,) = _asked(lake, pattern)
    assert told.status == ("matched" if hosts else "no-match"), told
    assert {host.host: host.events for host in told.hosts} == hosts
    assert {log.log for log in told.searched} == {"dns", "network", "windows"}


def test_what_no_log_holds_is_named(lake: Lake) -> None:
    absent, alternative, together = _asked(
        lake, "[file:x_vendor_score > 7]", f"[mutex:name = 'a'] OR {DNS}", f"[mutex:name = 'a'] AND {DNS}"
    )
    assert (absent.status, absent.facts) == ("not-applicable", {"properties": "file:x_vendor_score"})
    assert alternative.status == "matched"
    assert (together.status, together.facts) == ("not-applicable", {"properties": "mutex:name"})


def test_a_zero_names_what_it_did_not_ask(lake: Lake) -> None:
    part, untimed = _asked(
        lake,
        "[mutex:name = 'a' OR domain-name:value = 'nobody.example']",
        "[network-traffic:dst_ref.value = '203.0.113.77'] REPEATS 1 TIMES",
    )
    assert (part.status, part.why, part.facts["properties"]) == ("no-match", "rules.no_match_in_part", "mutex:name")
    assert (untimed.status, untimed.why, untimed.facts["without_time"]) == ("no-match", "rules.no_match_untimed", "1")


def test_broken_patterns_are_rows(lake: Lake) -> None:
    told = _asked(lake, "[file:name", "[file:name MATCHES '(?=x)y']", "[file:size < 'a']", DNS)
    assert [one.status for one in told] == ["not-loadable", "not-loadable", "not-loadable", "matched"]
    assert "bounded time" in told[1].facts["reason"]


def test_too_many_events_are_told_and_not_cut(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_EVENTS", 1)
    (told,) = _asked(lake, f"{CONTACT} REPEATS 2 TIMES")
    assert (told.status, told.why) == ("not-loadable", "rules.too_many")


def test_without_a_log_nothing_applies(tmp_path: Path) -> None:
    (told,) = _asked(Lake(tmp_path, []), DNS)
    assert (told.status, told.why) == ("not-applicable", "sigma.no_log")


def test_the_reader_yields_whole_what_one_value_cannot_say() -> None:
    def read(*patterns: str) -> list[str]:
        objects = [
            {"type": "indicator", "id": f"indicator--{n}", "name": "Relay", "pattern_type": "stix", "pattern": pattern}
            for n, pattern in enumerate(patterns)
        ]
        data = msgspec.json.encode({"type": "bundle", "objects": objects})
        source = Source(id="s-3", name="feed.json", sha256="", size=len(data))
        return [found.text for found in stix.read(data, source) if isinstance(found, IntelRule)]

    alone = [DNS, "[ipv4-addr:value = '203.0.113.9' OR ipv4-addr:value IN ('203.0.113.8', '203.0.113.7')]"]
    whole = [f"{DNS} FOLLOWEDBY {CONTACT}", "[file:name LIKE 'a%']", f"{DNS} REPEATS 3 TIMES", "[file:size > 5]"]
    assert read(*alone, *whole) == whole
