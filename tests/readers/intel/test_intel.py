"""Intel of every format: what is found, its role, what is told and not hunted, and bad input."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import RuleError, UnreadableError
from keii.model import Indicator, IntelPattern, Skipped, Source
from keii.readers.intel import READERS, read
from keii.readers.intel.defang import find, refang
from keii.readers.intel.report import READER as REPORT
from keii.readers.intel.stix_pattern import parse

Found = list[Indicator | IntelPattern | Skipped]


def intel(data: bytes | str, name: str = "x") -> Found:
    data = data.encode() if isinstance(data, str) else data
    return list(read(data, Source(id="s-0", name=name, sha256="0")))


def indicators(found: Found) -> dict[tuple[str, str], Indicator]:
    return {(item.kind, item.value): item for item in found if isinstance(item, Indicator)}


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        ("hxxp://evil[.]example/a.php?x=1", "http://evil.example/a.php?x=1"),
        ("hxxps[://]evil[.]example", "https://evil.example"),
        ("hXXp[:]//evil(.)example", "http://evil.example"),
        ("evil{.}example", "evil.example"),
        ("evil[dot]example", "evil.example"),
        ("evil(dot)example", "evil.example"),
        ("evil . example", "evil.example"),
        ("198[.]51[.]100[.]7", "198.51.100.7"),
        ("198.51.100[.]0/24", "198.51.100.0/24"),
        ("ops[@]evil[.]example", "ops@evil.example"),
        ("ops[at]evil[dot]example", "ops@evil.example"),
        ("bücher[.]example", "xn--bcher-kva.example"),
    ],
)
def test_defanged_in_every_way(written: str, whole: str) -> None:
    (seen,) = find(f"It used {written} then.")
    assert (seen.value.value, seen.defanged) == (whole, True)
    assert refang(refang(written)) == refang(written)


@pytest.mark.parametrize(
    "words", ["rcs.3aka3.doc", "index.php", "cmd.exe", "version 10.0.19041.1", "e.g. this", "os.path.join", "a" * 70]
)
def test_what_is_no_indicator(words: str) -> None:
    assert [seen for seen in find(f"See {words} here") if seen.value.kind != "ip"] == []


REPORT_TEXT = """NIGHTJAR: a loader
Example Labs, 2021-05-01

Command and control
The loader contacts its command and control server cdn[.]nightjar[.]example (198[.]51[.]100[.]7) every 60 minutes.
Each request is a GET to the path /gate/{id}/in.php with the user agent "Mozilla/4.0 (compatible; NJ 1.0)" on port 8080.
It creates the mutex "Global\\NJ-77" and the pipe \\\\.\\pipe\\nightjar.

Connectivity
The loader asks the following legitimate domains to test internet connectivity.
- check[.]address[.]example

Indicators of compromise
files[.]nightjar[.]example   download of the second stage
8[.]8[.]8[.]8
10[.]1[.]2[.]3
0123456789abcdef0123456789abcdef01234567

