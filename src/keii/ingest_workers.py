"""Reading in other processes: one source a task, results in the order of the tasks, whatever happens to a worker."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

import pyarrow as pa

from keii.case.catalog import Reading, SourceRecord
from keii.reading import Task, read_unit

PAYS_FROM = 16 * 1024**2  # bytes to read before a second process (about one second to start) pays
PACKED = (".7z", ".bz2", ".gz", ".tgz", ".txz", ".xz", ".zip", ".zst")  # names of files that grow when read
GROWS = 10  # times: event logs in an archive grow by more, texts by less
MOST_WORKERS = 2  # each holds up to some hundred MB; more than two were not measured
AHEAD = 2  # tasks read ahead of the one being recorded, per worker


def read_all(tasks: Sequence[Task], sizes: Sequence[int], workers: int | None) -> Iterator[tuple[Reading, ...]]:
    """Yield the readings of each task in order. ``workers`` None decides by size; the result does not depend on it."""
    count = workers if workers is not None else _sensible(tasks, sizes)
    if count <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield read_unit(task)
    else:
        yield from _in_pool(tasks, count)


def _sensible(tasks: Sequence[Task], sizes: Sequence[int]) -> int:
    # What counts is what can go on beside the largest source: one big file and ten small ones gain nothing.
    packed = [task.source.name.lower().endswith(PACKED) for task in tasks]
    weights = [size * (GROWS if grows else 1) for size, grows in zip(sizes, packed, strict=True)]
    beside = sum(weights) - max(weights, default=0)
    return min(MOST_WORKERS, os.cpu_count() or 1) if beside >= PAYS_FROM else 1


def _in_pool(tasks: Sequence[Task], count: int) -> Iterator[tuple[Reading, ...]]:
    pool = _pool(count)
    if not _starts(pool):
        for task in tasks:
            yield read_unit(task)
        return
    try:
        running: deque[tuple[Task, Future[tuple[Reading, ...]]]] = deque()
        todo = deque(tasks)
        while running or todo:
            while todo and len(running) < count * AHEAD:
                task = todo.popleft()
                running.append((task, pool.submit(read_unit, task)))
            task, future = running.popleft()
            try:
                yield future.result()
            except BrokenProcessPool:
                # Some worker died. Which task did it is not told, so each runs alone until the pool holds again.
                pool.shutdown(wait=True, cancel_futures=True)
                yield _alone(task)
                todo.extendleft(other for other, _ in reversed(running))
                running.clear()
                pool = _pool(count)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _starts(pool: ProcessPoolExecutor) -> bool:
    """Return whether a worker can be started at all: not from a script that ingests without a ``__main__`` guard."""
    try:
        pool.submit(_ready).result()
    except BrokenProcessPool:
        pool.shutdown(wait=True, cancel_futures=True)
        return False
    return True


def _ready() -> None:
    """Do nothing, in a worker."""


def _alone(task: Task) -> tuple[Reading, ...]:
    """Read a task in a process of its own; the source that kills it is told as unreadable."""
    with _pool(1) as pool:
        try:
            return pool.submit(read_unit, task).result()
        except BrokenProcessPool:
            error = "the reading process died on it (out of memory, or a fault in a decoder)"
            return (Reading(record=SourceRecord(source=task.source, kind="unknown", status="unreadable", error=error)),)


def _pool(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)


def _prepare() -> None:
    """Leave when the parent is gone: a killed run must not go on writing beside the next; one thread is enough."""
    pa.set_cpu_count(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
