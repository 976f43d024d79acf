"""``keii add --url-list``: addresses recorded as not fetched, bad lines told with their number, nothing looked up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keii.case import addresses
from keii.cli.case_commands import add, new, run, verify
from keii.cli.document_commands import sources
from keii.errors import UsageError

PAGE = (
    "<html lang='ja'><head><title>攻撃</title><link rel='canonical' href='https://www.news.example.jp/b/'></head><body><article>"
    "<h1>攻撃</h1><p>2020年1月31日 5時00分</p><p>"
    + "星空重工業が攻撃を受けたことが分かった。" * 12
    + "</p></article></body></html>"
)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    assert ran(new, tmp_path / "case").exit_code == 0
    return tmp_path / "case"


def ran(command: object, *args: object) -> Result:
    return CliRunner().invoke(command, [str(arg) for arg in args], standalone_mode=False, catch_exceptions=False)  # type: ignore[arg-type]


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "urls.txt"
    path.write_text(text, "utf-8")
    return path


def test_addresses_are_recorded_and_shown_until_their_page_is_there(case: Path, tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "\ufeff# what to look for\nhttps://news.example.jp/b\n\nhttps://www.example.com/x?y=1\nhttps://news.example.jp/b\n",
    )
    assert ran(add, case, "--url-list", path).return_value == 0
    again = json.loads(ran(add, case, "--url-list", path, "--json").stdout)
    assert (again["added"], len(again["already"])) == ([], 2)
    shown = [json.loads(line) for line in ran(sources, case, "--json").stdout.splitlines()]
    assert [line["url"] for line in shown if line.get("status") == "not-fetched"] == [
        "https://news.example.jp/b",
        "https://www.example.com/x?y=1",
    ]
    page = tmp_path / "b.html"
    page.write_text(PAGE, "utf-8")
    ran(add, case, page)
    ran(run, case)
    assert "https://www.example.com/x?y=1" in ran(sources, case).stdout
    left = [json.loads(line) for line in ran(sources, case, "--json").stdout.splitlines()]
    assert [line["url"] for line in left if line.get("status") == "not-fetched"] == ["https://www.example.com/x?y=1"]
    assert ran(verify, case).return_value == 0


def test_bad_lines_are_told_with_their_number(case: Path, tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "https://news.example.jp/b\nnot an address\nftp://example.com/a\nhttps://\nhttps://u:p@example.com/\nhttps://[::1\n"
        + "https://a.example/"
        + "x" * 3000,
    )
    done = ran(add, case, "--url-list", path, "--json")
    told = json.loads(done.stdout.splitlines()[0])
    assert done.return_value == 1
    assert [refused["path"] for refused in told["refused"]] == [f"urls.txt, line {number}" for number in range(2, 8)]
    assert [entry["origin"] for entry in told["added"]] == ["https://news.example.jp/b"]
    assert "u:p" not in done.stdout


@pytest.mark.parametrize(
    "data", [b"https://example.com/\n\xff\xfe\n", b"https://example.com/\n" * (addresses.MAX_LINES + 1)]
)
def test_a_list_that_is_none_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        addresses.read_list(path)


def test_add_needs_something(case: Path) -> None:
    with pytest.raises(UsageError):
        ran(add, case)
