"""Event files: whole or not there, sorted, the same bytes for the same rows; absent logs are empty tables."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from keii.errors import LakeError
from keii.lake.schema import TABLES, TIME
from keii.lake.store import Lake, full_schema, write_file


def batch(records: list[int], **columns: pa.Array) -> pa.RecordBatch:
    occurred = pa.array([dt.datetime(2020, 1, 1, tzinfo=dt.UTC) - dt.timedelta(minutes=r) for r in records], TIME)
    return pa.record_batch({"occurred": occurred, "record": pa.array(records, pa.int64()), **columns})


def test_rows_are_sorted_by_time_and_carry_their_source(tmp_path: Path) -> None:
    file = write_file(tmp_path, "network", "s-1", 0, [batch([1, 3]), batch([2], dst_ip=pa.array(["192.0.2.1"]))])
    assert (file.path, file.rows) == ("network/s-1-00000.parquet", 3)
    assert (file.first, file.last) == ("2019-12-31T23:57:00+00:00", "2019-12-31T23:59:00+00:00")
    content = (tmp_path / file.path).read_bytes()
    assert (file.bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    rows = Lake(tmp_path, [file]).connect(threads=1).execute("SELECT record, source, dst_ip FROM network").fetchall()
    assert rows == [(3, "s-1", None), (2, "s-1", "192.0.2.1"), (1, "s-1", None)]
    assert [path.name for path in (tmp_path / "network").iterdir()] == ["s-1-00000.parquet"]


def test_a_log_without_times_is_kept(tmp_path: Path) -> None:
    file = write_file(tmp_path, "generic", "s-1", 0, [pa.record_batch({"message": pa.array(["a", "b"])})])
    assert (file.rows, file.first) == (2, None)


def test_an_unknown_column_or_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no column nonsense"):
        write_file(tmp_path, "network", "s-1", 0, [batch([1], nonsense=pa.array(["x"]))])


def test_a_disk_that_refuses_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "network").write_bytes(b"a file in the way")
    with pytest.raises(LakeError, match="could not write"):
        write_file(tmp_path, "network", "s-1", 0, [batch([1])])


def test_an_absent_log_is_an_empty_table_with_all_columns(tmp_path: Path) -> None:
    connection = Lake(tmp_path, []).connect(threads=1)
    for table in TABLES:
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        assert [column[0] for column in cursor.description or ()] == full_schema(table).names
        assert cursor.fetchall() == []


def test_a_lake_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    file = write_file(tmp_path, "dns", "s-a-b", 3, [batch([1])])
    (found,) = Lake.of_folder(tmp_path).files
    assert (found.path, found.table, found.source, found.rows) == (file.path, "dns", "s-a-b", 1)
