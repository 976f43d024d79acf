"""Digests in reports: of files, certificates and greetings; and values that stand in plain sentences."""

from __future__ import annotations

import time

import pytest

from keii.model import Indicator, IntelPattern, Source
from keii.readers.intel import read

SHA1, MD5, OTHER = (
    "1f2e3d4c5b6a79880112233445566778899aabbc",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "5d9c68c6c50e83d02a2fcf54f63993b6",
)
COLONS = ":".join(SHA1[at : at + 2] for at in range(0, 40, 2))


def told(text: str) -> dict[str, Indicator]:
    lines = f"Report of a campaign\n\nIt was seen in spring.\n\n{text}\n"
    found = read(lines.encode(), Source(id="s-0", name="report.txt", sha256="0"))
    return {one.value: one for one in found if isinstance(one, Indicator)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"The TLS certificate has the SHA-1 fingerprint {SHA1}.", {SHA1: "certificate"}),
        (f"Certificate thumbprint (SHA-1): {COLONS}", {SHA1: "certificate"}),
        (f"サーバー証明書のSHA-1フィンガープリントは{COLONS}である。", {SHA1: "certificate"}),
        (f"拇印 {SHA1}", {SHA1: "certificate"}),
        (f"Thumbprints:\n\n- {SHA1}\n- {'9' + SHA1[1:]}", {SHA1: "certificate", "9" + SHA1[1:]: "certificate"}),
        (f"Signed with a stolen certificate, the dropper (SHA-1 {SHA1}) ran.", {SHA1: "sha1"}),
        (f"JA3 of the client is 771,4865-4866,0-23,29-23,0 and its hash {MD5}", {MD5: "ja3"}),
        (f"JA3S fingerprint {MD5}; sample {OTHER}", {MD5: "ja3", OTHER: "md5"}),
        (f"The imphash {MD5} is shared by both.", {}),
        (f"SHA-1 {SHA1} of the loader", {SHA1: "sha1"}),
        (f"MD5:\n{MD5}\n{OTHER}", {MD5: "md5", OTHER: "md5"}),
        ("Serial number: 03:a1:bc:44:9e:12", {"03a1bc449e12": "certificate"}),
    ],
)
def test_what_a_digest_is_of(text: str, expected: dict[str, str]) -> None:
    assert {value: one.kind for value, one in told(text).items()} == expected


@pytest.mark.parametrize(
    ("text", "hunted"),
    [
        ("Scans came from 198.51.100.64/27 in March.", {"198.51.100.64/27": True}),
        ("The operators logged in from 203.0.113.7 and left.", {"203.0.113.7": True}),
        ("Version 2.4.1.3 and OpenSSL 3.0.1.4 are affected.", {"2.4.1.3": False, "3.0.1.4": False}),
        ("Releases 5.6.7.8 and later hold the fix.", {"5.6.7.8": False}),
        ("バージョン 2.4.1.3 以前が対象。", {"2.4.1.3": False}),
        ("### 1.2.3.4 Loader of the second stage", {"1.2.3.4": False}),
        ("| **host.example.net** | **2024-01-02 03:04:05** |", {"host.example.net": True}),
        ("Its users include host.example.net.", {"host.example.net": False}),
        ("See <https://lib.example.org/a> for a list of indicators", {"https://lib.example.org/a": False}),
        ("The bot opens tcp://203.0.113.7:4444 at once.", {"203.0.113.7": True}),
    ],
)
def test_addresses_in_plain_sentences(text: str, hunted: dict[str, bool]) -> None:
    assert {value: one.hunted for value, one in told(text).items()} == hunted


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"It copies itself to C:\ProgramData\Vend Or\upd svc.exe and sets HKCU\Software\Vend\Run.", r"C:\ProgramData\Vend Or\upd svc.exe"),
        (r"C:\Windows\Temp\a.dllを作成し、実行する。", r"C:\Windows\Temp\a.dll"),
        (r"Data lies in %APPDATA%\Store\cache.dat until it is sent", r"%APPDATA%\Store\cache.dat"),
    ],
)  # fmt: skip
def test_a_path_ends_where_the_sentence_goes_on(text: str, path: str) -> None:
    assert [value for value, one in told(text).items() if one.kind == "file-path"] == [path]


@pytest.mark.parametrize(
    ("text", "uri", "period"),
    [
        ("It beacons to hxxps://c2[.]example/api/{id}/ping?t={time} every 5 minutes.", "/api/*/ping?t=*", 300),
        ("10分ごとに hxxp://c2[.]example/v1/check.php?id=<端末ID> へ通信する。", "/v1/check.php?id=*", 600),
        ("The bot polls hxxp://c2[.]example/gate.php every two hours.".replace("two", "3"), "/gate.php", 10_800),
    ],
)
def test_the_address_of_a_beacon_is_a_pattern_too(text: str, uri: str, period: int) -> None:
    found = read(f"Report\n\n{text}\n".encode(), Source(id="s-0", name="report.txt", sha256="0"))
    (pattern,) = (one for one in found if isinstance(one, IntelPattern))
    assert (pattern.uri, pattern.period) == (uri, period)


def test_a_link_in_the_references_is_no_indicator() -> None:
    found = told("Indicators of compromise\nDomains\nbad.example.net\nReferences\nhttps://blog.example.org/post")
    assert {value: one.hunted for value, one in found.items()} == {
        "bad.example.net": True,
        "https://blog.example.org/post": False,
    }


def test_what_every_machine_has_is_told_and_not_hunted() -> None:
    found = told(
        "It writes to HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run and starts /bin/bash.\n\n"
        "It adds HKLM\\Software\\Vend\\Upd and files hxxps://docs.google[.]com there."
    )
    assert {one.kind: one.hunted for one in found.values() if "Vend" not in one.value} == {
        "registry-key": False,
        "file-path": False,
        "url": True,
    }
    assert found["HKLM\\Software\\Vend\\Upd"].hunted


def test_a_mutex_is_a_name() -> None:
    found = told("{'Mutex': True, 'Port': 7}\n\nIts mutex is named 'Global\\abc-7'")
    assert [one.value for one in found.values() if one.kind == "mutex"] == ["Global\\abc-7"]


@pytest.mark.parametrize(
    "piece",
    ["hxxp://a.b/", SHA1 + " ", "certificate serial number: ", "aa:", "1.2.3.4 ", "C:\\a b ", "| a.b |", "{<[("],
)
def test_a_long_line_is_read_in_time_that_grows_with_it(piece: str) -> None:
    text = f"Report\n\nIt beacons to its C2 every 5 minutes.\n\n{piece * (200_000 // len(piece))}\n"
    used = time.process_time()
    list(read(text.encode(), Source(id="s-0", name="report.txt", sha256="0")))
    assert time.process_time() - used < 60  # seconds; a guard against minutes, not a measurement
