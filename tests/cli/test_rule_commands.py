"""``keii sigma`` as a user types it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.test_cli import keii, lines

RULE = """
title: Made process
id: 00000000-0000-4000-8000-000000000001
level: high
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|contains|expand: '%word%'}, condition: selection}
"""
EVENT = {
    "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon",
    "EventTime": "2026-03-01 00:00:00", "Hostname": "pc1.example.com", "RecordNumber": 7, "CommandLine": "run made-up",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "made.yml").write_text(RULE)
    (tmp_path / "log.json").write_text(json.dumps(EVENT) + "\n")
    return tmp_path


def test_json_of_loose_logs(folder: Path) -> None:
    done = keii("sigma", folder / "log.json", "--rules", folder / "rules", "--value", "word=made-up", "--json")
    outcome, closing = lines(done)
    assert done.returncode == 0, done.stderr
    assert (outcome["status"], outcome["events"], outcome["hosts"]) == (
        "matched",
        1,
        [{"host": "pc1.example.com", "events": 1}],
    )
    assert outcome["locators"][0]["record_id"] == "7"
    assert closing["counts"] == {"matched": 1}
    assert closing["searched"][0]["events"] == 1


def test_without_its_value_a_rule_does_not_apply(folder: Path) -> None:
    outcome, _ = lines(keii("sigma", folder / "log.json", "--rules", folder / "rules", "--json"))
    assert (outcome["status"], outcome["facts"]) == ("not-applicable", {"name": "word"})


def test_table_of_a_case_and_the_kept_plan(folder: Path) -> None:
    (folder / "rules" / "broken.yml").write_text(RULE.replace("condition: selection", "condition: selection and"))
    assert keii("new", folder / "case").returncode == 0
    assert keii("add", folder / "case", folder / "log.json").returncode == 0
    keii("run", folder / "case")
    done = keii("sigma", folder / "case", "--rules", folder / "rules", "--value", "word=made-up", lang="ja_JP.UTF-8")
    assert done.returncode == 1
    assert "Made process" in done.stdout
    assert "broken.yml" in done.stderr
    assert len(list((folder / "case" / "rules").glob("*.plan"))) == 1
    assert keii("verify", folder / "case").returncode == 0


def test_a_value_without_a_name_is_refused(folder: Path) -> None:
    done = keii("sigma", folder / "log.json", "--rules", folder / "rules", "--value", "word")
    assert done.returncode == 2
    assert "NAME=VALUE" in done.stderr


def test_in_the_shape_of_other_tools(folder: Path) -> None:
    asked = ("sigma", folder / "log.json", "--rules", folder / "rules", "--value", "word=made-up", "--shape")
    (row,) = csv.DictReader(io.StringIO(keii(*asked, "hayabusa").stdout))
    assert (row["Timestamp"], row["Computer"], row["EventID"], row["Level"], row["RecordID"], row["RuleTitle"]) == (
        "2026-03-01 00:00:00.000 +00:00", "pc1.example.com", "1", "high", "7", "Made process",
    )  # fmt: skip
    assert "CommandLine: run made-up" in row["Details"]
    (rule,) = json.loads(keii(*asked, "zircolite").stdout)
    assert (rule["title"], rule["rule_level"], rule["count"]) == ("Made process", "high", 1)
    assert (rule["matches"][0]["CommandLine"], rule["matches"][0]["OriginalLogfile"]) == ("run made-up", "log.json")
    (detection,) = json.loads(keii(*asked, "chainsaw").stdout)
    event = detection["document"]["data"]["Event"]
    assert (detection["name"], event["System"]["EventRecordID"], event["EventData"]["CommandLine"]) == (
        "Made process",
        7,
        "run made-up",
    )


def test_every_match_is_written_not_the_first_ones_only(folder: Path) -> None:
    (folder / "log.json").write_text("".join(json.dumps(EVENT | {"RecordNumber": n}) + "\n" for n in range(1, 46)))
    done = keii(
        "sigma", folder / "log.json", "--rules", folder / "rules", "--value", "word=made-up", "--shape", "hayabusa"
    )
    assert len(done.stdout.splitlines()) == 46
