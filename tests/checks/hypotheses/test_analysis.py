"""Competing hypotheses: invented claims in, a matrix that an analyst could have filled in by hand out."""

from __future__ import annotations

import random
from typing import Any

import pytest

from keii.case.hypothesis import Hypothesis
from keii.case.settings import parse_settings
from keii.checks import Claims
from keii.checks.hypotheses import analyse
from keii.model.hypothesis import Analysis, EvidenceRow
from tests.checks.build import claim, document

TWO = """
name = "n"
[[hypothesis]]
id = "subsidiary"
text = "They came in through the subsidiary."
expects = [{topic = "entry.vector", value = "subsidiary"}, {topic = "time.intrusion_start", before = "2018-07"}]
[[hypothesis]]
id = "phishing"
text = "They came in by a mail to head office."
expects = [{topic = "entry.vector", value = "phishing"}]
excludes = [{topic = "time.intrusion_start", before = "2018-07"}]
"""


def hypotheses(text: str = TWO) -> tuple[Hypothesis, ...]:
    return parse_settings(text).hypotheses


def told(shorts: list[dict[str, Any]], documents: list[dict[str, Any]] | None = None) -> Claims:
    return Claims([claim(at, short) for at, short in enumerate(shorts)], [document(one) for one in documents or []])


def by_topic(analysis: Analysis, topic: str) -> EvidenceRow:
    return next(row for row in analysis.rows if row.topic == topic)


def marks(row: EvidenceRow) -> str:
    return "".join(cell.mark for cell in row.cells)


def test_the_least_inconsistent_comes_first_whatever_speaks_for_it() -> None:
    shorts = [
        {"topic": "entry.vector", "cat": "phishing", "speaker": "Paper A", "modality": "suspected"},
        {"topic": "time.intrusion_start", "date": "2017-02", "speaker": "Paper B"},
        {"topic": "time.intrusion_start", "date": "2017-02-11", "basis": "observed", "speaker": "log:fw.log"},
    ]
    found = analyse(hypotheses(), told(shorts))
    first, second = found.standings
    assert (first.hypothesis, first.rank, first.firm, first.hedged) == ("subsidiary", 1, 0, 1)
    assert (second.hypothesis, second.rank, second.firm, second.hedged) == ("phishing", 2, 2, 0)
    assert [marks(row) for row in found.rows if row.topic == "time.intrusion_start"] == ["CI", "CI"]
    assert {row.diagnosticity for row in found.rows} == {"strong"}


def test_a_row_that_fits_all_says_nothing_and_stands_last() -> None:
    text = TWO.replace("expects = [", 'expects = [{topic = "intrusion.occurred"}, ')
    shorts = [
        {"topic": "intrusion.occurred", "cat": "unauthorized-access", "speaker": "Paper A"},
        {"topic": "entry.vector", "cat": "subsidiary", "speaker": "Paper A"},
    ]
    found = analyse(hypotheses(text), told(shorts))
    assert found.rows[-1].topic == "intrusion.occurred"
    assert found.rows[-1].diagnosticity == "none"
    assert marks(found.rows[-1]) == "CC"


def test_one_origin_counts_once_however_many_pages_repeat_it() -> None:
    shorts = [
        {"topic": "entry.vector", "cat": "subsidiary", "speaker": "Example Works", "source": f"{name}.html"}
        for name in ("a", "b", "c")
    ]
    found = analyse(hypotheses(), told(shorts, [{"name": f"{n}.html", "publisher": f"Paper {n}"} for n in "abc"]))
    row = by_topic(found, "entry.vector")
    assert len(row.claims) == 3
    assert row.firm == ("exampleworks",)
    assert {s.hypothesis: s.firm for s in found.standings} == {"subsidiary": 0, "phishing": 1}


def test_an_origin_counts_once_per_topic_in_however_many_ways_it_says_it() -> None:
    shorts = [
        {"topic": "time.intrusion_start", "date": "2017-02", "speaker": "Paper A", "modality": "suspected"},
        {"topic": "time.intrusion_start", "date": "2016-11-05", "speaker": "Paper A"},
        {"topic": "time.intrusion_start", "date": "2015", "speaker": "Paper A"},
        {"topic": "time.intrusion_start", "date": "2015", "speaker": "Paper B", "modality": "possible"},
    ]
    found = analyse(hypotheses(), told(shorts))
    assert len(found.rows) == 3
    assert [(s.hypothesis, s.firm, s.hedged) for s in found.standings] == [("subsidiary", 0, 0), ("phishing", 1, 1)]


