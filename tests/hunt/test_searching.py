"""A question finds the events that a plain loop over the rows finds."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from keii.hunt.searching import Query, search
from keii.lake import index
from keii.lake.store import Lake, write_file
from keii.model import Indicator

START = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)


def indicator(kind: str, value: str) -> Indicator:
    return Indicator(kind=kind, value=value, as_written=value, source="q", source_name="q")  # type: ignore[arg-type]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    files = []
    for part, shift in enumerate((0, 100)):
        at = [START + dt.timedelta(hours=shift + n) for n in range(20)]
        table = pa.record_batch({
            "occurred": pa.array(at, pa.timestamp("us", tz="UTC")),
            "record": pa.array(range(1, 21), pa.int64()),
            "src_ip": [f"10.0.0.{n % 4}" for n in range(20)],
            "dst_ip": [("203.0.113.9" if n % 5 == 0 and part == 0 else f"198.51.100.{n}") for n in range(20)],
            "dst_port": pa.array([443 if n % 2 else 80 for n in range(20)], pa.int32()),
        })  # fmt: skip
        files.append(write_file(tmp_path, "network", f"s-{part}", 0, [table]))
    lake = Lake(tmp_path, files)
    for file in files:
        index.build(tmp_path, file)
    return lake


def test_a_value_is_found_where_it_stands_and_with_its_other_fields(lake: Lake) -> None:
    found = search(lake, Query(values=(indicator("ip", "203.0.113.9"),))).found
    assert [(one.table, one.events) for one in found] == [("network", 4)]
    assert [place.record for place in found[0].locators] == [1, 6, 11, 16]
    both = Query(values=(indicator("ip", "203.0.113.9"),), fields=(("DstPort", "443"),))
    assert [one.events for one in search(lake, both).found] == [2]


def test_private_addresses_and_networks_can_be_asked_for(lake: Lake) -> None:
    assert search(lake, Query(values=(indicator("ip", "10.0.0.1"),))).found[0].events == 10
    assert search(lake, Query(values=(indicator("cidr", "198.51.100.0/24"),))).found[0].events == 36


def test_times_bound_and_runs_of_characters(lake: Lake) -> None:
    since, until = START + dt.timedelta(hours=5), START + dt.timedelta(hours=10)
    assert search(lake, Query(since=since, until=until)).found[0].events == 5
    # Of the first file without the multiples of five.
    assert search(lake, Query(fields=(("dst_ip", "198.51.100.1*"),))).found[0].events == 9 + 11


def test_nothing_found_says_what_was_searched(lake: Lake) -> None:
    answer = search(lake, Query(values=(indicator("domain", "nobody.example"),)))
    assert answer.found == ()
    assert answer.searched == (("network", 40),)


@pytest.mark.parametrize(("table", "column"), [("windows", "ScriptBlockText"), ("generic", "values")])
def test_a_value_inside_a_long_text_is_found(tmp_path: Path, table: str, column: str) -> None:
    text = "x " * 900 + "curl http://long.evil.example/a"
    cells = pa.array([[text], ["short"]] if table == "generic" else [text, "short"])
    occurred = pa.array([START, START], pa.timestamp("us", tz="UTC"))
    rows = pa.record_batch({"occurred": occurred, "record": pa.array([1, 2], pa.int64()), column: cells})
    file = write_file(tmp_path, table, "s-0", 0, [rows])
    index.build(tmp_path, file)
    found = search(Lake(tmp_path, [file]), Query(values=(indicator("domain", "evil.example"),))).found
    assert [(one.table, one.events, one.locators[0].record) for one in found] == [(table, 1, 1)]


def test_a_column_that_no_table_has_is_an_error(lake: Lake) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        search(lake, Query(fields=(("nowhere", "x"),)))
