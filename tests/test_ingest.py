"""From sources to events: each once, whatever its wrapping, its damage, or the number of workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii import ingest as ingest_module
from keii import reading
from keii.case.case import Case
from keii.case.catalog import SourceRecord
from keii.errors import LakeError
from keii.ingest import ingest
from keii.readers.containers_stream import Limits
from tests import made


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", "test")


def take(case: Case, folder: Path, files: dict[str, bytes], *, link: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    case.add([folder], link=link)


def records(case: Case) -> dict[str, SourceRecord]:
    return {record.source.name.removeprefix("in/"): record for record in case.catalog.sources()}


def rows(case: Case) -> int:
    found = case.lake().connect(threads=1).execute("SELECT count(*) FROM network").fetchone()
    assert found is not None
    return int(found[0])


def test_events_are_read_once_whatever_wraps_them(case: Case, tmp_path: Path) -> None:
    log = made.conn(50)
    wrapped = {
        "a.log": log,
        "b.log.gz": made.gzipped(log),
        "c.zip": made.zipped({"c.log": log, "d.log": made.conn(7, first=99)}),
    }
    take(case, tmp_path / "in", wrapped)
    report = ingest(case)
    assert (report.events, report.copies, report.unreadable) == (57, 2, 0)
    found = records(case)
    assert found["b.log.gz!b.log"].copy_of == found["a.log"].source.id
    assert found["c.zip"].status == "archive"
    assert rows(case) == 57
    assert ingest(case).sources == ()


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(case: Case, tmp_path: Path) -> None:
    whole = made.zipped({"x.log": made.conn(5)})
    bad = {
        "cut.gz": made.gzipped(made.conn(5000))[:-3000],
        "cut.zip": whole[: len(whole) // 2],
        "empty.log": b"",
        "good.log": made.conn(3, first=7000),
        "zeros.zip": bytes(5000),
        "zeros-inside.tar": made.tarred({"z.log": bytes(100), "ok.log": made.conn(4, first=8000)}),
    }
    take(case, tmp_path / "in", bad)
    report = ingest(case)
    found = records(case)
    assert found["cut.zip"].status == "unreadable"
    assert "cut or damaged" in found["cut.zip"].error
    assert found["empty.log"].error == "it is empty"
    assert "zeros" in found["zeros.zip"].error
    assert "zeros" in found["zeros-inside.tar!z.log"].error
    assert found["zeros-inside.tar!ok.log"].events == 4
    cut = found["cut.gz!cut"]
    assert 0 < cut.events < 5000
    assert "cut or damaged" in cut.error
    assert any("cut or damaged" in row.skip.reason for row in case.catalog.skips(cut.source.id))
    assert report.unreadable == 4
    assert rows(case) == cut.events + 3 + 4


def test_a_reader_that_fails_is_a_row_not_a_traceback(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(5)})

    def broken(*_: object) -> object:
        raise ZeroDivisionError("made")

    monkeypatch.setattr(reading, "kind_of", broken)
    assert ingest(case, workers=1).unreadable == 1
    assert "ZeroDivisionError: made" in records(case)["a.log"].error


def test_a_lack_of_memory_records_nothing_and_the_next_run_reads_it(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file read in part would tell a clean host for ever, since it would not be read again."""
    take(case, tmp_path / "in", {"a.log": made.conn(5)})

    def full(*_: object) -> object:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(reading._Events, "add", full)
        with pytest.raises(LakeError, match=r"a\.log: not enough memory to read it"):
            ingest(case, workers=1)
    assert rows(case) == 0
    ingest(case, workers=1)
    assert rows(case) == 5


def test_one_worker_or_two_give_the_same_bytes(tmp_path: Path) -> None:
    files = {f"{n}.log": made.conn(200, first=n * 150) for n in range(4)} | {"z.gz": made.gzipped(made.conn(200))}
    states = []
    for workers in (1, 2):
        with Case.create(tmp_path / f"case{workers}", "same") as case:
            take(case, tmp_path / "in", files)
            ingest(case, workers=workers)
            paths = sorted(case.lake_root.rglob("*.parquet"))
            lake = {path.relative_to(case.lake_root).as_posix(): path.read_bytes() for path in paths}
            states.append((lake, case.catalog.sources(), case.catalog.digest("lake")))
    assert states[0] == states[1]
    assert sum(name.startswith("network/") for name in states[0][0]) == 4