def test_a_ranking_that_hangs_on_one_origin_names_it() -> None:
    shorts = [
        {"topic": "entry.vector", "cat": "subsidiary", "speaker": "Paper A"},
        {"topic": "time.intrusion_start", "date": "2017-02", "speaker": "Paper A"},
        {"topic": "entry.vector", "cat": "phishing", "speaker": "Paper B"},
    ]
    found = analyse(hypotheses(), told(shorts))
    assert found.tried == 2
    assert [(r.origin, r.what, dict(r.ranking)) for r in found.removals] == [
        ("papera", "leader", {"subsidiary": 2, "phishing": 1})
    ]
    leader = found.standings[0]
    assert (leader.hypothesis, leader.at_most) == ("subsidiary", "low")
    assert "hypotheses.limited.one-origin-decides" in leader.limited_by


def test_a_ranking_that_two_origins_hold_does_not_hang_on_one() -> None:
    shorts = [{"topic": "entry.vector", "cat": "subsidiary", "speaker": f"Paper {name}"} for name in ("A", "B")] + [
        {"topic": "time.intrusion_start", "date": "2017-02", "speaker": f"Paper {name}"} for name in ("A", "B")
    ]
    found = analyse(hypotheses(), told(shorts))
    assert found.removals == ()
    assert found.linchpins == ()
    assert found.standings[0].at_most == "high"


def test_not_confirmed_asserts_neither() -> None:
    shorts = [
        {"topic": "entry.vector", "cat": "subsidiary", "polarity": "not-confirmed", "state": "not-established"},
    ]
    found = analyse(hypotheses(), told(shorts))
    assert marks(found.rows[0]) == "N-"
    assert [one.firm for one in found.standings] == [0, 0]


def test_a_denial_speaks_against_what_it_denies_and_for_what_excludes_it() -> None:
    text = (
        TWO + 'evidence = []\n[[hypothesis]]\nid = "vpn"\nexcludes = [{topic = "entry.vector", value = "subsidiary"}]\n'
    )
    shorts = [{"topic": "entry.vector", "cat": "subsidiary", "polarity": "denied", "speaker": "Example Works"}]
    found = analyse(hypotheses(text), told(shorts))
    assert marks(found.rows[0]) == "I-C"


def test_expectations_on_one_topic_are_alternatives() -> None:
    text = """
name = "n"
[[hypothesis]]
id = "either"
expects = [{topic = "entry.vector", value = "vpn"}, {topic = "entry.vector", value = "vulnerability"}]
[[hypothesis]]
id = "mail"
expects = [{topic = "entry.vector", value = "phishing"}]
"""
    found = analyse(hypotheses(text), told([{"topic": "entry.vector", "cat": "vulnerability"}]))
    assert marks(found.rows[0]) == "CI"


def test_an_authors_inference_is_shown_and_not_scored() -> None:
    shorts = [{"topic": "entry.vector", "cat": "subsidiary", "speaker": "author", "modality": "suspected"}]
    found = analyse(hypotheses(), told(shorts))
    assert [(row.counts, marks(row)) for row in found.rows] == [(False, "CI")]
    assert [one.firm + one.hedged for one in found.standings] == [0, 0]
    assert "hypotheses.note.no-evidence" in found.notes


def test_what_the_analyst_weighs_replaces_the_suggestion() -> None:
    text = TWO.replace(
        'id = "phishing"', 'id = "phishing"\nevidence = [{claim = "c-x", weight = "II", note = "told in person"}]'
    )
    shorts = [{"id": "c-x", "topic": "other.statement", "cat": "x", "speaker": "Paper A"}]
    found = analyse(hypotheses(text), told(shorts))
    (row,) = found.rows
    assert "hypotheses.note.unknown-claim" not in found.notes
    assert "hypotheses.note.unknown-claim" in analyse(hypotheses(text), told([])).notes
    assert [(c.mark, c.by, c.note) for c in row.cells] == [("-", "keii", ""), ("II", "analyst", "told in person")]
    assert {s.hypothesis: s.firm for s in found.standings} == {"subsidiary": 0, "phishing": 2}


LOGS = [
    {"topic": "entry.vector", "cat": "phishing", "speaker": "Paper A"},
    {"topic": "affected.hosts", "num": 3, "unit": "host", "basis": "observed", "speaker": "log:fw.log"},
]
ERASED = {"id": "c-gap", "topic": "log.erased", "cat": "erased", "basis": "observed", "speaker": "log:Security.evtx"}


@pytest.mark.parametrize(
    ("shorts", "why", "limits"),
    [
        ([*LOGS, ERASED], "logs-missing", ("c-gap",)),
        (LOGS, "logs-silent", ()),
        (LOGS[:1], "no-logs", ()),
    ],
)
def test_what_nobody_speaks_of_is_told_with_what_the_logs_could_have_shown(
    shorts: list[dict[str, Any]], why: str, limits: tuple[str, ...]
) -> None:
    found = analyse(hypotheses(), told(shorts))
    lacking = next(one for one in found.unspoken if one.topic == "time.intrusion_start")
    assert (lacking.hypothesis, lacking.value) == ("subsidiary", "before 2018-07")
    assert lacking.why == f"hypotheses.unspoken.{why}"
    assert lacking.limits == limits


