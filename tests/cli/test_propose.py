"""``keii claims CASE --propose`` as a user runs it, against a local endpoint."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from keii.case import verify
from keii.case.case import Case
from keii.proposals import prompt_hash
from tests.cli.test_cli import keii, lines
from tests.proposals.fake import says, sends, serving

ARTICLE = "Harbour Post\n30 January 2020 10:30\n\nMinato Works said that 28 thousand sheets changed hands.\n"
GOOD = {
    "quote": "28 thousand sheets changed hands",
    "topic": "affected.files",
    "value": {"type": "number", "num": 28000, "unit": "file"},
}
MADE_UP = {**GOOD, "quote": "80 thousand sheets changed hands"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "post.txt").write_text(ARTICLE)
    root = tmp_path / "case"
    assert keii("new", root).returncode == 0
    assert keii("add", root, tmp_path / "post.txt").returncode == 0
    assert keii("run", root).returncode == 0
    return root


def name_model(case: Path, url: str) -> None:
    with (case / "case.toml").open("a") as file:
        file.write(f'[llm]\nbase_url = "{url}/v1"\nmodel = "fake"\ntries = 1\n')


def test_without_the_case_naming_a_model_none_is_asked(case: Path) -> None:
    done = keii("claims", case, "--propose")
    assert done.returncode == 2
    assert "[llm]" in done.stderr
    done = keii("claims", case.parent / "post.txt", "--propose")
    assert done.returncode == 2
    assert "one case" in done.stderr


def test_proposals_are_marked_recorded_and_kept_apart(case: Path) -> None:
    with serving(says(GOOD, MADE_UP)) as server:
        name_model(case, server.url)
        before = lines(keii("claims", case, "--json"))
        assert server.asked == []  # naming a model is not enough: it is asked for by --propose only
        told = lines(keii("claims", case, "--propose", "--json"))
        assert len(server.asked) == 1
    assert [one for one in told if one["proposed"] is None] == before
    (proposal,) = [one for one in told if one["proposed"]]
    assert proposal["proposed"] == f"fake, prompt {prompt_hash()[:12]}"
    assert lines(keii("claims", case, "--json")) == before
    kept = (case / "report" / "proposals.jsonl").read_bytes()
    assert json.loads(kept) == proposal
    with Case.open(case) as opened:
        first, second = [entry.note for entry in opened.ledger_entries() if entry.action == "noted"]
        assert verify.verify(opened) == []
    for words in (server.url, "model fake", prompt_hash()):
        assert words in first
        assert words in second
    assert "1 pieces" in first
    assert hashlib.sha256(kept).hexdigest() in second
    assert "1 quote" in second


@pytest.mark.parametrize(("lang", "words"), [("en", "1 proposal of the model"), ("ja", "モデルの提案1件")])
def test_the_tables_tell_proposals_apart(case: Path, lang: str, words: str) -> None:
    with serving(says(GOOD, MADE_UP)) as server:
        name_model(case, server.url)
        done = keii("claims", case, "--propose", "--lang", lang)
    assert (done.returncode, done.stderr) == (0, "")
    assert words in done.stdout
    assert done.stdout.index(words) < done.stdout.index("28 thousand sheets changed hands")


def test_a_failure_is_told_with_its_place_and_leaves_the_case_whole(case: Path) -> None:
    with serving(sends(b"", 500)) as server:
        name_model(case, server.url)
        done = keii("claims", case, "--propose", "--json")
    assert done.returncode == 1
    assert "post.txt, characters 0 to" in done.stderr
    assert "500 Internal Server Error" in done.stderr
    assert all(one["proposed"] is None for one in lines(done))
