"""The same findings come out whatever the order of the documents and of the claims."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Claim, Document
from tests.claims.made import document

_TEXTS = (
    ("statement", "ja", "丁工業株式会社", "2023-05-10T10:00+09:00",
     "丁工業株式会社\n5月3日に不正アクセスを検知しました。個人情報3,120件が漏えいしました。復旧は5月25日を予定しています。"),
    ("statement", "ja", "戊ソフト株式会社", "2023-05-11T10:00+09:00",
     "戊ソフト株式会社\n丁工業様の件につき、当社は5月6日に検知の連絡を受けました。当社のサーバーへの侵入は確認されておりません。"),
    ("news", "ja", "甲日報", "2023-05-28T05:00+09:00",
     "丁工業から個人情報約5千件が流出したことが関係者への取材で分かった。システムは27日に復旧した。侵入は4月中旬に始まった。"),
    ("news", "en", "The Daily Example", "2023-05-29T05:00+09:00",
     "Cho Kogyo said 3,120 records were leaked. The company denied that a ransom was paid. The attack was detected on May 3."),
)  # fmt: skip


@lru_cache(maxsize=1)
def _read() -> tuple[tuple[Document, ...], tuple[Claim, ...]]:
    documents = tuple(
        msgspec.structs.replace(
            document(f"{text}\n", lang, publisher=publisher, published=day, kind=kind),
            source=f"s-{at}",
            name=f"{at}.txt",
        )
        for at, (kind, lang, publisher, day, text) in enumerate(_TEXTS)
    )
    return documents, tuple(claim for one in documents for claim in extract(one))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_order_gives_the_same_findings(data: st.DataObject) -> None:
    documents, claims = _read()
    there = check(Claims(claims, documents))
    moved = check(Claims(data.draw(st.permutations(claims)), data.draw(st.permutations(documents))))
    assert moved == there
    assert {one.kind for one in there if one.answer == "yes"} >= {"contradiction", "revision"}
