"""The index against the scan, and both against a slow, obvious evaluator that looks at every row by itself."""

from __future__ import annotations

import datetime as dt
import ipaddress
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from keii.hunt import hunt
from keii.lake.index import build, index_path
from keii.lake.store import Lake, full_schema, write_file
from keii.model import Indicator

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
LABELS = ["a", "b", "evil", "cdn"]
KINDS = ("ip", "cidr", "domain", "user-agent", "sha1")


def _name(draw: random.Random) -> str:
    return ".".join(draw.choice(LABELS) for _ in range(draw.randint(1, 3))) + ".example"


def _address(draw: random.Random) -> str:
    last = draw.randrange(16)
    return draw.choice([f"203.0.113.{last}", f"10.0.0.{last}", f"2001:db8::{last:x}", f"::ffff:203.0.113.{last}"])


def _rows(draw: random.Random, table: str, count: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(count):
        row: dict[str, Any] = {"occurred": START + dt.timedelta(minutes=draw.randrange(5000)), "record": number}
        row |= {"src_ip": _address(draw), "dst_ip": draw.choice([None, _address(draw)])}
        if table == "dns":
            row["query"] = draw.choice([None, _name(draw), _name(draw).upper() + "."])
            row["answers"] = draw.choice(
                [None, [draw.choice([_address, _name])(draw) for _ in range(draw.randrange(4))]]
            )
        if table == "http":
            row |= {
                "hostname": draw.choice([_name, _address])(draw),
                "user_agent": draw.choice(["Agent 1", "agent 1", "B"]),
            }
        if table == "files":
            row["sha1"] = draw.choice([None, f"{draw.randrange(5):040x}"])
        rows.append(row)
    return rows


def _indicators(draw: random.Random) -> list[Indicator]:
    values = [("ip", f"203.0.113.{draw.randrange(16)}"), ("ip", f"2001:db8::{draw.randrange(16):x}")]
    values += [
        ("cidr", f"203.0.113.{4 * draw.randrange(4)}/30"),
        ("cidr", "203.0.113.0/28"),
        ("cidr", "2001:db8::8/125"),
    ]
    values += [("domain", _name(draw)) for _ in range(4)]
    values += [("user-agent", "Agent 1"), ("sha1", f"{draw.randrange(5):040x}")]
    return [
        Indicator(kind=kind, value=value, as_written=value, source="s-i", source_name="i")  # type: ignore[arg-type]
        for kind, value in dict.fromkeys(values)
    ]


def _plain(text: str) -> Any:
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _holds(indicator: Indicator, value: str) -> bool:
    if indicator.kind in ("ip", "cidr"):
        network = ipaddress.ip_network(indicator.value)
        return _is_address(value) and _plain(value).version == network.version and _plain(value) in network
    if indicator.kind == "domain":
        bare = value.lower().rstrip(".")
        return bare == indicator.value or bare.endswith("." + indicator.value)
    return value == indicator.value


COLUMNS = {
    "ip": ("src_ip", "dst_ip", "answers", "hostname"),
    "cidr": ("src_ip", "dst_ip", "answers", "hostname"),
    "domain": ("query", "answers", "hostname"),
    "user-agent": ("user_agent",),
    "sha1": ("sha1",),
}


def _host(row: dict[str, Any], column: str) -> str | None:
    def inner(text: str | None) -> bool:
        return text is not None and str(_plain(text)).startswith("10.")

    ends = ("dst_ip", "src_ip") if column == "src_ip" else ("src_ip", "dst_ip")
    found: str | None = next((row[end] for end in ends if inner(row[end])), row[ends[0]])
    return found


def _slow(tables: dict[str, list[dict[str, Any]]], indicators: list[Indicator]) -> set[tuple[Any, ...]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for table, rows in tables.items():
        for row in rows:
            for indicator in indicators:
                for column in COLUMNS[indicator.kind]:
                    value = row.get(column)
                    values = value if isinstance(value, list) else [value]
                    if any(item is not None and _holds(indicator, item) for item in values):
                        key = (indicator.kind, indicator.value, table, column, _host(row, column))
                        found.setdefault(key, []).append(row)
    form = "%Y-%m-%dT%H:%M:%S.%f+00:00"
    return {
        (
            *key,
            len(rows),
            min(r["occurred"] for r in rows).strftime(form),
            max(r["occurred"] for r in rows).strftime(form),
        )
        for key, rows in found.items()
    }


@pytest.mark.parametrize("seed", range(6))
def test_index_scan_and_slow_evaluator_agree(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    tables = {table: _rows(draw, table, 120) for table in ("network", "dns", "http", "files")}
    for table, rows in tables.items():
        names = [name for name in full_schema(table).names if any(name in row for row in rows)]
        schema = pa.schema([full_schema(table).field(name) for name in names])
        for part, half in enumerate((rows[:60], rows[60:])):
            write_file(tmp_path, table, "s-x", part, [pa.RecordBatch.from_pylist(half, schema=schema)])
    indicators = _indicators(draw)
    lake = Lake.of_folder(tmp_path)
    scanned = hunt(lake, indicators, [])
    got = {
        (m.indicator.kind, m.indicator.value, m.table, m.column, m.host, m.events, m.first_seen, m.last_seen)
        for m in scanned.matches
        if m.indicator
    }
    assert got == _slow(tables, indicators)
    build(tmp_path, lake.files[0])
    assert hunt(lake, indicators, []) == scanned  # some files with an index, some without
    for file in lake.files:
        build(tmp_path, file)
    assert hunt(lake, indicators, []) == scanned


def test_damaged_or_stale_index_is_left_aside(tmp_path: Path) -> None:
    schema = pa.schema([full_schema("network").field(name) for name in ("occurred", "record", "dst_ip")])

    def put(address: str) -> Lake:
        rows = [{"occurred": START, "record": 1, "dst_ip": address}]
        file = write_file(tmp_path, "network", "s-x", 0, [pa.RecordBatch.from_pylist(rows, schema=schema)])
        return Lake(tmp_path, [file])

    asked = [Indicator(kind="ip", value="203.0.113.9", as_written="", source="s", source_name="s")]
    lake = put("203.0.113.8")
    build(tmp_path, lake.files[0])
    lake = put("203.0.113.9")
    assert len(hunt(lake, asked, []).matches) == 1
    (tmp_path / index_path(lake.files[0])).write_bytes(b"PAR1 broken")
    assert len(hunt(lake, asked, []).matches) == 1
    assert [text for text in hunt(lake, asked, []).coverage.not_searchable if "index of 1 event files" in text]


def test_a_long_text_stands_in_the_index_once(tmp_path: Path) -> None:
    """A script of hundreds of names would else be written beside each of them: 300 such scripts were gigabytes."""
    scripts = [f"# {n}\n" + "\n".join(f"get host{n}-{k}.evil.example" for k in range(600)) for n in range(20)]
    rows = [{"occurred": START, "record": n, "host": "pc1", "ScriptBlockText": text} for n, text in enumerate(scripts)]
    schema = pa.schema([field for field in full_schema("windows") if field.name in rows[0]])
    file = write_file(tmp_path, "windows", "s-1", 0, pa.Table.from_pylist(rows, schema=schema).to_batches())
    built = build(tmp_path, file)
    asked = Indicator(kind="domain", value="host7-599.evil.example", as_written="x", source="s", source_name="x")
    by_index = hunt(Lake(tmp_path, [file]), [asked], []).matches
    (tmp_path / index_path(file)).unlink()
    assert [(m.events, m.values) for m in by_index] == [(1, (scripts[7],))]
    assert hunt(Lake(tmp_path, [file]), [asked], []).matches == by_index
    assert built.bytes < sum(map(len, scripts)) * 2
