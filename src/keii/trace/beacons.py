"""Pairs that talk at regular intervals: keii's own score over the whole span, and RITA's formula for comparison.

keii's score of a pair does not depend on how files were cut, on the order of import or on a window: it looks at the gaps between
check-ins (``keii.trace.intervals``). Contacts closer than the shortest interval are one check-in; a person's clicks (near
exponential gaps) come out at about 0.3.

The list is in order of what is worth a look. A score that rests on few check-ins counts less; so does a destination that more than
a few machines talk to (time, updates, telemetry: their rhythm is everybody's), one that was there in almost every week since the log began,
and a further machine of a destination that stands in the list already.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt

from keii.model import Beacon, Locator

_MOST = 500  # pairs told, best first
_Numbers = npt.NDArray[np.float64]


_FEW = 3  # machines that talk to one adversary's server, as a rule; of more, services have most
_HABIT = 0.5  # what a destination of the whole log counts
_BEST = f"""
    WITH weighed AS (
        SELECT *, score * (1 - 1 / sqrt(check_ins)) * least(1, sqrt({_FEW} / clients)) * if(established, {_HABIT}, 1) AS worth
        FROM rhythm WHERE score >= ?
    ),
    best AS (
        SELECT *, worth / sqrt(row_number() OVER (PARTITION BY far ORDER BY worth DESC, client)) AS place
        FROM weighed ORDER BY place DESC, client, far LIMIT ?
    )
    SELECT b.client, b.far, b.check_ins, min(t.occurred), max(t.occurred), b.interval, b.jitter, b.score,
           min({{'occurred': t.occurred, 'source': t.source, 'record': t.record, 'own': t.own}}, 20)
    FROM best AS b JOIN talk AS t USING (client, far)
    GROUP BY b.client, b.far, b.check_ins, b.interval, b.jitter, b.score, b.place ORDER BY b.place DESC, b.client, b.far
"""


def beacons(connection: duckdb.DuckDBPyConnection, least: float) -> tuple[Beacon, ...]:
    """Return the pairs whose score is at least ``least``, best first, with their first 20 records; hosts as addresses."""
    rows = connection.execute(_BEST, [least, _MOST]).fetchall()
    return tuple(
        Beacon(
            host=client,
            destination=far,
            connections=count,
            first=first.isoformat(timespec="microseconds"),
            last=last.isoformat(timespec="microseconds"),
            interval=round(interval, 3),
            jitter=round(jitter, 3),
            score=round(score, 3),
            locators=tuple(Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places),
        )
        for client, far, count, first, last, interval, jitter, score, places in rows
    )


def rita_score(times: Sequence[float] | _Numbers, sizes: Sequence[float] | _Numbers, end: float | None = None) -> float:
    """Return the beacon score as RITA v5 describes it, rounded to 3 decimals: mean of time, size, histogram and duration scores.

    The window is the last 24 hours, begun at a full hour; histogram and duration begin with the pair's first connection in it.

    Args:
        times: seconds (any epoch) of the connections.
        sizes: originator's bytes of each.
        end: end of RITA's window; the latest time by default.
    """
    stamps, amounts = np.asarray(times, float), np.asarray(sizes, float)
    if not len(stamps):
        return 0.0
    until = float(stamps.max()) if end is None else end
    kept = (stamps >= (until - 86_400) // 3_600 * 3_600) & (stamps <= until)
    stamps, amounts = np.sort(stamps[kept]), amounts[kept]
    if not len(stamps):
        return 0.0
    gaps = np.diff(np.floor(stamps))
    spread = _spread_score(gaps[gaps > 0], 1.0)
    parts = (spread, _spread_score(amounts, 0.0), *_histogram_scores(stamps, until))
    return round(float(np.mean(parts)), 3)


def _spread_score(values: _Numbers, below_one: float) -> float:
    """Return the mean of Bowley-skew score and median-deviation score; quartiles are the medians of the two halves."""
    if not len(values):
        return 0.0
    values = np.sort(values)
    half = len(values) // 2
    middle = float(np.median(values))
    low = float(np.median(values[:half])) if half else middle
    high = float(np.median(values[-half:])) if half else middle
    flat = high - low < 10 or middle in (low, high)
    skew = 0.0 if flat else (low + high - 2 * middle) / (high - low)
    deviation = float(np.median(np.abs(values - middle)))
    score = below_one if middle < 1 else max(0.0, (middle - deviation) / middle)
    return float((1 - abs(skew) + score) / 2)


def _histogram_scores(stamps: _Numbers, until: float) -> tuple[float, float]:
    """Return the scores of histogram and duration: 24 equal bins from the first of the sorted times to the end of the window."""
    since = float(stamps[0])
    counts, _ = np.histogram(stamps, bins=24, range=(since, max(until, since + 1)))
    mean = counts.mean()
    even = 1 - counts.std() / mean if mean else 0.0
    filled = counts[counts > 0]
    two = 0.0
    if len(filled) >= 11:
        step = max(1, int(np.ceil(filled.max() * 0.05)))
        _, groups = np.unique(filled // step, return_counts=True)
        two = min(1.0, float(np.sort(groups)[-2:].sum()) / max(len(filled) - 1, 1))
    duration = 0.0
    if len(filled) >= 6:
        run = best = 0
        for count in [*counts, *counts]:
            run = run + 1 if count else 0
            best = max(best, run)
        covered = (float(stamps[-1]) - since) / max(until - since, 1)
        duration = max(min(1.0, covered), min(1.0, min(best, 24) / 12))
    return max(0.0 if even > 1 else max(0.0, float(even)), two), duration
