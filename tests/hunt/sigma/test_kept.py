"""New events and new rules, in any order: the outcome is that of one hunt over everything, byte for byte."""

from __future__ import annotations

import datetime as dt
import random
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from keii.errors import LakeError
from keii.hunt.asked import hunt_intel_rules
from keii.hunt.sigma import sharing
from keii.hunt.sigma.hunting import hunt_rules
from keii.hunt.sigma.loading import RuleFile, load
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.rules import RuleSet
from keii.lake.store import Lake, LakeFile, write_file
from keii.model.rule import IntelRule
from tests.hunt.sigma.test_hunting import RULES, START, table, windows

DOCUMENTS = RULES.strip().split("\n---\n")
LONE, CORRELATED = DOCUMENTS[:8] + DOCUMENTS[10:], "\n---\n".join(DOCUMENTS[8:10])  # the last asks the one before it


def web(number: int) -> dict[str, Any]:
    # Two sources have the same records at the same time: only their names decide which come first.
    return {
        "url": "http://get.example.com/b.exe",
        "path": "/b.exe",
        "hostname": "get.example.com",
        "user_agent": "bad/7" if number % 2 else "good/1",
        "occurred": START + dt.timedelta(seconds=number // 4) if number % 5 else None,
        "record": number,
        "src_ip": f"10.0.0.{number % 7}",
        "dst_ip": "192.0.2.1",
    }


@pytest.fixture
def files(tmp_path: Path) -> list[LakeFile]:
    rows = windows()
    parts = [rows[:3], rows[3:5], rows[5:9], rows[9:11], rows[11:]]
    written = [write_file(tmp_path, "windows", f"s-{n}", 0, [table(part)]) for n, part in enumerate(parts)]
    for source in ("s-web1", "s-web0"):
        written.append(write_file(tmp_path, "http", source, 0, [table([web(n) for n in range(60)])]))
    return written


def rule_set(documents: list[str]) -> RuleSet:
    return load([RuleFile(f"{number:02}.yml", text.encode()) for number, text in enumerate(documents)])


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_events_and_rules_equals_one_hunt(tmp_path: Path, files: list[LakeFile], seed: int) -> None:
    choose = random.Random(seed)
    choose.shuffle(files)
    documents = [*LONE, CORRELATED]
    choose.shuffle(documents)
    kept = tmp_path / "kept" / "answers"
    held, asked = 0, 0
    while held < len(files) or asked < len(documents):
        held = min(len(files), held + choose.randrange(3))
        asked = min(len(documents), asked + choose.randrange(5))
        lake, rules = Lake(tmp_path, files[:held]), rule_set(documents[:asked])
        once = hunt_rules(lake, rules)
        assert msgspec.json.encode(hunt_rules(lake, rules, kept=kept)) == msgspec.json.encode(once)


def test_old_rules_are_asked_of_new_files_only(tmp_path: Path, files: list[LakeFile]) -> None:
    kept = tmp_path / "answers"
    rules = rule_set([*LONE, CORRELATED])
    hunt_rules(Lake(tmp_path, files[:-1]), rules, kept=kept)
    seen: list[tuple[int, int]] = []
    whole = sharing.found

    def noted(lake: Lake, engine: Engine) -> Any:
        seen.append((len(lake.files), len(engine.rules)))
        return whole(lake, engine)

    with patch.object(sharing, "found", noted):
        hunt_rules(Lake(tmp_path, files), rules, kept=kept)
    lone = len(rules.rules) - 1
    assert seen == [(len(files), 1), (1, lone)]  # what the correlation rests on over all, the others over the new file


def test_two_processes_say_what_one_says(tmp_path: Path, files: list[LakeFile]) -> None:
    lake, rules = Lake(tmp_path, files), rule_set([*LONE, CORRELATED])
    alone = hunt_rules(lake, rules)
    with patch.object(sharing, "PAYS_FROM", 1):
        assert msgspec.json.encode(hunt_rules(lake, rules)) == msgspec.json.encode(alone)
        path = tmp_path / min(files, key=lambda one: one.bytes).path  # the second process has the lighter part
        path.write_bytes(b"PAR1")
        with pytest.raises(LakeError) as told:
            hunt_rules(lake, rules)
    assert told.value.place is not None
    assert told.value.place.endswith(path.name)


def test_where_no_second_process_can_be_started_one_does_it_all(tmp_path: Path, files: list[LakeFile]) -> None:
    lake, rules = Lake(tmp_path, files), rule_set([*LONE, CORRELATED])
    alone = hunt_rules(lake, rules)
    with patch.object(sharing, "PAYS_FROM", 1), patch.object(sharing, "ProcessPoolExecutor", Broken):
        assert hunt_rules(lake, rules) == alone


class Broken(ThreadPoolExecutor):
    """A pool whose process dies at once."""

    def __init__(self, count: int, mp_context: object) -> None:
        super().__init__(count)

    def submit(self, *_: Any, **__: Any) -> Any:
        future: Future[object] = Future()
        future.set_exception(BrokenProcessPool())
        return future


def test_a_file_that_went_or_changed_asks_everything_again(tmp_path: Path, files: list[LakeFile]) -> None:
    kept = tmp_path / "answers"
    rules = rule_set([*LONE, CORRELATED])
    hunt_rules(Lake(tmp_path, files), rules, kept=kept)
    fewer = Lake(tmp_path, files[1:])
    assert hunt_rules(fewer, rules, kept=kept) == hunt_rules(fewer, rules)
    first = write_file(tmp_path, "windows", files[1].source, 0, [table(windows()[:9])])
    other = Lake(tmp_path, [first, *files[2:]])
    assert hunt_rules(other, rules, kept=kept) == hunt_rules(other, rules)
    kept.write_bytes(kept.read_bytes()[:-3])
    assert hunt_rules(other, rules, kept=kept) == hunt_rules(other, rules)


def test_all_languages_together(tmp_path: Path, files: list[LakeFile]) -> None:
    texts = {
        "sigma": LONE[0],
        "suricata": 'alert http any any -> any any (msg:"made"; http.user_agent; content:"bad"; sid:1;)',
        "stix": "[url:value = 'http://get.example.com/b.exe']",
    }
    rules = [
        IntelRule(language=language, place=f"{language}, line 1", text=text, source="s-i", source_name=language)  # type: ignore[arg-type]
        for language, text in texts.items()
    ]
    for count in (2, 5, len(files)):
        lake = Lake(tmp_path, files[:count])
        told = hunt_intel_rules(lake, rules, kept_in=tmp_path / "rules")
        assert msgspec.json.encode(told) == msgspec.json.encode(hunt_intel_rules(lake, rules))
    assert [one.status for one in told.outcomes] == ["matched"] * 3
