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
    for name in ("japanese_texts", "english_texts", "html_pages", "second_texts", "third_texts", "second_pages")
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
