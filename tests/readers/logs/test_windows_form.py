"""The same event gives the same row, whatever the layout."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from keii.lake.schema import WINDOWS_KINDS
from keii.lake.store import Lake, full_schema, write_file
from keii.readers.logs import Batch, LogReader, windows_json, windows_xml
from keii.readers.logs.windows_columns import moment
from tests.readers.logs import windows_layouts as made

EXPECTED = {
    **made.LOGON,
    "record": 1,
    "host": made.HOST,
    "channel": "Security",
    "provider": made.PROVIDER,
    "event_id": 4624,
    "record_id": 881,
    "level": 0,
    "process_id": 640,
    "occurred": datetime.fromisoformat(made.TIME_UTC),
}
LAYOUTS = [
    (windows_json.READER, made.dump_json()),
    (windows_json.READER, made.nxlog()),
    (windows_json.READER, made.winlogbeat()),
    (windows_xml.READER, made.xml()),
]


@pytest.mark.parametrize(("reader", "data"), LAYOUTS, ids=["dump", "nxlog", "winlogbeat", "xml"])
def test_one_form(reader: LogReader, data: bytes) -> None:
    (row,), skipped = made.rows(reader, data)
    assert not skipped
    assert {name: row.get(name) for name in EXPECTED} == EXPECTED
    assert row.get("logged_on") == ("collector.corp.example" if b"collector" in data else None)


def test_shipper_times_stay_in_more() -> None:
    (row,), _ = made.rows(windows_json.READER, made.nxlog())
    assert '"EventReceivedTime":"2020-06-10 02:50:56"' in row["more"]
    assert '"@timestamp":"2020-06-10T02:50:57.000Z"' in row["more"]


def test_time_without_zone_is_marked() -> None:
    data = made.nxlog().replace(made.TIME.encode(), b"2020-06-09 22:50:54")
    (row,), _ = made.rows(windows_json.READER, data)
    assert row["occurred"].isoformat() == "2020-06-09T22:50:54+00:00"
    assert '"time_as_written":"2020-06-09 22:50:54"' in row["more"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2025-10-25T13:44:33.4409073Z", "2025-10-25T13:44:33.440907+00:00"),
        ("2020-06-09 22:50:54", "2020-06-09T22:50:54"),
        ("2020-06-09T22:50:54+09:00", "2020-06-09T22:50:54+09:00"),
        ("/Date(1596268384123)/", "2020-08-01T07:53:04.123000+00:00"),
        (1596268384, "2020-08-01T07:53:04+00:00"),
        ("1596268384.5", "2020-08-01T07:53:04.500000+00:00"),
    ],
)
def test_moment(written: object, expected: str) -> None:
    found = moment(written)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize("written", ["", "soon", "2020-13-40", True, None, [], 1e300, "9" * 400])
def test_no_moment(written: object) -> None:
    assert moment(written) is None


def test_case_variants_share_a_column() -> None:
    line = b'{"EventID":5156,"Channel":"Security","ProcessID":"1","processid":"2","ProcessId":"3"}\n'
    (row,), _ = made.rows(windows_json.READER, line)
    assert row["ProcessId"] == "3"
    assert '"ProcessID":"1"' in row["more"]
    assert '"processid":"2"' in row["more"]


def test_columns_differ_without_case_and_lake_connects(tmp_path: Path) -> None:
    names = [name.lower() for name in full_schema("windows").names]
    assert len(names) == len(set(names))
    data = b"".join(layout for _, layout in LAYOUTS[:3])
    batches = [item.rows for item in windows_json.read(_stream(data), made.SOURCE) if isinstance(item, Batch)]
    write_file(tmp_path, "windows", "s-1", 0, batches)
    found = Lake.of_folder(tmp_path).connect().execute("SELECT IpAddress, count(*) FROM windows GROUP BY 1").fetchall()
    assert found == [("192.0.2.17", 3)]


def test_every_indicator_field_has_a_column() -> None:
    names = {name.lower() for name in full_schema("windows").names}
    assert {name.lower() for name in WINDOWS_KINDS} <= names


def _stream(data: bytes):
    import io

    return io.BytesIO(data)
