from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from keii.model import Skipped, Source
from keii.readers.logs import Head, detect, syslog
from keii.readers.logs.syslog_year import first_year
from tests.readers.logs.reading import Read, full_lines


def read_with(data: bytes, **told: object) -> list[dict[str, object]]:
    source = Source(id="s-0", sha256="0" * 64, **{"name": "messages", **told})  # type: ignore[arg-type]
    found: list[dict[str, object]] = []
    for batch in syslog.READER.read(io.BytesIO(data), source):
        assert not isinstance(batch, Skipped)
        found.extend(batch.rows.to_pylist())
    return sorted(found, key=lambda row: int(str(row["record"])))


NEW_YEAR = b"""Nov  3 10:00:00 fs1 cron[1]: a
Dec 31 23:59:59 fs1 cron[1]: b
Jan  1 00:00:01 fs1 cron[1]: c
Dec 31 23:59:58 fs1 cron[1]: late
Jan  1 00:00:02 fs1 cron[1]: d
Feb 28 10:00:00 fs1 cron[1]: e
Feb 27 10:00:00 fs1 cron[1]: out of order
Jan  5 10:00:00 fs1 cron[1]: f
"""


def test_years_come_from_the_order_and_the_stated_last_year() -> None:
    rows = read_with(NEW_YEAR, last_year=2024)
    years = [row["occurred"].year for row in rows]  # type: ignore[attr-defined]
    assert years == [2022, 2022, 2023, 2022, 2023, 2023, 2023, 2024]
    assert all(json.loads(str(row["more"]))["inferred"] == "year-stated,zone" for row in rows)


@pytest.mark.parametrize(
    ("name", "year"), [("messages-20240107", 2022), ("a.log-2024-01-07.gz", 2022), ("x.20249", None)]
)
def test_the_name_of_a_rotated_file_tells_its_last_year(name: str, year: int | None) -> None:
    occurred = read_with(NEW_YEAR, name=name)[0]["occurred"]
    assert occurred == (datetime(year, 11, 3, 10, tzinfo=UTC) if year else None)


def test_a_line_that_tells_its_own_date_with_the_year_wins() -> None:
    data = NEW_YEAR + b"Jan  6 10:00:00 fs1 app[1]: started at 2021-01-06T10:00:00\n"
    assert read_with(data, last_year=2030)[0]["occurred"] == datetime(2019, 11, 3, 10, tzinfo=UTC)


def test_another_date_in_a_line_tells_nothing() -> None:
    lines = pa.array(["Jan  6 10:00:00 fs1 app[1]: certificate until 2029-05-06"])
    assert first_year([lines], Source(id="s", name="x", sha256="0")).first is None


def test_a_day_that_is_none_has_no_time() -> None:
    (row,) = read_with(b"Feb 30 10:00:00 fs1 cron[1]: a\n", last_year=2024)
    assert row["occurred"] is None
    assert row["message"] == "Feb 30 10:00:00 fs1 cron[1]: a"


@pytest.mark.parametrize(
    ("line", "occurred", "host", "program", "inferred"),
    [
        (
            b'<165>1 2024-01-02T03:04:05.003Z fs1.example.com su 77 ID47 [a@1 b="x]\\"y"] hello',
            datetime(2024, 1, 2, 3, 4, 5, 3000, UTC), "fs1.example.com", "su", None,
        ),
        (b"2024-01-02T12:04:05+09:00 fs1 app[9]: hello", datetime(2024, 1, 2, 3, 4, 5, 0, UTC), "fs1", "app", None),
        (b"<13>2024-01-02T03:04:05 fs1 app: hello", datetime(2024, 1, 2, 3, 4, 5, 0, UTC), "fs1", "app", "zone"),
        (b"Jan 02 2024 03:04:05 fw1 : hello", datetime(2024, 1, 2, 3, 4, 5, 0, UTC), "fw1", None, "zone"),
        (b"<34>Jan  2 03:04:05 fs1 app[9]: hello", None, "fs1", "app", None),
        (b"<34>1 - - - - - - hello", None, None, None, None),
    ],
)  # fmt: skip
def test_heads(
    line: bytes, occurred: datetime | None, host: str | None, program: str | None, inferred: str | None
) -> None:
    (row,) = read_with(line)
    more = json.loads(str(row["more"] or "{}"))
    assert (row["occurred"], row["host"], more.get("program"), more.get("inferred")) == (
        occurred,
        host,
        program,
        inferred,
    )


