"""Runs pieces of work in processes of their own and keeps wall time, CPU time and peak memory as the system counts them."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Figure(NamedTuple):
    """One piece of work: rows done, median wall seconds, CPU seconds and peak memory of the whole process."""

    rows: int
    seconds: float
    cpu: float
    megabytes: float


class Row(NamedTuple):
    """A line of the table: keii and, where there is one, what it stands beside."""

    work: str
    unit: str
    keii: Figure
    beside: str
    other: Figure | None


def once(work: str, *args: str) -> Figure:
    """Run ``bench.work <work>`` once. It prints the rows it did and the seconds of the work itself, set-up left out."""
    command = [sys.executable, "-m", "bench.work", work, *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    out = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{work}: exit code {process.returncode}")
    told = json.loads(out.strip().splitlines()[-1])
    megabytes = told.get("megabytes", usage.ru_maxrss / 1024)
    return Figure(told["rows"], told["seconds"], usage.ru_utime + usage.ru_stime, megabytes)


def compare(work: str, unit: str, beside: str, other: str | None, runs: int, *args: str) -> Row:
    """Return the medians of ``runs`` runs of both, in turn."""
    ours: list[Figure] = []
    theirs: list[Figure] = []
    for _ in range(runs):
        ours.append(once(work, *args))
        if other:
            theirs.append(once(other, *args))
    return Row(work, unit, _median(ours), beside, _median(theirs) if theirs else None)


def _median(figures: list[Figure]) -> Figure:
    return Figure(*(statistics.median(values) for values in zip(*figures, strict=True)))


WORK: dict[str, Callable[[Path], None]] = {}


def work(name: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Give a piece of work its name."""

    def named(function: Callable[[Path], None]) -> Callable[[Path], None]:
        WORK[name] = function
        return function

    return named


def timed(start: float, rows: int) -> None:
    """Print what a piece of work did since ``start``, as its last line."""
    told(rows, time.perf_counter() - start)


def told(rows: int, seconds: float) -> None:
    """Print what a piece of work did, as its last line."""
    print(json.dumps({"rows": rows, "seconds": seconds, "megabytes": _peak()}))


def _peak() -> float:
    """Return the peak memory of this process or of its largest child, in MB.

    ``ru_maxrss`` of a child begins with what its parent held when it was started; ``VmHWM`` begins anew.
    """
    status = Path("/proc/self/status")
    own = 0
    if status.is_file():
        own = next((int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")), 0)
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def machine() -> str:
    """Return the machine in a line."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if "model name" in line
        ),
        "?",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, Python {sys.version.split()[0]}"
