"""Two pages that lean on the same paper are one origin, however they name it."""

from __future__ import annotations

import msgspec
import pytest

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Document
from tests.claims.made import document

_PLAIN = {
    "ja": "潮騒新聞によると、白波製紙のサーバー19台が不正アクセスを受けた。",
    "en": "The Harbor Times newspaper reported that 19 servers at Ostrava Mills were compromised, citing people familiar with it.",
}
_HOSTS = "affected.hosts"


def _page(name: str, publisher: str, text: str, lang: str) -> Document:
    made = document(f"{text}\n", lang, publisher=publisher, published="2024-02-03T10:00+09:00", kind="news")
    return msgspec.structs.replace(made, source=f"s-{name}", name=name)


def _why(first: Document, second: Document) -> list[str]:
    documents = [first, second]
    found = check(Claims([claim for one in documents for claim in extract(one)], documents))
    return [one.why for one in found if one.kind == "agreement" and one.topic == _HOSTS and one.answer == "yes"]


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("ja", "白波製紙のサーバー19台が不正アクセスを受けたと、潮騒新聞が3日報じた。"),
        ("ja", "白波製紙のサーバー19台が不正アクセスを受けたと潮騒新聞が伝えた。"),
        ("ja", "潮騒新聞は、白波製紙のサーバー19台が不正アクセスを受けたと3日報じた。"),
        ("en", "At least 19 servers at Ostrava Mills were compromised, the Harbor Times newspaper said on Saturday."),
    ],
)
def test_two_pages_after_one_paper_are_one_origin(lang: str, text: str) -> None:
    names = ("港都新聞", "北辺日報") if lang == "ja" else ("Bay Courier", "Northern Post")
    pages = _page("one", names[0], text, lang), _page("two", names[1], _PLAIN[lang], lang)
    assert _why(*pages) == ["finding.agreement.one-origin"]


def test_two_pages_after_two_papers_are_two_origins() -> None:
    text = "白波製紙のサーバー19台が不正アクセスを受けたと、磯辺新聞が3日報じた。"
    pages = _page("one", "港都新聞", text, "ja"), _page("two", "北辺日報", _PLAIN["ja"], "ja")
    assert _why(*pages) == ["finding.agreement.same"]
