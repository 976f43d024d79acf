"""Claims of annotated texts, and what must hold on any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.claims import extract, to_json
from keii.model import Embedded
from tests.claims.marked import document, moment, score

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


@pytest.mark.parametrize(("name", "floor"), [("development", 0.8), ("held_out", 0.6)])
def test_marked_claims_are_found(name: str, floor: float) -> None:
    families = score(name)
    marked, found = (sum(counts[key] for counts in families.values()) for key in ("marked", "found"))
    assert found / marked >= floor, families


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
