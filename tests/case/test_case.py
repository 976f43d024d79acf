"""A case: made once, taken into without harm, locked while written, verified."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keii.case.case import Case
from keii.case.verify import verify
from keii.errors import CaseError, UsageError
from keii.ingest import ingest
from tests import made


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", "test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    (root / "sub").mkdir(parents=True)
    (root / "a.log").write_bytes(b"a")
    (root / "sub" / "b.log").write_bytes(b"b")
    return root


def whats(case: Case) -> list[tuple[str, str]]:
    return [(problem.what, problem.path) for problem in verify(case)]


def test_a_folder_is_copied_read_only_and_recorded(case: Case, folder: Path) -> None:
    report = case.add([folder])
    assert [entry.path for entry in report.added] == ["in/a.log", "in/sub/b.log"]
    assert (case.sources / "in/sub/b.log").read_bytes() == b"b"
    assert (case.sources / "in/a.log").stat().st_mode & 0o222 == 0
    assert report.added[0].origin == str(folder / "a.log")
    assert whats(case) == []
    again = case.add([folder])
    assert (again.added, len(again.already)) == ((), 2)


def test_links_and_special_files_are_refused_by_name(case: Case, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    report = case.add([folder])
    assert {Path(refused.path).name for refused in report.refused} == {"link", "loop", "pipe"}
    assert len(report.added) == 2


def test_the_same_name_with_other_content_gets_a_name_of_its_own(case: Case, folder: Path, tmp_path: Path) -> None:
    case.add([folder / "a.log"])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.log").write_bytes(b"other")
    (tmp_path / "in.d").mkdir()
    first = case.add([tmp_path / "other" / "a.log"]).added[0].path
    assert first.startswith("a~")
    assert first.endswith(".log")
    (tmp_path / "a.log").mkdir()
    (tmp_path / "a.log" / "x").write_bytes(b"x")  # a folder named as a file that is there
    assert case.add([tmp_path / "a.log"]).added[0].path == "a.log~/x"
    assert whats(case) == []


def test_a_hostile_name_neither_leaves_the_case_nor_breaks_the_ledger(case: Case, folder: Path) -> None:
    (folder / "x\ny\x1b[31m").write_bytes(b"1")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe")).write_bytes(b"2")
    names = [entry.path for entry in case.add([folder]).added]
    assert "in/x_y_[31m" in names
    assert whats(case) == []


def test_what_is_said_later_about_a_source_is_recorded(case: Case, folder: Path) -> None:
    case.add([folder / "a.log"])
    report = case.add([folder / "a.log"], kind="statement")
    assert [(entry.path, entry.kind) for entry in report.added] == [("a.log", "statement")]
    assert [entry.kind for entry in case.entries()] == ["statement"]
    with pytest.raises(UsageError, match="expected one of"):
        case.add([folder / "a.log"], kind="novel")


def test_nothing_is_taken_when_a_path_does_not_exist(case: Case, folder: Path) -> None:
    with pytest.raises(UsageError):
        case.add([folder, folder / "nowhere"])
    assert case.entries() == ()


def test_a_case_does_not_take_itself(case: Case) -> None:
    assert case.add([case.root]).added == ()


def test_a_case_is_made_once(case: Case, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        Case.create(case.root)
    with pytest.raises(CaseError, match=r"no case\.toml"):
        Case.open(tmp_path / "nowhere")


def test_two_runs_cannot_write_at_once(case: Case, folder: Path) -> None:
    script = f"""
from pathlib import Path
from keii.case.case import Case
Case.open(Path({str(case.root)!r})).add([Path({str(folder)!r})])
"""
    with case.writing():
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "another run is writing" in done.stderr
    assert case.entries() == ()


def test_verify_names_every_difference(case: Case, folder: Path) -> None:
    (folder / "c.log").write_bytes(made.conn(10))
    case.add([folder])
    ingest(case)
    assert whats(case) == []
    (case.sources / "in/a.log").chmod(0o644)
    (case.sources / "in/a.log").write_bytes(b"z")
    (case.sources / "in/sub/b.log").unlink()
    (case.sources / "new.log").write_bytes(b"new")
    lake_file = case.lake_root / case.catalog.files()[0].path
    lake_file.write_bytes(bytes(lake_file.stat().st_size))
    assert whats(case) == [
        ("changed", "sources/in/a.log"),
        ("missing", "sources/in/sub/b.log"),
        ("unrecorded", "sources/new.log"),
        ("lake-changed", f"lake/{case.catalog.files()[0].path}"),
    ]
    assert all(problem.sentence("en") and problem.sentence("ja") for problem in verify(case))


def test_a_ledger_cut_short_or_written_anew_is_noticed(case: Case, folder: Path) -> None:
    case.add([folder])
    ingest(case)
    whole = case.ledger_path.read_bytes()
    case.ledger_path.write_bytes(whole.splitlines(keepends=True)[0])
    assert ("ledger-shorter", "custody.jsonl") in whats(case)
    case.ledger_path.write_bytes(whole.replace(b'"by":"', b'"by":"not-'))
    assert ("chain", "custody.jsonl") in whats(case)


def test_linked_originals_are_watched(case: Case, folder: Path) -> None:
    case.add([folder], link=True)
    assert list(case.sources.iterdir()) == []
    (folder / "a.log").write_bytes(b"a and more")
    (folder / "sub" / "b.log").unlink()
    assert whats(case) == [("linked-grown", "in/a.log"), ("linked-missing", "in/sub/b.log")]
    (folder / "a.log").write_bytes(b"quite other")
    assert whats(case)[0] == ("linked-changed", "in/a.log")
