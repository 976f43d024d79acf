"""``keii chronology`` and ``keii claims --over-time``: from files and from a case, in every form."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.test_cli import keii, lines

FIRST = "みなと日報\n2021年2月4日 10時30分\n星雲工業に不正アクセス\n\n星雲工業のサーバーから約400件のファイルが流出した可能性があることが4日、関係者への取材で分かった。\n"
SECOND = "とうと新聞\n2021年2月4日 23時50分\n星雲工業、412件流出か\n\n星雲工業のサーバーから412件のファイルが流出した可能性がある。ログの一部が消去されていた。\n"


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("papers")
    paths = [folder / "first.txt", folder / "second.txt"]
    for path, text in zip(paths, (FIRST, SECOND), strict=True):
        path.write_text(text, "utf-8")
    return paths


def test_chronology_tells_what_was_new_with_its_words(papers: list[Path]) -> None:
    told = lines(keii("chronology", *reversed(papers), "--json"))
    assert [(one["number"], one["document"]) for one in told] == [(1, "first.txt"), (2, "second.txt")]
    assert told[0]["published"]["edtf"].startswith("2021-02-04T10:30")
    new = {(one["topic"], one["change"]) for one in told[1]["new"]}
    assert ("affected.files", "sharper") in new
    assert ("log.erased", "first") in new
    assert all(quote in SECOND for quote in told[1]["quotes"])
    assert {"letter", "digit", "by", "why", "supports", "against"} == set(told[1]["new"][0]["rating"])


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_chronology_in_every_form(papers: list[Path], lang: str) -> None:
    table = keii("chronology", *papers, "--lang", lang)
    assert table.returncode == 0, table.stderr
    assert {"en": "more exact", "ja": "より詳細"}[lang] in table.stdout
    assert max(len(line) for line in table.stdout.splitlines()) <= 100
    rows = list(csv.reader(io.StringIO(keii("chronology", *papers, "--csv", "--lang", lang).stdout)))
    assert len(rows) == 3
    markdown = keii("chronology", *papers, "--markdown", "--lang", lang).stdout
    assert markdown.startswith("## ")
    assert markdown.count("\n| ") == 4


def test_over_time_tells_who_says_what_until_then(papers: list[Path]) -> None:
    told = {one["topic"]: one["states"] for one in lines(keii("claims", *papers, "--over-time", "--json"))}
    files = told["affected.files"]
    assert [state["publication"] for state in files] == [1, 2]
    assert [change["change"] for change in files[1]["told"]][-1] == "sharper"
    assert len(files[0]["standing"]) == 1
    assert len(files[1]["standing"]) == 2
    shown = keii("claims", *papers, "--over-time", "--lang", "en")
    assert shown.returncode == 0
    assert "412 files (possible) [more exact]" in shown.stdout


def test_the_analysts_own_rating_shows_in_sources_and_report(papers: list[Path], tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert keii("new", case, "--zone", "Asia/Tokyo").returncode == 0
    settings = case / "case.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[reliability]\n"first.txt" = "B"\n"Nobody" = "A"\n', "utf-8")
    assert keii("add", case, *papers).returncode == 0
    assert keii("run", case).returncode == 0
    rated = {one["name"]: one["reliability"] for one in lines(keii("sources", case, "--json"))}
    assert rated["first.txt"]["letter"] == "B"
    assert rated["first.txt"]["by"] == "user"
    assert rated["second.txt"]["letter"] == "F"
    report = (case / "report" / "report.html").read_text("utf-8")
    assert "reliability B: set by the analyst" in report
    assert "Nobody" in report
