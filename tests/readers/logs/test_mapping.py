from __future__ import annotations

import datetime as dt
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import SettingsError, UnreadableError
from keii.readers.logs.mapping import load_mapping, mapped_reader
from tests.readers.logs.reading import Read

PROXY = """
table: http
format: csv
delimiter: ";"
unset: ["", "-"]
time: {fields: [date, clock], format: "%Y/%m/%d %H:%M:%S", zone: Asia/Tokyo}
columns: {src_ip: client, url: [url, uri], status: code}
constants: {proxied: true}
"""
ROWS = b"date;clock;client;url;uri;code;note\n2024/01/02;12:04:05;10.0.0.1;-;http://a.example.com/;200;x\n"
NOON = dt.datetime(2024, 1, 2, 3, 4, 5, 0, dt.UTC)


def test_csv() -> None:
    row = Read(mapped_reader(load_mapping(PROXY, "proxy.yaml")), ROWS).one("http")
    assert row == {
        "occurred": NOON, "record": 2, "src_ip": "10.0.0.1", "url": "http://a.example.com/", "status": 200,
        "proxied": True, "more": '{"note":"x"}',
    }  # fmt: skip


def test_what_cannot_be_read_stays_untouched() -> None:
    bad = ROWS + b"2024/01/02;noon;10.0.0.1;-;-;abc;-\nshort\n"
    found = Read(mapped_reader(load_mapping(PROXY, "proxy.yaml")), bad)
    second = found.rows["http"][1]
    assert json.loads(second["more"]) == {"date": "2024/01/02", "clock": "noon", "code": "abc"}
    assert (second["occurred"], second["status"]) == (None, None)
    assert [(skip.place, skip.reason) for skip in found.skips] == [("line 4", "1 columns, 7 expected")]


def test_json_lines_as_toml() -> None:
    mapping = load_mapping(
        'table="dns"\nformat="jsonl"\ntime={fields="t", format="epoch-ms"}\ncolumns={query="q.name", answers="a"}\n',
        "dns.toml",
    )
    line = {"t": 1704164645000, "q": {"name": "c2.example.net"}, "a": ["203.0.113.9"]}
    row = Read(mapped_reader(mapping), json.dumps(line).encode()).one("dns")
    assert (row["occurred"], row["query"], row["answers"]) == (NOON, "c2.example.net", ["203.0.113.9"])


def test_parquet() -> None:
    table = pa.table({"when": [NOON.replace(hour=12, tzinfo=None), None], "ip": ["10.0.0.1", "x"], "n": [5, 2**40]})
    held = io.BytesIO()
    pq.write_table(table, held)
    text = (
        "table: network\nformat: parquet\ncolumns: {src_ip: ip, src_port: n}\ntime: {fields: when, zone: Asia/Tokyo}\n"
    )
    reader = mapped_reader(load_mapping(text, "flows.yaml"))
    first, second = Read(reader, held.getvalue()).rows["network"]
    assert (first["occurred"], first["src_port"], first["record"]) == (NOON, 5, 1)
    assert (second["src_port"], json.loads(second["more"])) == (None, {"n": 2**40})
    with pytest.raises(UnreadableError):
        Read(reader, held.getvalue()[:-9])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("table: nope\ncolumns: {}", "m.yaml: table"),
        ("table: http\ncolumns: {nope: x}", "m.yaml: nope"),
        ("table: http\ncolumns: {record: x}", "m.yaml: record"),
        ("table: http\ncolumns: {}\nconstants: {status: abc}", "m.yaml: status"),
        ("table: http\ncolumns: {}\ndelimiter: ab", "m.yaml: delimiter"),
        ("table: http\ncolumns: {}\ntime: {fields: t, format: '%H', zone: UTC}", "m.yaml: time.format"),
        ("table: http\ncolumns: {}\ntime: {fields: t, format: '%Y'}", "m.yaml: time.zone"),
        ("table: http\ncolumns: {}\ntime: {fields: t, format: soon}", "m.yaml: time.format"),
        ("table: http\ncolumns: {}\ntime: {fields: t, zone: Mars/Olympus}", "m.yaml: time.zone"),
        ("table: http\nsurprise: 1\ncolumns: {}", "m.yaml"),
        ("a: [", "m.yaml"),
        ("- 1", "m.yaml"),
    ],
)
def test_errors_name_their_place(text: str, place: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_mapping(text, "m.yaml")
    assert caught.value.place == place


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_mapping_or_an_error(text: str) -> None:
    for name in ("m.yaml", "m.toml"):
        with pytest.raises(SettingsError):
            load_mapping(text, name)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(noise: bytes) -> None:
    found = Read(mapped_reader(load_mapping(PROXY, "proxy.yaml")), ROWS + noise)
    assert found.good >= 1
