"""Adds and ingests in children that are killed for real; run by test_killed.py in a process of its own.

Usage: ``killed_run.py FOLDER INPUT KILL…``: for every KILL a case ``FOLDER/case-<KILL>`` is made, and a child that adds
and ingests is killed at its KILL-th change of the disk (renames, files opened for writing, removals, statements of a
transaction). ``0`` is not killed and prints the number of changes. A second child then goes on undisturbed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import duckdb  # noqa: F401 - imported before the forks, so that each child starts at once
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

from keii.case.case import Case
from keii.case.catalog import Catalog
from keii.ingest import ingest

CHANGES = ("os.rename", "os.remove", "os.truncate", "os.mkdir", "os.chmod")


class Countdown:
    """Kills this process at the given change; 0 only counts."""

    def __init__(self, at: int) -> None:
        self.at, self.seen = at, 0

    def change(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, args: tuple[object, ...]) -> None:
        if event in CHANGES or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wa+")):
            self.change()

    def watch(self) -> None:
        sys.addaudithook(self.audit)
        put, fsync = Catalog._put_reading, os.fsync

        def counted_put(catalog: Catalog, *args: object) -> None:
            self.change()  # inside a transaction, before each of its parts
            put(catalog, *args)  # type: ignore[arg-type]

        def counted_fsync(handle: int) -> None:
            self.change()
            fsync(handle)

        Catalog._put_reading = counted_put  # type: ignore[assignment,method-assign]
        os.fsync = counted_fsync


def work(case: Path, source: Path, workers: int = 1) -> None:
    with Case.open(case) as opened:
        opened.add([source])
        ingest(opened, workers=workers)


def child(case: Path, source: Path, at: int) -> tuple[int, int]:
    """Return the exit status of a child killed at a change, and how many changes it saw."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        countdown = Countdown(at)
        countdown.watch()
        work(case, source)
        os.write(writable, str(countdown.seen).encode())
        os._exit(0)
    os.close(writable)
    seen = os.read(readable, 100)
    os.close(readable)
    return os.waitpid(pid, 0)[1], int(seen or 0)


def main() -> None:
    folder, source, *kills = sys.argv[1:]
    for kill in map(int, kills):
        case = Path(folder) / f"case-{kill}"
        Case.create(case, "killed").close()
        status, seen = child(case, Path(source), kill)
        if kill == 0:
            print(seen)
            continue
        if not os.WIFSIGNALED(status):
            sys.exit(f"the child ended before change {kill}: it saw {seen}")
        status, _ = child(case, Path(source), 0)
        if status != 0:
            sys.exit(f"the run after a kill at change {kill} failed")


if __name__ == "__main__":
    main()
