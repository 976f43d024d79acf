"""Values that a narrow table broke, ranges, and hashes that are of no file."""

from __future__ import annotations

import pytest

from keii.readers.intel.defang import find

SHA = "e3a1c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8aa"
ONE, TWO = "9e107d9d372bb6826bd81d3542a419d6", "e4d909c290d0fb1ca068ffaddf22cbd0"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (f"| SHA-256 | {SHA[:32]}\n{SHA[32:]} | loader |", [("sha256", SHA)]),
        (f"loader {SHA[:40]}\n   {SHA[40:]}\n", [("sha256", SHA)]),
        (f"SHA256: {SHA[:40]}\n{SHA[40:]}\n", [("sha256", SHA)]),
        (f"{SHA[:22]}\n{SHA[22:44]}\n{SHA[44:]}", [("sha256", SHA)]),
        (f"MD5\n{ONE}\n{TWO}\n", [("md5", ONE), ("md5", TWO)]),  # a list
        ("11111111\n22222222\n33333333\n44444444", []),  # a table of numbers
        (f"JA3: {ONE}", []),
        (f"JA3 hash = `{ONE}`, MD5 {TWO}", [("md5", TWO)]),
        ("| mail-heron[.]\ninfo | C2 |", [("domain", "mail-heron.info")]),
        ("198.51.100[.]16-198.51.100[.]31", [("cidr", "198.51.100.16/28")]),
        ("198.51.100[.]7 – 198.51.100[.]8", [("ip", "198.51.100.7"), ("ip", "198.51.100.8")]),
        ("- 198.51.100[.]7\n- 198.51.100[.]9\n", [("ip", "198.51.100.7"), ("ip", "198.51.100.9")]),  # a list
        ("198.51.100.9 to 198.51.100.7", [("ip", "198.51.100.9"), ("ip", "198.51.100.7")]),  # backwards: no range
    ],
)
def test_broken_values(text: str, values: list[tuple[str, str]]) -> None:
    assert [(seen.value.kind, seen.value.value) for seen in find(text)] == values


def test_each_stands_where_it_says() -> None:
    text = f"a {SHA[:40]}\n {SHA[40:]} b 198.51.100[.]16-198.51.100[.]31 mail-heron[.]\ninfo"
    assert [text[seen.start : seen.end] for seen in find(text)] == [seen.written for seen in find(text)]
