"""Compose: the summary, the chronology, the timeline and the open questions of a small case."""

from __future__ import annotations

import msgspec

from keii.checks import Claims
from keii.checks.changes import changes
from keii.report import Parts, compose
from keii.report.over_time import over_time
from keii.report.wording import day_or_minute, size
from keii.wording import say
from tests.report.build import parts

REPORT = compose(parts())


def test_summary_says_each_thing_once_with_its_evidence() -> None:
    told = [sentence.what.why for sentence in REPORT.summary]
    assert told == [
        "summary.hit",
        "summary.first",
        "summary.path",
        "summary.files",
        "summary.left",
        "summary.erased",
        "summary.public",
        "summary.statement",
    ]
    assert REPORT.summary[0].cites == ("m-1",)
    assert "618.2 MB" in say("summary.left", "en", REPORT.summary[4].what.facts)


def test_every_sentence_exists_in_both_languages() -> None:
    for sentence in (*REPORT.summary, *REPORT.questions):
        assert say(sentence.what.why, "en", sentence.what.facts) != say(sentence.what.why, "ja", sentence.what.facts)
    for item in REPORT.timeline:
        assert say(item.what.why, "ja", item.what.facts)


def test_chronology_is_in_order_and_tells_what_was_new() -> None:
    assert [entry.document for entry in REPORT.chronology] == ["paper.html", "statement.html"]
    assert REPORT.chronology[0].new == ("c-paper",)
    assert REPORT.chronology[1].new == ("c-files", "c-leak")


def test_questions_name_the_erased_log_the_missing_end_and_the_unreadable_source() -> None:
    asked = {question.what.why for question in REPORT.questions}
    assert {"question.erased", "question.one-end", "question.unreadable", "question.not-searchable"} <= asked


def test_a_zero_is_told_with_what_was_searched() -> None:
    empty = parts()
    quiet = compose(Parts(case="q", hunt=empty.hunt))
    assert [s.what.why for s in quiet.summary] == ["summary.no-hit"]
    assert quiet.summary[0].what.facts == {"indicators": "1", "events": "100", "host_days": "12", "missing": "1"}


def test_small_words() -> None:
    assert size(999) == "999 B"
    assert size(1_000_000_000) == "1.0 GB"
    assert size(None) == "?"
    assert day_or_minute("2019-03-05T01:42:10.000000+00:00") == "2019-03-05 01:42 UTC"
    assert day_or_minute("2019-03-05T01:42:10.000000+00:00", "Asia/Tokyo") == "2019-03-05 10:42 +09:00"
    assert day_or_minute(None) == "?"


def test_over_time_tells_the_last_word_of_every_voice() -> None:
    files, leak = REPORT.over_time
    assert (files.topic, leak.topic) == ("affected.files", "leak.occurred")
    assert [state.publication for state in files.states] == [1, 2]
    assert [len(state.standing) for state in files.states] == [1, 2]
    assert files.states[1].standing[1].claims == ("c-files",)


def test_an_undated_page_does_not_have_the_last_word() -> None:
    held = parts()
    undated = [msgspec.structs.replace(one, published=None) for one in held.documents]
    both = [msgspec.structs.replace(c, speaker="Alpha") for c in held.claims if c.topic == "affected.files"]
    told = changes(Claims(both, undated))
    last = over_time(both, told, undated)[0].states[-1].standing
    assert [standing.publication for standing in last] == [1]


def test_a_rating_that_names_nothing_is_asked_about() -> None:
    held = parts()
    rated = msgspec.structs.replace(held, ratings=msgspec.structs.replace(held.ratings, unmatched=("Nobody",)))
    assert "question.unmatched-rating" in {question.what.why for question in compose(rated).questions}
