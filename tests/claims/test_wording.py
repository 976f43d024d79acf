"""What single sentences say, and what they do not: each stands under a short report about an invented company."""

from __future__ import annotations

import pytest

from keii.claims import extract
from keii.model import Claim
from tests.claims.made import document
from tests.claims.scoring import value_of

LEADS = {
    "ja": "東浜精機に不正アクセス\n東浜精機は14日、社内のサーバーが不正アクセスを受けたと発表した。\n",
    "en": "Higashihama Seiki hit by hackers\nHigashihama Seiki Corp said on Tuesday its servers were hacked.\n",
}


def claims_of(sentence: str) -> list[Claim]:
    """Return the claims of a sentence that follows the report."""
    lang = "en" if sentence.isascii() else "ja"
    lead = LEADS[lang]
    made = document(lead + sentence + "\n", lang, publisher="日々新聞", published="2023-03-14T05:00+09:00")
    return [claim for claim in extract(made) if claim.end > len(lead)]


@pytest.mark.parametrize(
    "line",
    [
        "2. 情報流出について",
        "個人情報の流出の有無",
        "3. 情報漏えいの状況",
        "情報流出に関する調査結果",
        "2023年5月13日 流出確認を追記",
        "What information was involved?",
        "About the data breach",
    ],
)
def test_a_heading_or_a_change_log_says_nothing_of_the_breach(line: str) -> None:
    assert claims_of(line) == []


@pytest.mark.parametrize(
    ("sentence", "topic", "value", "stance"),
    [
        ("身代金の要求はなかったという。", "ransom.demand", "demanded", "denied"),
        ("身代金の要求はありませんでした。", "ransom.demand", "demanded", "denied"),
        ("No ransom was demanded.", "ransom.demand", "demanded", "denied"),
        ("サーバーは計34台に上る。", "affected.hosts", "34", "affirmed"),
        ("- 侵入を受けたサーバー 34台", "affected.hosts", "34", "affirmed"),
        ("攻撃は遅くとも2021年12月に始まった。", "time.intrusion_start", "../2021-12", "affirmed"),
        ("2,000 employees and 1,200 retirees had their data stolen.", "affected.persons", "1200", "affirmed"),
    ],
)
def test_what_a_sentence_says(sentence: str, topic: str, value: str, stance: str) -> None:
    said = [(c.topic, value_of(c), c.state or c.polarity) for c in claims_of(sentence)]
    assert (topic, value, stance) in said, said


@pytest.mark.parametrize(
    "sentence",
    [
        "防衛産業をめぐっては、2019年に北辰電機でも約8千人分の個人情報が流出する不正アクセスがあった。",
        "2020年には同業の北辰電機がサイバー攻撃を受け、約8千人分の情報が流出した。",
        "In 2019, a breach at Hokushin Electric exposed data of about 8,000 people.",
    ],
)
def test_another_incident_in_passing_is_set_apart(sentence: str) -> None:
    claims = claims_of(sentence)
    assert claims
    assert {claim.about for claim in claims} == {"other incident"}


@pytest.mark.parametrize(
    "sentence",
    [
        "米国子会社の東浜アメリカでも昨年、約8千人分の個人情報が流出した。",
        "個別の事案についてはお答えできないが、約8千人分の個人情報が流出した。",
    ],
)
def test_parts_of_the_victim_are_no_other_incident(sentence: str) -> None:
    assert {claim.about for claim in claims_of(sentence)} == {None}


def test_each_sentence_of_a_quotation_stands_for_itself() -> None:
    said = claims_of("同社の広報担当者は「情報の流出は確認されていない。個別の事案にはお答えできない」と述べた。")
    leak = next(claim for claim in said if claim.topic == "leak.occurred")
    assert (leak.polarity, leak.state, leak.about) == ("not-confirmed", "not-established", None)


def test_a_day_of_finding_out_is_not_the_day_of_the_intrusion() -> None:
    said = claims_of("8月10日、ファイル27,445件に対し不正アクセスが行われていたことが判明しました。")
    dates = {(claim.topic, value_of(claim)) for claim in said if claim.topic.startswith("time.")}
    assert dates == {("time.scope_determined", "2022-08-10")}


def test_who_has_no_name_discloses_nothing() -> None:
    said = claims_of("政府筋は13日、「同社から昨年8月に報告を受けた」と明らかにした。")
    assert "time.disclosed" not in {claim.topic for claim in said}
    assert {(claim.speaker, claim.via) for claim in said} == {("anonymous:政府筋", ("日々新聞",))}


def test_the_newspaper_is_the_one_named_before() -> None:
    said = claims_of(
        "The intrusion began in December 2021, the Nichinichi newspaper reported, citing people familiar with the matter. "
        "At least 12 servers were compromised, the newspaper said."
    )
    start = next(claim for claim in said if claim.topic == "time.intrusion_start")
    hosts = next(claim for claim in said if claim.topic == "affected.hosts")
    assert start.via == ("Nichinichi newspaper", "日々新聞")
    assert hosts.speaker == "Nichinichi newspaper"