def test_what_is_contradicted_is_not_called_unspoken() -> None:
    found = analyse(hypotheses(), told([{"topic": "entry.vector", "cat": "vpn", "speaker": "Paper A"}]))
    assert marks(found.rows[0]) == "II"
    assert [one.topic for one in found.unspoken] == ["time.intrusion_start"]


def test_a_topic_that_implies_a_leak_speaks_against_a_hypothesis_without_one() -> None:
    text = """
name = "n"
[[hypothesis]]
id = "leak"
expects = [{topic = "leak.occurred"}]
[[hypothesis]]
id = "no-leak"
expects = [{topic = "leak.occurred", polarity = "denied"}]
"""
    found = analyse(hypotheses(text), told([{"topic": "time.exfiltration", "date": "2019-04-02", "speaker": "P"}]))
    assert marks(found.rows[0]) == "CI"


@pytest.mark.parametrize(
    ("short", "mark"),
    [
        ({"num": 27445}, "C"),
        ({"num": 28000, "approximation": "about"}, "C"),
        ({"num": 900}, "I"),
        ({"num": 900, "approximation": "at-least"}, "N"),
        ({"num": 28000, "approximation": "up-to"}, "N"),
        ({"num": 500, "approximation": "up-to"}, "I"),
        ({"num": 3, "unit": "person"}, None),
    ],
)
def test_counts_are_held_against_bounds_with_their_qualifiers(short: dict[str, Any], mark: str | None) -> None:
    text = (
        'name = "n"\n[[hypothesis]]\nid = "a"\nexpects = [{topic = "affected.files", at_least = 20000, unit = "file"}]'
    )
    found = analyse(hypotheses(text), told([{"topic": "affected.files", **short}]))
    assert [marks(row) for row in found.rows] == ([mark] if mark else [])


def test_at_least_a_number_is_not_the_same_evidence_as_the_number() -> None:
    text = 'name = "n"\n[[hypothesis]]\nid = "a"\nexpects = [{topic = "affected.files", at_least = 20000}]'
    shorts = [
        {"topic": "affected.files", "num": 1514, "speaker": "Paper A"},
        {"topic": "affected.files", "num": 1514, "approximation": "at-least", "basis": "observed"},
    ]
    found = analyse(hypotheses(text), told(shorts))
    assert {row.basis: marks(row) for row in found.rows} == {"stated": "I", "observed": "N"}


@pytest.mark.parametrize(
    ("date", "mark"), [("2018-06-30", "C"), ("2018", "N"), ("2018-07", "I"), ("2016-12/..", "N"), ("2019", "I")]
)
def test_times_are_held_against_dates_at_their_precision(date: str, mark: str) -> None:
    found = analyse(hypotheses()[:1], told([{"topic": "time.intrusion_start", "date": date}]))
    assert [marks(row) for row in found.rows] == [mark]
    assert "hypotheses.note.one-only" in found.notes


def test_order_of_claims_changes_nothing() -> None:
    shorts = [
        {"topic": "entry.vector", "cat": "subsidiary", "speaker": "Paper A", "said": "2020-01-30"},
        {"topic": "entry.vector", "cat": "phishing", "speaker": "Paper B", "said": "2020-01-31"},
        {"topic": "time.intrusion_start", "date": "2017", "speaker": "Paper C", "said": "2020-02-01"},
    ]
    held = [claim(at, short) for at, short in enumerate(shorts)]
    assert analyse(hypotheses(), Claims(held)) == analyse(hypotheses(), Claims(held[::-1]))


def test_taking_an_origin_away_gives_the_ranking_of_a_case_in_which_it_never_spoke() -> None:
    chance = random.Random(7)
    vectors, years = ["subsidiary", "phishing", "vpn"], ["2016", "2017", "2019"]
    seen = 0
    for _ in range(60):
        shorts: list[dict[str, Any]] = [
            {
                "topic": "entry.vector",
                "cat": chance.choice(vectors),
                "speaker": f"Paper {chance.choice('ABCD')}",
                "modality": chance.choice(["certain", "possible"]),
            }
            for _ in range(chance.randrange(1, 6))
        ]
        shorts += [
            {"topic": "time.intrusion_start", "date": chance.choice(years), "speaker": f"Paper {chance.choice('ABCD')}"}
            for _ in range(chance.randrange(4))
        ]
        changed = {one.origin: dict(one.ranking) for one in analyse(hypotheses(), told(shorts)).removals}
        seen += len(changed)
        before = {one.hypothesis: one.rank for one in analyse(hypotheses(), told(shorts)).standings}
        for letter in "ABCD":
            rest = analyse(hypotheses(), told([one for one in shorts if one["speaker"] != f"Paper {letter}"]))
            after = {one.hypothesis: one.rank for one in rest.standings}
            assert changed.get(f"paper{letter.lower()}", before) == after
    assert seen > 20
