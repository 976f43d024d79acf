"""What pages and texts say of their own time, against pages written in the manner of real ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from keii.model import Source
from keii.readers.documents import read

PAGES = Path(__file__).with_name("pages")


@cache
def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load((PAGES / f"{name}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    return found


ALL = [
    pytest.param(case, id=f"{name}-{case['id']}")
    for name in (
        "japanese_texts",
        "english_texts",
        "html_pages",
        "second_texts",
        "third_texts",
        "second_pages",
        "fourth_lot",
        "fifth_lot",
        "sixth_lot",
        "seventh_lot",
    )
    for case in cases(name)
]


BODY = "星空重工業が何者かによる攻撃を受け、社内ネットワークに侵入された恐れがあることが分かった。" * 6
ENGLISH = "Acme Freight has been hit by an attack, and its servers may have been entered by an outsider. " * 6


@pytest.mark.parametrize("case", ALL)
def test_publication_time(case: dict[str, Any]) -> None:
    page = str(case.get("html") or case["text"]).replace("BODY", BODY).replace("ENGLISH", ENGLISH)
    found = read(page.encode(), Source(id="s-0", name=case.get("name", "page"), sha256="0"))
    told = found.published.edtf if found.published else None
    assert told == _written(case["published"]), found.rejected
    if "updated" in case:
        assert (found.updated.edtf if found.updated else None) == _written(case["updated"])
    if "zone" in case and found.published is not None:
        assert found.published.zone_inferred == (case["zone"] == "inferred")


def _written(value: Any) -> str | None:
    return None if value in (None, "null") else str(value)


@pytest.mark.parametrize(
    ("head", "publisher", "title"),
    [
        ("星空重工に攻撃\n青葉日報 2020年1月31日 11時05分\n", "青葉日報", "星空重工に攻撃"),
        ("星空重工に攻撃\n2020年1月31日 11時05分 事件\n", "", "星空重工に攻撃"),
        ("2020年1月31日\nお客様各位\n星空重工株式会社\n代表取締役　水野\n不正アクセスについて\n", "星空重工株式会社", "不正アクセスについて"),
        ("Freight firm hit\nPUBLISHED THU, JAN 30 2020 4:05 PM EST\n", "", "Freight firm hit"),
        ("FOR IMMEDIATE RELEASE\nJanuary 30, 2020\nAcme Freight Tells of an Attack\n", "", "Acme Freight Tells of an Attack"),
    ],
)  # fmt: skip
def test_names_of_plain_texts(head: str, publisher: str, title: str) -> None:
    body = ENGLISH if head.isascii() else BODY
    found = read(f"{head}\n{body}\n".encode(), Source(id="s-0", name="page.txt", sha256="0"))
    assert (found.publisher, found.title) == (publisher, title)
