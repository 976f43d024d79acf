"""RITA's beacon score (v5) as its makers describe it, for very many pairs at once; a figure to compare keii's own with.

A pair's score is the mean of four: the spread of the gaps, the spread of the sizes, the histogram over 24 equal bins, and the duration.
RITA looks at the last 24 hours, begun at a full hour; histogram and duration begin with the pair's first connection in them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_DAY, _HOUR, _BINS = 86_400, 3_600, 24
_LEAST = 4  # distinct seconds
_Whole = npt.NDArray[np.int64]
_Real = npt.NDArray[np.float64]


def rita_scores(pairs: _Whole, times: _Real, sizes: _Real, end: float) -> pa.Table:
    """Return number, connections and score (3 decimals) of every pair with four or more distinct seconds in the window.

    Args:
        pairs: number of the pair of each connection, any order.
        times: epoch seconds of each.
        sizes: originator's bytes of each, with IP headers.
        end: epoch seconds at which RITA's window ends: the latest record of any log.
    """
    kept = (times >= (end - _DAY) // _HOUR * _HOUR) & (times <= end)
    order = np.lexsort((times[kept], pairs[kept]))
    pairs, times, sizes = pairs[kept][order], times[kept][order], sizes[kept][order]
    seconds = np.floor(times)
    gaps = np.diff(seconds, prepend=-1.0)
    first = np.diff(pairs, prepend=-1) != 0 if len(pairs) else np.zeros(0, np.bool_)
    new = first | (gaps > 0)
    names, number = np.unique(pairs, return_inverse=True)
    enough = (np.bincount(number[new], minlength=len(names)) >= _LEAST)[number]
    pairs, times, sizes, gaps = pairs[enough], times[enough], sizes[enough], gaps[enough]
    names, number = np.unique(pairs, return_inverse=True)
    apart = (gaps > 0) & ~first[enough]
    spread = _spread(number[apart], gaps[apart], len(names), below_one=1.0)
    size = _spread(number, sizes, len(names), below_one=0.0)
    histogram, duration = _over_bins(number, times, len(names), end)
    score = np.round((spread + size + histogram + duration) / 4, 3)
    return pa.table({"number": names, "connections": np.bincount(number, minlength=len(names)), "score": score})


def _median(values: _Real, begin: _Whole, count: _Whole) -> _Real:
    """Return the medians of stretches of sorted values; of an empty stretch its neighbour's, which nobody asks for."""
    low = np.clip(begin + (count - 1) // 2, 0, len(values) - 1)
    high = np.clip(begin + count // 2, 0, len(values) - 1)
    middle: _Real = (values[low] + values[high]) / 2
    return middle


def _spread(number: _Whole, values: _Real, pairs: int, below_one: float) -> _Real:
    """Return per pair the mean of Bowley-skew score and median-deviation score; quartiles are the medians of the two halves."""
    count = np.bincount(number, minlength=pairs)
    begin = np.cumsum(count) - count
    values = values[np.lexsort((values, number))]
    half = count // 2
    middle = _median(values, begin, count)
    low, high = _median(values, begin, half), _median(values, begin + count - half, half)
    flat = (half == 0) | (high - low < 10) | (middle == low) | (middle == high)
    skew = np.where(flat, 0.0, (low + high - 2 * middle) / np.where(flat, 1.0, high - low))
    away = np.abs(values - np.repeat(middle, count))
    deviation = _median(away[np.lexsort((away, np.sort(number)))], begin, count)
    steady = np.where(middle < 1, below_one, np.maximum(0.0, (middle - deviation) / np.where(middle < 1, 1.0, middle)))
    return np.where(count == 0, 0.0, (1 - np.abs(skew) + steady) / 2)


def _over_bins(number: _Whole, times: _Real, pairs: int, end: float) -> tuple[_Real, _Real]:
    """Return the scores of histogram and duration. Times are sorted within each pair."""
    count = np.bincount(number, minlength=pairs)
    last = np.cumsum(count) - 1
    since = times[last - count + 1] if pairs else times
    width = np.maximum(end, since + 1) - since
    place = np.minimum(_BINS - 1, ((times - since[number]) / width[number] * _BINS).astype(np.int64))
    bars = np.bincount(number * _BINS + place, minlength=pairs * _BINS).reshape(pairs, _BINS)
    filled = np.count_nonzero(bars, axis=1)
    even = 1 - bars.std(axis=1) / np.maximum(bars.mean(axis=1), 1e-9)
    histogram = np.maximum(np.where(even > 1, 0.0, np.maximum(0.0, even)), _two_heights(bars, filled))
    run = best = np.zeros(pairs, np.int64)
    for column in [*range(_BINS), *range(_BINS)]:
        run = np.where(bars[:, column] > 0, run + 1, 0)
        best = np.maximum(best, run)
    covered = np.minimum(1.0, (times[last] - since) / np.maximum(end - since, 1)) if pairs else since
    duration = np.where(filled >= 6, np.maximum(covered, np.minimum(1.0, np.minimum(best, _BINS) / 12)), 0.0)
    return histogram, duration


def _two_heights(bars: npt.NDArray[np.intp], filled: npt.NDArray[np.intp]) -> _Real:
    """Return the share of bars that stand in the two most frequent heights, by steps of a twentieth of the tallest."""
    step = np.maximum(1, np.ceil(bars.max(axis=1, initial=0) * 0.05)).astype(np.int64)
    height = np.where(bars > 0, bars // step[:, None], -1)
    alike = np.stack([(height == height[:, [column]]).sum(axis=1) for column in range(_BINS)], axis=1)
    alike = np.where(height >= 0, alike, 0)
    most = alike.max(axis=1, initial=0)
    best = np.take_along_axis(height, alike.argmax(axis=1)[:, None], axis=1) if len(bars) else height
    second = np.where(height == best, 0, alike).max(axis=1, initial=0)
    return np.where(filled >= 11, np.minimum(1.0, (most + second) / np.maximum(filled - 1, 1)), 0.0)
