"""RITA's beacon score written plainly from its description, pair by pair: the reference that keii's arrays are held against.

``python -m bench.rita`` prints the largest difference over made pairs, and both beside the figures that RITA publishes of its own set.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.measure import timed, work

SHELF = Path(os.environ.get("KEII_SHELF", Path(__file__).resolve().parents[2] / "shared" / "data"))
END = 1_600_003_000.0  # epoch seconds at which the made window ends
PAIRS = 20_000


def plain_score(times: Sequence[float], sizes: Sequence[float], end: float) -> float | None:
    """Return the score of one pair, None where fewer than four seconds of the window have a connection."""
    begin = (end - 86_400) // 3_600 * 3_600
    inside = sorted((at, size) for at, size in zip(times, sizes, strict=True) if begin <= at <= end)
    seconds = sorted({math.floor(at) for at, _ in inside})
    if len(seconds) < 4:
        return None
    stamps = [at for at, _ in inside]
    gaps = [float(later - earlier) for earlier, later in pairwise(seconds)]
    parts = [_spread(gaps, 1.0), _spread([size for _, size in inside], 0.0)]
    bars = [0] * 24
    width = max(end, stamps[0] + 1) - stamps[0]
    for at in stamps:
        bars[min(23, int((at - stamps[0]) / width * 24))] += 1
    parts += [_histogram(bars), _duration(bars, stamps, end)]
    return round(sum(parts) / 4, 3)


def _spread(values: list[float], below_one: float) -> float:
    values = sorted(values)
    middle, half = statistics.median(values), len(values) // 2
    skew = 0.0
    if half:
        low, high = statistics.median(values[:half]), statistics.median(values[-half:])
        if high - low >= 10 and middle not in (low, high):
            skew = (low + high - 2 * middle) / (high - low)
    deviation = statistics.median([abs(value - middle) for value in values])
    steady = below_one if middle < 1 else max(0.0, (middle - deviation) / middle)
    return (1 - abs(skew) + steady) / 2


def _histogram(bars: list[int]) -> float:
    mean = sum(bars) / len(bars)
    even = 1 - statistics.pstdev(bars) / mean
    filled = [bar for bar in bars if bar]
    two = 0.0
    if len(filled) >= 11:
        step = math.ceil(max(filled) * 0.05)
        heights = Counter(bar // step for bar in filled)
        two = min(1.0, sum(count for _, count in heights.most_common(2)) / max(len(filled) - 1, 1))
    return max(0.0, even, two)


def _duration(bars: list[int], stamps: list[float], end: float) -> float:
    if sum(1 for bar in bars if bar) < 6:
        return 0.0
    run = best = 0
    for bar in bars + bars:
        run = run + 1 if bar else 0
        best = max(best, run)
    return max(min(1.0, (stamps[-1] - stamps[0]) / max(end - stamps[0], 1)), min(1.0, min(best, 24) / 12))


def made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pair, time and size of connections of a day and a half: from beacons to people."""
    dice = np.random.default_rng(9)
    pairs, times, sizes = [], [], []
    for pair in range(PAIRS):
        count = int(dice.integers(2, 60))
        gaps = dice.exponential(1, count) if pair % 3 else 1 + dice.uniform(-0.5, 0.5, count) * dice.random()
        pairs.append(np.full(count, pair))
        times.append(END - dice.uniform(600, 130_000) + np.cumsum(gaps) * dice.uniform(1, 4_000))
        sizes.append(np.round(dice.normal(dice.uniform(60, 5_000), dice.choice([0, 5, 400]), count)).clip(40))
    return np.concatenate(pairs), np.concatenate(times), np.concatenate(sizes)


@work("RITA's formula")
def arrays(_folder: Path) -> None:
    """Score all pairs with keii's RITA mode."""
    from keii.trace.rita import rita_scores

    rows = made()
    start = time.perf_counter()
    rita_scores(*rows, END)
    timed(start, len(rows[0]))


@work("RITA's formula, pair by pair")
def plain(_folder: Path) -> None:
    """Score all pairs with the reference."""
    rows = made()
    start = time.perf_counter()
    _plain_scores(*rows)
    timed(start, len(rows[0]))


def _plain_scores(pairs: np.ndarray, times: np.ndarray, sizes: np.ndarray) -> dict[int, float]:
    begin = np.flatnonzero(np.diff(pairs, prepend=-1))
    found = {}
    for low, high in pairwise([*begin.tolist(), len(pairs)]):
        score = plain_score(times[low:high].tolist(), sizes[low:high].tolist(), END)
        if score is not None:
            found[int(pairs[low])] = score
    return found


def published() -> list[tuple[str, float, float, float]]:
    """Return name, RITA's published score, keii's and the reference's of the pairs of RITA's own set; empty without the shelf."""
    from keii.case.case import Case
    from keii.ingest import Quiet, ingest
    from keii.trace.rita import rita_scores

    folder = SHELF / "zeek" / "rita"
    if not folder.is_dir():
        return []
    found = []
    with tempfile.TemporaryDirectory() as place, Case.create(Path(place) / "case", "bench") as case:
        case.add([folder / "proxy"], link=True)
        ingest(case, Quiet(), workers=1)
        connection = case.lake().connect()
        ((end,),) = connection.execute("SELECT max(epoch(occurred)) FROM network").fetchall()
        for one in json.loads((folder / "truth.json").read_text("utf-8"))["proxy"]["beacons"]:
            rows = connection.execute(
                "SELECT epoch(n.occurred), n.ip_bytes_out FROM http AS h JOIN network AS n USING (uid) "
                "WHERE h.hostname = ? AND h.src_ip = ?",
                [one["fqdn"], one["src"]],
            ).fetchall()
            times, sizes = [row[0] for row in rows], [float(row[1]) for row in rows]
            own = rita_scores(np.zeros(len(rows), np.int64), np.array(times), np.array(sizes), end)
            found.append(
                (
                    one["fqdn"],
                    one["beacon_score_by_rita"],
                    own["score"][0].as_py(),
                    plain_score(times, sizes, end) or 0.0,
                )
            )
        connection.close()
    return found


def agreement() -> list[str]:
    """Return lines that tell how far keii's RITA mode is from the reference and from RITA's figures."""
    from keii.trace.rita import rita_scores

    rows = made()
    wanted, own = _plain_scores(*rows), rita_scores(*rows, END)
    told = dict(zip(own["number"].to_pylist(), own["score"].to_pylist(), strict=True))
    if told.keys() != wanted.keys():
        return [f"RITA's formula: other pairs scored than by the reference ({len(told):,} and {len(wanted):,})"]
    most = max(abs(told[pair] - wanted[pair]) for pair in wanted)
    lines = [f"RITA's formula: {len(wanted):,} made pairs, largest difference to the reference {most:.4f}"]
    return lines + [
        f"RITA's formula: {name}: RITA {rita:.3f}, keii {mine:.3f}, reference {reference:.3f}"
        for name, rita, mine, reference in published()
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(agreement()) + "\n")
