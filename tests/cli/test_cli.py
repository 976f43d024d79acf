"""The commands as a user types them: exit codes, JSON that matches docs/json.md, tables, both languages, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keii.cli.commands import COMMANDS
from keii.simulate import simulate

TEXT = "みなと日報\n2021年2月4日 10時30分\n星雲工業に不正アクセス\n\n星雲工業は4日、412件のファイルが流出した可能性があると発表した。個人情報の流出は確認されていないという。\n"


def keii(*args: object, cwd: Path | None = None, lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": lang, "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", "from keii.cli import main; main()", *map(str, args)],
        capture_output=True, text=True, cwd=cwd, env=environment, timeout=120, check=False,
    )  # fmt: skip


def lines(done: subprocess.CompletedProcess[str]) -> list[dict]:
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made breach, added and run."""
    root = tmp_path_factory.mktemp("cli")
    simulate(root / "made", scale="200000", seed=2)
    assert keii("new", root / "case", "--victim", "星空重工業", "--zone", "Asia/Tokyo").returncode == 0
    added = keii("add", root / "case", *(root / "made" / part for part in ("logs", "intel", "documents")), "--link")
    assert added.returncode == 0, added.stderr
    done = keii("run", root / "case")
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    return root / "case"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_run_writes_the_report_and_running_again_changes_nothing(case: Path) -> None:
    before = {path.name: path.read_bytes() for path in sorted((case / "report").iterdir())}
    assert set(before) == {"report.html", "report.md", "report.json"}
    again = json.loads(keii("run", case, "--json").stdout)
    assert again["run"]["stages"] == []
    assert {path.name: path.read_bytes() for path in sorted((case / "report").iterdir())} == before