LOGONS = b"""<38>1 2024-01-02T03:04:05Z fs1 sshd 1 - - Accepted publickey for eve from 203.0.113.7 port 50022 ssh2: RSA SHA256:x
<38>1 2024-01-02T03:04:06Z fs1 sshd 1 - - Failed password for invalid user x from 192.0.2.1 port 1 ssh2 from 203.0.113.8 port 50023 ssh2
<38>1 2024-01-02T03:04:07Z fs1 sshd 1 - - pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=c2.example.net  user=root
<38>1 2024-01-02T03:04:08Z fs1 sudo 1 - -   eve : TTY=pts/0 ; PWD=/home/eve ; USER=root ; COMMAND=/bin/cat /etc/shadow
<38>1 2024-01-02T03:04:09Z fs1 sudo 1 - -   eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh
<38>1 2024-01-02T03:04:10Z fs1 su 1 - - (to root) eve on pts/0
<38>1 2024-01-02T03:04:11Z fs1 su 1 - - pam_unix(su:session): session opened for user root(uid=0) by eve(uid=1000)
"""


def test_logons() -> None:
    assert detect(Head(LOGONS, "x")).id == "logons"  # type: ignore[union-attr]
    rows = Read(syslog.READER, LOGONS).rows["remote"]
    found = {
        row["record"]: (row["protocol"], row["user"], row.get("src_ip"), row.get("client_name"), row["success"])
        for row in rows
    }
    assert found == {
        1: ("ssh", "eve", "203.0.113.7", None, True),
        2: ("ssh", "x from 192.0.2.1 port 1 ssh2", "203.0.113.8", None, False),
        3: ("pam", "root", None, "c2.example.net", False),
        4: ("sudo", "root", None, None, True),
        5: ("sudo", "root", None, None, False),
        6: ("su", "root", None, None, True),
        7: ("pam", "root", None, None, True),
    }  # fmt: skip


def test_kernel_packets() -> None:
    data = (
        b"2024-01-02T03:04:05Z fw1 kernel: [12.5] [UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=203.0.113.7 DST=10.0.0.5 LEN=60 "
        b"TOS=0x00 PREC=0x00 TTL=50 ID=1 DF PROTO=TCP SPT=50000 DPT=445 WINDOW=1024 RES=0x00 SYN URGP=0\n"
        b"2024-01-02T03:04:06Z fw1 kernel: IN= OUT=eth0 SRC=2001:db8::5 DST=2001:db8::7 LEN=64 TC=0 HOPLIMIT=1 FLOWLBL=0 "
        b"PROTO=ICMPv6 TYPE=135 CODE=0\n"
    )
    first, second = Read(syslog.READER, data).rows["network"]
    assert (first["src_ip"], first["src_port"], first["dst_ip"], first["dst_port"]) == (
        "203.0.113.7",
        50000,
        "10.0.0.5",
        445,
    )
    assert (first["protocol"], first["action"], first["ip_bytes_out"], first["host"]) == ("tcp", "deny", 60, "fw1")
    assert (second["src_ip"], second["protocol"], second["action"]) == ("2001:db8::5", "icmpv6", None)


def test_what_is_no_text_is_counted() -> None:
    found = Read(syslog.READER, b"<34>1 2024-01-02T03:04:05Z fs1 a - - - x\n\0\0\0\0\n \nlast, without an end")
    assert (found.good, [(skip.place, skip.reason) for skip in found.skips]) == (
        2, [("line 2", "nothing but control characters")],
    )  # fmt: skip


def member(shelf: Path, archive: str, name: str) -> bytes:
    with zipfile.ZipFile(shelf / "network-text" / f"{archive}.zip") as folder:
        return folder.read(name)


@pytest.mark.parametrize(
    ("archive", "name", "kind", "table", "rows"),
    [
        ("loghub-samples", "OpenSSH/OpenSSH_2k.log", "logons", "remote", 1757),
        ("crowdsec-hub-tests", "iptables-scan-multi-port/iptables-scan-multi-port.log", "netfilter", "network", 49),
        ("crowdsec-hub-tests", "iptables-logs/iptables-logs.log", "netfilter", "network", 3),
        ("crowdsec-hub-tests", "smb-bf/smb-bf.log", "logons", "remote", 6),
    ],
)
def test_the_shelf(shelf: Path, archive: str, name: str, kind: str, table: str, rows: int) -> None:
    data = member(shelf, archive, name)
    reader = detect(Head(data[:65_536], "x"))
    assert reader is not None
    assert reader.id == kind
    found = Read(reader, data)
    assert len(found.rows[table]) == rows
    assert found.good + found.skipped == full_lines(data)


def test_failed_passwords_of_the_shelf(shelf: Path) -> None:
    """``grep -c 'Failed password'`` counts other lines too: ``message repeated 5 times: [ Failed password``."""
    data = member(shelf, "loghub-samples", "OpenSSH/OpenSSH_2k.log")
    plain = sum(1 for line in data.splitlines() if b"]: Failed password for" in line)
    rows = Read(syslog.READER, data).rows["remote"]
    words = [json.loads(row["more"]).get("method") for row in rows if row.get("success") is False]
    assert words.count("password") == plain
