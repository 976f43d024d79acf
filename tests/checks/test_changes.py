"""Publications in order, and how each claim stands to what was published before it."""

from __future__ import annotations

import pytest

from keii.checks import Claims, check
from keii.checks.changes import changes
from keii.model.publication import publications
from tests.checks.build import claim, document

NEWS, STATEMENT = "news", "statement"


def told(shorts: list[dict], documents: list[dict]) -> list[str]:
    """Return the kinds of change in the order in which the claims are given."""
    built = [claim(at, short) for at, short in enumerate(shorts)]
    held = Claims(built, [document(one) for one in documents])
    kinds = {change.claim: change.kind for change in changes(held, check(held))}
    return [kinds[one.id] for one in built]


def paper(number: int, kind: str = NEWS) -> dict:
    return {
        "name": f"{number}.html",
        "kind": kind,
        "publisher": f"Paper {number}" if kind == NEWS else "Alpha",
        "said": f"2021-02-0{number}",
    }


def says(number: int, at: int = 0, **fields: object) -> dict:
    return {"source": f"{number}.html", "said": f"2021-02-0{number}", "start": at, "end": at + 1, **fields}


LEAK = {"topic": "leak.occurred", "cat": "data-exfiltration"}
FILES = {"topic": "affected.files", "unit": "file"}
CASES = {
    "a figure becomes exact": (
        [says(1, **FILES, num=28000, approximation="about"), says(2, **FILES, num=27445)],
        [paper(1), paper(2)],
        ["first", "sharper"],
    ),
    "the same figure from another origin agrees, from the same speaker it is repeated": (
        [
            says(1, **FILES, num=400),
            says(2, **FILES, num=400),
            says(3, **FILES, num=400, speaker="Paper 1", via=("Paper 3",)),
        ],
        [paper(1), paper(2), paper(3)],
        ["first", "agrees", "repeated"],
    ),
    "a number of one voice grows and shrinks": (
        [says(n, **FILES, num=num, speaker="Alpha") for n, num in ((1, 400), (2, 700), (3, 500))],
        [paper(1), paper(2), paper(3)],
        ["first", "grew", "shrank"],
    ),
    "a part of a sum that was told before is no smaller figure": (
        [
            says(1, 0, **FILES, num=900, speaker="Alpha"),
            says(1, 5, **FILES, num=300, speaker="Alpha"),
            says(2, 0, **FILES, num=900, speaker="Alpha"),
            says(2, 5, **FILES, num=600, speaker="Alpha"),
        ],
        [paper(1), paper(2)],
        ["first", "first", "repeated", "other"],
    ),
    "another voice gives another number": (
        [says(1, **FILES, num=400), says(2, **FILES, num=700)],
        [paper(1), paper(2)],
        ["first", "contradicts"],
    ),
    "a denial, then an admission within hours": (
        [
            says(1, **LEAK, modality="possible"),
            {**says(1, 5, **LEAK, speaker="Alpha"), "polarity": "denied"},
            says(2, **LEAK, speaker="Alpha"),
        ],
        [paper(1), paper(2, STATEMENT)],
        ["first", "first", "admitted"],
    ),
    "a hedge gets lost in retelling, and the victim who confirms has lost none": (
        [says(1, **LEAK, modality="possible"), says(2, **LEAK)],
        [paper(1), paper(2)],
        ["first", "hedge-lost"],
    ),
    "the victim confirms what was possible": (
        [says(1, **LEAK, modality="possible"), says(2, **LEAK, speaker="Alpha")],
        [paper(1), paper(2, STATEMENT)],
        ["first", "confirmed"],
    ),
    "not confirmed is neither a denial nor nothing": (
        [says(1, **LEAK), says(2, **LEAK, speaker="Alpha", polarity="not-confirmed", state="not-established")],
        [paper(1), paper(2, STATEMENT)],
        ["first", "not-confirmed"],
    ),
    "an affirmation is withdrawn, then denied": (
        [
            says(1, **LEAK, speaker="Alpha"),
            says(2, **LEAK, speaker="Alpha", polarity="not-confirmed"),
            says(3, **LEAK, speaker="Alpha", polarity="denied"),
        ],
        [paper(1), paper(2), paper(3)],
        ["first", "withdrawn", "denied"],
    ),
    "a plan comes about": (
        [
            says(1, topic="time.recovery", date="2021-03-01", scope="planned", speaker="Alpha"),
            says(2, topic="time.recovery", date="2021-03-04", speaker="Alpha"),
        ],
        [paper(1), paper(2)],
        ["first", "happened"],
    ),
    "an author's own conclusion is no source, and nobody is measured by it": (
        [says(1, **LEAK, speaker="author", modality="suspected"), says(2, **LEAK)],
        [paper(1), paper(2)],
        ["inferred", "first"],
    ),
    "the same kind of thing without a name is the same": (
        [says(1, topic="detect.missed", cat="missed"), says(2, topic="detect.missed", cat="missed")],
        [paper(1), paper(2)],
        ["first", "agrees"],
    ),
    "an undated page turns nobody's word": (
        [
            says(1, **LEAK, speaker="Alpha"),
            {**says(2, **LEAK, speaker="Alpha", polarity="denied"), "said": None},
        ],
        [paper(1), {"name": "2.html", "kind": "blog", "publisher": "Blog"}],
        ["first", "contradicts"],
    ),
    "of two pages of one day nobody knows which came first": (
        [
            says(1, **LEAK, speaker="Alpha", polarity="not-confirmed"),
            {**says(2, **LEAK, speaker="Alpha"), "said": "2021-02-01"},
        ],
        [paper(1), {**paper(2), "said": "2021-02-01"}],
        ["first", "other"],
    ),
    "said twice in one publication is new once": (
        [says(1, **LEAK), says(1, 9, **LEAK)],
        [paper(1)],
        ["first", "repeated"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_change(name: str) -> None:
    shorts, documents, expected = CASES[name]
    assert told(shorts, documents) == expected


def test_a_quoted_source_is_an_entry_and_a_day_stands_after_its_times() -> None:
    blog = {
        "name": "blog.html",
        "kind": "blog",
        "text": "x",
        "embedded": [
            {"id": "e1", "publisher": "Gazette", "said": "2021-02-04"},
            {"id": "e2", "publisher": "Radio", "said": "2021-02-04T23:56+09:00"},
            {"id": "e3", "publisher": "Wire", "said": "2021-02-04T01:05+09:00"},
        ],
    }
    order = [(entry.number, entry.publisher) for entry in publications([document(blog)])]
    assert order == [(1, "Wire"), (2, "Radio"), (3, "Gazette"), (4, "blog.html")]


def test_what_is_quoted_stands_before_the_document_that_quotes_it() -> None:
    blog = {
        "name": "blog.html",
        "kind": "blog",
        "publisher": "Blog",
        "said": "2021-02-04",
        "embedded": [{"id": "e1", "publisher": "Undated"}, {"id": "e2", "publisher": "Same day", "said": "2021-02-04"}],
    }
    later = {"name": "a.html", "publisher": "Later", "said": "2021-02-05"}
    order = [entry.publisher for entry in publications([document(later), document(blog)])]
    assert order == ["Undated", "Same day", "Blog", "Later"]


def test_the_order_of_claims_and_documents_does_not_matter() -> None:
    for shorts, documents, _ in CASES.values():
        built = [claim(at, short) for at, short in enumerate(shorts)]
        made = [document(one) for one in documents]
        assert changes(Claims(built, made)) == changes(Claims(reversed(built), list(reversed(made))))


def test_a_turn_within_hours_is_told_with_the_hours() -> None:
    said = {"topic": "leak.occurred", "cat": "data-exfiltration", "speaker": "Alpha"}
    night = {"name": "1.html", "kind": NEWS, "publisher": "Radio", "said": "2021-02-04T23:56+09:00"}
    morning = {"name": "2.html", "kind": STATEMENT, "publisher": "Alpha", "said": "2021-02-05T09:10+09:00"}
    claims = [
        claim(0, {**said, "source": "1.html", "polarity": "denied", "said": night["said"]}),
        claim(1, {**said, "source": "2.html", "said": morning["said"]}),
    ]
    turned = changes(Claims(claims, [document(night), document(morning)]))[1]
    assert turned.kind == "admitted"
    assert turned.within == 10  # 9 hours 14 minutes, and a minute of precision, rounded up
