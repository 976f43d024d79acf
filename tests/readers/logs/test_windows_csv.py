"""Windows events as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, detect
from keii.readers.logs.windows_csv import READER
from tests.readers.logs import windows_layouts as made

NAMES = [
    "_time",
    "host",
    "EventCode",
    "Channel",
    "SourceName",
    "RecordNumber",
    "TargetUserName",
    "IpAddress",
    "CommandLine",
]
LOGON = [made.TIME, made.HOST, "4624", "Security", made.PROVIDER, "881", "sato", "192.0.2.17", ""]
START = [made.TIME, made.HOST, "4688", "Security", made.PROVIDER, "882", "", "", 'cmd /c "echo a,b\nc"']


def table(*rows: list[str], delimiter: str = ",") -> bytes:
    held = io.StringIO()
    csv.writer(held, delimiter=delimiter).writerows([NAMES, *rows])
    return held.getvalue().encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_whole_event_whatever_stands_between(delimiter: str) -> None:
    data = table(LOGON, delimiter=delimiter)
    assert READER.accepts(Head(data, "x.bin")) == 0.9
    (row,), skipped = made.rows(READER, data)
    assert (str(row.pop("occurred")), skipped) == (made.TIME_UTC, [])
    assert row == {
        "record": 2, "record_id": 881, "host": made.HOST, "channel": "Security", "provider": made.PROVIDER, "event_id": 4624,
        "TargetUserName": "sato", "IpAddress": "192.0.2.17",
    }  # fmt: skip


def test_a_value_over_several_lines_is_one_and_good_and_skipped_is_all() -> None:
    data = table(START, LOGON) + b"a,b\n" + table(["", "x", "", "", "", "", "", "", ""]).split(b"\r\n", 1)[1]
    rows, skipped = made.rows(READER, data)
    assert [(row["record"], row["event_id"]) for row in rows] == [(2, 4688), (4, 4624)]
    assert rows[0]["CommandLine"] == 'cmd /c "echo a,b\nc"'
    assert [(item.place, item.reason) for item in skipped] == [
        ("line 5", "2 columns, 9 expected"), ("line 6", "not a Windows event: has no event id")]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"EventID\n4624\n",
        b"time,src_ip,dst_ip\n2031-03-04T08:00:00Z,192.0.2.1,192.0.2.2\n",
        b"indicator,type\n192.0.2.1,ip\n",
    ],
)
def test_leaves_others_alone(data: bytes) -> None:
    assert READER.accepts(Head(data, "Security.csv")) == 0


def test_it_is_surer_than_the_reader_of_any_table() -> None:
    found = detect(Head(table(LOGON), "x"))
    assert found is not None
    assert found.id == "windows-csv"


@settings(max_examples=100, deadline=None)
@given(noise=st.binary(max_size=60), cut=st.integers(0, 300))
def test_any_bytes(noise: bytes, cut: int) -> None:
    data = table(LOGON, START)
    made.rows(READER, data[:cut] + noise + data[cut:])
