"""A run that is killed at any moment is resumed without loss and without duplicates."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from keii.case.case import Case
from keii.case.verify import verify
from keii.ingest import ingest
from tests import made

RUNNER = Path(__file__).with_name("killed_run.py")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plain, zipped, doubled, cut and unknown sources."""
    folder = tmp_path_factory.mktemp("input") / "logs"
    folder.mkdir()
    (folder / "a.log").write_bytes(made.conn(3000))
    (folder / "b.zip").write_bytes(made.zipped({"x/one.log": made.conn(500, first=5000), "x/two.log": made.conn(3000)}))
    (folder / "c.log.gz").write_bytes(made.gzipped(made.conn(4000, first=10000))[:-2000])
    (folder / "d.bin").write_bytes(bytes(2000))
    (folder / "e.tar").write_bytes(made.tarred({"../out.log": b"x", "in.log": made.conn(100, first=90000)}))
    return folder


def state(root: Path) -> Sequence[object]:
    """Everything that must not depend on kills: rows, records, skips, files, custody."""
    with Case.open(root) as case:
        assert verify(case) == []
        connection = case.lake().connect(threads=1)
        rows = connection.execute("SELECT count(*), sum(hash(c)::HUGEINT) FROM network AS c").fetchall()
        catalog = case.catalog
        records = [msgspec.json.encode(r) for r in (*catalog.sources(), *catalog.skips(), *catalog.files())]
        custody = [(entry.path, entry.sha256) for entry in case.entries()]
        lake = sorted(path.relative_to(root).as_posix() for path in (root / "lake").rglob("*") if path.is_file())
        assert not list((root / "tmp").iterdir())
        return rows, records, custody, lake


def run(folder: Path, source: Path, kills: Sequence[int]) -> str:
    command = [sys.executable, str(RUNNER), str(folder), str(source), *map(str, kills)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_killed_run_is_resumed_without_loss_or_duplicates(tmp_path: Path, source: Path) -> None:
    changes = int(run(tmp_path, source, [0]))
    whole = state(tmp_path / "case-0")
    with Case.open(tmp_path / "case-0") as case:
        events = {record.source.name: record.events for record in case.catalog.sources()}
    assert events["logs/a.log"] == 3000
    assert events["logs/b.zip!x/one.log"] == 500
    assert events["logs/b.zip!x/two.log"] == 0  # a copy of a.log
    assert events["logs/e.tar!in.log"] == 100
    kills = sorted({max(1, changes * step // 30) for step in range(1, 31)})
    assert len(kills) >= 20
    run(tmp_path, source, kills)
    for kill in kills:
        assert state(tmp_path / f"case-{kill}") == whole, f"killed at change {kill} of {changes}"


def test_killed_again_and_again_it_still_ends_whole(tmp_path: Path, source: Path) -> None:
    """By the clock, with two workers, the same case over and over: nothing of the killed runs shows."""
    root, plain = tmp_path / "case", tmp_path / "plain"
    with Case.create(plain, "killed") as case:
        case.add([source])
        ingest(case, workers=1)
    Case.create(root, "killed").close()
    script = "import sys; from pathlib import Path; import killed_run; killed_run.work(*map(Path, sys.argv[1:3]), 2)"
    guarded = f"if __name__ == '__main__':\n    {script}\n"
    runner = tmp_path / "run_with_two.py"
    runner.write_text(f"import sys\nsys.path.insert(0, {str(RUNNER.parent)!r})\n{guarded}")
    for wait in (0.8, 1.6, 2.4):
        running = subprocess.Popen([sys.executable, str(runner), str(root), str(source)], stderr=subprocess.DEVNULL)
        time.sleep(wait)
        running.kill()
        running.wait()
    subprocess.run([sys.executable, str(runner), str(root), str(source)], check=True, timeout=60)
    assert state(root) == state(plain)
