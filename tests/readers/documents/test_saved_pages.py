"""Pages as they are saved and sent: MHTML, HTML with its files, newsletters, digests with several stories."""

from __future__ import annotations

import base64
import quopri

import pytest

from keii.model import Document, Source
from keii.readers.documents import detect, read

BODY = "星空重工業が何者かによる攻撃を受け、社内ネットワークに侵入された恐れがあることが分かった。" * 6
OTHER = "みどり銀行は30日、30万件の個人情報が流出した可能性があると発表した。原因は調査しているという。" * 4


def document(data: bytes | str, name: str = "x") -> Document:
    return read(data.encode() if isinstance(data, str) else data, Source(id="s-0", name=name, sha256="0"))


def page(inside: str, charset: str = "utf-8") -> str:
    return (
        f"<html lang='ja'><head><meta charset='{charset}'><title>星空重工に攻撃｜青葉新聞</title></head><body><div class='main'>"
        f"<h1>星空重工に攻撃</h1><p>2020年1月31日 5時00分</p>{inside}</div></body></html>"
    )


@pytest.mark.parametrize("charset", ["utf-8", "cp932", "euc_jp"])
def test_a_saved_page_has_its_own_time(charset: str) -> None:
    packed = quopri.encodestring(page(f"<p>{BODY}</p>", charset).encode(charset)).decode()
    found = document(
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://news.example.jp/a\r\nSubject: x\r\n"
        "Date: Fri, 4 Mar 2022 10:00:00 -0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n"
        '\ttype="text/html";\r\n\tboundary="----B----"\r\n\r\n\r\n------B----\r\nContent-Type: text/html\r\n'
        f"Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://news.example.jp/a\r\n\r\n{packed}\r\n"
        "------B----\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n------B------\r\n",
        "a.mhtml",
    )
    assert found.published is not None
    assert (found.published.edtf, found.url, found.title) == (
        "2020-01-31T05:00+09:00",
        "https://news.example.jp/a",
        "星空重工に攻撃",
    )
    assert BODY in found.text
    assert [item.place for item in found.rejected] == ["Date header"]


def test_a_newsletter_is_dated_by_its_sending() -> None:
    subject = base64.b64encode("【号外】星空重工に攻撃".encode()).decode()
    head = (
        f"From: =?utf-8?B?{base64.b64encode('青葉新聞'.encode()).decode()}?= <news@aoba.example.jp>\nSubject: =?utf-8?B?{subject}?=\n"
        "Date: Fri, 31 Jan 2020 05:10:00 +0900\nMIME-Version: 1.0\nContent-Type: text/plain; charset=iso-2022-jp\n\n"
    )
    found = document(head.encode() + f"青葉新聞ニュースレター\n\n{BODY}\n".encode("iso2022_jp"), "a.eml")
    assert found.published is not None
    assert (found.publisher, found.title, found.published.edtf) == (
        "青葉新聞",
        "【号外】星空重工に攻撃",
        "2020-01-31T05:10+09:00",
    )
    assert not found.published.zone_inferred


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page_files/style.css", b"body { color: red; }\n"),
        ("page_files/app.js", b"var a = 'words'; function b() { return a; }\n"),
        ("page_files/saved_resource.html", b"<html><body><p>Buy now</p></body></html>"),
        ("page_files/a.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
    ],
)
def test_files_beside_a_saved_page_are_no_documents(name: str, data: bytes) -> None:
    reader = detect(data, name)
    assert reader is None or reader.id == "plain"
    assert reader is None or not name.endswith((".css", ".js", ".png"))


LINKS = [
    "<div class='related'><h2>関連記事</h2><ul><li><a href='/x'>青葉市で5000人分の情報紛失</a></li></ul></div>",
    "<h3>あわせて読みたい</h3><ul><li><a href='/x'>青葉市で5000人分の情報紛失</a></li></ul>",
    "<div id='ranking'><p>アクセスランキング</p><ol><li><a href='/x'>青葉市で5000人分の情報紛失</a></li></ol></div>",
    "<p>関連記事</p><p><a href='/x'>青葉市で5000人分の情報紛失</a></p>",
]


@pytest.mark.parametrize("links", LINKS)
def test_links_to_other_stories_are_left_out_and_noted(links: str) -> None:
    found = document(page(f"<p>{BODY}</p>{links}<p>同社は調査を続けている。</p>"))
    assert "5000人" not in found.text
    assert "同社は調査を続けている。" in found.text
    assert any("links to other stories" in note for note in found.notes) == ("</ul>" in links or "</ol>" in links)


def test_a_story_with_links_in_it_is_no_furniture() -> None:
    found = document(page(f"<div class='related-body'><p>{BODY}<a href='/1'>詳細</a></p></div>"))
    assert BODY in found.text


def test_each_story_of_a_digest_stands_for_itself() -> None:
    found = document(page(
        f"<article><h2>星空重工に攻撃</h2><p>{BODY}</p></article><article><h2>みどり銀行で流出</h2>"
        f"<p>2020年1月30日 18時00分</p><p>{OTHER}</p></article>"
    ))  # fmt: skip
    told = [(item.title, item.published.edtf if item.published else None) for item in found.embedded]
    assert told == [("星空重工に攻撃", "2020-01-31T05:00+09:00"), ("みどり銀行で流出", "2020-01-30T18:00+09:00")]
    for item, words in zip(found.embedded, (BODY, OTHER), strict=True):
        assert all(words in found.text[start:end] for start, end in item.spans)
    assert OTHER not in found.text[slice(*found.embedded[0].spans[0])]


def test_tables_ruby_and_bars_stay_readable() -> None:
    found = document(page(
        f"<p>{BODY}</p><table><tr><th>項目</th><th>件数</th></tr><tr><td>氏名</td><td>1,234件</td></tr></table>"
        "<p><ruby>星空<rp>(</rp><rt>ほしぞら</rt><rp>)</rp></ruby>重工は調査中｜広報</p>"
    ))  # fmt: skip
    assert "星空重工は調査中｜広報" in found.text
    row = next(line for line in found.text.split("\n") if "氏名" in line)
    assert "|" in row and "1,234件" in row  # noqa: PT018 - one row
