"""The score of pairs: against a plain one over lists, and the same for any order and any cut into lots."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keii.trace import rhythm

_TABLE: dict[str, Any] = {"least_check_ins": 4, "shortest_interval": 3, "regular_from": 0.6}
_Rows = list[tuple[int, int, int]]


def _slow(rows: _Rows) -> dict[int, tuple[int, float, float, float]]:
    told = {}
    for pair in {row[0] for row in rows}:
        stamps = sorted(row[1] for row in rows if row[0] == pair)
        gaps = [(b - a) / 1e6 for a, b in itertools.pairwise(stamps) if b - a >= 3_000_000]
        if len(gaps) + 1 < _TABLE["least_check_ins"]:
            continue
        middle = statistics.median(gaps)
        jitter = statistics.median(abs(gap - middle) for gap in gaps)
        inside = sum(abs(gap - middle) <= middle / 2 for gap in gaps) / len(gaps)
        told[pair] = (len(gaps) + 1, middle, jitter, inside * (1 - min(1, jitter / middle)))
    return told


def _scored(rows: _Rows) -> dict[int, tuple[float, ...]]:
    connection = duckdb.connect()
    talk = pa.table(
        {
            "client": pa.array([f"10.0.0.{row[0]}" for row in rows], pa.string()),
            "far": pa.array(["203.0.113.9"] * len(rows), pa.string()),
            "occurred": pa.array([row[1] for row in rows], pa.timestamp("us", tz="UTC")),
            "out": pa.array([row[2] for row in rows], pa.int64()),
        }
    )
    connection.register("talk", talk)
    rhythm.score_pairs(connection, _TABLE)
    found = connection.execute("SELECT client, check_ins, interval, jitter, score, steady FROM rhythm").fetchall()
    return {int(row[0].rsplit(".", 1)[1]): row[1:] for row in found}


_ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4_000_000_000), st.integers(0, 50)), min_size=0, max_size=120
)


@given(_ROWS, st.randoms(use_true_random=False))
def test_equals_the_plain_score_in_any_order(rows: _Rows, dice: Any) -> None:
    found = _scored(rows)
    wanted = _slow(rows)
    assert found.keys() == wanted.keys()
    for pair, values in wanted.items():
        assert found[pair][:4] == pytest.approx(values)
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert _scored(shuffled) == found


def test_lots_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(4)
    rows = [(pair, int(at), 300) for pair in range(9) for at in np.cumsum(dice.uniform(2e9, 4e9, 20 + pair))]
    whole = _scored(rows)
    monkeypatch.setattr(rhythm, "_LOT", 50)
    assert _scored(rows) == whole
    assert len(whole) == 9


def test_what_comes_later_elsewhere_does_not_change_a_score() -> None:
    own = [(1, at * 3_600_000_000, 300) for at in range(40)]
    far_later = [(2, 10**14 + at * 86_400_000_000, 300) for at in range(40)]
    assert _scored(own)[1] == _scored(own + far_later)[1] == (40, 3600.0, 0.0, 1.0, 1.0)


def test_a_pair_with_very_many_contacts_is_thinned_without_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(5)
    check_ins = np.cumsum(dice.uniform(2e7, 4e7, 60)).astype(int)
    # Every check-in is a burst, some longer than the shortest interval.
    rows = [(1, int(at + more), 300) for at in check_ins for more in dice.uniform(0, 5e6, 40)]
    rows += [(2, at * 60_000_000, 300) for at in range(30)]
    whole = _scored(rows)
    monkeypatch.setattr(rhythm, "_LOT", 200)  # the first pair alone fills twelve lots
    assert _scored(rows) == whole
    assert len(whole) == 2
