"""The stated period held against requests whose rhythm we made."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pyarrow as pa
import pytest

from keii.hunt.hunting import hunt
from keii.lake.schema import TIME
from keii.lake.store import Lake, write_file
from keii.model import IntelPattern, Match

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HOURLY = IntelPattern(source="s-r", source_name="r", sentence="", uri="/gate/*.php", period=3_600)


def matches(tmp_path: Path, requests: list[tuple[str, str, float]], pattern: IntelPattern = HOURLY) -> list[Match]:
    """Hunt requests (machine, server, seconds from the start), which come in any order."""
    random.Random(3).shuffle(requests)
    rows = pa.RecordBatch.from_pydict(
        {
            "occurred": pa.array([START + dt.timedelta(seconds=at) for _, _, at in requests], TIME),
            "record": pa.array(range(len(requests)), pa.int64()),
            "src_ip": [host for host, _, _ in requests],
            "hostname": [server for _, server, _ in requests],
            "path": [f"/gate/{n}.php" for n in range(len(requests))],
        }
    )
    write_file(tmp_path, "http", "s-1", 0, [rows])
    return list(hunt(Lake.of_folder(tmp_path), [], [pattern]).matches)


def beacon(host: str, server: str, every: float, count: int, jitter: float = 0.0) -> list[tuple[str, str, float]]:
    choose, at, found = random.Random(count), 0.0, []
    for _ in range(count):
        found.append((host, server, at))
        at += every * choose.uniform(1 - jitter, 1 + jitter)
    return found


def test_a_beacon_of_the_stated_period_agrees_on_any_server(tmp_path: Path) -> None:
    nights = [one for one in beacon("10.0.0.5", "new.example.net", 3_600, 72, 0.2) if (one[2] // 3_600) % 24 < 16]
    twice = [(host, server, at + 0.4) for host, server, at in nights]  # each check-in is two requests
    (match,) = matches(tmp_path, nights + twice + [("10.0.0.5", "other.example.net", float(n)) for n in range(4)])
    assert "the stated period of 3600 s agrees" in match.note
    assert "new.example.net" in match.note


@pytest.mark.parametrize("every", [60, 2_400, 5_000, 86_400])
def test_another_rhythm_does_not_agree(tmp_path: Path, every: float) -> None:
    (match,) = matches(tmp_path, beacon("10.0.0.5", "c2.example.net", every, 20, 0.05))
    assert "does not agree" in match.note
    assert ": 19 intervals" in match.note


def test_few_requests_tell_nothing_and_machines_are_told_apart(tmp_path: Path) -> None:
    few = [("10.0.0.6", f"s{n}.example.net", 3_600.0 * n) for n in range(30)]  # never one server twice
    found = matches(
        tmp_path, beacon("10.0.0.5", "c2.example.net", 3_600, 6) + beacon("10.0.0.7", "c2.example.net", 3_600, 5) + few
    )
    assert {match.host: match.note.split("; ")[1][:24] for match in found} == {
        "10.0.0.5": "the stated period of 360",
        "10.0.0.6": "too few requests to test",
        "10.0.0.7": "too few requests to test",
    }


def test_a_pattern_without_a_period_says_nothing_of_one(tmp_path: Path) -> None:
    pattern = IntelPattern(source="s-r", source_name="r", sentence="", uri="/gate/*.php")
    (match,) = matches(tmp_path, beacon("10.0.0.5", "c2.example.net", 3_600, 9), pattern)
    assert "period" not in match.note
