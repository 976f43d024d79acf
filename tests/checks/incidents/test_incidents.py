"""Incidents told by several publications come out as an analyst would report them."""

from __future__ import annotations

import pytest

from tests.checks.incidents.scoring import score

# language, least share of the findings asked for, most contradictions that nobody asked for
FLOORS = [("ja", 0.78, 0), ("en", 0.60, 1)]


@pytest.mark.parametrize(("lang", "share", "false"), FLOORS)
def test_the_findings_of_an_analyst_are_found(lang: str, share: float, false: int) -> None:
    told = score(lang)
    print(
        f"{lang}: {told.found} of {told.wanted} findings, {told.false} of {told.contradictions} contradictions unasked"
    )
    assert told.found >= share * told.wanted, told.notes
    assert told.false <= false, told.notes