References
https://www.example-labs.example/blog/nightjar
"""


def test_report() -> None:
    found = intel(REPORT_TEXT, "nightjar.txt")
    got = indicators(found)
    assert got["domain", "cdn.nightjar.example"].role == "c2"
    assert "every 60 minutes" in got["domain", "cdn.nightjar.example"].sentence
    assert got["domain", "files.nightjar.example"].role == "download"
    hunted = {key for key, item in got.items() if item.hunted}
    assert hunted == {
        ("domain", "cdn.nightjar.example"), ("ip", "198.51.100.7"), ("domain", "files.nightjar.example"),
        ("sha1", "0123456789abcdef0123456789abcdef01234567"), ("mutex", "Global\\NJ-77"),
        ("named-pipe", "\\\\.\\pipe\\nightjar"), ("user-agent", "Mozilla/4.0 (compatible; NJ 1.0)"),
    }  # fmt: skip
    assert all("not hunted:" in item.note for item in got.values() if not item.hunted)
    (pattern,) = [item for item in found if isinstance(item, IntelPattern)]
    assert (pattern.uri, pattern.user_agent, pattern.method, pattern.port, pattern.period) == (
        "/gate/*/in.php", "Mozilla/4.0 (compatible; NJ 1.0)", "GET", 8080, 3600,
    )  # fmt: skip
    for item in got.values():
        assert item.locator is not None
        assert REPORT_TEXT[item.locator.start : item.locator.end] == item.as_written


def test_japanese_pattern() -> None:
    text = "検体は侵害指標の通信先 hxxp://gate[.]nightjar[.]example と通信する。リクエストは1時間ごとに送信され、パスは /api/v1/*/status、ポート8443を使う。\n"
    (pattern,) = [item for item in intel(text) if isinstance(item, IntelPattern)]
    assert (pattern.uri, pattern.port, pattern.period) == ("/api/v1/*/status", 8443, 3600)


def test_stix() -> None:
    bundle = {"type": "bundle", "id": "bundle--1", "objects": [
        {"type": "indicator", "id": "indicator--1", "valid_from": "2021-01-01T00:00:00Z", "description": "C2 server",
         "pattern": "[domain-name:value = 'Evil.example' AND ipv4-addr:value IN ('198.51.100.7', '10.0.0.1')]"},
        {"type": "indicator", "id": "indicator--2", "pattern": "[file:hashes.'SHA-256' = 'broken"},
        {"type": "indicator", "id": "indicator--3", "pattern": "[process:command_line = 'x']"},
    ]}  # fmt: skip
    found = intel(json.dumps(bundle))
    got = indicators(found)
    assert {key: item.hunted for key, item in got.items()} == {
        ("domain", "evil.example"): True, ("ip", "198.51.100.7"): True, ("ip", "10.0.0.1"): False,
    }  # fmt: skip
    first = got["domain", "evil.example"]
    assert (first.role, first.valid_from and first.valid_from.edtf) == ("c2", "2021-01-01T00:00Z")
    assert "AND" in first.note
    assert [item.place.split()[1] for item in found if isinstance(item, Skipped)] == ["2", "3"]


@pytest.mark.parametrize(
    "pattern", ["", "[", "[a:b = ]", "[a:b = 'x'", "a:b = 'x']", "[a:b 'x']", "[a:b = 'x'] XOR [a:b = 'y']"]
)
def test_broken_stix_patterns_say_so(pattern: str) -> None:
    with pytest.raises(RuleError):
        parse(pattern)


def test_stix_pattern_operators() -> None:
    found = parse(
        "([url:value = 'http://a.example/'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24']) WITHIN 300 SECONDS"
    )
    assert [item.path for item in found.comparisons] == ["url:value", "ipv4-addr:value"]
    assert (found.joined, found.qualifiers) == (("FOLLOWEDBY",), ("WITHIN 300 SECONDS",))


def test_misp() -> None:
    event = {"Event": {"info": "Nightjar", "Attribute": [
        {"type": "ip-dst|port", "value": "198.51.100.7|443", "to_ids": True, "category": "Network activity", "comment": "C2"},
        {"type": "domain", "value": "seen.example", "to_ids": False},
        {"type": "link", "value": "https://example.com/report", "to_ids": False},
    ], "Object": [{"name": "file", "Attribute": [{"type": "filename", "value": "winupd.dll", "to_ids": True}]}]}}  # fmt: skip
    got = indicators(intel(json.dumps(event)))
    assert {key: item.hunted for key, item in got.items()} == {
        ("ip", "198.51.100.7"): True, ("domain", "seen.example"): False, ("file-name", "winupd.dll"): True,
    }  # fmt: skip


def test_misp_does_not_hunt_what_its_author_deleted() -> None:
    event = {"Event": {"info": "Nightjar", "Attribute": [
        {"type": "ip-dst", "value": "198.51.100.7", "to_ids": True, "deleted": True},
        {"type": "ip-dst", "value": "198.51.100.8", "to_ids": True, "deleted": False},
        {"type": "ip-dst", "value": "198.51.100.9", "to_ids": True, "deleted": "1"},
    ], "Object": [{"name": "file", "deleted": True, "Attribute": [{"type": "filename", "value": "gone.dll", "to_ids": True}]}]}}  # fmt: skip
    got = indicators(intel(json.dumps(event)))
    assert {key[1]: item.hunted for key, item in got.items()} == {
        "198.51.100.7": False, "198.51.100.8": True, "198.51.100.9": False, "gone.dll": False,
    }  # fmt: skip
    assert got["ip", "198.51.100.7"].note == "not hunted: deleted by its author"


def test_a_list_with_many_lines_that_are_nothing_to_hunt_tells_each_of_them() -> None:
    lines = ["198.51.100.7", "198.51.100.8", "10.0.0.1", "*", "*.com", "localhost", "::/0"]
    found = intel("\n".join(lines) + "\n")
    assert {item.value: item.hunted for item in found if isinstance(item, Indicator)} == {
        "198.51.100.7": True, "198.51.100.8": True, "10.0.0.1": False, "::/0": False,
    }  # fmt: skip
    assert [item.place for item in found if isinstance(item, Skipped)] == ["line 4", "line 5", "line 6"]


def test_lists() -> None:
    table = "\ufeffvalue,type,notes\nevil.example,hostname,C2 server\n198.51.100.7,ipaddress,\nnothing at all,other,\n"
    found = intel(table)
    assert set(indicators(found)) == {("domain", "evil.example"), ("ip", "198.51.100.7")}
    assert [item.place for item in found if isinstance(item, Skipped)] == ["line 4"]
    plain = indicators(intel("# list\nevil[.]example\n198.51.100.0/24 # range\n\n2001:db8::1\n"))
    assert set(plain) == {("domain", "evil.example"), ("cidr", "198.51.100.0/24"), ("ip", "2001:db8::1")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"type":"bundle","id":"bundle--1","x":' + b"[" * 100_000,
        b'{"type": "bundle", "id": "bundle--1", "objects": [',
        b"\x00" * 99,
    ],
)
def test_unreadable_is_said(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        intel(data)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b'{"type":"bundle","id":"bundle--1",', b"value,type\n", b'{"Event":{"Attribute":']),
)
@settings(max_examples=80, deadline=None)
def test_random_bytes_never_break_a_reader(noise: bytes, head: bytes) -> None:
    for reader in READERS:
        reader.accepts(head + noise, "x")
    try:
        intel(head + noise)
    except UnreadableError as error:
        assert error.message


@given(st.text(alphabet="ab.[]()hxtp:/@ \n1290-{}|`", max_size=200))
@settings(max_examples=150, deadline=None)
def test_every_find_stands_where_it_says(text: str) -> None:
    for seen in find(text):
        assert text[seen.start : seen.end] == seen.written


@pytest.mark.parametrize("other", ["docx", "html"])
def test_the_same_indicators_out_of_every_format(shelf: Path, other: str) -> None:
    def hunted(ending: str) -> set[tuple[str, str]]:
        path = shelf / "reports" / f"AA20-302A.{ending}"
        kinds = {"ip", "domain", "sha1", "url"}
        return {
            key
            for key, item in indicators(intel(path.read_bytes(), path.name)).items()
            if item.hunted and key[0] in kinds
        }

    assert hunted("pdf") == hunted(other)


def test_recall_and_precision_on_vendor_reports(shelf: Path) -> None:
    """The truth holds every hash and defanged token; what stands undefanged in a report is not in it either way."""
    truth = json.loads((shelf / "intel" / "eset-malware-ioc-dev.truth.json").read_text())
    wanted = {name: values for report in truth["reports"] for name, values in report["texts"].items() if values}
    right = missed = wrong = unlisted = 0
    with tarfile.open(shelf / "intel" / "eset-malware-ioc-dev.tar.xz") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            if name not in wanted or (stream := archive.extractfile(member)) is None:
                continue
            expected = {_bare(value) for values in wanted[name].values() for value in values}
            got: set[str] = set()
            data = stream.read()
            text = data.decode()
            for item in REPORT.read(data, Source(id="s", name=name, sha256="0")):
                if isinstance(item, Indicator) and item.kind in {
                    "ip",
                    "domain",
                    "url",
                    "email",
                    "md5",
                    "sha1",
                    "sha256",
                }:
                    port = re.match(r"written with port (\d+)", item.note)
                    value = _bare(item.value + (f":{port[1]}" if port else ""))
                    at = item.locator.start if item.locator and item.locator.start else 0
                    if value not in expected and text[at - 1 : at] == "+":
                        unlisted += 1  # the truth's own reading leaves AsciiDoc's `+token+` cells out
                    elif (
                        value in expected
                        or item.kind in {"md5", "sha1", "sha256"}
                        or re.search(r"[\[({]\.", item.as_written)
                    ):
                        got.add(value)
            right, missed, wrong = (
                right + len(got & expected),
                missed + len(expected - got),
                wrong + len(got - expected),
            )
    recall, precision = right / (right + missed), right / (right + wrong)
    print(
        f"recall {recall:.4f}, precision {precision:.4f} ({right} right, {missed} missed, {wrong} beyond the truth, {unlisted} in cells it leaves out)"
    )
    assert recall >= 0.97
    assert precision >= 0.95


def _bare(value: str) -> str:
    return re.sub(r"^https?://", "", value.strip("+").lower().rstrip("./"))
