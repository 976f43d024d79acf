"""Dates as Japanese and English texts write them: value, bounds, anchor, place."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.model import Moment
from keii.moments import parse_dates

PUBLISHED = Moment(
    edtf="2020-01-31T01:05+09:00",
    earliest=dt.datetime(2020, 1, 30, 16, 5, tzinfo=dt.UTC),
    latest=dt.datetime(2020, 1, 30, 16, 6, tzinfo=dt.UTC),
    zone="+09:00",
)

JAPANESE = [
    ("30日までに明らかにした", "../2020-01-30"),
    ("31日に発表した", "2020-01-31"),
    ("8日未明に検知した", "2020-01-08"),
    ("2019年6月28日に検知した", "2019-06-28"),
    ("昨年6月下旬に検知した", "2019-06-21/2019-06-30"),
    ("昨年3月に侵入された", "2019-03"),
    ("おととし、侵入された", "2018"),
    ("前年夏に侵入された", "2019-22"),
    ("去年の秋ごろ", "2019-23~"),
    ("18年7月に発覚した", "2018-07"),
    ("一八年に発覚した", "2018"),
    ("一四年ごろ子会社が狙われ", "2014~"),
    ("19年春から続いた", "2019-21/.."),
    ("2018年末ごろ", "2018-12~"),
    ("2018年度に報告した", "2018-04/2019-03"),
    ("令和2年1月20日に公表した", "2020-01-20"),
    ("令和元年に", "2019"),
    ("平成30年12月に", "2018-12"),
    ("2016年12月以降に行われた攻撃", "2016-12/.."),
    ("2018年までの数年間", "../2018"),
    ("2016~17年に", "2016/2017"),
    ("2019年3月から5月にかけて", "2019-03/2019-05"),
    ("先月20日に", "2019-12-20"),
    ("今月7日に", "2020-01-07"),
    ("12月に侵入された", "2019-12"),
    ("３０日午後１１時半に", "2020-01-30T23:30+09:00"),
    ("2020年1月30日23時56分", "2020-01-30T23:56+09:00"),
    ("1月30日午前2時15分", "2020-01-30T02:15+09:00"),
    ("昨日発表した", "2020-01-30"),
    ("2019/12/05に", "2019-12-05"),
    ("2月14日までに報告", "../2020-02-14"),
    ("システムの再開は3月上旬になる見通し", "2020-03-01/2020-03-10"),
]

ENGLISH = [
    ("last June", "2019-06"),
    ("in mid-May", "2019-05-11/2019-05-20"),
    ("on Wednesday", "2020-01-29"),
    ("since at least March 2019", "2019-03/.."),
    ("between March and June 2019", "2019-03/2019-06"),
    ("from March 2019 to June 2019", "2019-03/2019-06"),
    ("in early 2014", "2014-01/2014-04"),
    ("around 2014", "2014~"),
    ("On January 14, 2020, we", "2020-01-14"),
    ("on 14 January 2020", "2020-01-14"),
    ("on Aug. 9", "2019-08-09"),
    ("last year", "2019"),
    ("in the summer of 2018", "2018-22"),
    ("until December 2018", "../2018-12"),
    ("yesterday", "2020-01-30"),
    ("expected to resume by February 7", "../2020-02-07"),
    ("in the first quarter of 2019", "2019-01/2019-03"),
    ("2019-12-05", "2019-12-05"),
    ("two weeks ago", "2020-01-17~"),
]


@pytest.mark.parametrize(("text", "edtf"), JAPANESE)
def test_japanese_dates(text: str, edtf: str) -> None:
    assert [found.moment.edtf for found in parse_dates(text, "ja", PUBLISHED, "+09:00")] == [edtf]


@pytest.mark.parametrize(("text", "edtf"), ENGLISH)
def test_english_dates(text: str, edtf: str) -> None:
    assert [found.moment.edtf for found in parse_dates(text, "en", PUBLISHED, "+09:00")] == [edtf]


@pytest.mark.parametrize(
    "text",
    [
        "8000件",
        "3年間",
        "2日間",
        "潜水艦",
        "18年ぶり",
        "1,234人",
        "第3日曜",
        "99999999999999年",
        "2月30日",
        "10年前後の経験",
    ],
)
def test_japanese_words_that_are_no_dates(text: str) -> None:
    assert parse_dates(text, "ja", PUBLISHED, "+09:00") == ()


@pytest.mark.parametrize(
    "text", ["it may have", "2,019 files", "2000 employees", "they march on", "$2019", "spring cleaning"]
)
def test_english_words_that_are_no_dates(text: str) -> None:
    assert parse_dates(text, "en", PUBLISHED, "+09:00") == ()


def test_a_year_is_never_guessed_without_a_reference() -> None:
    assert parse_dates("6月28日に検知した。昨年、今月7日", "ja") == ()
    assert parse_dates("on June 28, last year, on Thursday", "en") == ()


def test_a_date_counts_from_the_one_before_it() -> None:
    found = parse_dates("2018年7月2日に侵入され、同年9月に検知し、翌月に公表した。同日", "ja", PUBLISHED, "+09:00")
    assert [one.moment.edtf for one in found[:3]] == ["2018-07-02", "2018-09", "2018-10"]
    assert [one.moment.anchor for one in found[:3]] == [None, "text", "text"]


def test_bounds_are_utc_and_the_zone_is_marked_as_inferred() -> None:
    (found,) = parse_dates("昨年6月28日未明", "ja", PUBLISHED, "+09:00")
    moment = found.moment
    assert moment.earliest == dt.datetime(2019, 6, 27, 15, 0, tzinfo=dt.UTC)
    assert moment.latest == dt.datetime(2019, 6, 27, 20, 0, tzinfo=dt.UTC)
    assert (moment.zone, moment.zone_inferred, moment.anchor) == ("+09:00", True, "publication")
    assert moment.as_text == "昨年6月28日未明"


def test_an_open_end_has_no_bound() -> None:
    (since,) = parse_dates("2016年12月以降", "ja", PUBLISHED, "+09:00")
    (until,) = parse_dates("2018年まで", "ja", PUBLISHED, "+09:00")
    assert since.moment.earliest == dt.datetime(2016, 11, 30, 15, 0, tzinfo=dt.UTC)
    assert since.moment.latest is None
    assert until.moment.earliest is None
    assert until.moment.latest == dt.datetime(2018, 12, 31, 15, 0, tzinfo=dt.UTC)


PIECES = st.sampled_from(
    ["昨年", "同", "年", "月", "日", "三十", "12", "令和", "元", "～", "から", "まで", "未明", "May ", "last ", "2019", " and ", "between ", "、", "時半", "末ごろ"]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join), st.sampled_from(["ja", "en"]))
@settings(max_examples=200, deadline=None)
def test_any_text_gives_ordered_places(text: str, lang: str) -> None:
    found = parse_dates(text, lang, PUBLISHED, "+09:00")
    at = 0
    for one in found:
        assert at <= one.start < one.end <= len(text)
        at = one.end
        if one.moment.earliest and one.moment.latest:
            assert one.moment.earliest <= one.moment.latest


@pytest.mark.parametrize(
    ("text", "lang", "edtf"),
    [
        ("2月10日より順次ご連絡いたします", "ja", "2020-02-10"),  # ten days ahead, no year ago
        ("12月10日に検知した", "ja", "2019-12-10"),
        ("5月10日に検知した", "ja", "2019-05-10"),  # more than two months ahead: the last one
        ("6月3日（月）に検知した", "ja", "2019-06-03"),  # a Monday in 2019
        ("6月3日（水）の再開を見込む", "ja", "2020-06-03"),  # a Wednesday in 2020
        ("6月3日（金）に検知した", "ja", "2019-06-03"),  # a Friday in none of the years near: the weekday says nothing
        ("letters go out on Feb. 10", "en", "2020-02-10"),
        ("the attack of Dec. 10", "en", "2019-12-10"),
        ("services stop on Wednesday, June 3", "en", "2020-06-03"),
        ("on Monday, June 3, staff noticed", "en", "2019-06-03"),
        ("in May, staff noticed", "en", "2019-05"),
    ],
)
def test_a_day_without_a_year_lies_near_the_publication(text: str, lang: str, edtf: str) -> None:
    assert parse_dates(text, lang, PUBLISHED, "+09:00")[0].moment.edtf == edtf


def test_may_at_the_beginning_of_a_sentence_is_no_month() -> None:
    assert parse_dates("May have accessed the records. May not be all.", "en", PUBLISHED, "+09:00") == ()
