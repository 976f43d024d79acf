"""``python -m bench.tracing [MILLIONS]``: path search over 10 million steps, beacons over so many million connections (default 10).

Each line runs in a process of its own: wall and CPU seconds of the work itself, peak memory of the process. The beacons are scored
and listed by the product's own statements over a made table of four years (``bench.rhythms``), in which 100 beacons are hidden among people
and regular services; the line tells how many of them are among the first 200 listed, and how many services.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from bench.rhythms import YEARS, fill
from keii.data import load
from keii.trace.beacons import beacons
from keii.trace.path import Graph, graph, reached, sources
from keii.trace.rhythm import score_pairs

_STEPS = 10_000_000


def _random(hosts: int, instants: int) -> Graph:
    dice = np.random.default_rng(1)
    ends = dice.integers(0, hosts, (2, _STEPS), dtype=np.int32)
    return graph(ends[0], ends[1], np.sort(dice.integers(0, instants, _STEPS)), hosts)


def _clients_of_servers() -> Graph:
    dice = np.random.default_rng(1)
    clients, servers = (
        dice.integers(0, 50_000, _STEPS, dtype=np.int32),
        dice.integers(50_000, 50_500, _STEPS, dtype=np.int32),
    )
    into = dice.random(_STEPS) < 0.01  # administrators come from servers
    times = np.sort(dice.integers(0, YEARS, _STEPS))
    return graph(np.where(into, servers, clients), np.where(into, clients, servers), times, 50_500)


_SHAPES: dict[str, Callable[[], Graph]] = {
    "dense": lambda: _random(2_000, YEARS),
    "medium": lambda: _random(200_000, YEARS),
    "sparse": lambda: _random(2_000_000, YEARS),
    "clients-and-servers": _clients_of_servers,
    "days-only": lambda: _random(20_000, 1_460),
    "one-instant-dense": lambda: _random(20_000, 1),
    "one-instant-sparse": lambda: _random(5_000_000, 1),
    "one-chain": lambda: graph(np.arange(_STEPS), np.arange(1, _STEPS + 1), np.arange(_STEPS), _STEPS + 1),
}


def path(shape: str) -> dict[str, object]:
    """Search forward from the source of the first step and backward from the target of the last."""
    steps = _SHAPES[shape]()
    wall, cpu = time.perf_counter(), time.process_time()
    reached(steps, {int(steps.source[0]): int(steps.time[0])})
    forward = time.perf_counter() - wall
    sources(steps, {int(steps.target[-1]): int(steps.time[-1])})
    backward = time.perf_counter() - wall - forward
    return {"forward": forward, "backward": backward, "cpu": time.process_time() - cpu}


def fill_table(place: str, millions: str, seed: str = "2") -> dict[str, object]:
    """Make the contacts in a file; no figure of the product."""
    with duckdb.connect(place) as connection:
        connection.execute("SET memory_limit = '3GB'; SET preserve_insertion_order = false")
        fill(connection, int(millions), int(seed))
    return {}


def list_beacons(place: str, _millions: str) -> dict[str, object]:
    """Score the pairs of the table, list them, and look for the hidden ones."""
    connection = duckdb.connect(place, read_only=True)
    connection.execute("SET TimeZone = 'UTC'; SET memory_limit = '1GB'; SET threads = 2")
    connection.execute("SET temp_directory = ?", [f"{place}.spill"])
    wall, cpu = time.perf_counter(), time.process_time()
    table = load("trace/destinations")
    score_pairs(connection, table)
    first = [one.destination for one in beacons(connection, table["regular_from"])[:200]]
    told = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    hidden = [far for far in first if far.startswith("hidden-")]
    return {
        **told,
        "hidden_of_100": len(set(hidden)),
        "services": sum(far.endswith((".example.net", ".example.org")) for far in first),
        "people": sum(far.startswith("site-") for far in first),
    }


def one_pair(_place: str, millions: str) -> dict[str, object]:
    """Score a single pair with so many million connections within a day, beside nothing else."""
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TABLE talk AS SELECT '10.0.0.1' AS client, 'one.example' AS far, 300::BIGINT AS out,
            make_timestamptz(CAST(1.5e15 + i * 86400e6 / $rows AS BIGINT)) AS occurred FROM range($rows) AS t(i)
        """,
        {"rows": int(millions) * 1_000_000},
    )
    wall, cpu = time.perf_counter(), time.process_time()
    score_pairs(connection, load("trace/destinations"))
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


WORK = {"path": path, "fill": fill_table, "beacons": list_beacons, "one-pair": one_pair}


def main() -> None:
    """Run each piece in a process of its own and print its figures as a line of JSON."""
    if len(sys.argv) > 2:
        print(json.dumps(WORK[sys.argv[1]](*sys.argv[2:])))
        return
    millions = sys.argv[1] if len(sys.argv) > 1 else "10"
    for shape in _SHAPES:
        _run("path", shape)
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "talk.duckdb")
        _run("fill", place, millions)
        _run("beacons", place, millions)
        _run("one-pair", place, "20")


def _run(name: str, *args: str) -> None:
    command = [sys.executable, "-m", "bench.tracing", name, *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} {' '.join(args)}: exit code {process.returncode}")
    figures = {key: round(value, 2) for key, value in json.loads(said.splitlines()[-1]).items()}
    if figures:
        print(json.dumps({"work": name, "size": args[-1], **figures, "peak_mb": usage.ru_maxrss // 1024}), flush=True)


if __name__ == "__main__":
    main()
