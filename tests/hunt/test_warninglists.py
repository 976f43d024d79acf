"""What a warninglist of the case names is told and not hunted, by each of the five types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keii.hunt.warninglists import withheld
from keii.model import Indicator, Source
from keii.model.rule import IntelRule
from keii.readers.intel import detect
from keii.readers.intel.warninglist import read


def listed(kind: str, entries: list[Any], *attributes: str) -> list[IntelRule]:
    told = {"name": "usual places", "version": 1, "description": "x", "type": kind, "list": entries}
    if attributes:
        told["matching_attributes"] = list(attributes)
    return [one for one in read(json.dumps(told).encode(), SOURCE) if isinstance(one, IntelRule)]


SOURCE = Source(id="s-l", name="list.json", sha256="0" * 64)


def asked(kind: str, value: str) -> Indicator:
    return Indicator(kind=kind, value=value, as_written=value, source="s-i", source_name="i")  # type: ignore[arg-type]


ALL = [
    asked("domain", "cdn.usual.example"), asked("domain", "unusual.example"), asked("url", "http://a.cdn.usual.example/x"),
    asked("ip", "192.0.2.77"), asked("ip", "198.51.100.1"), asked("cidr", "192.0.2.64/26"), asked("cidr", "192.0.0.0/16"),
    asked("md5", "d41d8cd98f00b204e9800998ecf8427e"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "entries", "attributes", "named"),
    [
        (
            "hostname",
            ["usual.example"],
            ("hostname", "domain", "url"),
            {"cdn.usual.example", "http://a.cdn.usual.example/x"},
        ),
        ("hostname", [".usual.example", "no name at all"], ("domain",), {"cdn.usual.example"}),
        ("cidr", ["192.0.2.0/24", "not a network"], ("ip-src", "ip-dst"), {"192.0.2.77", "192.0.2.64/26"}),
        ("string", ["D41D8CD98F00B204E9800998ECF8427E", 7, None], ("md5",), {"d41d8cd98f00b204e9800998ecf8427e"}),
        ("string", ["unusual.example"], (), {"unusual.example"}),
        ("substring", ["usual.example/x"], ("url",), {"http://a.cdn.usual.example/x"}),
        ("regex", ["/^198\\.51\\./", "(unclosed"], ("ip-dst|port",), {"198.51.100.1"}),
    ],
)
def test_each_type(kind: str, entries: list[Any], attributes: tuple[str, ...], named: set[str]) -> None:
    found = withheld(listed(kind, entries, *attributes), ALL)
    assert [one.value for one in found] == [one.value for one in ALL]
    assert {one.value for one in found if not one.hunted} == named
    assert all("usual places" in one.note for one in found if not one.hunted)


def test_a_list_is_told_by_its_head_and_its_bad_entries_are_skipped() -> None:
    told = {"name": "n", "description": "d", "type": "string", "list": ["a", 4, ""], "matching_attributes": ["md5"]}
    data = json.dumps(told).encode()
    reader = detect(data, "x.json")
    assert reader is not None
    assert reader.id == "warninglist"
    assert [type(one).__name__ for one in read(data, SOURCE)] == ["Skipped", "Skipped", "IntelRule"]
