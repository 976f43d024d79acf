"""Claims of annotated texts, and what must hold on any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.claims import extract, to_json
from keii.model import Embedded
from tests.claims.made import document, moment
from tests.claims.scoring import score

WORDS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from([
            "昨年6月下旬に", "約2万8千点の", "ファイルが流出した", "可能性がある", "。", "「", "」", "\n", "確認されていない", "関係者によると、",
            "last June ", "about 1.4 million customers ", "were stolen. ", "99999999999999年", "31日", "２月３０日", "‮", "\u0000", "万億兆", "令和元年",
        ]),
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(WORDS, st.sampled_from(["ja", "en"]))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_exact_quotes(text: str, lang: str) -> None:
    claims = extract(document(text, lang))
    for claim in claims:
        assert text[claim.start : claim.end] == claim.quote
    assert len({claim.id for claim in claims}) == len(claims)
    assert claims == extract(document(text, lang))


@given(WORDS, WORDS, st.sampled_from(["ja", "en"]))
@settings(max_examples=80, deadline=None)
def test_more_text_takes_no_claim_away(first: str, second: str, lang: str) -> None:
    whole = {claim.id for claim in extract(document(f"{first}\n{second}", lang))}
    assert {claim.id for claim in extract(document(f"{first}\n", lang))} <= whole


# name, least recall, least precision, least share of found claims with the right polarity, hedge and speaker
FLOORS = [
    ("ja", 0.95, 0.92, 0.95, 0.93, 0.93),  # marked before anybody asked what led to the detection
    ("en", 0.95, 0.93, 0.93, 0.93, 0.93),
    ("ja_second", 0.90, 0.90, 0.93, 0.93, 0.90),
    ("en_second", 0.90, 0.90, 0.93, 0.90, 0.80),
    ("ja_third", 0.92, 0.85, 0.95, 0.93, 0.88),
    ("en_third", 0.90, 0.85, 0.95, 0.90, 0.90),
    ("ja_fourth", 0.85, 0.82, 0.95, 0.90, 0.80),
    ("en_fourth", 0.85, 0.85, 0.95, 0.95, 0.75),
    ("ja_fifth", 0.90, 0.88, 0.95, 0.88, 0.85),
    ("en_fifth", 0.88, 0.88, 0.95, 0.90, 0.78),
    ("ja_sixth", 0.90, 0.88, 0.95, 0.90, 0.80),
    ("en_sixth", 0.85, 0.85, 0.95, 0.92, 0.82),
    ("ja_seventh", 0.88, 0.86, 0.94, 0.90, 0.88),
    ("ja_seventh_b", 0.88, 0.86, 0.94, 0.92, 0.85),
    ("ja_eighth", 0.83, 0.87, 0.94, 0.92, 0.88),
    ("en_eighth", 0.81, 0.85, 0.93, 0.90, 0.79),
    ("ja_ninth", 0.88, 0.88, 0.95, 0.90, 0.83),
    ("en_ninth", 0.78, 0.81, 0.94, 0.90, 0.85),
    ("en_tenth", 0.70, 0.77, 0.95, 0.88, 0.83),  # 0.65 and 0.77 at first sight
    ("en_seventh", 0.82, 0.86, 0.95, 0.95, 0.90),
    ("en_seventh_b", 0.90, 0.86, 0.95, 0.93, 0.88),
]


@pytest.mark.parametrize(("name", "recall", "precision", "polarity", "modality", "speaker"), FLOORS)
def test_marked_claims_are_found(
    name: str, recall: float, precision: float, polarity: float, modality: float, speaker: float
) -> None:
    got = score(name)
    print(got.line(name))  # the figures that the README quotes
    assert got.recall >= recall, got.notes
    assert got.precision >= precision, got.notes
    assert got.share(got.polarity, got.found) >= polarity, got.notes
    assert got.share(got.modality, got.found) >= modality, got.notes
    assert got.share(got.speaker, got.found) >= speaker, got.notes


def test_words_inside_a_quoted_source_are_its_own() -> None:
    text = "まとめ\n関係者によると、約300件のファイルが流出した恐れがある。\n私は内部犯行の可能性があると思います。"
    start, end = text.index("関係者"), text.index("\n私")
    quoted = Embedded(id="e1", publisher="甲新聞", published=moment("2020-06-14T23:56+09:00"), spans=((start, end),))
    made = document(text, "ja", kind="blog")
    claims = extract(type(made)(**{f: getattr(made, f) for f in made.__struct_fields__} | {"embedded": (quoted,)}))
    count = next(claim for claim in claims if claim.topic == "affected.files")
    assert (count.speaker, count.via, count.within, count.modality) == (
        "anonymous:関係者",
        ("甲新聞",),
        "e1",
        "possible",
    )
    assert to_json(count)["value"] == {"type": "number", "num": 300, "unit": "file"}
    assert count.published is not None
    assert count.published.edtf == "2020-06-14T23:56+09:00"


def test_a_sentence_may_speak_as_of_a_day() -> None:
    (count,) = [
        c
        for c in extract(document("6月10日時点で約300件のファイルの流出が確認された。", "ja"))
        if c.topic == "affected.files"
    ]
    assert count.as_of == "2020-06-10"
    (count,) = [
        c for c in extract(document("As of June 10, about 300 files were stolen.", "en")) if c.topic == "affected.files"
    ]
    assert count.as_of == "2020-06-10"


def test_who_is_meant_by_the_same_company() -> None:
    text = "丙商事は3日、不正アクセスを受けたと発表した。\n同社は「個人情報の流出は確認されていない」としている。"
    said = next(c for c in extract(document(text, "ja")) if c.topic == "leak.personal")
    assert (said.speaker, said.via, said.state) == ("丙商事", ("Paper",), "not-established")
