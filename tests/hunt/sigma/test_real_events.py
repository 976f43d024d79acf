"""Rules of the shelf over real events of the shelf, against the sources' truth and against the slow evaluator."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import yaml
from sigma.rule import SigmaRule

from keii.hunt.sigma.columns import Chunk
from keii.hunt.sigma.mapping import witnesses
from keii.hunt.sigma.matching import Engine
from keii.hunt.sigma.pins import Kind
from tests.hunt.sigma import oracle
from tests.hunt.sigma.logs_on_shelf import events, members, read
from tests.hunt.sigma.rules_on_shelf import current_files, current_rules

# The source states 1 for these. Each further record names one of the rule's own values in plain sight: three records
# with \AnyDesk\user.conf, three dumping tools, three values below ZoneMap\Domains, AutoShareServer and AutoShareWks.
STATED_TOO_LOW = {
    "0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
    "8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
    "45e112d0-7759-4c2a-aa36-9f8fb79d3393": 3,
    "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}


def counted(engine: Engine, table: pa.Table) -> Counter[int]:
    counts: Counter[int] = Counter()
    for hit in engine.match("windows", Chunk("windows", table)):
        counts[hit.rule] += len(hit.rows)
    return counts


def test_every_rule_fires_on_its_own_log(shelf: Path) -> None:
    rules = current_rules(shelf).rules
    engine = Engine(rules)
    files = members(shelf / "evtx" / "sigma-regression-dev.tar.xz")
    truth = json.loads((shelf / "evtx" / "sigma-regression-dev.truth.json").read_text())
    wrong = []
    for case in truth["cases"]:
        counts = counted(engine, read("evtx", files[case["evtx"]]))
        found = sum(count for number, count in counts.items() if rules[number].about.id == case["rule_id"])
        stated = STATED_TOO_LOW.get(case["rule_id"], case["match_count"])
        if found == 0 or (stated is not None and found != stated):
            wrong.append((case["title"], stated, found))
    assert wrong == []
    assert len(truth["cases"]) == 141


def test_nothing_above_low_on_a_machine_in_ordinary_use(shelf: Path) -> None:
    rules = current_rules(shelf).rules
    engine = Engine(rules)
    counts: Counter[int] = Counter()
    for name, data in members(shelf / "evtx" / "benign-rathbun-w10.tar.xz").items():
        if name.endswith(".evtx"):
            try:
                counts += counted(engine, read("evtx", data))
            except pa.ArrowInvalid:  # a log without a record
                continue
    assert {
        rules[number].about.title for number in counts if rules[number].about.level not in ("low", "informational")
    } == set()
    assert sum(counts.values()) > 0


def test_slow_evaluator_agrees_on_real_events(shelf: Path) -> None:
    """Some events of every kind, every rule that may be about it."""
    rules = current_rules(shelf).rules
    places = {file.name: file for file in current_files(shelf)}
    files = members(shelf / "evtx" / "sigma-regression-dev.tar.xz")
    logs = [read("evtx", data) for name, data in sorted(files.items()) if name.endswith(".evtx")]
    table = pa.concat_tables(logs[::9], promote_options="default")
    table = table.slice(0, 16)
    engine = Engine(rules)
    found = {(hit.rule, row) for hit in engine.match("windows", Chunk("windows", table)) for row in hit.rows.tolist()}
    expected = set()
    parsed: dict[int, SigmaRule] = {}
    for row, event in enumerate(events(table)):
        kind = Kind(event.get("channel"), event.get("provider"), int(event["event_id"]))
        for number, rule in enumerate(rules):
            for witness in witnesses(rule.logsource):
                if witness.table != "windows" or not witness.takes(*kind) or witness.where is not None:
                    continue
                if number not in parsed:
                    content = yaml.load(places[rule.about.place].data, Loader=yaml.CSafeLoader)
                    parsed[number] = SigmaRule.from_dict(content)
                if oracle.holds(parsed[number], event, witness):
                    expected.add((number, row))
    assert found == expected
    assert len(found) >= 5
