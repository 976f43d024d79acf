"""The made breach: the same bytes for a seed, a truth that its own logs bear out, every log readable by eye."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keii.errors import UsageError
from keii.simulate import simulate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "a"
    simulate(out, scale="250000", seed=7)
    return out


@pytest.fixture(scope="module")
def truth(made: Path) -> dict:
    return json.loads((made / "truth.json").read_text("utf-8"))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_same_seed_same_bytes_other_seed_other_story(made: Path, tmp_path: Path, truth: dict) -> None:
    simulate(tmp_path / "again", scale="250000", seed=7)
    assert _bytes(made) == _bytes(tmp_path / "again")
    simulate(tmp_path / "other", scale="250000", seed=8)
    other = json.loads((tmp_path / "other" / "truth.json").read_text("utf-8"))
    assert other["files"]["in_logs"] != truth["files"]["in_logs"]


def test_the_counts_of_the_truth_are_the_lines_that_were_written(made: Path, truth: dict) -> None:
    zeek = sum(
        not line.startswith("#")
        for p in (made / "logs/zeek").rglob("conn.log")
        for line in p.read_text("utf-8").splitlines()
    )
    squid = sum(len(p.read_text("utf-8").splitlines()) for p in (made / "logs/squid").rglob("access.log"))
    assert zeek == truth["events"]["zeek-conn"]
    assert squid == truth["events"]["squid"]


def test_the_files_of_the_truth_are_those_read_by_the_stolen_user(made: Path, truth: dict) -> None:
    read = set()
    for line in (made / "logs/windows/HQ-FS02.json").read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["EventID"] == 5145 and event["SubjectUserName"] == truth["files"]["user"]:
            read.add(event["RelativeTargetName"])
    assert sorted(read) == truth["files"]["in_logs"]
    assert 0 < truth["files"]["distinct_in_logs"] < truth["files"]["distinct"]


def test_erased_events_leave_a_hole_in_the_record_numbers_that_the_clear_ends(made: Path, truth: dict) -> None:
    erased = truth["erased"][0]
    events = [json.loads(line) for line in (made / "logs/windows/HQ-FS02.json").read_text("utf-8").splitlines()]
    security = [event for event in events if event["Channel"] == "Security"]
    times = [event["TimeCreated"] for event in security]
    assert times == sorted(times)
    assert not any(erased["missing_from"] <= t < erased["cleared_at"] for t in times)
    after = next(n for n, event in enumerate(security) if event["EventID"] == 1102)
    assert security[after]["RecordNumber"] - security[after - 1]["RecordNumber"] > 1000


def test_the_papers_disagree_with_the_statement_as_real_ones_do(made: Path, truth: dict) -> None:
    statement = (made / "documents/6-statement.html").read_text("utf-8")
    assert f"{truth['files']['distinct_in_logs']}件のファイル" in statement
    assert "確認されておりません" in statement
    assert "子会社" not in statement
    assert "子会社" in (made / "documents/4-shinonome-asakan.txt").read_bytes().decode("cp932")


def test_a_folder_in_use_and_a_scale_nobody_understands_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not empty"):
        simulate(made)
    with pytest.raises(UsageError, match="scale is one of"):
        simulate(tmp_path / "x", scale="huge")
    with pytest.raises(UsageError, match="at least"):
        simulate(tmp_path / "x", scale="12")
