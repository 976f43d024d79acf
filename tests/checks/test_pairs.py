"""Pairs of publications that contradict each other, and pairs that only look as if they did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Document
from tests.claims.made import document

PAIRS = yaml.safe_load((Path(__file__).parent / "pairs.yaml").read_text("utf-8"))
_HEAD = {"ja": "日ノ出電機への不正アクセスについて\n", "en": "Data security incident at Hinode Denki\n"}
_OWN = {"ja": "日ノ出電機株式会社", "en": "Hinode Denki"}


def _document(row: dict[str, Any], kind: str) -> Document:
    lang = row["lang"]
    publisher = _OWN[lang] if kind == "statement" else "The Daily Example"
    day = "2024-03-15T10:00+09:00" if kind == "statement" else "2024-04-25T05:00+09:00"
    text = f"{_HEAD[lang]}{row['statement' if kind == 'statement' else 'paper']}\n"
    made = document(text, lang, publisher=publisher, published=day, kind=kind)
    return msgspec.structs.replace(made, source=f"s-{kind}", name=kind)


@pytest.mark.parametrize("row", PAIRS, ids=[str(at) for at in range(len(PAIRS))])
def test_a_contradiction_is_told_where_there_is_one(row: dict[str, Any]) -> None:
    documents = [_document(row, "statement"), _document(row, "news")]
    claims = [claim for one in documents for claim in extract(one)]
    for order in (claims, claims[::-1]):
        found = check(Claims(order, documents))
        told = {one.topic.split(".")[0] for one in found if one.answer == "yes" and one.kind == "contradiction"}
        assert told == {topic.split(".")[0] for topic in row["contradict"]}
