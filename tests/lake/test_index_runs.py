"""Merged indexes: the same answers with them, without them, and when some of what they speak for has changed."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pyarrow as pa
import pytest

from keii.hunt import hunt
from keii.lake import index_runs
from keii.lake.index import build, index_path
from keii.lake.index_runs import is_derived, merge, runs_of
from keii.lake.store import Lake, LakeFile, full_schema, write_file
from keii.model import Indicator, Match

START = dt.datetime(2021, 5, 1, tzinfo=dt.UTC)
VALUES = [("ip", "203.0.113.7"), ("cidr", "203.0.113.0/28"), ("domain", "evil.example"), ("domain", "b.example")]
VALUES += [("url", "http://evil.example/x"), ("user-agent", "Agent 3"), ("ip", "192.0.2.99")]
INDICATORS = [Indicator(kind=k, value=v, as_written=v, source="s-i", source_name="i") for k, v in VALUES]  # type: ignore[arg-type]


def _file(root: Path, number: int, seed: int, *, indexed: bool = True) -> LakeFile:
    draw = random.Random(seed)
    rows = [
        {
            "occurred": START + dt.timedelta(seconds=draw.randrange(10_000)),
            "record": place,
            "src_ip": f"10.0.0.{draw.randrange(5)}",
            "dst_ip": draw.choice([f"203.0.113.{draw.randrange(40)}", "2001:db8::9", None]),
            "hostname": draw.choice(["a.evil.example", "evil.example", "notevil.example", "B.example"]),
            "url": draw.choice(["http://evil.example/x", "http://b.example/y?z", "x"]),
            "user_agent": f"Agent {draw.randrange(9)}",
        }
        for place in range(30)
    ]
    schema = pa.schema([full_schema("http").field(name) for name in rows[0]])
    file = write_file(root, "http", f"s-{number:02d}", 0, [pa.RecordBatch.from_pylist(rows, schema=schema)])
    if indexed:
        build(root, file)
    return file


def _answer(root: Path, files: list[LakeFile]) -> tuple[Match, ...]:
    return hunt(Lake(root, files), INDICATORS, ()).matches


@pytest.mark.parametrize("at_once", [0, 1_000_000])
def test_a_run_answers_as_the_files_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(index_runs, "AT_ONCE", at_once)
    monkeypatch.setattr(index_runs, "ROWS", 7)  # many row groups
    files = [_file(tmp_path, number, number, indexed=False) for number in range(9)]
    scanned = _answer(tmp_path, files)
    assert scanned
    for file in files:
        build(tmp_path, file)
    assert _answer(tmp_path, files) == scanned
    assert merge(tmp_path, files) == 1
    for file in files:  # the run answers alone
        (tmp_path / index_path(file)).unlink()
    assert _answer(tmp_path, files) == scanned


def test_a_file_that_changed_or_went_is_left_out_of_a_run(tmp_path: Path) -> None:
    files = [_file(tmp_path, number, number) for number in range(8)]
    assert merge(tmp_path, files) == 1
    files[3] = _file(tmp_path, 3, 77, indexed=False)
    (tmp_path / files[5].path).unlink()
    left = [file for number, file in enumerate(files) if number != 5]
    other = tmp_path / "other"
    alone = [_file(other, n, 77 if n == 3 else n, indexed=False) for n in range(8) if n != 5]
    assert _answer(tmp_path, left) == _answer(other, alone)
    assert [len(run.present) for run in runs_of(tmp_path, left)] == [6]


def test_a_damaged_run_is_no_loss(tmp_path: Path) -> None:
    files = [_file(tmp_path, number, number) for number in range(8)]
    before = _answer(tmp_path, files)
    merge(tmp_path, files)
    (path,) = (tmp_path / "index" / "http").glob("run-*")
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes(400) + whole[440:])
    assert _answer(tmp_path, files) == before
    path.write_bytes(whole[:100])
    assert _answer(tmp_path, files) == before


def test_fresh_files_join_a_run_with_room_and_old_runs_go(tmp_path: Path) -> None:
    files = [_file(tmp_path, number, number) for number in range(8)]
    assert merge(tmp_path, files) == 1
    assert merge(tmp_path, files) == 0
    files += [_file(tmp_path, number, number) for number in range(8, 15)]
    assert merge(tmp_path, files) == 0, "seven are too few"
    before = _answer(tmp_path, files)
    files += [_file(tmp_path, 15, 15)]
    assert merge(tmp_path, files) == 1
    assert [len(run.present) for run in runs_of(tmp_path, files)] == [16]
    assert _answer(tmp_path, files[:15]) == before
    assert merge(tmp_path, files[:3]) == 0
    assert [len(run.present) for run in runs_of(tmp_path, files[:3])] == [3]


def test_too_few_files_make_no_run(tmp_path: Path) -> None:
    assert merge(tmp_path, [_file(tmp_path, number, number) for number in range(3)]) == 0
    assert not list((tmp_path / "index" / "http").glob("run-*"))


def test_the_path_of_a_run_is_told_from_others() -> None:
    assert is_derived("index/http/run-0123.parquet")
    assert not is_derived("index/http/s-0.parquet")
    assert not is_derived("http/run-0.parquet")
    assert not is_derived("index/http/run-0.1.tmp")
