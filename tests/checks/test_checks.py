"""Every check on its cases: claims in, findings out, with at least one YES, NO and UNKNOWN in all."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from keii.checks import CHECKS, Claims, check
from keii.wording import say
from tests.checks.build import claim, document

CASES = Path(__file__).parent / "cases"


def _cases() -> list[tuple[str, dict]]:
    return [
        (f"{path.stem}: {case['name']}", {"check": path.stem, **case})
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("name", "case"), _cases(), ids=lambda value: value if isinstance(value, str) else "")
def test_case(name: str, case: dict) -> None:
    claims = Claims(
        [claim(at, short) for at, short in enumerate(case["claims"])],
        [document(short) for short in case.get("documents", [])],
        case.get("names", ()),
    )
    ids = {claim.id: short.get("id", "") for claim, short in zip(_built(case), case["claims"], strict=True)}
    chosen = [one for one in CHECKS if one.id == case["check"]]
    got = [
        {
            "answer": finding.answer,
            **({"kind": finding.kind, "why": finding.why.split(".", 2)[2]} if finding.answer == "yes" else {}),
            **({"claims": sorted(ids[i] for i in (*finding.claims, *finding.against))} if finding.claims else {}),
        }
        for finding in check(claims, chosen)
    ]
    expected = [{**one, **({"claims": sorted(one["claims"])} if "claims" in one else {})} for one in case["findings"]]
    assert sorted(got, key=str) == sorted(expected, key=str)


def _built(case: dict) -> list:
    return [claim(at, short) for at, short in enumerate(case["claims"])]


def test_every_check_has_a_file_and_cases_with_a_yes_and_another_answer() -> None:
    for one in CHECKS:
        cases = yaml.safe_load((CASES / f"{one.id}.yaml").read_text("utf-8"))
        answers = {finding["answer"] for case in cases for finding in case["findings"]}
        assert "yes" in answers, one.id
        assert answers & {"no", "unknown"}, one.id
        assert say(f"check.{one.id}") == one.asks


def test_every_why_of_a_finding_has_its_sentence() -> None:
    for _, case in _cases():
        claims = Claims(_built(case), [document(short) for short in case.get("documents", [])], case.get("names", ()))
        for finding in check(claims):
            for lang in ("en", "ja"):
                assert say(finding.why, lang, finding.facts)


def test_findings_do_not_depend_on_the_order_of_the_claims() -> None:
    for _, case in _cases():
        built = _built(case)
        documents = [document(short) for short in case.get("documents", [])]
        forward = check(Claims(built, documents, case.get("names", ())))
        backward = check(Claims(reversed(built), documents, case.get("names", ())))
        assert {f.id for f in forward} == {f.id for f in backward}
