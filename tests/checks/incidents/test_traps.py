"""What only looks like a contradiction is none; what is one is told, and a changed word or plan is a revision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from keii.checks import Claims, check
from keii.claims import extract
from tests.claims.made import document

TRAPS = yaml.safe_load((Path(__file__).parent / "traps.yaml").read_text("utf-8"))


@pytest.mark.parametrize("row", TRAPS, ids=[str(at) for at in range(len(TRAPS))])
def test_only_what_excludes_each_other_is_a_contradiction(row: dict[str, Any]) -> None:
    documents = [
        msgspec.structs.replace(
            document(
                one["text"], row["lang"], publisher=one["publisher"], published=one["published"], kind=one["kind"]
            ),
            source=f"s-{at}",
            name=f"{at}.txt",
        )
        for at, one in enumerate(row["documents"])
    ]
    found = check(Claims([claim for one in documents for claim in extract(one)], documents))
    yes = [one for one in found if one.answer == "yes"]
    assert {one.topic for one in yes if one.kind == "contradiction"} == set(row["contradict"])
    assert {one.topic for one in yes if one.kind == "revision"} >= set(row["revise"])
    assert "hedge-lost" not in {one.kind for one in yes}
