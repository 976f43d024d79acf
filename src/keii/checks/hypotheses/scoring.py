"""Scores and ranks over the rows of evidence, and what changes when an origin or a row is taken away.

After R. Heuer, Psychology of Intelligence Analysis (1999), chapter 8: hypotheses are ranked by what speaks against them,
never by what speaks for them, and the conclusion is tried by taking away the evidence it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from keii.model.hypothesis import Diagnosticity, EvidenceRow, Mark

_AGAINST = {"I": 1, "II": 2}


class Score(NamedTuple):
    """Origins that speak against a hypothesis: the certain ones, then those that hedge. Compared in that order."""

    firm: int
    hedged: int


def diagnosticity(marks: Iterable[Mark]) -> Diagnosticity:
    """Return how far a row tells hypotheses apart: not at all where it says the same of each."""
    held = list(marks)
    against = [mark in _AGAINST for mark in held]
    if any(against) and not all(against):
        return "strong"
    return "none" if len(set(held)) <= 1 else "weak"


def scores(rows: Iterable[EvidenceRow], hypotheses: Sequence[str]) -> dict[str, Score]:
    """Return the score of every hypothesis.

    An origin counts once per topic, however often and in however many ways it says the same against a hypothesis; where
    it is certain once, its hedges on that topic add nothing.
    """
    firm: dict[str, dict[tuple[str, str], int]] = {one: {} for one in hypotheses}
    hedged: dict[str, dict[tuple[str, str], int]] = {one: {} for one in hypotheses}
    for row in rows:
        for cell in row.cells if row.counts else ():
            weight = _AGAINST.get(cell.mark, 0)
            for origins, held in ((row.firm, firm[cell.hypothesis]), (row.hedged, hedged[cell.hypothesis])):
                for origin in origins if weight else ():
                    held[row.topic, origin] = max(weight, held.get((row.topic, origin), 0))
    return {
        one: Score(
            sum(firm[one].values()), sum(weight for pair, weight in hedged[one].items() if pair not in firm[one])
        )
        for one in hypotheses
    }


def ranks(score: dict[str, Score]) -> dict[str, int]:
    """Return the rank of every hypothesis: 1 for the least inconsistent, equal scores share one."""
    ordered = sorted(score.values())
    return {one: ordered.index(value) + 1 for one, value in score.items()}


def leaders(rank: dict[str, int]) -> frozenset[str]:
    """Return the hypotheses that come first."""
    return frozenset(one for one, place in rank.items() if place == 1)


def reversed_pair(before: dict[str, int], after: dict[str, int]) -> bool:
    """Return whether any two hypotheses changed places (a tie that opens or closes is no change of places)."""
    return any((before[a] - before[b]) * (after[a] - after[b]) < 0 for a, b in combinations(before, 2))


def linchpins(rows: Sequence[EvidenceRow], hypotheses: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of rows without any one of which other hypotheses come first."""
    score = scores(rows, hypotheses)
    first = leaders(ranks(score))
    found = []
    for row in rows:
        if not row.counts or row.diagnosticity != "strong" or not _may_change(row, score, first):
            continue
        if leaders(ranks(scores([other for other in rows if other is not row], hypotheses))) != first:
            found.append(row.id)
    return tuple(found)


def _may_change(row: EvidenceRow, score: dict[str, Score], first: frozenset[str]) -> bool:
    """Return whether a row speaks against a leader, or against one that could come level without it."""
    best = min(score.values()).firm
    most = max(_AGAINST.values()) * len(row.firm)
    against = {cell.hypothesis for cell in row.cells if cell.mark in _AGAINST}
    return any(one in first or score[one].firm - most <= best for one in against)