def test_deleting_everything_derived_and_running_again_gives_the_same_bytes(case: Path) -> None:
    before = {path.name: path.read_bytes() for path in sorted((case / "report").iterdir())}
    for name in ("case.sqlite", "case.sqlite-wal", "case.sqlite-shm"):
        (case / name).unlink(missing_ok=True)
    for path in sorted([*(case / "lake").rglob("*"), *(case / "report").iterdir()], reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert keii("run", case).returncode == 0
    assert {path.name: path.read_bytes() for path in sorted((case / "report").iterdir())} == before


@pytest.mark.parametrize(
    "command", ["trace", "hosts", "beacons", "coverage", "files", "compare", "check", "claims", "sources"]
)
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_every_question_has_an_answer_in_both_languages(case: Path, command: str, lang: str) -> None:
    done = keii(command, case, "--lang", lang)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip()
    assert max(len(line) for line in done.stdout.splitlines()) <= 100


def test_trace_json_holds_the_path(case: Path) -> None:
    (trace,) = lines(keii("trace", case, "--json"))
    truth = json.loads((case.parent / "made/truth.json").read_text("utf-8"))
    assert {
        "hosts",
        "clocks",
        "infections",
        "hops",
        "first_hosts",
        "files",
        "transfers",
        "tampering",
        "coverage",
    } <= set(trace)
    assert truth["first_host"] in {i["host"] for i in trace["infections"]}


def test_claims_json_has_the_documented_shape_and_exact_quotes(article: Path) -> None:
    found = lines(keii("claims", article, "--json"))
    text = keii("sources", article, "--text").stdout
    assert any(
        c["topic"] == "affected.files" and c["value"] == {"type": "number", "num": 412, "unit": "file"} for c in found
    )
    keys = {"id", "source", "basis", "topic", "value", "approximation", "polarity", "modality", "speaker", "via", "as_of", "scope", "quote", "start", "end"}  # fmt: skip
    for one in found:
        assert keys <= set(one)
        assert text[one["start"] : one["end"]] == one["quote"]
        assert one["source"] == "article.txt"


def test_sources_json_has_the_documented_shape(article: Path) -> None:
    (source,) = lines(keii("sources", article, "--json"))
    assert {"id", "publisher", "title", "url", "kind", "lang", "published", "updated", "embedded"} <= set(source)
    assert source["published"]["edtf"].startswith("2021-02-04T10:30")
    assert source["lang"] == "ja"


def test_compare_json_kinds_are_the_documented_ones(case: Path) -> None:
    kinds = {one["kind"] for one in lines(keii("compare", case, "--json"))}
    assert kinds <= {"agreement", "contradiction", "compatible", "revision", "denial-then-admission", "single-source", "omission", "hedge-lost", "impossible-order"}  # fmt: skip
    assert {"agreement", "contradiction", "omission"} <= kinds


def test_check_gives_a_verdict_for_every_sentence(case: Path) -> None:
    verdicts = lines(keii("check", case, "6-statement.html", "--json"))
    assert {v["verdict"] for v in verdicts} <= {
        "supported",
        "contradicted",
        "not-verifiable",
        "unsupported",
        "not-checkable",
    }
    leak = next(v for v in verdicts if "確認されておりません" in v["sentence"])
    assert leak["verdict"] in ("not-verifiable", "contradicted")
    assert leak["leaves_open"]


def test_hunt_without_a_case_ends_with_its_coverage(case: Path) -> None:
    made = case.parent / "made"
    found = lines(keii("hunt", made / "logs/zeek", "--intel", made / "intel/report.txt", "--json"))
    assert {"searched", "not_searchable", "not_applicable"} <= set(found[-1])
    assert any(m["intel"].get("value") == "status.metric-relay.example" for m in found[:-1])
    assert all(len(m["locators"]) <= 20 for m in found[:-1])


def test_a_rule_that_cannot_be_read_is_told_and_exits_1(case: Path, tmp_path: Path) -> None:
    rules = tmp_path / "made.rules"
    rules.write_text(
        'alert dns any any -> any any (msg:"a"; dns.query; content:"relay"; sid:1;)\nalert broken any any\n'
    )
    for command in (("hunt", case.parent / "made/logs/zeek", "--intel", rules), ("indicators", rules)):
        done = keii(*command)
        assert done.returncode == 1, done.stderr
        assert "made.rules" in done.stderr
        assert "'alert broken any any' is no rule" in done.stderr


def test_a_name_of_a_hundred_thousand_characters_does_not_flood_the_terminal(tmp_path: Path) -> None:
    name = "H" * 100_000
    event = {"EventTime": "2031-03-04T08:00:00Z", "Hostname": name, "Channel": "Security", "EventID": 1102,
             "SourceName": "Microsoft-Windows-Eventlog", "SubjectUserName": name}  # fmt: skip
    log = tmp_path / "a.json"
    log.write_text(json.dumps(event | {"Hostname": "PC01"}) + "\n" + json.dumps(event) + "\n")
    assert keii("new", tmp_path / "c", "--victim", "X").returncode == keii("add", tmp_path / "c", log).returncode == 0
    assert len(keii("run", tmp_path / "c").stdout) < 5_000
    assert len(keii("trace", tmp_path / "c").stdout) < 10_000
    assert name in keii("trace", tmp_path / "c", "--json").stdout


def test_a_hunt_that_finds_nothing_says_what_it_searched(case: Path, tmp_path: Path) -> None:
    intel = tmp_path / "none.txt"
    intel.write_text("nothing-here[.]example\n198[.]51[.]100[.]3x\n", "utf-8")
    (tmp_path / "list.csv").write_text("indicator,type\nabsent.example,domain\n", "utf-8")
    done = keii("hunt", case.parent / "made/logs/zeek", "--intel", tmp_path / "list.csv", "--json")
    found = lines(done)
    assert len(found) == 1
    assert sum(t["events"] for t in found[0]["searched"]) > 0


def test_verify_is_quiet_when_whole_and_names_what_changed(case: Path, tmp_path: Path, article: Path) -> None:
    assert keii("new", tmp_path / "v").returncode == 0
    assert keii("add", tmp_path / "v", article).returncode == 0
    assert keii("verify", tmp_path / "v").returncode == 0
    held = next((tmp_path / "v/sources").rglob("article.txt"))
    held.chmod(0o644)
    held.write_text("altered", "utf-8")
    done = keii("verify", tmp_path / "v", "--json")
    assert done.returncode == 1
    assert "article.txt" in done.stdout


@pytest.mark.parametrize(
    "args",
    [
        ("run", "nowhere"),
        ("new",),
        ("claims", "nowhere.txt"),
        ("report", "."),
        ("simulate", "x", "--scale", "huge"),
        ("nonsense",),
    ],
)
def test_what_cannot_run_exits_2_with_a_sentence(args: tuple[str, ...], tmp_path: Path) -> None:
    done = keii(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_something_unreadable_exits_1_and_the_rest_goes_on(tmp_path: Path, article: Path) -> None:
    assert keii("new", tmp_path / "c").returncode == 0
    (tmp_path / "broken.evtx").write_bytes(b"ElfFile\x00" + b"\x00" * 4096)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7\n%cut")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + b"\x00" * 64)
    broken = [tmp_path / f"broken.{suffix}" for suffix in ("evtx", "pdf", "zip")]
    assert keii("add", tmp_path / "c", article, *broken).returncode == 0
    done = keii("run", tmp_path / "c")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for path in broken:
        assert path.name in done.stderr
    assert "412" in (tmp_path / "c/report/report.md").read_text("utf-8")


def test_a_mapping_file_reads_any_csv_and_a_wrong_one_is_refused_with_its_place(tmp_path: Path) -> None:
    rows = "when;client;asked\n2024-01-02T03:04:05Z;10.0.0.1;c2.bad.example\nbroken\n"
    (tmp_path / "queries.csv").write_text(rows, "utf-8")
    (tmp_path / "map.yaml").write_text(
        'table: dns\nformat: csv\ndelimiter: ";"\ntime: {fields: when, format: iso}\ncolumns: {src_ip: client, query: asked}\n',
        "utf-8",
    )
    (tmp_path / "wrong.yaml").write_text("table: nowhere\ncolumns: {}\n", "utf-8")
    assert keii("new", tmp_path / "c").returncode == 0
    refused = keii("add", tmp_path / "c", tmp_path / "queries.csv", "--mapping", tmp_path / "wrong.yaml")
    assert refused.returncode == 2
    assert "wrong.yaml" in refused.stderr
    assert keii("add", tmp_path / "c", tmp_path / "queries.csv", "--mapping", tmp_path / "map.yaml").returncode == 0
    assert keii("run", tmp_path / "c").returncode == 1  # one line is broken, and said so
    report = json.loads((tmp_path / "c/report/report.json").read_text("utf-8"))
    (source,) = report["sources"]
    assert (source["events"], source["skipped"]) == (1, 1)


def test_a_hunt_without_intel_is_refused(tmp_path: Path, article: Path) -> None:
    done = keii("hunt", article)
    assert done.returncode == 2
    assert "--intel" in done.stderr


def test_a_source_that_changed_after_it_was_read_is_told_by_the_next_run(tmp_path: Path, article: Path) -> None:
    assert keii("new", tmp_path / "c").returncode == 0
    assert keii("add", tmp_path / "c", article).returncode == 0
    assert keii("run", tmp_path / "c").returncode == 0
    held = next((tmp_path / "c/sources").rglob("article.txt"))
    held.chmod(0o644)
    held.write_text("altered", "utf-8")
    done = keii("run", tmp_path / "c")
    assert done.returncode == 1
    assert "article.txt" in done.stderr


def test_a_disk_that_refuses_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    done = keii("new", tmp_path / "file" / "case")
    assert done.returncode == 2
    assert done.stderr.startswith("keii: ")
    assert "Traceback" not in done.stderr


def test_search_finds_the_events_of_a_match_and_says_what_it_looked_through(case: Path) -> None:
    matches = lines(keii("hunt", case, "--json"))
    match = next(one for one in matches if (one.get("intel") or {}).get("kind") == "ip")
    [answer] = lines(keii("search", case, match["intel"]["value"], "--json", "--limit", "1"))
    assert sum(found["events"] for found in answer["found"]) >= match["events"]
    assert dict(answer["searched"])["network"] > 0
    assert keii("search", case, "no such thing").returncode == 2


def test_hosts_and_beacons_are_listed(case: Path) -> None:
    hosts = lines(keii("hosts", case, "--json"))
    assert any(one.get("address") and one["first"] for one in hosts)
    told = lines(keii("trace", case, "--json"))[0]["beacons"]
    assert lines(keii("beacons", case, "--json")) == told  # in the order of the trace: what is worth a look first


def test_every_command_with_json_is_documented() -> None:
    told = (Path(__file__).parents[2] / "docs/json.md").read_text("utf-8")
    spoken = {command.name for command in COMMANDS if any(one.name == "as_json" for one in command.params)}
    assert "search" in spoken
    assert {name for name in spoken if f"keii {name}" not in told and f"`{name}" not in told} == set()
