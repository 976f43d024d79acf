"""Sources quoted inside a document, in several layouts; expectations written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from keii.model import Document, Source
from keii.readers.documents import read


def document(text: str) -> Document:
    return read(text.encode(), Source(id="s-0", name="article.txt", sha256="0"))


def told(found: Document) -> list[tuple[str, str | None, list[str]]]:
    return [
        (item.publisher, item.published.edtf if item.published else None, [found.text[a:b] for a, b in item.spans])
        for item in found.embedded
    ]


NUMBERED = """星空重工の件をまとめてみます。私の推測が入ります。

1. 東都放送 2021年2月3日 23時48分
星空重工業がサイバー攻撃を受け、ファイルが流出した可能性があるということです。

2. みなと経済新聞 電子版 2021/2/4 5:10 「設計情報流出か」
攻撃は19年春から続いていたとみられる。

以上から、私は子会社が入口だと思います。
"""

QUOTED = """所感を書きます。各紙の報道は次の通りです。

■ 列島通信（2021年2月4日 0時55分）
> 海外の集団が関与した疑いがある。
> ログの一部が消されていた。
これは大変な話だと思います。
"""

COLUMNS = """まとめの表です。
| 番号 | 日時 | 媒体 | 内容 |
| 1 | 2021/02/03 23:48 | 東都放送 | ファイルが流出した可能性がある。 |
| 2 | 2021/02/04 00:55 (JST) | 列島通信 | 海外集団が関与した疑いがある。 |
この表を見ると、発表の遅さが気になります。
"""

ENGLISH = """My notes on the Hoshizora case. I think the subsidiary was the way in.

According to Kyodo News, "part of the logs had been erased" by the attackers.

Reuters reported on February 4, 2021 that about 28,000 files may have been taken. I doubt it.

Hoshizora Heavy said in a statement: "We have not confirmed any leak of information." That is careful wording.
"""

INLINE = """この事件を調べてみました。東京新聞は「ログの一部が消されていた」と報じた。私はここが重要だと思います。
星空重工業は4日、「情報流出は確認されておりません」と発表し、謝罪した。
"""


def test_numbered_list() -> None:
    assert told(document(NUMBERED)) == [
        (
            "東都放送",
            "2021-02-03T23:48+09:00",
            ["星空重工業がサイバー攻撃を受け、ファイルが流出した可能性があるということです。"],
        ),
        (
            "みなと経済新聞 電子版",
            "2021-02-04T05:10+09:00",
            ["設計情報流出か", "攻撃は19年春から続いていたとみられる。"],
        ),
    ]


def test_block_quote_ends_where_the_author_speaks() -> None:
    ((publisher, published, words),) = told(document(QUOTED))
    assert (publisher, published) == ("列島通信", "2021-02-04T00:55+09:00")
    assert "".join(words).count("疑いがある") == 1
    assert "大変な話" not in "".join(words)


def test_table_with_other_columns() -> None:
    assert told(document(COLUMNS)) == [
        ("東都放送", "2021-02-03T23:48+09:00", ["ファイルが流出した可能性がある。"]),
        ("列島通信", "2021-02-04T00:55+09:00", ["海外集団が関与した疑いがある。"]),
    ]


def test_english_sentences() -> None:
    assert told(document(ENGLISH)) == [
        ("Kyodo News", None, ["part of the logs had been erased"]),
        ("Reuters", "2021-02-04", ["about 28,000 files may have been taken"]),
        ("Hoshizora Heavy", None, ["We have not confirmed any leak of information."]),
    ]


def test_inline_japanese() -> None:
    assert told(document(INLINE)) == [
        ("東京新聞", None, ["ログの一部が消されていた"]),
        ("星空重工業", None, ["情報流出は確認されておりません"]),
    ]


def test_an_article_is_not_embedded_in_itself() -> None:
    found = document("東雲新聞\n2021年2月4日 朝刊\n星空重工にサイバー攻撃\n\n流出の疑いがあるという。\n")
    assert found.embedded == ()
    assert found.published is not None
    assert (found.publisher, found.published.edtf) == ("東雲新聞", "2021-02-04")


@pytest.mark.parametrize("word", ["分析の結果、一四年ごろ", "関係者によりますとNECは"])
def test_nec_article(shelf: Path, word: str) -> None:
    data = (shelf / "documents" / "nec-2020-analysis.txt").read_bytes()
    found = read(data, Source(id="s-0", name="nec.txt", sha256="0"))
    times = {item.publisher: item.published.edtf for item in found.embedded if item.published}
    assert times == {
        "NEC": "2020-01-31", "日本経済新聞 電子版": "2020-01-30T23:30+09:00", "NHK": "2020-01-30T23:56+09:00",
        "共同通信": "2020-01-31T01:05+09:00", "東京新聞": "2020-01-31",
    }  # fmt: skip
    wire = next(item for item in found.embedded if item.publisher == "共同通信")
    assert wire.updated is not None
    assert wire.updated.edtf == "2020-01-31T01:15+09:00"
    assert wire.published is not None
    assert not wire.published.zone_inferred
    assert found.published is None
    places = [at for at in range(len(found.text)) if found.text.startswith(word, at)]
    assert places
    for at in places:
        assert any(a <= at < b for item in found.embedded for a, b in item.spans)
    own = found.text.index("最初の侵入ルートが")
    assert not any(a <= own < b for item in found.embedded for a, b in item.spans)
