"""The ledger: chained, append-only, honest about a torn line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from keii.case.custody import FIRST, Ledger, current, inspect
from keii.errors import CaseError


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "custody.jsonl"
    path.touch()
    opened = Ledger.open(path)
    for name in ("a", "b", "c"):
        opened.append(
            "added", path=name, origin=f"/from/{name}", sha256=hashlib.sha256(name.encode()).hexdigest(), size=1
        )
    return path


def test_each_line_carries_the_hash_of_the_line_before(ledger: Path) -> None:
    lines = ledger.read_bytes().splitlines()
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = msgspec.json.decode(line)
        assert (entry["seq"], entry["previous"]) == (number, previous)
        previous = hashlib.sha256(line).hexdigest()


def test_a_changed_line_breaks_the_chain_behind_it_and_stops_writing(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes().replace(b"/from/b", b"/from/x"))
    _, breaks, torn = inspect(ledger)
    assert [found.line for found in breaks] == [3]
    assert torn == 0
    with pytest.raises(CaseError, match="line 3"):
        Ledger.open(ledger)


def test_a_removed_line_is_named(ledger: Path) -> None:
    first, _, third = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(first + third)
    assert {found.line for found in inspect(ledger)[1]} == {2}


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_a_torn_last_line_is_kept_aside_and_said(ledger: Path, cut: int) -> None:
    whole = ledger.read_bytes()
    torn = whole[:-cut]
    ledger.write_bytes(torn)
    half = torn.split(b"\n")[-1]
    assert inspect(ledger)[2] == len(half)
    opened = Ledger.open(ledger)
    assert [entry.path for entry in current(opened.entries)] == ["a", "b"]
    assert opened.entries[-1].action == "noted"
    assert str(len(half)) in opened.entries[-1].note
    assert ledger.with_name("custody.torn").read_bytes() == half + b"\n"
    assert inspect(ledger) == (opened.entries, (), 0)


def test_the_last_word_on_a_path_counts_at_its_first_place(ledger: Path) -> None:
    Ledger.open(ledger).append("linked", path="a", sha256="f" * 64, size=2)
    assert [(entry.path, entry.size) for entry in current(inspect(ledger)[0])] == [("a", 2), ("b", 1), ("c", 1)]


def test_a_missing_ledger_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="missing"):
        inspect(tmp_path / "custody.jsonl")
