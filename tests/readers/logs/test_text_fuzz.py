from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.readers.logs import Head, detect, syslog
from tests.readers.logs.reading import Read

HEADS = (
    b"<34>1 2024-01-02T03:04:05Z fs1 a 1 - - ", b"Jan  2 03:04:05 fs1 a[1]: ", b"2024-01-02 03:04:05 ", b"",
    b"2024-01-02T03:04:05.1234567+0900 fs1 a: ",
)  # fmt: skip
BODIES = (
    b"Accepted password for eve from 203.0.113.7 port 50022 ssh2",
    b"  eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
    b"[UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=10.0.0.5 LEN=60 TTL=5 PROTO=TCP SPT=50000 DPT=445 SYN",
    b"5,,,1,igb0,match,block,in,4,0x0,,64,1,0,none,6,tcp,60,203.0.113.9,10.0.0.5,50000,22,0,S",
    b"%ASA-6-302014: Teardown TCP connection 9 for a:203.0.113.9/443 to b:10.0.0.5/50000 duration 1:02:03 bytes 4096 x",
    b'date=2024-01-02 time=12:04:06 devid="FG1" logid="0000000014" type="traffic" srcip=10.0.0.5 proto=17 action="deny"',
    b"1,2024/01/02 03:04:05,0011,TRAFFIC,end,2305,2024/01/02 03:04:04,10.0.0.5,203.0.113.9,,,\"out\",a",
    b"client @0x7f 10.0.0.5#5353 (a.example): query: a.example IN A +E(0)K (10.0.0.1)",
    b"1/2/2024 3:04:05 AM 0A34 PACKET  000000A5C1B2D3E0 UDP Rcv 10.0.0.5 4d2a   Q [0001   D   NOERROR] A      (1)a(0)",
    b"DHCPACK on 10.0.0.6 to 00:11:22:33:44:66 (pc6) via eth0", b"query[A] c2.example.net from 10.0.0.5",
    b"CORP\\eve|10.0.0.5|create_file|ok|0x1|file|open|a|b", b"eve/203.0.113.9:50000 MULTI: Learn: 10.8.0.6 -> eve",
    b"CEF:0|V|P|1|100|n|3|src=10.0.0.5 dst=203.0.113.9 in=5 msg=a \\= b rt=1704164645123",
    b"LEEF:2.0|V|P|1|deny|^|src=10.0.0.5^dst=203.0.113.9",
    b"type=EXECVE msg=audit(1704164645.123:77): argc=2 a0=\"x\" a1=6162",
    b"Auth: [SMB2,(null)] user [W]\\[root] at [x] with [y] status [NT_STATUS_OK] workstation [M] remote host [ipv4:1.2.3.4:5] "
    b"mapped to [W]\\[r]. local host [ipv4:10.0.0.1:445]",
)  # fmt: skip
JUNK = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"=", b'"', b"|", b"\\", b"\0", b"\xff\xfe", b"#", b",", b"99999999999999999999"]),
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Lines of every dialect with pieces taken out, put in twice or replaced."""
    line = draw(st.sampled_from(HEADS)) + draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        end = draw(st.integers(start, min(len(line), start + 20)))
        line = line[:start] + draw(JUNK) + draw(st.sampled_from([b"", line[start:end] * 2])) + line[end:]
    return line


def rows_and_lines(data: bytes) -> tuple[int, int]:
    found = Read(syslog.READER, data)
    joined = sum(row["message"].count("\n") for row in found.rows.get("generic", []) if row.get("message"))
    return found.good + joined + found.skipped, joined


@settings(max_examples=150, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=12))
def test_every_line_is_a_row_or_a_skip(given_lines: list[bytes]) -> None:
    data = b"\n".join(line.replace(b"audit(", b"audit (") for line in given_lines)
    there = sum(1 for line in data.replace(b"\r\n", b"\n").split(b"\n") if line.strip(b"\t\n\x0c\r "))
    assert rows_and_lines(data)[0] == there
    detect(Head(data, "x"))


@settings(max_examples=60, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=6))
def test_broken_audit_lines_raise_nothing(given_lines: list[bytes]) -> None:
    Read(syslog.READER, b"\n".join(line for line in given_lines) + b"\ntype=PATH msg=audit(1.2:3): name=\n")


@pytest.mark.parametrize(
    "long",
    [
        b"x" * 1_000_000,
        b"a=" * 500_000,
        b'a="' * 300_000,
        b"\\" * 1_000_000,
        b"|ok|" * 250_000,
        b" from 1.2.3.4 port " * 50_000,
        b" ".join(b"k%d=%d" % (number, number) for number in range(10_000)),
        b"," * 1_000_000,
        b"IN= SRC=1 DST=" * 70_000,
        b"((" * 400_000,
    ],
    ids=range(10),
)
def test_long_lines_are_read_in_time(long: bytes) -> None:
    data = b"\n".join(body[:40] + long + body[40:] for body in BODIES[:1] + BODIES[5:6] + BODIES[11:14])
    started = time.process_time()
    assert rows_and_lines(data)[0] == 5
    assert time.process_time() - started < 60  # a hang, no matter of speed


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_each_body_is_told_behind_its_head(body: bytes) -> None:
    """The sample lines are of use only while a dialect takes them."""
    tables = Read(syslog.READER, b"2024-01-02T03:04:05Z fs1 a: " + body).rows if b"PACKET" not in body else {"dns": []}
    logs = [row["log"] for row in tables.get("generic", [])]
    assert "syslog" not in logs
