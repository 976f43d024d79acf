"""Origins are counted, not pages: wire copies, translations, updates and archived copies are one origin."""

from __future__ import annotations

import random
import time

import pytest

from keii.checks.copies import page_of
from keii.checks.origins import Origins
from keii.model import Document
from tests.checks.build import claim, moment

WIRE = (
    "星空重工業が昨年六月に攻撃を受け、防衛関連の情報が流出した恐れがあることが三十日、関係者への取材で分かった。"
    "社内の監視で外部への不審な通信が見つかり、調査会社が解析を進めている。同社は「確認中」とコメントした。"
    "侵入は子会社の端末を経由したとみられ、約二万八千点の文書が見られた可能性がある。政府関係者は影響を調べるとしている。"
)
OWN = (
    "以下は私の推測である。侵入者はまず取引先を狙い、そこから足場を広げたのではないか。過去の事例と比べると手口が似ている。"
    "暗号化の痕跡がないことから、金銭目的ではなく情報を盗むことが目的だったと考えるのが自然だろう。今後の発表を待ちたい。"
) * 6


def document(name: str, text: str, said: str = "", publisher: str = "", lang: str = "ja", url: str = "") -> Document:
    return Document(
        source=f"s-{name}", name=name, text=text, publisher=publisher or f"{name}新聞", url=url,
        lang="ja" if lang == "ja" else "en", published=moment(said) if said else None,
    )  # fmt: skip


def origins(*documents: Document) -> list[str]:
    """Return the origin of an anonymous claim in each of the documents."""
    known = Origins(documents)
    return [
        known.origin(claim(at, {"topic": "incident.type", "cat": "x", "source": one.name, "speaker": "anonymous:x"}))
        for at, one in enumerate(documents)
    ]


def test_a_wire_copy_is_one_origin_with_the_original() -> None:
    edited = WIRE.replace("三十日", "30日").replace("同社は「確認中」とコメントした。", "") + "（写真は本社）"
    assert origins(document("青葉", WIRE, "2020-01-30"), document("若葉", edited, "2020-01-31")) == ["青葉新聞"] * 2


@pytest.mark.parametrize(
    "credited",
    [
        "【共同】" + WIRE,
        WIRE + "（共同）",
        WIRE + "\n提供：共同通信社",
        "【ロンドン=共同】" + WIRE,
        WIRE + "\n© 2020 Kyodo News",
    ],
)
def test_a_credit_names_the_origin(credited: str) -> None:
    assert origins(document("青葉", credited), document("若葉", OWN, publisher="共同通信社")) == ["共同通信"] * 2


def test_a_quotation_in_full_is_no_copy() -> None:
    told = origins(document("声明", WIRE, "2020-01-30"), document("個人", f"{OWN}\n{WIRE}\n{OWN}", "2020-02-01"))
    assert len(set(told)) == 2


def test_a_shortened_copy_that_came_later_is_one() -> None:
    told = origins(document("青葉", WIRE * 1 + OWN, "2020-01-30"), document("若葉", WIRE, "2020-01-31"))
    assert len(set(told)) == 1


def test_two_writers_on_one_event_are_two_origins() -> None:
    other = "サイバー攻撃を受けた星空重工業は三十一日、不正な通信を遮断したと発表した。" + OWN[:200]
    assert len(set(origins(document("青葉", WIRE), document("若葉", other)))) == 2


def test_a_translation_counts_only_where_it_says_so() -> None:
    original = document("a", "Acme was attacked. " * 20, "2020-01-30", "Example Times", "en")
    said = document("b", f"{OWN}\nこの記事はExample Timesに掲載された英文を翻訳したものです。", "2020-01-31")
    silent = document("c", OWN, "2020-01-31")
    assert origins(original, said) == ["exampletimes"] * 2
    assert len(set(origins(original, silent))) == 2
    english = document(
        "d",
        "Acme was attacked. " * 20 + "\nTranslated from an article by Aoba Shimbun.",
        "2020-02-01",
        "Other Post",
        "en",
    )
    assert origins(document("e", WIRE, "2020-01-30", "Aoba Shimbun"), english) == ["aobashimbun"] * 2


def test_updates_and_archived_copies_of_a_page_are_one_origin() -> None:
    page = "https://news.example.jp/articles/1"
    told = origins(
        document("a", WIRE, "2020-01-30", "青葉新聞", url=page),
        document(
            "b", OWN, "2020-01-31", "news.example.jp", url="http://www.news.example.jp/articles/1/?utm_source=x#top"
        ),
        document("c", OWN * 2, "2020-01-31", "archive", url=f"https://web.archive.example/web/20220304100000/{page}"),
        document("d", "別の記事。" * 40, "2020-01-31", "若葉新聞", url="https://news.example.jp/articles/2"),
    )
    assert told == ["青葉新聞"] * 3 + ["若葉新聞"]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://web.archive.org/web/20200131050000id_/https://www.example.com/a/?b=1&utm_x=2", "example.com/a?b=1"),
        ("https://archive.ph/20200131050000/https://example.com/a", "example.com/a?"),
        ("https://example.com/", ""),
        ("", ""),
        ("http://[broken", ""),
    ],
)
def test_what_is_one_page(url: str, page: str) -> None:
    assert page_of(url) == page


def test_the_order_of_documents_does_not_matter_and_many_take_little_time() -> None:
    dice = random.Random(5)
    words = [chr(0x4E00 + dice.randrange(2_000)) for _ in range(3_000)]
    texts = ["".join(dice.choices(words, k=2_000)) for _ in range(40)]
    found = [document(f"{at:03}", texts[at % 40] + f"注{at}", f"2020-01-{1 + at // 40:02}") for at in range(200)]
    begun = time.process_time()
    straight = Origins(found)._copies
    assert time.process_time() - begun < 60  # a hang, no matter of speed
    dice.shuffle(found)
    assert Origins(found)._copies == straight
    assert len(straight) == 160
