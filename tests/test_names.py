"""Codes as words: every category and unit has a name in both languages, numbers agree with their nouns, zones are written."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from keii import names
from keii.data import load, tables
from keii.model import ELSEWHERE, Category, Claim, Date, Duration, Interval, Moment, Number
from keii.wording import say
from tests.checks.build import claim


def test_every_category_of_the_topics_and_lexicons_has_a_name() -> None:
    codes = {cat for topic in load("topics").values() for cat in topic.get("cats", ())}
    codes |= {row["cat"] for lang in ("en", "ja") for name in tables(f"claims/{lang}/topics") for row in load(name)}
    named = load("names")["categories"]
    assert sorted(codes - set(named)) == []
    assert all(set(name) >= {"en", "ja"} for name in named.values())


@pytest.mark.parametrize(
    ("value", "en", "ja"),
    [
        (Number(num=1, unit="file"), "1 file", "1ファイル"),
        (Number(num=27445, unit="file"), "27,445 files", "27,445ファイル"),
        (Number(num=2, high=3, unit="host"), "2–3 machines", "2–3台"),
        (Number(num=618_200_000, unit="byte"), "618.2 MB", "618.2 MB"),
        (Number(num=3, unit="parsec"), "3 parsec", "3 parsec"),
        (Category(cat="data-exfiltration"), "data taken out", "外部への流出"),
        (Category(cat="group", items=("China",)), "China", "中国"),
        (Category(cat="subsidiary", items=("Beta",)), "subsidiary: Beta", "子会社・拠点：Beta"),
        (Category(cat="never-heard-of"), "never-heard-of", "never-heard-of"),
        (Interval(edtf="../2018"), "until 2018", "2018年まで"),
        (Interval(edtf="2016-12/.."), "from 2016-12", "2016年12月以降"),
        (Interval(edtf="2018-04/2019-03"), "2018-04 to 2019-03", "2018年4月～2019年3月"),
        (Date(edtf="2014~"), "about 2014", "2014年ごろ"),
        (Date(edtf="2018-22"), "summer 2018", "2018年夏"),
        (Interval(edtf="2019-21/.."), "from spring 2019", "2019年春以降"),
        (Date(edtf="2018-2x"), "2018-2x", "2018-2x"),
        (Date(edtf="2020-02-14"), "2020-02-14", "2020-02-14"),
        (Duration(iso="P6M"), "6 months", "6か月"),
        (Duration(iso="P1DT2H"), "1 day 2 hours", "1日2時間"),
        (Duration(iso="P"), "P", "P"),
    ],
)  # fmt: skip
def test_value(value: Number | Category | Date | Interval | Duration, en: str, ja: str) -> None:
    assert names.value(value, "en") == en
    assert names.value(value, "ja") == ja


def test_what_a_claim_holds_back_is_said() -> None:
    possible = claim(0, {"topic": "affected.files", "num": 28000, "approximation": "about", "modality": "possible"})
    assert names.told(possible, "en") == "about 28,000 files (possible)"
    assert names.told(possible, "ja") == "約28,000ファイル（可能性）"
    open_: Claim = claim(
        1, {"topic": "leak.occurred", "cat": "data-exfiltration", "polarity": "not-confirmed", "state": "declined"}
    )
    assert names.told(open_, "en") == "data taken out (declined to say)"
    flag = {"topic": "log.erased", "cat": "erased"}
    assert names.told(claim(2, flag), "en") == "yes"
    assert names.told(claim(3, {**flag, "modality": "possible"}), "ja") == "あり（可能性）"
    assert names.told(claim(4, {**flag, "polarity": "denied"}), "en") == "denied"
    elsewhere = msgspec.structs.replace(possible, about=ELSEWHERE)
    assert names.told(elsewhere, "en") == "about 28,000 files (possible) [another incident]"
    assert names.told(elsewhere, "ja") == "約28,000ファイル（可能性）［別の事案］"


def test_a_time_is_shown_in_the_zone_of_the_case_with_its_offset() -> None:
    at = "2019-03-05T01:42:10.000000+00:00"
    assert names.instant(at, "Asia/Tokyo") == "2019-03-05 10:42 +09:00"
    assert names.instant(at, "UTC") == "2019-03-05 01:42"
    assert names.instant(None) == "?"
    assert names.instant("2019-07-05T01:42:10+00:00", "Europe/Paris") == "2019-07-05 03:42 +02:00"
    assert names.edtf("2020-01-30T14:56Z", "en", "Asia/Tokyo") == "2020-01-30 23:56 +09:00"
    assert names.edtf("2020-01-30T23:56+09:00", "en") == "2020-01-30 23:56 +09:00"
    assert names.edtf("2020-01-30T23:56", "ja", "Asia/Tokyo") == "2020-01-30 23:56"
    assert names.edtf("9999-12-31T23:59+00:00", "en", "Asia/Tokyo") == "9999-12-31 23:59 +00:00"
    assert names.moment(Moment(edtf="2020-01-30T23:56+09:00", zone_inferred=True), "en") == "2020-01-30 23:56 +09:00*"
    assert names.moment(Moment(edtf="2020-01", earliest=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), "en") == "2020-01"


def test_a_sentence_counts() -> None:
    assert say("cli.matches", "en", {"count": 1}) == "1 match"
    assert say("cli.matches", "en", {"count": "3"}) == "3 matches"
