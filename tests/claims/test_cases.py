"""Single ways of saying a thing (``cases/*.yaml``): what must be found in a sentence or two, and what must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from keii.claims import extract
from keii.model import Claim
from tests.claims.made import document
from tests.claims.scoring import bare, value_of

_OPEN = pytest.mark.xfail(reason="not yet read", strict=True)
CASES = [
    pytest.param(
        case,
        path.stem.partition("_")[0],
        id=f"{path.stem}-{case['text'][:40]}",
        marks=_OPEN if case.get("open") else (),
    )
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]


def _fits(claim: Claim, wanted: dict[str, Any]) -> bool:
    said = {
        "t": claim.topic if "." in wanted["t"] else claim.topic.partition(".")[0],
        "v": bare(claim.topic, value_of(claim)),
        "p": claim.state or claim.polarity,
        "m": claim.modality,
        "s": claim.speaker,
        "u": getattr(claim.value, "unit", None),
        "a": claim.approximation,
        "c": claim.scope,
    }
    return all(said[key] == (bare(claim.topic, str(value)) if key == "v" else value) for key, value in wanted.items())


@pytest.mark.parametrize(("case", "lang"), CASES)
def test_what_is_said_and_what_is_not(case: dict[str, Any], lang: str) -> None:
    made = document(
        case["text"],
        lang,
        publisher=case.get("publisher", "Paper"),
        published=str(case.get("published", f"2024-05-14T12:00+{'09' if lang == 'ja' else '00'}:00")),
        kind=case.get("kind", "news"),
    )
    claims = extract(made)
    told = [(c.topic, value_of(c), c.state or c.polarity, c.modality, c.speaker) for c in claims]
    for wanted in case.get("has", ()):
        assert any(_fits(claim, wanted) for claim in claims), (wanted, told)
    for unwanted in case.get("not", ()):
        one = {"t": unwanted} if isinstance(unwanted, str) else unwanted
        assert not any(_fits(claim, one) for claim in claims), (unwanted, told)
