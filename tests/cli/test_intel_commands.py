"""``keii indicators`` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import keii, lines

REPORT = """Report on a campaign

It beacons to hxxps://c2[.]example/api/{id}/ping every 5 minutes.
The server is 203.0.113[.]7. See https://blog.example.org/post for more.
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.txt"
    path.write_text(REPORT, "utf-8")
    return path


def test_json(report: Path) -> None:
    done = keii("indicators", report, "--json")
    assert done.returncode == 0, done.stderr
    *told, closing = lines(done)
    found = {line["indicator"]["value"]: line["indicator"] for line in told if "indicator" in line}
    assert {value: one["hunted"] for value, one in found.items()} == {
        "https://c2.example/api/": True,
        "203.0.113.7": True,
        "https://blog.example.org/post": False,
    }
    assert [line["pattern"]["uri"] for line in told if "pattern" in line] == ["/api/*/ping"]
    assert (closing["indicators"], closing["patterns"], closing["sources"][0]["name"]) == (3, 1, "report.txt")


def test_plain_and_of_one_kind(report: Path) -> None:
    assert keii("indicators", report, "--plain").stdout.split() == ["https://c2.example/api/", "203.0.113.7"]
    assert keii("indicators", report, "--plain", "--kind", "ip").stdout.split() == ["203.0.113.7"]


@pytest.mark.parametrize(("lang", "words"), [("en", "not hunted: written as a link"), ("ja", "照合の対象外")])
def test_table(report: Path, lang: str, words: str) -> None:
    done = keii("indicators", report, "--lang", lang)
    assert "203.0.113.7" in done.stdout
    assert words[:10] in done.stdout.replace("\n", " ")


def test_what_is_no_report_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    done = keii("indicators", tmp_path / "empty.txt")
    assert (done.returncode, "empty.txt" in done.stderr) == (1, True)
