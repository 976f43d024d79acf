"""The analyst's article on the NEC case of January 2020: what a reader finds in it, extraction finds, and checks compare."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Category, Claim, Document, Source
from keii.readers.documents import read


@pytest.fixture(scope="module")
def article(shelf: Path) -> Document:
    data = (shelf / "documents" / "nec-2020-analysis.txt").read_bytes()
    return read(data, Source(id="s-nec", name="nec.txt", sha256="0" * 64, size=len(data)))


@pytest.fixture(scope="module")
def claims(article: Document) -> tuple[Claim, ...]:
    return extract(article)


def told(claims: tuple[Claim, ...], article: Document, topic: str) -> set[tuple[str, str, str, str]]:
    """Return (publisher, value, polarity or state, modality) of the claims about a topic; «author» outside quotations."""
    names = {one.id: one.publisher for one in article.embedded}
    found = set()
    for claim in claims:
        if claim.topic == topic:
            value = next(str(part) for name in ("num", "edtf", "cat") if (part := getattr(claim.value, name, None)))
            where = names.get(claim.within or "", "author")
            found.add((where, value, claim.state or claim.polarity, claim.modality))
    return found


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("affected.files", {
            ("NHK", "28000", "affirmed", "possible"), ("共同通信", "28000", "affirmed", "possible"),
            ("NEC", "27445", "affirmed", "certain"),
        }),
        ("leak.occurred", {
            ("NHK", "data-exfiltration", "not-established", "certain"), ("NHK", "data-exfiltration", "affirmed", "possible"),
            ("東京新聞", "data-exfiltration", "not-established", "certain"), ("NEC", "data-exfiltration", "not-established", "certain"),
            ("日本経済新聞 電子版", "data-exfiltration", "affirmed", "possible"),
        }),
        ("leak.protected_info", {("NHK", "protected", "denied", "certain"), ("東京新聞", "protected", "denied", "certain")}),
        ("time.intrusion_start", {("東京新聞", "2014~", "affirmed", "possible")}),
        ("time.detection", {("NEC", "2017-06", "affirmed", "certain"), ("東京新聞", "2018", "affirmed", "certain")}),
        ("log.erased", {("東京新聞", "erased", "affirmed", "certain")}),
        ("actor.attribution", {("共同通信", "group", "affirmed", "suspected")}),
        ("entry.point", {("東京新聞", "subsidiary", "affirmed", "possible")}),
        ("data.classified", {("NEC", "classified", "denied", "certain")}),
        ("data.personal", {("NEC", "personal", "denied", "certain")}),
        ("duty.deadline", {("author", "2020-02-14", "affirmed", "certain")}),
    ],
)  # fmt: skip
def test_what_a_reader_finds_is_found(
    claims: tuple[Claim, ...], article: Document, topic: str, wanted: set[tuple[str, str, str, str]]
) -> None:
    assert wanted <= told(claims, article, topic)


def test_the_statement_speaks_of_attacks_from_december_2016(claims: tuple[Claim, ...]) -> None:
    assert any(c.topic == "time.intrusion_start" and getattr(c.value, "edtf", "") == "2016-12/.." for c in claims)


def test_speakers_are_told_apart(claims: tuple[Claim, ...]) -> None:
    by_topic = {(c.topic, c.speaker, c.via) for c in claims}
    assert ("affected.files", "anonymous:関係者", ("NHK",)) in by_topic
    assert ("log.erased", "anonymous:複数の関係者", ("東京新聞",)) in by_topic
    assert ("leak.protected_info", "防衛省", ("NHK",)) in by_topic
    assert ("leak.protected_info", "防衛装備庁", ("東京新聞",)) in by_topic


def test_the_authors_conclusions_are_marked_as_such(claims: tuple[Claim, ...]) -> None:
    own = [c for c in claims if c.within is None and c.speaker == "author"]
    assert own
    assert all(c.note for c in own)
    assert {c.modality for c in own if c.topic == "entry.vector"} == {"suspected"}


def test_the_group_and_the_subsidiary_are_named(claims: tuple[Claim, ...]) -> None:
    items = {c.topic: c.value.items for c in claims if isinstance(c.value, Category) and c.value.items and c.within}
    assert items["actor.attribution"] == ("China",)
    assert items["entry.point"] == ("北陸地方の子会社のパソコン",)


def test_quotes_stand_where_they_say(claims: tuple[Claim, ...], article: Document) -> None:
    assert all(article.text[c.start : c.end] == c.quote for c in claims)


def test_checks_compare_them(claims: tuple[Claim, ...], article: Document) -> None:
    topics: dict[str, set[str]] = {}
    by_id = {claim.id: claim.topic for claim in claims}
    for finding in check(Claims(claims, [article])):
        if finding.answer == "yes":
            topics.setdefault(finding.kind, set()).update(by_id[one] for one in finding.claims if one in by_id)
    assert "affected.files" in topics["agreement"]
    assert {"time.intrusion_start", "time.detection"} <= topics["contradiction"]
    assert "affected.files" not in topics["contradiction"]
    assert {"entry.point", "log.erased"} <= topics["single-source"]
    assert "impossible-order" not in topics
