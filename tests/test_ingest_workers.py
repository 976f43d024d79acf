"""Workers: results in order, and a source that kills its reader is told, not the end of the run."""

from __future__ import annotations

import os
import signal

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
    large = ingest_workers.PAYS_FROM
    assert ingest_workers._sensible([]) == 1
    assert ingest_workers._sensible([large * 10, 5, 5]) == 1
    assert ingest_workers._sensible([large, large]) == min(2, os.cpu_count() or 1)
