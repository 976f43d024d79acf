from __future__ import annotations

import zipfile
from pathlib import Path

from keii.readers.logs import Head, detect, syslog
from tests.readers.logs.reading import Read, full_lines

OPENVPN = b"""2024-01-02 03:04:05 203.0.113.9:50000 [eve] Peer Connection Initiated with [AF_INET]203.0.113.9:50000
2024-01-02 03:04:05 eve/203.0.113.9:50000 MULTI: Learn: 10.8.0.6 -> eve/203.0.113.9:50000
2024-01-02 03:04:06 203.0.113.9:50001 SENT CONTROL [eve]: 'AUTH_FAILED' (status=1)
2024-01-02 03:04:07 eve/203.0.113.9:50000 SIGTERM[soft,remote-exit] received, client-instance exiting
"""
CHARON = b"""<30>1 2024-01-02T03:04:05Z gw charon 1 - - 06[IKE] <a|83> IKE_SA a[83] established between 198.51.100.1[gw.example.com]...203.0.113.9[eve]
<30>1 2024-01-02T03:04:05Z gw charon 1 - - 06[IKE] <a|83> XAuth authentication of 'eve' failed
<30>1 2024-01-02T03:04:05Z gw charon 1 - - 06[IKE] <a|83> deleting IKE_SA a[83] between 198.51.100.1[gw.example.com]...203.0.113.9[eve]
"""
SAMBA = b"""2024-01-02T03:04:05Z fs1 smbd_audit[77]: CORP\\eve|10.0.0.5|pc5|share|create_file|ok|0x100080|file|open|plans/a|b.txt
2024-01-02T03:04:05Z fs1 smbd_audit[77]: eve|10.0.0.5|open|ok|w|plans/c.txt
2024-01-02T03:04:05Z fs1 smbd_audit: eve|10.0.0.5|unlink|fail (Permission denied)|plans/d.txt
2024-01-02T03:04:05Z fs1 smbd_audit: eve|10.0.0.5|connect|ok|share
2024-01-02T03:04:05Z fs1 smbd_audit: eve|10.0.0.5|rename|ok|old.txt|new.txt
"""


def test_openvpn() -> None:
    assert detect(Head(OPENVPN, "x")).id == "vpn"  # type: ignore[union-attr]
    rows = sorted(Read(syslog.READER, OPENVPN).rows["remote"], key=lambda row: row["record"])
    assert [
        (row.get("user"), row["src_ip"], row["src_port"], row["operation"], row.get("success")) for row in rows
    ] == [
        ("eve", "203.0.113.9", 50000, "session start", True),
        ("eve", "203.0.113.9", 50000, "address assigned", None),
        (None, "203.0.113.9", 50001, "session start", False),
        ("eve", "203.0.113.9", 50000, "session end", None),
    ]
    assert '"address":"10.8.0.6"' in rows[1]["more"]


def test_strongswan() -> None:
    rows = sorted(Read(syslog.READER, CHARON).rows["remote"], key=lambda row: row["record"])
    assert [(row["user"], row.get("src_ip"), row["operation"], row.get("success")) for row in rows] == [
        ("eve", "203.0.113.9", "session start", True),
        ("eve", None, "authentication", False),
        ("eve", "203.0.113.9", "session end", None),
    ]


def test_samba() -> None:
    assert detect(Head(SAMBA, "x")).id == "samba_audit"  # type: ignore[union-attr]
    rows = Read(syslog.READER, SAMBA).rows["smb"]
    assert [(row["user"], row["src_ip"], row["action"], row["share"], row["path"]) for row in rows] == [
        ("CORP\\eve", "10.0.0.5", "open", None, "plans/a|b.txt"),
        ("eve", "10.0.0.5", "write", None, "plans/c.txt"),
        ("eve", "10.0.0.5", "delete", None, "plans/d.txt"),
        ("eve", "10.0.0.5", "tree-connect", "share", None),
        ("eve", "10.0.0.5", "rename", None, "old.txt"),
    ]
    assert '"result":"fail (Permission denied)"' in rows[2]["more"]
    assert "new.txt" in rows[4]["more"]


def test_the_shelf(shelf: Path) -> None:
    with zipfile.ZipFile(shelf / "network-text/crowdsec-hub-tests.zip") as folder:
        openvpn = folder.read("openvpn-bf/openvpn.log")
        charon = folder.read("charon-ipsec-bf/charon-ipsec-bf.log")
    assert len(Read(syslog.READER, openvpn).rows["remote"]) == full_lines(openvpn) == 4
    found = Read(syslog.READER, charon)
    assert found.good == full_lines(charon)
    failed = charon.count(b"XAuth authentication of 'lyb' failed") + charon.count(b" verification failed")
    assert sum(
        1 for row in found.rows["remote"] if row.get("success") is False and row["operation"] == "authentication"
    ) == failed + charon.count(b"no EAP key found for")
