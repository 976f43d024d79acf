"""Documents of every format: times, encodings, bad input."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import UnreadableError
from keii.model import Document, Source
from keii.readers.documents import READERS, read

WORDS = "当社の社内サーバへの不正アクセスについて、調査の結果を公表します。\n情報流出は確認されておりません。\n"


def document(data: bytes, name: str = "x") -> Document:
    return read(data, Source(id="s-0", name=name, sha256="0"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp", "iso2022_jp"])
def test_encodings(encoding: str) -> None:
    found = document(WORDS.replace("\n", "\r\n").encode(encoding))
    assert (found.text, found.lang) == (WORDS, "ja")


def page(head: str = "", body: str = "") -> bytes:
    filler = (
        "<p>"
        + "星空重工業が何者かによるサイバー攻撃を受け、社内ネットワークに不正侵入された恐れがあることが分かった。" * 6
        + "</p>"
    )
    return f"<!DOCTYPE html><html lang='ja'><head><meta charset='shift_jis'>{head}</head><body><main><article><h1>星空重工に攻撃</h1>{body}{filler}</article></main></body></html>".encode()


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2021-02-03T14:20:00Z"}</script>',
            "",
            "2021-02-03T14:20Z",
        ),
        (
            '<meta property="article:published_time" content="2021-02-03T23:20:00+09:00">',
            "<p>更新日 2021年2月9日</p>",
            "2021-02-03T23:20+09:00",
        ),
        (
            '<meta property="article:published_time" content="2021-02-03">',
            "<p>2021年2月3日 23時20分</p>",
            "2021-02-03T23:20+09:00",
        ),
        (
            '<meta property="article:published_time" content="2021-02-03T23:20:00Z">',
            "<p>2021年2月3日 23時20分</p>",
            "2021-02-03T23:20+09:00",
        ),
        (
            '<meta name="date" content="1970-01-01T00:00:00Z">',
            "<p>掲載：2021/2/3 午後11:20</p>",
            "2021-02-03T23:20+09:00",
        ),
        (
            '<meta name="date" content="2021-02-03T23:20:00+29:00">',
            "<time datetime='2021-02-03T23:20+09:00'>3日</time>",
            "2021-02-03T23:20+09:00",
        ),
    ],
)
def test_publication_time(head: str, body: str, expected: str) -> None:
    found = document(page(head, body))
    assert found.published is not None
    assert found.published.edtf == expected


@pytest.mark.parametrize(
    ("text", "publisher", "published"),
    [
        (
            "白波製紙に不正アクセス\n2024/3/14 10:32 (JST) ©一般社団法人洋上通信社\n\n白波製紙は14日に発表した。\n",
            "一般社団法人洋上通信社",
            "2024-03-14T10:32+09:00",
        ),
        (
            "Mill reports intrusion\n© 2024 Coastline Press Agency\nMarch 14, 2024 10:32 JST\n\nA mill said on Thursday so.\n",
            "Coastline Press Agency",
            "2024-03-14T10:32+09:00",
        ),
    ],
)
def test_the_credit_beside_the_time_names_the_publisher(text: str, publisher: str, published: str) -> None:
    found = document(text.encode(), "a.txt")
    assert found.publisher == publisher
    assert found.published is not None
    assert found.published.edtf == published


def test_rejected_dates_say_why() -> None:
    found = document(
        page(
            '<meta name="date" content="1970-01-01T00:00:00Z"><meta name="pubdate" content="2021-02-03T23:20:00+29:00">'
        )
    )
    assert found.published is None
    assert {item.reason.split()[0] for item in found.rejected} == {"the"}
    assert len(found.rejected) == 2


def test_english_byline_with_zone() -> None:
    found = document(b"Firm confirms breach\nJanuary 30, 2020 11:56 PM JST\n\nThe company said it was attacked.\n")
    assert found.published is not None
    assert (found.published.edtf, found.published.zone_inferred) == ("2020-01-30T23:56+09:00", False)


def test_ruby_and_furniture_are_removed() -> None:
    body = "<p><ruby>脆弱<rp>(</rp><rt>ぜいじゃく</rt><rp>)</rp></ruby>性が悪用された。</p>"
    found = document(page("", body) + b"")
    assert "脆弱性が悪用された" in found.text
    assert "ぜいじゃく" not in found.text


def test_hostile_markup_ends_in_bounded_time() -> None:
    began = time.process_time()
    deep = b"<html><body>" + b"<div>" * 200_000 + b"text that is deep" + b"</div>" * 200_000
    for data in (deep, b"<html><body><p " + b"a" * 5_000_000 + b"='1'>text of it</p>"):
        try:
            document(data)
        except UnreadableError as error:
            assert error.message
    assert time.process_time() - began < 60  # a hang, no matter of speed


def test_docx_with_a_table() -> None:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    body = f"<w:document {w}><w:body><w:p><w:r><w:t>Report of a breach</w:t></w:r></w:p><w:tbl><w:tr>{cell.format('one')}{cell.format('two')}</w:tr></w:tbl></w:body></w:document>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("word/document.xml", body)
    assert document(packed.getvalue()).text == "Report of a breach\none | two"


def test_mail() -> None:
    raw = "From: Minato <desk@example.com>\nTo: a@example.com\nSubject: Breach at Hoshizora\nDate: Thu, 04 Feb 2021 09:15:00 +0900\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nHackers stole files.\n"
    found = document(raw.encode())
    assert found.published is not None
    assert (found.title, found.publisher, found.published.edtf) == (
        "Breach at Hoshizora",
        "Minato",
        "2021-02-04T09:15+09:00",
    )


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 900, b"%PDF-1.7\n1 0 obj\n<<", b"PK\x03\x04word/document.xml", b"<html></html>"]
)
def test_unreadable_is_said(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        document(data)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"%PDF-1.4\n", b"PK\x03\x04word/", b"<!DOCTYPE html><p>", b"From: a\nTo: b\nDate: c\nSubject: d\n\n"]
    ),
)
@settings(max_examples=80, deadline=None)
def test_random_bytes_never_break_a_reader(noise: bytes, head: bytes) -> None:
    for reader in READERS:
        reader.accepts(head + noise, "x")
    try:
        document(head + noise)
    except UnreadableError as error:
        assert error.message


@given(st.text(max_size=400))
@settings(max_examples=80, deadline=None)
def test_any_unicode_keeps_its_offsets(text: str) -> None:
    try:
        found = document(text.encode("utf-8", "replace"))
    except UnreadableError:
        return
    for item in found.embedded:
        assert all(0 <= a <= b <= len(found.text) for a, b in item.spans)
