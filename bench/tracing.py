"""``python -m bench.tracing [MILLIONS]``: path search over 10 million steps, beacons over so many million connections (default 10).

Each line runs in a process of its own: rows, wall and CPU seconds of the work itself, peak memory of the process. The beacons are
scored by the product's own statement over a made table of four years, in which 100 beacons are hidden (every hour to every week,
jitter up to 40 %, some in working hours only, some with gaps); the line tells how many of them are among the first 200.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np

from keii.data import load
from keii.trace.path import graph, reached, sources
from keii.trace.rhythm import score_pairs

_STEPS = 10_000_000
_YEARS = 4 * 365 * 86_400
_HIDDEN = 100


def path(hosts: int) -> dict[str, object]:
    """Search forward from the first instant and backward from the last, over random steps between so many hosts."""
    dice = np.random.default_rng(1)
    ends = dice.integers(0, hosts, (2, _STEPS), dtype=np.int32)
    steps = graph(ends[0], ends[1], np.sort(dice.integers(0, _YEARS, _STEPS)), hosts)
    wall, cpu = time.perf_counter(), time.process_time()
    reached(steps, {5: 0})
    forward = time.perf_counter() - wall
    sources(steps, {5: _YEARS})
    backward = time.perf_counter() - wall - forward
    return {"forward": forward, "backward": backward, "cpu": time.process_time() - cpu}


def _hidden() -> tuple[list[int], list[float]]:
    """Return the pair numbers and seconds of the hidden beacons."""
    dice = np.random.default_rng(2)
    pairs: list[int] = []
    times: list[float] = []
    for number in range(_HIDDEN):
        period = 3_600 * float(168 ** (number / (_HIDDEN - 1)))
        count = min(2_000, max(30, int(_YEARS / 4 / period)))
        at = np.cumsum(period * (1 + dice.uniform(-0.4, 0.4, count) * (number % 5) / 4)) + float(dice.uniform(0, 10**7))
        if number % 3 == 1 and period < 8 * 3_600:
            at = at[(at % 86_400 >= 9 * 3_600) & (at % 86_400 < 18 * 3_600)]  # working hours only
        elif number % 3 == 2:
            at = at[dice.random(len(at)) > 0.1]  # some are lost
        pairs += [number] * len(at)
        times += at.tolist()
    return pairs, times


def beacons(millions: int) -> dict[str, object]:
    """Score the pairs of so many million connections, two fifths as many pairs, and look for the hidden ones."""
    with tempfile.TemporaryDirectory() as place:
        connection = duckdb.connect(str(Path(place) / "talk.duckdb"))
        connection.execute(
            "SET memory_limit = '2GB'; SET threads = 2; SET preserve_insertion_order = false; SELECT setseed(0.5)"
        )
        connection.execute(
            """
            CREATE TABLE talk AS
            SELECT '10.' || (pair % 7) || '.' || (pair % 251) || '.' || (pair % 83) AS client, 'n' || pair || '.example' AS far,
                   make_timestamptz(CAST(1.5e15 + random() * $span * 1e6 AS BIGINT)) AS occurred, 300::BIGINT AS out
            FROM (SELECT CAST(floor(pow(random(), 1.6) * $pairs) AS BIGINT) AS pair FROM range($rows))
            """,
            {"span": _YEARS, "pairs": millions * 400_000, "rows": millions * 1_000_000},
        )
        pairs, times = _hidden()
        connection.register("hidden", {"pair": np.array(pairs), "second": np.array(times)})
        connection.execute(
            """
            INSERT INTO talk SELECT '10.9.9.9', 'hidden' || pair || '.example', make_timestamptz(CAST(1.5e15 + second * 1e6 AS BIGINT)), 300
            FROM hidden
            """
        )
        wall, cpu = time.perf_counter(), time.process_time()
        score_pairs(connection, load("trace/destinations"))
        told = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        (found,) = connection.execute(
            """
            SELECT count(*) FROM (SELECT far FROM rhythm ORDER BY score * (1 - 1 / sqrt(check_ins)) DESC, client, far LIMIT 200)
            WHERE far LIKE 'hidden%'
            """
        ).fetchone() or (0,)
        return {**told, "hidden_of_100": found}


def one_pair(millions: int) -> dict[str, object]:
    """Score a single pair with so many million connections within a day, beside nothing else."""
    connection = duckdb.connect()
    connection.execute(
        """
        CREATE TABLE talk AS SELECT '10.0.0.1' AS client, 'one.example' AS far, 300::BIGINT AS out,
            make_timestamptz(CAST(1.5e15 + i * 86400e6 / $rows AS BIGINT)) AS occurred FROM range($rows) AS t(i)
        """,
        {"rows": millions * 1_000_000},
    )
    wall, cpu = time.perf_counter(), time.process_time()
    score_pairs(connection, load("trace/destinations"))
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


WORK = {"path": path, "beacons": beacons, "one-pair": one_pair}


def main() -> None:
    """Run each piece in a process of its own and print its figures as a line of JSON."""
    if len(sys.argv) == 3:
        print(json.dumps(WORK[sys.argv[1]](int(sys.argv[2]))))
        return
    millions = sys.argv[1] if len(sys.argv) > 1 else "10"
    for name, size in (("path", "2000"), ("path", "2000000"), ("beacons", millions), ("one-pair", "20")):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.tracing", name, size], stdout=subprocess.PIPE, text=True
        )
        said = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{name} {size}: exit code {process.returncode}")
        figures = {key: round(value, 2) for key, value in json.loads(said).items()}
        print(json.dumps({"work": name, "size": int(size), **figures, "peak_mb": usage.ru_maxrss // 1024}), flush=True)


if __name__ == "__main__":
    main()
