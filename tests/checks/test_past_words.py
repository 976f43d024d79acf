"""What was said before is told from what is said now, within its own sentence only; companies keep their names."""

from __future__ import annotations

from keii.checks import Claims, check
from keii.checks.changes import changes
from keii.claims import extract
from keii.model import Document, Finding
from tests.claims.made import document


def compared(*texts: tuple[str, str, str, str]) -> list[Finding]:
    """Return the findings over (text, language, publisher, time)."""
    documents: list[Document] = []
    for at, (text, lang, publisher, published) in enumerate(texts):
        made = document(text, lang, publisher=publisher, published=published)
        fields = {name: getattr(made, name) for name in made.__struct_fields__}
        documents.append(Document(**fields | {"name": f"{at}.txt", "source": f"s{at}"}))
    claims = [claim for one in documents for claim in extract(one)]
    return [finding for finding in check(Claims(claims, documents)) if finding.answer == "yes"]


def replaced(text: str, name: str, published: str) -> Document:
    made = document(text, "ja", publisher="甲新聞", published=published)
    fields = {key: getattr(made, key) for key in made.__struct_fields__}
    return Document(**fields | {"name": name, "source": f"s-{name}"})


PAPER = ("丙商事に不正アクセス\n侵入は2019年3月に始まったとみられる。", "ja", "甲新聞", "2020-06-15T05:00+09:00")


def test_a_past_word_of_the_sentence_before_hides_no_contradiction() -> None:
    other = "丙商事はこれまで「被害は確認されていない」と説明していた。\n侵入は2018年12月に始まったことが関係者への取材で分かった。"
    found = compared(PAPER, (other, "ja", "乙新聞", "2020-06-15T06:00+09:00"))
    assert ("contradiction", "time.intrusion_start") in {(one.kind, one.topic) for one in found}


def test_what_was_explained_before_contradicts_nobody() -> None:
    other = "丙商事は当初、「侵入は2018年12月に始まった」と説明していた。"
    found = compared(PAPER, (other, "ja", "乙新聞", "2020-06-15T06:00+09:00"))
    assert "contradiction" not in {one.kind for one in found}


def test_a_company_is_one_voice_in_two_languages() -> None:
    japanese = "丙商事に不正アクセス\n丙商事は、侵入が2019年3月4日に始まり、4,512人分の情報が流出したと発表した。同社は「2019年6月7日に検知した」と述べた。"
    english = (
        "Hei Trading hit by hackers\nHei Trading said the intrusion began on March 1, 2019, three days earlier. It said data of 4,512 people was stolen. "
        "Hei Trading said it detected the attack on June 7, 2019."
    )
    found = compared(
        (japanese, "ja", "甲新聞", "2020-06-15T05:00+09:00"), (english, "en", "Wire", "2020-07-20T05:00+09:00")
    )
    kinds = {(one.kind, one.topic) for one in found}
    assert ("revision", "time.intrusion_start") in kinds
    assert ("contradiction", "time.intrusion_start") not in kinds


def test_what_came_to_light_later_revises_whoever_says_it_in_other_words() -> None:
    found = compared(
        PAPER,
        (
            "丙商事は、侵入が2018年12月4日に始まっていたことが新たに判明したと発表した。",
            "ja",
            "乙新聞",
            "2020-08-01T06:00+09:00",
        ),
        ("Hei Trading said the intrusion began on December 4, 2018.", "en", "Wire", "2020-08-01T07:00+09:00"),
    )
    kinds = {(one.kind, one.topic) for one in found}
    assert ("revision", "time.intrusion_start") in kinds
    assert ("contradiction", "time.intrusion_start") not in kinds


def test_a_word_told_again_as_that_of_then_is_not_taken_back() -> None:
    first = "丙商事は「情報の流出は確認されていない」と発表した。"
    later = "丙商事は情報が流出したことを確認したと発表した。同社はこれまで「流出は確認されていない」と説明していた。"
    documents = [
        replaced(first, "0.txt", "2020-06-15T05:00+09:00"),
        replaced(later, "1.txt", "2020-08-15T05:00+09:00"),
    ]
    claims = [claim for one in documents for claim in extract(one)]
    held = Claims(claims, documents)
    told = [one.kind for one in changes(held, check(held)) if one.publication == 2]
    assert "admitted" in told
    assert "withdrawn" not in told


def test_a_count_that_the_company_gives_anew_is_revised_whether_possible_or_certain() -> None:
    found = compared(
        ("丙商事は、会員約2万1千人の情報が流出した可能性があると発表した。", "ja", "丙商事", "2021-02-01T10:00+09:00"),
        ("丙商事は、流出したのは会員2万3650人の情報だったと発表した。", "ja", "丙商事", "2021-03-01T10:00+09:00"),
    )
    (told,) = [one for one in found if one.kind == "revision" and one.topic == "affected.persons"]
    assert len(told.claims) == len(told.against) == 1


def test_a_count_told_again_and_its_part_revise_nothing() -> None:
    found = compared(
        ("丙商事は、会員2万1412人の情報が流出したと発表した。", "ja", "丙商事", "2021-02-01T10:00+09:00"),
        (
            "丙商事は、流出した会員2万1412人のうち1204人は口座番号も含まれていたと発表した。",
            "ja",
            "丙商事",
            "2021-03-01T10:00+09:00",
        ),
    )
    assert [one for one in found if one.kind == "revision" and one.topic.startswith("affected")] == []
