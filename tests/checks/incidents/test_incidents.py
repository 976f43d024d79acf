"""Incidents told by several publications come out as an analyst would report them."""

from __future__ import annotations

import pytest

from tests.checks.incidents.scoring import score

# set, least share of the findings asked for, most contradictions that nobody asked for
FLOORS = [("ja", 0.86, 0), ("en", 0.71, 0), ("ja_eighth", 0.7, 0), ("en_eighth", 0.7, 1), ("en_tenth", 0.43, 1)]


@pytest.mark.parametrize(("which", "share", "false"), FLOORS)
def test_the_findings_of_an_analyst_are_found(which: str, share: float, false: int) -> None:
    told = score(which)
    print(
        f"{which}: {told.found} of {told.wanted} findings, {told.false} of {told.contradictions} contradictions unasked"
    )
    assert told.found >= share * told.wanted, told.notes
    assert told.false <= false, told.notes
