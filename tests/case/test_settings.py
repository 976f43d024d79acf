"""case.toml: what is told is read, what cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import pytest

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
[[hypotheses]]
name = "h"
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