def test_every_event_file_and_no_other_has_an_index(case: Case, tmp_path: Path) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(20), "b.zip": made.zipped({"copy.log": made.conn(20)})})
    ingest(case, workers=1)
    assert records(case)["b.zip!copy.log"].status == "copy"
    found = {path.relative_to(case.lake_root).as_posix() for path in case.lake_root.rglob("*") if path.is_file()}
    events = {file.path for file in case.catalog.files()}
    assert len(events) == 1
    assert found == events | {f"index/{path}" for path in events}


def test_large_tables_go_into_several_files(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FLUSH_ROWS", 100)
    files = {"a.log": made.conn(80), "b.zip": made.zipped({"x": made.conn(300, first=500)})}
    take(case, tmp_path / "in", files)
    ingest(case, workers=1)
    assert rows(case) == 380


def test_a_grown_log_is_read_anew_and_nothing_counts_twice(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    take(case, folder, {"a.log": made.conn(20), "b.zip": made.zipped({"copy.log": made.conn(20)})}, link=True)
    ingest(case)
    assert (rows(case), records(case)["b.zip!copy.log"].status) == (20, "copy")
    (folder / "a.log").write_bytes(made.conn(30))
    report = ingest(case)
    assert report.renewed == ("in/a.log",)
    # The copy's original is gone, so the copy speaks for itself: a.log is another content now, though it begins alike.
    assert (records(case)["a.log"].events, records(case)["b.zip!copy.log"].status) == (30, "read")
    assert rows(case) == 50
    assert ingest(case).sources == ()


def test_a_rotated_log_is_followed(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    take(case, folder, {"a.log": made.conn(20)}, link=True)
    ingest(case)
    (folder / "a.log").rename(folder / "a.log.1")
    (folder / "a.log").write_bytes(made.conn(5, first=20))
    ingest(case)
    assert rows(case) == 25
    assert sorted(record.events for record in case.catalog.sources()) == [5, 20]
    (folder / "a.log.1").unlink()
    (folder / "a.log").write_bytes(made.conn(7, first=40))
    ingest(case)
    assert rows(case) == 32  # what was read stays, though the original is gone
    assert ingest(case).sources == ()


def test_a_source_changed_in_the_case_is_not_read(case: Case, tmp_path: Path) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(20)})
    (case.sources / "in/a.log").chmod(0o644)
    (case.sources / "in/a.log").write_bytes(made.conn(19))
    assert ingest(case).unreadable == 1
    assert "no longer what the ledger records" in records(case)["a.log"].error


def test_a_lost_event_file_is_made_again(case: Case, tmp_path: Path) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(20)})
    ingest(case)
    before = case.catalog.digest("lake")
    (case.lake_root / case.catalog.files()[0].path).unlink()
    ingest(case)
    assert case.catalog.digest("lake") == before
    assert rows(case) == 20


def test_a_changed_reader_reads_everything_anew(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(20), "b.gz": made.gzipped(made.conn(20))})
    ingest(case)
    monkeypatch.setattr(ingest_module, "READING_VERSION", "another")
    assert ingest(case, workers=1).events == 20
    assert rows(case) == 20


def test_everything_derived_can_be_deleted_and_comes_again(case: Case, tmp_path: Path) -> None:
    take(case, tmp_path / "in", {"a.log": made.conn(20), "b.gz": made.gzipped(made.conn(20))})
    ingest(case)
    before = (case.catalog.sources(), case.catalog.digest("lake"))
    case.close()
    for path in case.root.glob("case.sqlite*"):
        path.unlink()
    for path in case.lake_root.rglob("*.parquet"):
        path.unlink()
    with Case.open(case.root) as again:
        ingest(again)
        assert (again.catalog.sources(), again.catalog.digest("lake")) == before


def test_a_bomb_ends_at_its_bound(case: Case, tmp_path: Path) -> None:
    bomb = made.gzipped(made.conn(10) + b"\n" * 3_000_000)
    take(case, tmp_path / "in", {"a.gz": bomb, "b.log": made.conn(2, first=50)})
    report = ingest(case, limits=Limits(free=100_000, ratio=20))
    found = records(case)
    assert "bounds" in found["a.gz"].error
    assert found["b.log"].events == 2
    assert report.unreadable == 0 or found["a.gz"].status == "unreadable"
