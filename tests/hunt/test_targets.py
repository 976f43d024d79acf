"""The short way to the key of a usual address or name is the long way's."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keii.hunt import targets
from keii.lake import index_keys
from keii.model import Indicator

EDGES = "0.0.0.0 0.0.0.1 0.0.1.0 10.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.64.0.0 100.127.255.255 100.128.0.0"
EDGES += " 127.0.0.1 128.0.0.0 126.255.255.255 169.253.255.255 169.254.0.1 169.255.0.0 172.15.255.255 172.16.0.0 172.31.255.255"
EDGES += " 172.32.0.0 192.167.255.255 192.168.0.0 192.169.0.0 223.255.255.255 224.0.0.0 239.255.255.255 240.0.0.1 255.255.255.255"
ADDRESS = st.sampled_from(EDGES.split()) | st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n)))
TEXT = ADDRESS | st.sampled_from(
    ["[192.0.2.1]", "192.0.2.1%a", " 192.0.2.1 ", "::ffff:192.0.2.1", "2001:db8::1", "1.2.3", "01.2.3.4"]
)


@pytest.mark.parametrize("own", [(), ("10.0.0.0/8",), ("198.51.100.0/24", "0.0.0.0/1")])
@given(text=TEXT, kind=st.sampled_from(["ip", "cidr"]), hunted=st.booleans())
def test_addresses(own: tuple[str, ...], text: str, kind: str, hunted: bool) -> None:
    asked = Indicator(kind=kind, value=text, as_written=text, source="s-i", source_name="i", hunted=hunted)  # type: ignore[arg-type]
    networks = targets.networks(own)
    assert targets._key(asked, networks) == targets._network(asked, networks)


@given(labels=st.lists(st.text("abZ019-[]%:_", max_size=4), min_size=2, max_size=5))
@example(labels=["192", "0", "2", "1"])
@example(labels=["[192", "0", "2", "1]"])
@example(labels=["192", "0", "2", "1:80"])
def test_names(labels: list[str]) -> None:
    text = ".".join(labels)
    found = targets._name(text)
    key = index_keys.host_key(text.strip(".").lower())
    if not isinstance(found, str):
        assert key == (found[0], found[1])
    elif found not in ("hunt.too_broad", "hunt.wildcard"):
        assert key is None or key[0] != "name"


def test_the_same_value_of_two_reports_is_one_target_with_both() -> None:
    asked = [
        Indicator(kind="ip", value="203.0.113.9", as_written=text, source=source, source_name=source)
        for source, text in (("s-b", "1"), ("s-a", "2"), ("s-b", "3"))
    ]
    (target,) = targets.choose(asked, ()).targets
    assert [(one.source, one.as_written) for one in target.indicators] == [("s-a", "2"), ("s-b", "1")]


LABELS = st.text("abZ019-_", min_size=1, max_size=4) | st.sampled_from(
    ["com", "co", "jp", "github", "example", "é", "*", ""]
)
NAME = st.lists(LABELS, min_size=1, max_size=5).map(".".join)
WHOLE = NAME | ADDRESS | st.sampled_from(["[2001:db8::1]", "192.0.2.1:80", "github.com", "raw.githubusercontent.com"])
URL = st.builds(
    "{}{}{}".format, st.sampled_from(["http://", "HTTPS://", "", "//"]), WHOLE, st.text("/a?*#= é", max_size=6)
)
HASH = st.text("0123456789abcdefABCDEF:", min_size=30, max_size=66) | st.sampled_from(["a" * 32, "B" * 40, "0" * 64])
WORDS = st.text("ab*/ .05Moz é", max_size=12) | st.sampled_from(["Mozilla/5.0", "mozilla/4.0", "Mozilla/5.0 (x)"])
VALUES = {
    "ip": TEXT,
    "cidr": TEXT,
    "domain": WHOLE,
    "url": URL,
    "sha256": HASH,
    "user-agent": WORDS,
    "file-name": WORDS,
}


@pytest.mark.parametrize("kind", sorted(VALUES))
@given(data=st.data())
def test_usual_values_by_column_are_those_one_by_one(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(VALUES[kind] | st.sampled_from(["", "\udc80"]), max_size=12))
    hunted = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    asked = [
        Indicator(kind=kind, value=value, as_written=value, source=f"s-{at}", source_name="i", hunted=wanted)  # type: ignore[arg-type]
        for at, (value, wanted) in enumerate(zip(values, hunted, strict=True))
    ]
    expected: dict[tuple[object, ...], set[str]] = {}
    refused = 0
    for one in asked:
        key = targets._key(one, ())
        if isinstance(key, str):
            refused += 1
            continue
        expected.setdefault((one.kind, key[0], key[1], key[2], False), set()).add(one.source)
        if kind == "url" and (host := targets._host_of_url(one.value, ())):
            expected.setdefault((*host, None, True), set()).add(one.source)
    chosen = targets.choose(asked, ())
    found = {
        (one.kind, one.form, one.key, one.prefix, one.of_url): {each.source for each in one.indicators}
        for one in chosen.targets
    }
    assert found == expected
    assert sum(chosen.not_hunted.values()) == refused
    assert sum(chosen.indicators.values()) == len(asked) - refused


def test_the_host_of_a_url_that_is_asked_for_itself_is_one_target() -> None:
    asked = [
        Indicator(kind=kind, value=value, as_written=value, source="s-a", source_name="a")  # type: ignore[arg-type]
        for kind, value in (("url", "http://c2.example/a"), ("url", "http://d.c2.example/a"), ("domain", "c2.example"))
    ]
    found = [(one.kind, one.key, one.of_url) for one in targets.choose(asked, ()).targets]
    assert sorted(found) == [
        ("domain", b"example.c2.", False),
        ("domain", b"example.c2.d.", True),
        ("url", b"c2.example/a", False),
        ("url", b"d.c2.example/a", False),
    ]
