"""Hostile and damaged documents: bounded time, a clear word, and what can be read is kept."""

from __future__ import annotations

import time

import pytest

from keii.checks import Claims, check
from keii.claims import extract
from keii.errors import LimitError, UnreadableError
from keii.model import Document, Source
from keii.model import document as model
from keii.readers.documents import assemble, encoding, read
from tests.readers.documents.made_pdf import encrypted_pdf, scanned_pdf, text_pdf

WORDS = "星空重工業が何者かによる攻撃を受け、社内ネットワークに侵入された恐れがあることが分かった。"
BODY = f"<p>{WORDS * 6}</p>"
MANY = 200_000


def document(data: bytes | str, name: str = "x") -> Document:
    return read(data.encode() if isinstance(data, str) else data, Source(id="s-0", name=name, sha256="0"))


def page(inside: str, head: str = "") -> str:
    return f"<html lang='ja'><head><meta charset='utf-8'>{head}</head><body>{BODY}{inside}</body></html>"


@pytest.mark.parametrize("tag", ["div", "h1", "article", "time", "table", "ul"])
def test_deep_nesting_keeps_the_words(tag: str) -> None:
    begun = time.process_time()
    found = document(page(f"<{tag} class='related date'>" * MANY + "</x>"))
    assert WORDS in found.text
    assert time.process_time() - begun < 60  # a hang, no matter of speed


@pytest.mark.parametrize(
    ("opened", "closed"),
    [("<div>", "</div>"), ("<b><i>", ""), ("<table><tr><td>", "</td></tr></table>"), ("<ul><li>", "")],
)
def test_words_at_and_after_the_deepest_place_are_kept(opened: str, closed: str) -> None:
    found = document(page(opened * 3_000 + "ここにも文がある。" + closed * 3_000 + "<p>終わりの文である。</p>"))
    assert "ここにも文がある。" in found.text
    assert "終わりの文である。" in found.text
    assert any("nested too deep" in note for note in found.notes)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>document.write('<p>2031年1月1日</p>'); while(1){}</script><style>p{}</style>",
        f"<div data-x='{'y' * 5_000_000}'>z</div>",
        "<div " + " ".join(f"a{at}=1" for at in range(100_000)) + ">z</div>",
        '<div title="' + "<b c=" * 100_000 + '">z</div>',
        "<a href='" * 2_000,
        "<!--" * 100_000,
        "<article><h2>a</h2><p>b</p></article>" * 5_000,
        "<time>2031-01-01</time><p class='date'>2031年1月1日</p>" * 2_000,
        "&#x41;" * 200_000,
    ],
    ids=["script", "attribute", "attributes", "quoted", "unclosed", "comments", "articles", "times", "references"],
)
def test_hostile_markup_keeps_the_words(inside: str) -> None:
    begun = time.process_time()
    found = document(page(inside))
    assert WORDS in found.text
    assert "while(1)" not in found.text
    assert time.process_time() - begun < 60  # a hang, no matter of speed


def test_entities_are_not_multiplied() -> None:
    steps = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 20}">' for at in range(1, 12))
    found = document(f'<!DOCTYPE html [<!ENTITY e0 "ha">{steps}]><html><body>&e11;{BODY}</body></html>')
    assert WORDS in found.text
    assert len(found.text) < 10_000


def test_linked_data_that_is_none_is_passed_over() -> None:
    for inside in (
        "[" * 100_000,
        '{"@graph":' * 5_000,
        '{"datePublished": {"a": 1}}',
        '{"datePublished":"9999-99-99"}',
    ):
        found = document(page("", f"<script type='application/ld+json'>{inside}</script>"))
        assert found.published is None


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (encrypted_pdf(), "encrypted"),
        (scanned_pdf(), "without text"),
        (b"%PDF-1.7\n" + b"\x00garbage" * 100, "damaged or cut"),
        (text_pdf("words")[:150], "damaged or cut"),
    ],
    ids=["encrypted", "scanned", "garbage", "cut"],
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, word: str) -> None:
    with pytest.raises(UnreadableError, match=word):
        document(data)


