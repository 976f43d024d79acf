"""Files as they are saved, read and compared: what is told of them (``told/*.yaml``, one file a question), and what is not.

A case holds ``documents`` (name, text), and any of ``publishers`` (of the documents, in order), ``kinds``, ``published``, ``has`` and ``not`` (findings by
kind, topic and why; ``source``, ``voice`` and ``subject`` are facts of it), ``once`` (a finding that is there once), ``claims`` (some claim must have all that is named).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Claim, Document, Finding, Source
from keii.readers.documents import read
from tests.claims.scoring import value_of

CASES = [
    pytest.param(case, id=f"{path.stem}-{case['case']}")
    for path in sorted((Path(__file__).parent / "told").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]


def _read(row: dict[str, str]) -> Document:
    data = row["text"].encode()
    digest = hashlib.sha256(data).hexdigest()
    return read(data, Source(id=f"s-{digest[:16]}", name=row["name"], sha256=digest, size=len(data)))


def _is(finding: Finding, wanted: dict[str, str]) -> bool:
    said = {"kind": finding.kind, "topic": finding.topic, "why": finding.why.rpartition(".")[2], **finding.facts}
    return all(said.get(key) == value for key, value in wanted.items())


def _has(claim: Claim, wanted: dict[str, Any]) -> bool:
    said = {
        "in": claim.source,
        "t": claim.topic,
        "v": value_of(claim),
        "p": claim.state or claim.polarity,
        "m": claim.modality,
        "s": claim.speaker,
        "via": list(claim.via),
        "u": getattr(claim.value, "unit", None),
        "c": claim.scope,
    }
    return all(str(said[key]) == str(value) for key, value in wanted.items())


@pytest.mark.parametrize("case", CASES)
def test_what_is_told_of_saved_files(case: dict[str, Any]) -> None:
    documents = [_read(row) for row in case["documents"]]
    claims = [claim for document in documents for claim in extract(document)]
    found = [one for one in check(Claims(claims, documents)) if one.answer == "yes"]
    told = [(one.kind, one.topic, one.why, one.facts) for one in found]
    if "publishers" in case:
        assert [document.publisher for document in documents] == case["publishers"]
    if "published" in case:
        assert [document.published.edtf if document.published else None for document in documents] == case["published"]
    if "kinds" in case:
        assert [document.kind for document in documents] == case["kinds"]
    for wanted in case.get("has", ()):
        assert any(_is(one, wanted) for one in found), (wanted, told)
    for unwanted in case.get("not", ()):
        assert not any(_is(one, unwanted) for one in found), (unwanted, told)
    if "once" in case:
        assert sum(_is(one, case["once"]) for one in found) == 1, told
    said = [(c.source, c.topic, value_of(c), c.polarity, c.modality, c.speaker, c.via, c.scope) for c in claims]
    for wanted in case.get("claims", ()):
        assert any(_has(claim, wanted) for claim in claims), (wanted, said)
    for unwanted in case.get("no_claims", ()):
        assert not any(_has(claim, unwanted) for claim in claims), (unwanted, said)
