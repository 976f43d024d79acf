from __future__ import annotations

import json
import zipfile
from pathlib import Path

from keii.readers.logs import Head, detect, syslog
from keii.readers.logs.pairs import MOST, epoch, key_values
from tests.readers.logs.reading import Read, full_lines

FORTIGATE = (
    b'<189>date=2024-01-02 time=12:04:05 devname="fw1" devid="FGT60F0000000001" eventtime=1704164645123456789 tz="+0900" '
    b'logid="0000000013" type="traffic" subtype="forward" srcip=10.0.0.5 srcport=50000 dstip=203.0.113.9 dstport=443 '
    b'sessionid=77 proto=6 action="close" service="HTTPS" duration=10 sentbyte=100 rcvdbyte=2000 sentpkt=5 rcvdpkt=6\n'
    b'date=2024-01-02 time=12:04:06 devid="FGT60F0000000001" logid="0000000014" type="traffic" srcip=10.0.0.5 '
    b'dstip=203.0.113.9 dstport=445 proto=17 action="deny"\n'
    b'date=2024-01-02 time=12:04:07 tz="+0900" devid="FGT60F0000000001" logid="1501054802" type="utm" subtype="dns" '
    b'srcip=10.0.0.5 dstip=192.0.2.53 qname="c2.example.net" qtype="A" ipaddr="203.0.113.9"\n'
    b'date=2024-01-02 time=12:04:08 tz="+0900" devid="FGT60F0000000001" logid="0316013056" type="utm" subtype="webfilter" '
    b'srcip=10.0.0.5 dstip=203.0.113.9 service="HTTPS" hostname="c2.example.net" url="/a?b=1" agent="x y"\n'
)
PALO_ALTO = (
    b"<14>Jan  2 03:04:05 fw1 1,2024/01/02 03:04:05,0011,TRAFFIC,end,2305,2024/01/02 03:04:04,10.0.0.5,203.0.113.9,"
    b"198.51.100.1,203.0.113.9,out,corp\\eve,,ssl,vsys1,trust,untrust,e1,e2,fwd,2024/01/02 03:04:05,77,1,50000,443,40000,443,"
    b'0x1c,tcp,allow,3000,1000,2000,30,2024/01/02 03:03:00,12,"any, x",0,1,0x0,JP,US,0,10,20,tcp-fin\n'
    b"1,2024/01/02 03:04:05,0011,THREAT,url,2305,2024/01/02 03:04:04,10.0.0.5,203.0.113.9,,,out,corp\\eve,,web-browsing,vsys1,"
    b'trust,untrust,e1,e2,fwd,2024/01/02 03:04:05,77,1,50000,80,0,0,0x1c,tcp,alert,"c2.example.net/a,b",(9999),malware,low,out\n'
)
CEF = (
    b"<14>1 2024-01-02T03:04:05Z fw1 CEF - - - CEF:0|Vendor\\|X|Wall|1|100|Traffic allowed|3|src=10.0.0.5 spt=50000 "
    b"dst=203.0.113.9 dpt=443 proto=TCP in=2000 out=100 act=Allow msg=a \\= b rt=1704164645123 cs1Label=Policy cs1=out of\n"
)
LEEF = (
    b"<14>1 2024-01-02T03:04:05Z fw1 LEEF - - - LEEF:2.0|V|P|1|deny|^|src=10.0.0.5^dst=203.0.113.9^srcPort=1^dstPort=2^proto=17\n"
    b"<14>1 2024-01-02T03:04:05Z fw1 LEEF - - - LEEF:1.0|V|P|1|virus|src=10.0.0.5\tsev=5\tcat=malware\n"
)