def test_a_pdf_has_the_date_of_its_page_not_of_the_file() -> None:
    found = document(text_pdf("January 30, 2020", "Acme Freight Holdings", "Notice of a data security incident",
                              "We discovered on December 3, 2019 that files had been copied."))  # fmt: skip
    assert found.published is not None
    assert (found.published.edtf, found.pages) == ("2020-01-30", (0,))


@pytest.mark.parametrize("actual", ["utf-8", "cp932", "euc_jp", "iso2022_jp"])
@pytest.mark.parametrize("said", ["utf-8", "Shift_JIS", "EUC-JP", "iso-8859-1", "x-unknown"])
def test_an_encoding_that_lies_is_found_out(actual: str, said: str) -> None:
    markup = f"<html><head><meta charset='{said}'></head><body><p>{WORDS * 6}</p></body></html>"
    assert WORDS in document(markup.encode(actual)).text


def test_damaged_characters_are_counted() -> None:
    data = (WORDS * 50).encode()
    found = document(data[:1000] + b"\xff" + data[1001:])
    assert any("damaged characters" in note for note in found.notes)
    assert WORDS in found.text


@pytest.mark.parametrize("broken", [b"\xed\xa0\x80", b"\xe6\x98", b"\x00\x00\x00"])
@pytest.mark.parametrize("times", [1, 40])
def test_broken_sequences_lose_no_other_word(broken: bytes, times: int) -> None:
    data = ((WORDS + "\n").encode() + broken + b"\n") * times
    found = document(data, "x.txt")
    assert found.text.count(WORDS) == times
    place = len((WORDS + "\n").encode())
    told = "".join(found.notes)
    assert (f"at byte {place:,}" in told) or (f"at character {len(WORDS) + 1}" in told)
    assert f"{times} " in told


def test_hidden_and_turning_characters_stay_where_they_are() -> None:
    """Nothing is dropped from a text in silence: an offset of the text is an offset of the file."""
    text = "2020年1月31日\n\u202e逆向き\u202c星空\u200b重工\u2066は攻撃を受けた\u2069。\u0640\ufeff続き。\n"
    assert document(text).text == text


def test_fifty_megabytes_of_text_are_read() -> None:
    line = WORDS * 40 + "\n"
    data = (line * (50 * 1024 * 1024 // len(line.encode()))).encode()
    begun = time.process_time()
    found = document(data)
    assert len(found.text.encode()) == len(data)
    assert time.process_time() - begun < 60  # a hang, no matter of speed


@pytest.mark.parametrize("end", ["\n", "。"])
def test_a_text_beyond_all_reports_is_kept_whole_and_read_in_part(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    for module in (model, assemble):
        monkeypatch.setattr(module, "READ", 20_000)
    sentence = f"2024年3月5日に顧客の情報が流出した{end}"
    text = sentence * 3_000
    found = document(text)
    claims = extract(found)
    assert found.text == text
    assert any("from the first 20,000 of" in note for note in found.notes)
    assert len(found.head) <= 20_000
    assert found.head.endswith(end)
    assert claims
    assert max(claim.end for claim in claims) <= len(found.head)
    assert all(text[claim.start : claim.end] == claim.quote for claim in claims)


def test_many_claims_on_one_topic_are_compared_in_bounded_time_and_said() -> None:
    text = "\n".join(f"{number:,}人の個人情報が流出した。" for number in range(1_001, 4_001))
    made = document(text)
    held = Claims(extract(made), [made])
    begun = time.process_time()
    findings = check(held)
    assert time.process_time() - begun < 60  # a hang, no matter of speed
    assert held.left_out > 0
    assert [one.facts["left_out"] for one in findings if one.why == "finding.unknown.many"] == [str(held.left_out)]


def test_more_than_the_bound_is_refused_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_TEXT", 100_000)
    with pytest.raises(LimitError, match="at most"):
        document("words " * 20_000)
