"""Web archives: each page a document with its address and its own time; whatever is cut or hostile is said."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pytest

from keii.errors import UnreadableError
from keii.model import Document, Skipped, Source
from keii.readers.containers import Member, members
from keii.readers.documents import read
from keii.readers.documents.opened import documents_at
from keii.readers.kinds import kind_of
from keii.readers.logs import Head

BODY = "星空重工業が何者かによる攻撃を受け、社内ネットワークに侵入された恐れがあることが分かった。" * 6
PAGE = (
    "<html lang='ja'><head><title>星空重工に攻撃</title><meta property='article:published_time' "
    f"content='2020-01-31T05:00:00+09:00'></head><body><article><h1>星空重工に攻撃</h1><p>{BODY}</p></article></body></html>"
)


def record(
    payload: bytes,
    uri: str = "https://news.example.jp/a?id=1",
    kind: str = "response",
    headers: str = "",
    media: str = "text/html",
) -> bytes:
    block = payload
    outer = media
    if kind in {"response", "request"}:
        block = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n{headers}\r\n".encode() + payload
        outer = f"application/http; msgtype={kind}"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2022-03-04T10:00:00Z\r\n"
        f"Content-Type: {outer}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def opened(data: bytes, tmp_path: Path, name: str = "a.warc") -> tuple[list[Document | str], list[Skipped], str]:
    path = tmp_path / name
    path.write_bytes(data)
    found: list[Document | str] = []
    skips: list[Skipped] = []
    try:
        for member in members(path, Source(id="s-0", name=name, sha256="0", size=len(data))):
            if isinstance(member, Skipped):
                skips.append(member)
                continue
            stream = member.open()
            assert isinstance(member, Member)
            assert kind_of(Head(stream.head(), member.source.name)).name in {"document", "intel"}
            content = stream.read() or b""
            try:
                whole = read(content, member.source)
            except UnreadableError as error:
                found.append(error.message)
            else:
                found.append(stream.damage or whole)
    except UnreadableError as error:
        return found, skips, error.message
    return found, skips, ""


def archive() -> list[bytes]:
    packed = gzip.compress(PAGE.encode("cp932"), mtime=0)
    chunked = (
        b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (packed[:100], packed[100:])) + b"0\r\n\r\n"
    )
    return [
        record(b"software: x\r\n", "", "warcinfo"),
        record(b"", kind="request"),
        record(PAGE.encode(), headers="Last-Modified: Fri, 04 Mar 2022 10:00:00 GMT\r\n"),
        record(
            chunked, "https://news.example.jp/b", media="text/html; charset=Shift_JIS",
            headers="Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
        ),
        record("青葉市\n2020年2月3日\n職員の端末の感染について\n詳細は調査中です。\n".encode(), "https://city.example.jp/n.txt", media="text/plain"),
        record(b"\x89PNG", "https://news.example.jp/a.png", media="image/png"),
        record(b"body{}", "https://news.example.jp/a.css", media="text/css"),
        record(b"", "https://news.example.jp/c", "revisit"),
    ]  # fmt: skip


@pytest.mark.parametrize("packing", ["plain", "each", "whole"])
def test_every_page_is_a_document(packing: str, tmp_path: Path) -> None:
    parts = archive()
    data = b"".join(gzip.compress(part, mtime=0) for part in parts) if packing == "each" else b"".join(parts)
    data = gzip.compress(data, mtime=0) if packing == "whole" else data
    found, skips, error = opened(data, tmp_path, "a.warc" if packing == "plain" else "a.warc.gz")
    documents = [one for one in found if isinstance(one, Document)]
    assert not error
    assert [(one.url, one.published.edtf if one.published else None) for one in documents] == [
        ("https://news.example.jp/a?id=1", "2020-01-31T05:00+09:00"),
        ("https://news.example.jp/b", "2020-01-31T05:00+09:00"),
        ("https://city.example.jp/n.txt", "2020-02-03"),
    ]
    assert all(BODY[:40] in one.text for one in documents[:2])
    assert documents[0].name.endswith("!news.example.jp/a?id=1")
    assert {item.place for item in documents[0].rejected} >= {"WARC-Date", "Last-Modified"}
    assert sorted((skip.reason, skip.count) for skip in skips) == [
        ("a record of type revisit holds no page", 1),
        ("image/png holds no text", 1),
        ("text/css holds no text", 1),
    ]


def test_a_cut_archive_keeps_what_came_before(tmp_path: Path) -> None:
    data = record(PAGE.encode()) + record(PAGE.encode(), "https://news.example.jp/b")
    found, _, error = opened(data[:-200], tmp_path)
    assert [one.url for one in found if isinstance(one, Document)] == ["https://news.example.jp/a?id=1"]
    assert "cut or damaged in its record 2" in error


@pytest.mark.parametrize(
    "data",
    [
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\n",
        b"WARC/1.0\r\nContent-Length: -5\r\n\r\n",
        b"WARC/1.0\r\nContent-Length: 99999999999999\r\nWARC-Type: response\r\n\r\nx",
        b"WARC/1.0\r\n" + b"X: y\r\n" * 1_000,
        b"WARC/1.0\r\nX: " + b"y" * 200_000,
        record(b"x") + b"garbage\r\n\r\n",
    ],
)
def test_a_damaged_archive_is_said(data: bytes, tmp_path: Path) -> None:
    assert opened(data, tmp_path)[2]


def test_a_page_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    squeeze = zlib.compressobj(9)
    bomb = b"".join(squeeze.compress(b"<p>" + b"a" * 1_000_000) for _ in range(70)) + squeeze.flush()
    data = record(bomb, headers="Content-Encoding: deflate\r\n")
    found, _, _ = opened(data, tmp_path)
    assert "unpacks to more than" in str(found[0])


def test_names_never_lead_out(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(record(PAGE.encode(), "https://news.example.jp/../../../etc/passwd"))
    found = [one for one in members(path, Source(id="s-0", name="a.warc", sha256="0")) if isinstance(one, Member)]
    assert ".." not in found[0].source.name


def test_a_web_archive_is_read_without_a_case(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(gzip.compress(part, mtime=0) for part in archive()))
    assert [one.url[8:] for one in documents_at(path)] == [
        "news.example.jp/a?id=1",
        "news.example.jp/b",
        "city.example.jp/n.txt",
    ]
    (tmp_path / "b.warc").write_bytes(record(b"x", kind="metadata"))
    with pytest.raises(UnreadableError, match="no document in the archive"):
        documents_at(tmp_path / "b.warc")
