"""case.toml: what is told is read, what cannot be used is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keii.case.hypothesis import band_of, instant
from keii.case.settings import Settings, parse_settings, read_settings, template
from keii.errors import SettingsError


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_template_can_be_read_whatever_the_name(lang: str) -> None:
    name = 'a "quoted" \\ name\nof 経緯\x7f'
    read = parse_settings(template(name, victim="Example 株式会社", time_zone="Asia/Tokyo", lang=lang))  # type: ignore[arg-type]
    assert read == Settings(name=name, victim="Example 株式会社", time_zone="Asia/Tokyo", lang=lang)  # type: ignore[arg-type]


def test_everything_can_be_told() -> None:
    text = """
name = "n"
internal = ["10.0.0.0/8", "2001:db8::/32"]
[[zones]]
name = "servers"
members = ["fs01", "10.1.0.0/16"]
crown_jewel = true
[hunt]
allow = ["updates.example.com"]
[[hypothesis]]
id = "h"
evidence = [{claim = "c-1", weight = "II"}]
"""
    read = parse_settings(text)
    assert read.zones[0].crown_jewel
    assert read.hypotheses[0].evidence[0].weight == "II"
    assert read.hunt.allow == ("updates.example.com",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("victim = 'x'", "name"),
        ("name = 1", "name"),
        ("name = 'x'\nnmae = 2", "nmae"),
        ("name = 'x'\nlang = 'fr'", "lang"),
        ("name = 'x'\ninternal = ['ten']", "10.0.0.0/8"),
        ("name = 'x'\ntime_zone = 'Mars/Olympus'", "Asia/Tokyo"),
        ("name = 'x'\ntime_zone = '../../etc/passwd'", "Asia/Tokyo"),
        ("name = 'x'\n[[zones]]\nname = 3", "zones[0].name"),
        ("name = 'x'\nvictim = @", "line 2"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as failed:
        parse_settings(text)
    assert told in str(failed.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        read_settings(tmp_path / "case.toml")
    (tmp_path / "case.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(SettingsError, match="UTF-8"):
        read_settings(tmp_path / "case.toml")


REFUSED = [
    ("name = 'x'\nnmae = 2", 2, "nmae", "speakers"),
    ("name = 'x'\n\n[[zones]]\nname = 'a'\n[[zones]]\nname = 'b'\nmember = ['c']", 7, "member", "members"),
    ("name = 'x'\n[hunt]\nalow = []", 3, "alow", "allow"),
    ("name = 'x'\nhunt = {alow = []}", 2, "alow", "allow"),
    ("name = 'x'\nhunt.alow = []", 2, "alow", "allow"),
    ("name = 'x'\n[zone]\nname = 'b'", 2, "zone", "zones"),
    ("name = 'x'\n[llm]\nbase_url = 'http://127.0.0.1/v1'\nmodel = 'm'\nkey = 's'", 5, "key", "key_env"),
    (
        "name = 'x'\n[[hypothesis]]\nid = 'a'\nexpects = [\n  {topic = 'leak.*'},\n  {topic = 'leak.*', vallue = 'y'},\n]",
        6,
        "vallue",
        "value",
    ),
    ('name = \'x\'\nvictim = """\nnmae = 1\n"""\nnmae = 2', 5, "nmae", "speakers"),
]


@pytest.mark.parametrize(("text", "line", "key", "allowed"), REFUSED)
def test_an_unknown_key_is_told_with_its_line_and_what_is_allowed(text: str, line: int, key: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as failed:
        parse_settings(text)
    told = str(failed.value)
    assert f"line {line}:" in told
    assert repr(key) in told
    assert re.search(rf"allowed here: .*\b{allowed}\b", told)


def test_a_wrong_type_is_told_with_its_line() -> None:
    with pytest.raises(SettingsError, match=r"line 3: .*zones\[0\]\.name"):
        parse_settings("name = 'x'\n[[zones]]\nname = 3")


HYPOTHESIS = "name = 'x'\n[[hypothesis]]\nid = 'a'\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HYPOTHESIS + "expects = [{topic = 'entry.way'}]", "entry.vector"),
        (HYPOTHESIS + "expects = [{topic = 'entry.vector', value = 'subsidary'}]", "subsidiary"),
        (HYPOTHESIS + "excludes = [{topic = 'time.detection', before = '2019-13'}]", "2019-03-08"),
        (HYPOTHESIS + "likelihood = 'quite likely'", "roughly even chance"),
        (HYPOTHESIS + "[[hypothesis]]\nid = 'a'", "an id of its own"),
        (HYPOTHESIS + "evidence = [{claim = 'c', weight = 'X'}]", "weight"),
    ],
)
def test_a_hypothesis_that_cannot_be_used_is_told(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as failed:
        parse_settings(text)
    assert told in str(failed.value)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2019", "2019-01-01", "2020-01-01"),
        ("2019-12", "2019-12-01", "2020-01-01"),
        ("2020-02-29", "2020-02-29", "2020-03-01"),
    ],
)
def test_dates_of_an_expectation_have_bounds(text: str, first: str, last: str) -> None:
    found = instant(text)
    assert found is not None
    assert found.earliest is not None
    assert found.latest is not None
    assert (found.earliest.isoformat()[:10], found.latest.isoformat()[:10]) == (first, last)


def test_each_of_the_seven_terms_has_its_own_band() -> None:
    terms = [
        "remote",
        "very unlikely",
        "Improbable",
        "roughly even chance",
        "probable",
        "very-likely",
        "nearly certain",
    ]
    bands = [band_of(term) for term in terms]
    assert [(band or {}).get("low") for band in bands] == [1, 5, 20, 45, 55, 80, 95]
    assert band_of("certain") is None


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_examples_in_the_template_can_be_used(lang: str) -> None:
    text = re.sub(r"^# (?=\[|\w+ = |  \{|\])", "", template("n", lang=lang), flags=re.M)  # type: ignore[arg-type]
    read = parse_settings(text)
    assert read.hypotheses[0].expects[1].before == "2018-07"
    assert read.llm is not None
    assert read.zones[0].crown_jewel
