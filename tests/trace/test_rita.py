"""RITA's formula over arrays: against the plain one pair by pair, and against the figures that RITA publishes."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from bench.rita import plain_score
from hypothesis import given
from hypothesis import strategies as st

from keii.trace.rita import rita_scores
from tests.trace.conftest import ReadLake

_END = 1_600_003_000.0
_ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 1_000_000).map(lambda at: at / 8), st.integers(0, 4_000)), max_size=150
)


@given(_ROWS)
def test_equals_the_formula_pair_by_pair(rows: list[tuple[int, float, int]]) -> None:
    table = rita_scores(
        np.array([row[0] for row in rows], np.int64),
        np.array([_END - row[1] for row in rows], float),
        np.array([row[2] for row in rows], float),
        _END,
    )
    found = dict(zip(table["number"].to_pylist(), table["score"].to_pylist(), strict=True))
    wanted = {}
    for pair in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == pair]
        score = plain_score([_END - row[1] for row in own], [float(row[2]) for row in own], _END)
        if score is not None:
            wanted[pair] = score
    assert found.keys() == wanted.keys()
    assert all(found[pair] == pytest.approx(wanted[pair], abs=0.0011) for pair in wanted)


def test_ritas_published_scores(shelf: Path, read_lake: ReadLake) -> None:
    truth = msgspec.json.decode((shelf / "zeek/rita/truth.json").read_bytes())
    connection = read_lake(shelf / "zeek/rita/proxy/http.log", shelf / "zeek/rita/proxy/conn.log")
    # RITA takes the last 24 hours before the latest record of any log of the set.
    ((end,),) = connection.execute("SELECT max(epoch(occurred)) FROM network").fetchall()
    for beacon in truth["proxy"]["beacons"]:
        rows = connection.execute(
            "SELECT epoch(n.occurred), n.ip_bytes_out FROM http AS h JOIN network AS n USING (uid) WHERE h.hostname = ? AND h.src_ip = ?",
            [beacon["fqdn"], beacon["src"]],
        ).fetchall()
        times, sizes = (np.array([row[at] for row in rows], float) for at in (0, 1))
        (score,) = rita_scores(np.zeros(len(rows), np.int64), times, sizes, end)["score"].to_pylist()
        assert math.isclose(score, beacon["beacon_score_by_rita"], abs_tol=0.005)
