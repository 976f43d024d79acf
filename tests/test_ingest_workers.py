"""Workers: results in order, and a source that kills its reader is told, not the end of the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keii import ingest_workers
from keii.case.catalog import Reading, SourceRecord
from keii.model import Source
from keii.reading import Task


def task(name: str) -> Task:
    source = Source(id=f"s-{name}", name=name, sha256="0" * 64, size=1)
    return Task(path=name, source=source, said="", lake="", tmp="")


def read_or_die(given: Task) -> tuple[Reading, ...]:
    """Stands for a decoder that crashes on one source."""
    if given.source.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return (Reading(record=SourceRecord(source=given.source, kind="log")),)


def test_a_source_that_kills_its_worker_is_unreadable_and_the_others_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_workers, "read_unit", read_or_die)
    names = ["a", "deadly", "b", "c"]
    found = [read for (read,) in ingest_workers.read_all([task(name) for name in names], [1] * 4, 2)]
    assert [reading.record.source.name for reading in found] == names
    assert [reading.record.status for reading in found] == ["read", "unreadable", "read", "read"]
    assert "died" in found[1].record.error


def test_a_second_worker_is_started_only_where_it_pays() -> None:
    large, both = ingest_workers.PAYS_FROM, min(2, os.cpu_count() or 1)
    three = [task("a.log"), task("b.log"), task("c.log")]
    assert ingest_workers._sensible([], []) == 1
    assert ingest_workers._sensible(three, [large * 10, 5, 5]) == 1
    assert ingest_workers._sensible(three[:2], [large, large]) == both
    assert ingest_workers._sensible(three[:2], [large // 5, large // 5]) == 1
    assert ingest_workers._sensible([task("a.tar.xz"), task("b.ZIP")], [large // 5, large // 5]) == both


UNGUARDED = """
from keii import ingest_workers
from keii.model import Source
from keii.reading import Task

tasks = [Task(path=f"{n}.log", source=Source(id=f"s-{n}", name=str(n), sha256="0" * 64, size=1), said="", lake="", tmp="") for n in range(3)]
print([reading.record.status for (reading,) in ingest_workers.read_all(tasks, [1] * 3, 2)])
"""


def test_a_script_without_a_main_guard_is_read_in_its_own_process(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED, "utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.splitlines()[-1:] == ["['unreadable', 'unreadable', 'unreadable']"], done.stderr[-2000:]
