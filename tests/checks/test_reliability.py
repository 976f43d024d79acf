"""Admiralty ratings: the letter by kind of source, the digit by independent origins, the analyst above both."""

from __future__ import annotations

import pytest

from keii.case.settings import parse_settings
from keii.checks import Claims
from keii.checks.reliability import rate, rate_sources
from keii.errors import SettingsError
from keii.wording import say
from tests.checks.build import claim, document

FILES = {"topic": "affected.files", "num": 412}
PRESS = {"name": "a.html", "kind": "news", "publisher": "Reuters", "said": "2021-02-01"}
OTHER = {"name": "b.html", "kind": "news", "publisher": "The Harbour Crier", "said": "2021-02-02"}
OFFICIAL = {"name": "s.html", "kind": "statement", "publisher": "Alpha", "said": "2021-02-03"}


def codes(shorts: list[dict], documents: list[dict], given: dict[str, str] | None = None) -> list[str]:
    """Return the codes in the order of the claims."""
    built = [claim(at, {"id": f"c-{at:012x}", **short}) for at, short in enumerate(shorts)]
    rated = rate(Claims(built, [document(one) for one in documents]), given)
    found = {rating.claim: rating.code for rating in rated.claims}
    assert all(say(rating.why.why, lang, rating.why.facts) for rating in rated.claims for lang in ("en", "ja"))
    return [found[one.id] for one in built]


def test_a_source_is_rated_by_its_kind_and_else_not_at_all() -> None:
    kinds = [
        {"name": "g", "kind": "government", "publisher": "Ministry"},
        {"name": "s", "kind": "statement", "publisher": "Alpha"},
        {"name": "r", "kind": "report", "publisher": "Vendor"},
        {"name": "n", "kind": "news", "publisher": "Reuters"},
        {"name": "u", "kind": "news", "publisher": "The Harbour Crier"},
        {"name": "b", "kind": "blog", "publisher": "Someone"},
        {"name": "o", "kind": "other"},
        {"name": "x", "kind": "report"},
        {"name": "p", "kind": "other", "publisher": "Reuters"},
        {"name": "t", "kind": "government", "publisher": "Harbour Television"},
        {"name": "j", "kind": "government", "publisher": "国土技術省"},
    ]
    letters = {rating.document: (rating.letter, rating.by) for rating in rate_sources([document(k) for k in kinds])}
    rule, none = "rule", "none"
    assert letters == {
        "g": ("B", rule), "s": ("C", rule), "r": ("C", rule), "n": ("C", rule),
        "u": ("F", none), "b": ("F", none), "o": ("F", none),
        "x": ("F", none), "p": ("C", rule), "t": ("F", none), "j": ("B", rule),
    }  # fmt: skip


def test_one_origin_cannot_be_judged_and_two_independent_ones_confirm() -> None:
    one = {**FILES, "source": "a.html", "said": "2021-02-01"}
    two = {**FILES, "source": "s.html", "said": "2021-02-03"}
    assert codes([one], [PRESS]) == ["C6"]
    assert codes([one, two], [PRESS, OFFICIAL]) == ["C1", "C1"]


def test_whoever_repeats_the_company_confirms_nothing() -> None:
    told = {**FILES, "source": "a.html", "said": "2021-02-01", "speaker": "Alpha"}
    own = {**FILES, "source": "s.html", "said": "2021-02-03"}
    assert codes([told, own], [PRESS, OFFICIAL]) == ["C6", "C6"]


def test_unnamed_voices_count_as_one_and_have_no_letter() -> None:
    voices = [
        {**FILES, "source": name, "said": "2021-02-01", "speaker": "anonymous:officials"}
        for name in ("a.html", "b.html")
    ]
    assert codes(voices, [PRESS, OTHER]) == ["F6", "F6"]


