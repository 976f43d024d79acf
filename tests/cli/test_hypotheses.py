"""``keii hypotheses`` as a user runs it, on a case with invented articles."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from keii import pipeline
from keii.case.case import Case
from keii.cli.show import Bars
from tests.checks.build import claim
from tests.cli.test_cli import keii

ROOT = Path(__file__).parents[2]
HYPOTHESES = """
[[hypothesis]]
id = "subsidiary"
text = "They came in through the subsidiary."
expects = [{topic = "entry.vector", value = "subsidiary"}, {topic = "time.intrusion_start", before = "2018-07"}]
likelihood = "probable"
confidence = "high"
[[hypothesis]]
id = "mail"
text = "By mail. | <script>"
expects = [{topic = "entry.vector", value = "phishing"}]
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    root = tmp_path / "case"
    with Case.create(root, "n") as made:
        said = [
            {"topic": "entry.vector", "cat": "subsidiary", "speaker": "Paper A", "said": "2020-01-30"},
            {"topic": "log.erased", "cat": "erased", "speaker": "Paper A", "said": "2020-01-30"},
        ]
        made.catalog.put_claims([claim(at, short) for at, short in enumerate(said)], "stated")
    return root


def test_without_a_hypothesis_it_says_how_to_write_one(case: Path) -> None:
    done = keii("hypotheses", case)
    assert done.returncode == 2
    assert "[[hypothesis]]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_object_is_what_the_page_says(case: Path) -> None:
    with (case / "case.toml").open("a") as file:
        file.write(HYPOTHESES)
    told = json.loads(keii("hypotheses", case, "--json").stdout)
    page = (ROOT / "docs" / "hypotheses.md").read_text("utf-8")
    assert set(told) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    for name in ("standings", "rows", "unspoken", "removals"):
        for field in told[name][0]:
            assert re.search(rf"\| `{name}` \|.*\b{field}\b", page), (name, field)
    assert [one["hypothesis"] for one in told["standings"]] == ["subsidiary", "mail"]
    assert told["standings"][1]["firm"] == 1
    assert told["unspoken"][0]["why"] == "hypotheses.unspoken.logs-missing"
    assert [one["origin"] for one in told["removals"]] == ["papera"]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_tables_and_markdown(case: Path, lang: str) -> None:
    with (case / "case.toml").open("a") as file:
        file.write(HYPOTHESES)
    shown = keii("hypotheses", case, "--lang", lang)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Paper A" in shown.stdout
    assert "55" in shown.stdout
    markdown = keii("hypotheses", case, "--markdown", "--lang", lang).stdout
    assert r"By mail. \| \<script\>" in markdown
    assert markdown.count("| subsidiary | mail |") == 1


def test_writing_a_hypothesis_does_not_make_the_stages_run_again(tmp_path: Path) -> None:
    (tmp_path / "post.txt").write_text("Harbour Post\n30 January 2020\n\n412 files were stolen.\n")
    Case.create(tmp_path / "case", "n").add([tmp_path / "post.txt"])
    with Case.open(tmp_path / "case") as made:
        assert "claims" in pipeline.run(made, Bars()).stages
    with (tmp_path / "case" / "case.toml").open("a") as file:
        file.write(HYPOTHESES)
    with Case.open(tmp_path / "case") as made:
        assert pipeline.run(made, Bars()).stages == ()
        assert pipeline.analysis_of(made) is not None


def test_likelihood_and_confidence_never_stand_in_one_sentence() -> None:
    told = yaml.safe_load((ROOT / "src" / "keii" / "data" / "text" / "hypotheses.yaml").read_text("utf-8"))
    for key, words in told.items():
        both = "{term}" in words["en"] and ("{level}" in words["en"] or "onfidence" in words["en"])
        assert not both, key
        assert not ("{term}" in words["ja"] and "確信度" in words["ja"]), key
