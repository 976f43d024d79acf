"""The gaps between the contacts of pairs, scored for very many pairs at once with arrays and never pair by pair.

With m the median gap, a the median absolute deviation of the gaps and p the share of gaps within half of m around it,
score = p · (1 - a / m). Nights and weekends between are single long gaps and cost little where the interval is short. Where a pair
is never seen in at least six hours of the day, the score without the gaps over these hours counts, if it is higher and a third of
the gaps remain: an implant that reports every four hours in working hours has as many nights as intervals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_CLOSED = 6  # hours of the day without a contact that make working hours
_OPEN_SHARE = 3  # one gap in so many must lie within working hours
_DAY = 86_400
_Whole = npt.NDArray[np.int64]
_Real = npt.NDArray[np.float64]


def rhythms(
    pairs: _Whole, times: _Whole, shortest: float, least: int, *, unit: float = 1e-6, origin: float = 0.0
) -> pa.Table:
    """Return number, check_ins, interval, jitter (s) and score of the pairs with enough check-ins.

    Args:
        pairs: number of the pair of each contact, any order.
        times: of each contact, in units since the origin.
        shortest: seconds; a contact closer to the one before it is the same check-in.
        least: check-ins that a pair needs.
        unit: seconds that one step of ``times`` lasts.
        origin: epoch seconds of time 0.
    """
    lowest = int(times.min()) if len(times) else 0
    pairs, times = in_order(pairs, times - lowest)
    gaps = np.diff(times)
    kept = np.flatnonzero((pairs[1:] == pairs[:-1]) & (gaps * unit >= shortest))
    pairs, gaps, ends = pairs[1:][kept], gaps[kept], times[1:][kept]
    _, _, counts = _groups(pairs)
    chosen = np.repeat(counts + 1 >= least, counts)
    pairs, gaps, ends = pairs[chosen], gaps[chosen], ends[chosen]
    names, start, counts = _groups(pairs)
    middle, jitter, score = _scored(pairs, gaps)
    ends_at = (ends + lowest) * unit + origin
    open_ = np.flatnonzero(_within_hours(ends_at, gaps * unit, start, counts, least))
    if len(open_):
        own = np.searchsorted(names, _groups(pairs[open_])[0])
        new = _scored(pairs[open_], gaps[open_])
        better = new[2] > score[own]
        for figure, part in zip((middle, jitter, score), new, strict=True):
            figure[own[better]] = part[better]
    return pa.table(
        {"number": names, "check_ins": counts + 1, "interval": middle * unit, "jitter": jitter * unit, "score": score}
    )


def _scored(pairs: _Whole, gaps: _Whole) -> tuple[_Real, _Real, _Real]:
    """Return median gap, its median deviation and the score of each run of ``pairs``."""
    _, start, counts = _groups(pairs)
    twice = _medians_twice(pairs, gaps, start, counts)
    away = np.abs(2 * gaps - np.repeat(twice, counts))
    middle, jitter = twice / 2, _medians_twice(pairs, away, start, counts) / 4
    near = 2 * away <= np.repeat(twice, counts)
    inside = np.add.reduceat(near, start, dtype=np.float64) / counts if len(start) else np.zeros(0)
    return middle, jitter, inside * (1 - np.minimum(1.0, jitter / middle))


def _within_hours(
    ends: npt.NDArray[np.floating],
    gaps: npt.NDArray[np.floating],
    start: npt.NDArray[np.intp],
    counts: _Whole,
    least: int,
) -> npt.NDArray[np.bool_]:
    """Mark the gaps of pairs with working hours that do not span the hours without contact; all False for other pairs."""
    if not len(start):
        return np.zeros(0, np.bool_)
    hours = (ends % _DAY // 3_600).astype(np.int64)
    begin, length = _closed_hours(np.bitwise_or.reduceat(np.int64(1) << hours, start))
    since = np.repeat(begin * 3_600.0, counts)
    inside = (ends - since) // _DAY == (ends - gaps - since) // _DAY
    left = np.add.reduceat(inside, start, dtype=np.int64)
    told = (length >= _CLOSED) & (left + 1 >= least) & (_OPEN_SHARE * left >= counts) & (left < counts)
    within: npt.NDArray[np.bool_] = inside & np.repeat(told, counts)
    return within


def _closed_hours(seen: _Whole) -> tuple[_Whole, _Whole]:
    """Return first hour and length of the longest run of hours of the day (round the clock) whose bit is not set."""
    free = ~seen & ((1 << 24) - 1)
    runs = free | free << 24
    last, length = runs, np.zeros(len(seen), np.int64)
    for hours in range(1, 25):
        length[runs != 0] = hours
        last = np.where(runs != 0, runs, last)
        runs = runs & runs >> 1
    lowest = np.where(last != 0, np.log2(np.maximum(last & -last, 1)), 0).astype(np.int64)
    return lowest % 24, length


def _groups(pairs: _Whole) -> tuple[_Whole, npt.NDArray[np.intp], _Whole]:
    """Return the names of runs of one value, where each begins and how long it is."""
    if not len(pairs):
        return pairs, np.zeros(0, np.intp), np.zeros(0, np.int64)
    start = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    return pairs[start], start, np.diff(np.append(start, len(pairs)))


def in_order(pairs: _Whole, values: _Whole) -> tuple[_Whole, _Whole]:
    """Return both sorted by pair, then value; values are not negative."""
    bits = int(values.max()).bit_length() if len(values) else 0
    if len(pairs):
        lowest = pairs.min()
        if int(pairs.max() - lowest).bit_length() + bits <= 63:
            # Both in one number: sorting it is several times faster than sorting by two keys.
            both = np.sort(((pairs - lowest) << bits) | values)
            return (both >> bits) + lowest, both & ((1 << bits) - 1)
    order = np.lexsort((values, pairs))
    return pairs[order], values[order]


def _medians_twice(pairs: _Whole, values: _Whole, start: npt.NDArray[np.intp], counts: _Whole) -> _Whole:
    """Return twice the median of each run of ``pairs``, a whole number."""
    _, ordered = in_order(pairs, values)
    twice: _Whole = ordered[start + (counts - 1) // 2] + ordered[start + counts // 2]
    return twice
