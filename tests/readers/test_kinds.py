"""What a stream is: told by its content, unless the user says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii.readers.kinds import kind_of
from keii.readers.logs import Head
from tests import made

NEWS = (
    "2020年1月31日、社内サーバーへの不正アクセスが判明した。およそ2万8000件のファイルが流出した可能性がある。".encode()
)
LOGONS = b"\xef\xbb\xbf" + b"".join(
    f"03/{n:02} 08:1{n % 10}:07 [LOGON] [{400 + n}] EXAMPLE: SamLogon: Network logon of EXAMPLE\\u{n} from PC-{n}\r\n".encode()
    for n in range(1, 29)
)
ALERTS = b"".join(
    f"03/{n:02}-08:15:07.00{n:04} [**] [1:{n}:1] A rule [**] {{TCP}} 192.0.2.{n}:4{n:03} -> 198.51.100.7:80\n".encode()
    for n in range(1, 29)
)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (made.conn(20), "conn.log", ("log", "zeek")),
        (made.conn(20), "misnamed.pdf", ("log", "zeek")),
        (NEWS, "news.txt", ("document", "plain")),
        (LOGONS, "netlogon.txt", ("log", "text")),
        (ALERTS, "alert.txt", ("log", "text")),
        (b"<!DOCTYPE html><html><body><p>" + NEWS, "page", ("document", "html")),
        (made.gzipped(NEWS), "news.gz", ("archive", "")),
        (bytes(4000), "zeros.log", ("unknown", "")),
        (b"", "empty.log", ("unknown", "")),
        (bytes(range(256)) * 20, "noise.txt", ("unknown", "")),
    ],
)
def test_the_content_decides(content: bytes, name: str, expected: tuple[str, str]) -> None:
    kind = kind_of(Head(content[:65536], name))
    assert (kind.name, kind.reader) == expected


def test_the_user_may_say_it() -> None:
    assert kind_of(Head(made.conn(20), "conn.log"), "statement").name == "document"
    assert kind_of(Head(made.conn(20), "conn.log"), "log").reader == "zeek"
    assert kind_of(Head(bytes(100), "zeros"), "log").name == "unknown"


def test_the_documents_of_the_shelf(shelf: Path) -> None:
    for name, reader in (
        ("documents/nec-2020-analysis.txt", "plain"),
        ("reports/AA20-302A.pdf", "pdf"),
        ("reports/AA20-302A.docx", "docx"),
        ("reports/AA20-302A.html", "html"),
    ):
        kind = kind_of(Head((shelf / name).read_bytes()[:65536], name))
        assert kind.document is not None
        assert kind.document.id == reader