def test_fortigate() -> None:
    assert detect(Head(FORTIGATE, "x")).id == "fortigate"  # type: ignore[union-attr]
    found = Read(syslog.READER, FORTIGATE)
    first, second = found.rows["network"]
    names = (
        "src_ip",
        "src_port",
        "dst_ip",
        "dst_port",
        "protocol",
        "duration",
        "bytes_out",
        "bytes_in",
        "packets_in",
        "action",
    )
    assert [first[name] for name in names] == [
        "10.0.0.5",
        50000,
        "203.0.113.9",
        443,
        "tcp",
        10.0,
        100,
        2000,
        6,
        "allow",
    ]
    assert first["occurred"].isoformat() == "2024-01-02T03:04:05.123456+00:00"
    assert (second["protocol"], second["action"], json.loads(second["more"])["inferred"]) == ("udp", "deny", "zone")
    assert found.one("dns")["answers"] == ["203.0.113.9"]
    assert found.one("dns")["occurred"].isoformat() == "2024-01-02T03:04:07+00:00"
    assert found.one("http")["url"] == "https://c2.example.net/a?b=1"


def test_palo_alto() -> None:
    assert detect(Head(PALO_ALTO, "x")).id == "palo_alto"  # type: ignore[union-attr]
    found = Read(syslog.READER, PALO_ALTO)
    row = found.one("network")
    names = (
        "src_ip",
        "dst_port",
        "protocol",
        "service",
        "bytes_out",
        "bytes_in",
        "duration",
        "action",
        "state",
        "host",
    )
    assert [row[name] for name in names] == ["10.0.0.5", 443, "tcp", "ssl", 1000, 2000, 12.0, "allow", "tcp-fin", "fw1"]
    more = json.loads(row["more"])
    assert (more["nat_src"], more["category"], more["inferred"]) == ("198.51.100.1", "any, x", "zone")
    web = found.one("http")
    assert (web["url"], web["hostname"], web["path"]) == ("c2.example.net/a,b", "c2.example.net", "/a,b")


def test_cef() -> None:
    assert detect(Head(CEF, "x")).id == "cef"  # type: ignore[union-attr]
    row = Read(syslog.READER, CEF).one("network")
    more = json.loads(row["more"])
    assert (row["bytes_out"], row["bytes_in"], row["action"], row["protocol"]) == (100, 2000, "allow", "tcp")
    assert (more["vendor"], more["msg"], more["Policy"]) == ("Vendor|X", "a = b", "out of")
    assert row["occurred"].isoformat() == "2024-01-02T03:04:05.123000+00:00"


def test_leef() -> None:
    assert detect(Head(LEEF, "x")).id == "leef"  # type: ignore[union-attr]
    found = Read(syslog.READER, LEEF)
    assert (found.one("network")["dst_port"], found.one("network")["protocol"]) == (2, "udp")
    assert (found.one("alerts")["signature"], found.one("alerts")["category"]) == ("virus", "malware")


def test_pairs_are_bounded_and_none_is_lost() -> None:
    fields = key_values(" ".join(f"k{number}={number}" for number in range(10_000)))
    assert len(fields) == MOST + 1
    assert fields["rest"].split()[-1] == "k9999=9999"
    assert key_values('a=1 a=2 b="x \\"y\\" z" c= d=""') == {"a": "1", "a#2": "2", "b": 'x "y" z'}
    assert key_values("x" * 1_000_000) == {}
    assert key_values('user="CORP\\eve" n=1') == {"user": "CORP\\eve", "n": "1"}


def test_epochs() -> None:
    assert epoch("1704164645") == epoch("1704164645000") == epoch("1704164645000000000") == 1_704_164_645_000_000
    assert epoch("12") is epoch("x") is epoch(None) is None


def test_the_shelf(shelf: Path) -> None:
    with zipfile.ZipFile(shelf / "network-text/crowdsec-hub-tests.zip") as folder:
        vpn = folder.read("fortinet-vpn-bf/fortinet-vpn-bf.log")
        unifi = folder.read("unifi-cef/cef-logs.log")
    found = Read(syslog.READER, vpn)
    assert len(found.rows["remote"]) == full_lines(vpn) == 9
    assert {row["success"] for row in found.rows["remote"]} == {False}
    assert len(Read(syslog.READER, unifi).rows["alerts"]) == unifi.count(b"CEF:0|")