def test_a_possibility_is_at_most_probably_true() -> None:
    leak = {"topic": "leak.occurred", "cat": "data-exfiltration", "modality": "possible"}
    told = [{**leak, "source": "a.html", "said": "2021-02-01"}, {**leak, "source": "b.html", "said": "2021-02-02"}]
    assert codes(told, [PRESS, OTHER]) == ["C2", "F2"]


def test_what_another_origin_or_the_logs_contradict_is_doubtful() -> None:
    one, two = (
        {**FILES, "source": "a.html", "said": "2021-02-01"},
        {"topic": "affected.files", "num": 900, "source": "b.html", "said": "2021-02-02"},
    )
    assert codes([one, two], [PRESS, OTHER]) == ["C4", "F4"]
    log = {"topic": "affected.files", "num": 900, "basis": "observed", "source": "fs.json", "speaker": "log:fs.json"}
    assert codes([one, log], [PRESS]) == ["C5", "B4"]


def test_a_possibility_does_not_speak_against_a_denial() -> None:
    leak = {"topic": "leak.occurred", "cat": "data-exfiltration"}
    denied = {**leak, "polarity": "denied", "source": "s.html", "said": "2021-02-03"}
    maybe = {**leak, "modality": "possible", "source": "a.html", "said": "2021-02-01"}
    assert codes([denied, maybe], [OFFICIAL, PRESS]) == ["C6", "C4"]


def test_who_writes_about_others_is_no_origin_beside_them() -> None:
    blog = {"name": "b.html", "kind": "blog", "publisher": "Blog", "said": "2021-02-05"}
    retold = {**FILES, "source": "b.html", "said": "2021-02-05", "speaker": "author"}
    one = {**FILES, "source": "a.html", "said": "2021-02-01"}
    two = {**FILES, "source": "s.html", "said": "2021-02-03"}
    assert codes([retold, one], [blog, PRESS]) == ["F2", "C6"]
    assert codes([retold, one, two], [blog, PRESS, OFFICIAL]) == ["F1", "C1", "C1"]


def test_a_word_that_its_own_voice_changed_is_doubtful() -> None:
    first = {**FILES, "source": "a.html", "said": "2021-02-01", "speaker": "Alpha"}
    later = {"topic": "affected.files", "num": 900, "source": "s.html", "said": "2021-02-03"}
    assert codes([first, later], [PRESS, OFFICIAL]) == ["C4", "C6"]


def test_an_inference_cannot_be_judged_and_weighs_nothing() -> None:
    guess = {**FILES, "source": "b.html", "said": "2021-02-02", "speaker": "author", "modality": "suspected"}
    told = {**FILES, "source": "a.html", "said": "2021-02-01"}
    assert codes([guess, told], [OTHER, PRESS]) == ["F6", "C6"]


def test_the_analyst_stands_above_every_rule_and_is_told_what_matched_nothing() -> None:
    given = {"The Harbour Crier": "B", "c-000000000000": "3", "Nobody": "A"}
    told = [{**FILES, "source": "b.html", "said": "2021-02-02"}]
    assert codes(told, [OTHER], given) == ["B3"]
    held = Claims([claim(0, {"id": "c-000000000000", **told[0]})], [document(OTHER)])
    assert rate(held, given).unmatched == ("Nobody",)
    assert rate(held, {"b.html": "D"}).sources[0].letter == "D"


@pytest.mark.parametrize("line", ['"Gazette" = "G"', '"Gazette" = "B2"', '"c-0123456789ab" = "B"', '"Gazette" = 2'])
def test_a_rating_that_is_none_is_refused_with_its_key(line: str) -> None:
    with pytest.raises(SettingsError, match="reliability"):
        parse_settings(f'name = "x"\n[reliability]\n{line}\n')


def test_ratings_are_read_from_the_settings() -> None:
    read = parse_settings('name = "x"\n[reliability]\n"Gazette" = "B"\n"c-0123456789ab" = "2"\n')
    assert read.reliability == {"Gazette": "B", "c-0123456789ab": "2"}
