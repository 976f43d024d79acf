"""The hunt by rules over a lake: every rule has an outcome, the same however the lake is cut."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pyarrow as pa
import pytest

from keii.errors import LakeError
from keii.hunt.sigma import scanning
from keii.hunt.sigma.hunting import hunt_rules
from keii.hunt.sigma.loading import RuleFile, load
from keii.hunt.sigma.outcome import RuleOutcome, RulesHunted
from keii.hunt.sigma.plan import prepare
from keii.hunt.sigma.rules import RuleSet
from keii.lake.schema import TIME
from keii.lake.store import Lake, write_file

RULES = """
title: Encoded command
id: 00000000-0000-4000-8000-000000000001
author: Example Author
level: high
tags: [attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\powershell.exe', CommandLine|contains: ' -enc '}
  system: {User|startswith: 'NT AUTHORITY\\', IntegrityLevel: System}
  condition: selection and not system
---
title: Nothing like it
id: 00000000-0000-4000-8000-000000000002
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|contains: nowhere, Hashes|contains: IMPHASH}, condition: selection}
---
title: No such log
id: 00000000-0000-4000-8000-000000000003
logsource: {product: windows, service: ntlm}
detection: {selection: {EventID: 8002}, condition: selection}
---
title: Unknown kind of log
id: 00000000-0000-4000-8000-000000000004
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: X}, condition: selection}
---
title: Broken
id: 00000000-0000-4000-8000-000000000005
logsource: {product: windows, service: security}
detection: {selection: {A|nonsense: X}, condition: selection}
---
title: Needs the case
id: 00000000-0000-4000-8000-000000000006
logsource: {product: windows, service: security}
detection: {selection: {User|expand: '%admins%'}, condition: selection}
---
title: No such event
id: 00000000-0000-4000-8000-000000000007
logsource: {product: windows, service: security}
detection: {selection: {EventID: 1102}, condition: selection}
---
title: Words anywhere
id: 00000000-0000-4000-8000-000000000008
logsource: {product: windows}
detection: {words: ['made::up', 'C:\\Temp\\"q"'], condition: words}
---
title: Failed logon
name: failed
id: 00000000-0000-4000-8000-000000000009
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Many failed logons
id: 00000000-0000-4000-8000-00000000000a
level: medium
correlation: {type: event_count, rules: failed, group-by: [TargetUserName, Computer], timespan: 5m, condition: {gte: 3}}
---
title: Odd agent
id: 00000000-0000-4000-8000-00000000000b
logsource: {category: proxy}
detection: {selection: {c-useragent|re: '^bad/\\d', c-uri-extension: exe, cs-host|endswith: .example.com}, condition: selection}
---
title: Answer inside
id: 00000000-0000-4000-8000-00000000000c
logsource: {category: dns}
detection: {selection: {answer|cidr: 203.0.113.0/24}, condition: selection}
"""
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SYSMON = {"channel": "Microsoft-Windows-Sysmon/Operational", "provider": "Microsoft-Windows-Sysmon", "event_id": 1}
SECURITY = {"channel": "Security", "provider": "Microsoft-Windows-Security-Auditing"}


def windows() -> list[dict[str, Any]]:
    shell = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
    encoded = "powershell.exe -EnC AAAA"
    rows: list[dict[str, Any]] = [
        {**SYSMON, "Image": shell, "CommandLine": encoded, "User": "CORP\\ann", "IntegrityLevel": "High"},
        {**SYSMON, "Image": shell, "CommandLine": encoded, "User": "NT AUTHORITY\\SYSTEM", "IntegrityLevel": "System"},
        {**SECURITY, "event_id": 4688, "NewProcessName": shell.upper(), "CommandLine": encoded, "SubjectUserName": "ann",
         "SubjectDomainName": "CORP", "MandatoryLabel": "S-1-16-12288"},
        {**SECURITY, "event_id": 4688, "NewProcessName": shell, "CommandLine": encoded, "SubjectUserName": "SYSTEM",
         "SubjectDomainName": "NT AUTHORITY", "MandatoryLabel": "S-1-16-16384"},
        {**SECURITY, "event_id": 4688, "NewProcessName": shell},
        {**SECURITY, "event_id": 4624, "TargetUserName": "ann"},
        {"channel": "Application", "provider": "Made", "event_id": 7, "more": '{"Note":"run MADE::UP now"}'},
        {"channel": "Application", "provider": "Made", "event_id": 7, "more": '{"Note":"c:\\\\temp\\\\\\"Q\\""}'},
        {"channel": "Application", "provider": "Made", "event_id": 7, "more": '{"made::up":"a name is no value"}'},
    ]  # fmt: skip
    rows += [{**SECURITY, "event_id": 4625, "TargetUserName": name} for name in ("Bob", "bob", "BOB", "carl")]
    for number, row in enumerate(rows):
        row |= {
            "record": number + 1,
            "host": "pc1" if number % 2 else "pc2",
            "occurred": START + dt.timedelta(minutes=number),
        }
    for row in rows[-4:]:
        row["host"] = "dc1"
    return rows


def table(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    types = {
        "occurred": TIME,
        "record": pa.int64(),
        "event_id": pa.int32(),
        "status": pa.int32(),
        "answers": pa.list_(pa.string()),
        "proxied": pa.bool_(),
    }
    names = sorted({name for row in rows for name in row})
    arrays = {name: pa.array([row.get(name) for row in rows], types.get(name, pa.string())) for name in names}
    return pa.RecordBatch.from_pydict(arrays)


def network(root: Path) -> None:
    web = [
        {
            "url": "http://get.example.com/a/b.EXE?x=1",
            "path": "/a/b.EXE?x=1",
            "hostname": "get.example.com",
            "user_agent": "bad/7",
        },
        {
            "url": "http://get.example.com/a.exe.txt",
            "path": "/a.exe.txt",
            "hostname": "get.example.com",
            "user_agent": "bad/7",
        },
        {"url": "http://get.example.com/c.exe", "path": "/c.exe", "hostname": "get.example.com", "user_agent": None},
    ]
    names = [
        {"query": "a.example.com", "answers": ["198.51.100.7", "203.0.113.9"]},
        {"query": "b.example.com", "answers": []},
        {"query": "c.example.com", "answers": ["not an address"]},
    ]
    for name, rows in (("http", web), ("dns", names)):
        told = [
            {**row, "occurred": START, "record": n, "src_ip": "10.0.0.9", "dst_ip": "192.0.2.1", "uid": f"C{n}"}
            for n, row in enumerate(rows, 1)
        ]
        write_file(root, name, "s-net", 0, [table(told)])


@pytest.fixture
def hunted(tmp_path: Path) -> RulesHunted:
    write_file(tmp_path, "windows", "s-1", 0, [table(windows())])
    network(tmp_path)
    return hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", RULES.encode())]))


def of(hunted: RulesHunted, title: str) -> RuleOutcome:
    (found,) = [outcome for outcome in hunted.outcomes if outcome.rule.title == title]
    return found


def test_matched_in_both_witnesses_of_process_creation(hunted: RulesHunted) -> None:
    found = of(hunted, "Encoded command")
    assert (found.status, found.events) == ("matched", 2)
    assert [place.record for place in found.locators] == [1, 3]
    assert found.first_seen == "2026-03-01T00:00:00.000000+00:00"
    assert [(host.host, host.events) for host in found.hosts] == [("pc2", 2)]
    assert (found.rule.author, found.rule.tags) == ("Example Author", ("attack.t1059.001",))
    assert [(log.log, log.events) for log in found.searched] == [
        ("Microsoft-Windows-Sysmon/Operational 1", 2), ("Security 4688", 3)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "status", "why"),
    [
        ("Nothing like it", "no-match", "sigma.no_match"),
        ("No such log", "not-applicable", "sigma.no_log"),
        ("Unknown kind of log", "not-applicable", "sigma.unknown_log"),
        ("Broken", "not-loadable", "sigma.not_loadable"),
        ("Needs the case", "not-applicable", "sigma.placeholder"),
        ("No such event", "no-match", "sigma.no_such_event"),
    ],
)
def test_every_other_rule_says_why(hunted: RulesHunted, title: str, status: str, why: str) -> None:
    found = of(hunted, title)
    assert (found.status, found.why) == (status, why)


def test_fields_that_no_event_has_are_told(hunted: RulesHunted) -> None:
    assert of(hunted, "Nothing like it").absent == ("Hashes",)


def test_words_are_found_in_every_field_but_not_in_names(hunted: RulesHunted) -> None:
    assert [place.record for place in of(hunted, "Words anywhere").locators] == [7, 8]


def test_correlation_over_the_lake(hunted: RulesHunted) -> None:
    found = of(hunted, "Many failed logons")
    assert (found.status, found.events) == ("matched", 3)
    assert [(one.group, one.value) for one in found.episodes] == [(("bob", "dc1"), 3)]
    assert [outcome.rule.title for outcome in hunted.outcomes].count("Failed logon") == 0


def test_proxy_and_dns_over_the_network_tables(hunted: RulesHunted) -> None:
    assert [place.record for place in of(hunted, "Odd agent").locators] == [1]
    found = of(hunted, "Answer inside")
    assert [(place.record, place.record_id) for place in found.locators] == [(1, "C1")]
    assert found.hosts[0].host == "10.0.0.9"


def test_same_outcome_however_the_lake_is_cut(hunted: RulesHunted, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("cut")
    rows = windows()
    random.Random(7).shuffle(rows)
    for part, start in enumerate(range(0, len(rows), 3)):
        write_file(root, "windows", "s-1", part, [table([row]) for row in rows[start : start + 3]])
    network(root)
    told = load([RuleFile("rules.yml", RULES.encode())])
    assert msgspec.json.encode(hunt_rules(Lake.of_folder(root), told)) == msgspec.json.encode(hunted)
    with patch.object(scanning, "MOST_BYTES", 1), patch.object(scanning, "_SMALLER", 2):  # in pieces of two rows
        assert msgspec.json.encode(hunt_rules(Lake.of_folder(root), told)) == msgspec.json.encode(hunted)


def test_rules_without_keywords_read_only_what_they_ask_for(tmp_path: Path) -> None:
    write_file(tmp_path, "windows", "s-1", 0, [table(windows())])
    told = load([RuleFile("rules.yml", RULES.encode())])
    (rule,) = (one for one in told.rules if one.about.title == "Encoded command")
    only = RuleSet(rules=(rule,))
    whole = hunt_rules(Lake.of_folder(tmp_path), only)
    assert [place.record for place in whole.outcomes[0].locators] == [1, 3]
    with patch.object(scanning, "MOST_BYTES", 1), patch.object(scanning, "_SMALLER", 2):
        assert hunt_rules(Lake.of_folder(tmp_path), only) == whole


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    write_file(tmp_path, "windows", "s-1", 0, [table(windows())])
    (path,) = tmp_path.glob("windows/*.parquet")
    lake = Lake.of_folder(tmp_path)
    path.write_bytes(path.read_bytes()[:200] + b"\0" * 200 + path.read_bytes()[400:])
    with pytest.raises(LakeError, match=r"s-1-00000\.parquet"):
        hunt_rules(lake, load([RuleFile("rules.yml", RULES.encode())]))


def test_kept_plan_gives_the_same_rules_and_mends_itself(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text(RULES)
    kept = tmp_path / "kept"
    first = prepare([tmp_path / "rules"], kept_in=kept)
    (plan,) = kept.glob("*.plan")
    assert prepare([tmp_path / "rules"], kept_in=kept) == first
    plan.write_bytes(plan.read_bytes()[:-5])
    assert prepare([tmp_path / "rules"], kept_in=kept) == first
    named = prepare([tmp_path / "rules"], {"admins": ["ann"]}, kept_in=kept)
    assert len(named.rules) == len(first.rules) + 1
    assert len(list(kept.glob("*.plan"))) == 1


OTHER_WITNESSES = """
title: Run key
id: 00000000-0000-4000-8000-000000000011
logsource: {product: windows, category: registry_set}
detection: {selection: {TargetObject|startswith: 'HKLM\\Software\\', TargetObject|endswith: '\\Run\\Made', Details|contains: evil, EventType: SetValue}, condition: selection}
---
title: Engine started
id: 00000000-0000-4000-8000-000000000012
logsource: {product: windows, category: ps_classic_start}
detection: {selection: {Data|contains|all: ['HostName=ConsoleHost', Available]}, condition: selection}
---
title: Cleared
id: 00000000-0000-4000-8000-000000000013
logsource: {product: windows, service: system}
detection: {selection: {EventID: 104, Provider_Name: Microsoft-Windows-Eventlog}, known: {Channel: System}, condition: selection and not known}
---
title: Malware found
id: 00000000-0000-4000-8000-000000000014
logsource: {category: antivirus}
detection: {selection: {Signature|contains: Made}, condition: selection}
"""


def test_other_witnesses_and_names(tmp_path: Path) -> None:
    audited = {
        **SECURITY,
        "event_id": 4657,
        "ObjectName": "\\REGISTRY\\MACHINE\\SOFTWARE\\Vendor\\Run",
        "ObjectValueName": "Made",
        "NewValue": "evil.exe",
    }
    rows: list[dict[str, Any]] = [
        {**audited, "OperationType": "%%1905"},
        {**audited, "OperationType": "%%1906"},  # deleted
        {"channel": "Windows PowerShell", "provider": "PowerShell", "event_id": 400, "param1": "Available", "param3": "\tHostName=ConsoleHost\r\n"},
        {"channel": "Windows PowerShell", "provider": "PowerShell", "event_id": 400, "param1": "Stopped", "param3": "\tHostName=ConsoleHost\r\n"},
        {"channel": "System", "provider": "Microsoft-Windows-Eventlog", "event_id": 104, "Data_Channel": "Application"},
        {"channel": "System", "provider": "Microsoft-Windows-Eventlog", "event_id": 104, "Data_Channel": "System"},
        {"channel": "Microsoft-Windows-Windows Defender/Operational", "provider": "Microsoft-Windows-Windows Defender",
         "event_id": 1116, "more": '{"Threat Name":"Trojan:Made/Up"}'},
        {"channel": None, "provider": "Microsoft-Windows-Eventlog", "event_id": 104, "Data_Channel": "Setup"},
    ]  # fmt: skip
    for number, row in enumerate(rows, 1):
        row |= {"record": number, "occurred": START}
    write_file(tmp_path, "windows", "s-1", 0, [table(rows)])
    found = hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", OTHER_WITNESSES.encode())]))
    assert {one.rule.title: [place.record for place in one.locators] for one in found.outcomes} == {
        "Run key": [1], "Engine started": [3], "Cleared": [5, 8], "Malware found": [7],
    }  # fmt: skip


def test_hostile_events_and_rules_stay_bounded(tmp_path: Path) -> None:
    many = '{"' + '":"x","'.join(f"f{n}" for n in range(10_000)) + '":"made::up"}'
    rows: list[dict[str, Any]] = [
        {**SYSMON, "CommandLine": "a" * 1_000_000 + "!", "Image": "\x00\x02x\x03", "more": many},
        {**SYSMON, "CommandLine": None, "Image": "", "more": "not JSON"},
        {**SYSMON, "CommandLine": "\ud7ff\U0010ffff", "more": "[1]"},
    ]
    for number, row in enumerate(rows, 1):
        row |= {"record": number, "occurred": None}
    write_file(tmp_path, "windows", "s-1", 0, [table(rows)])
    rule = """
title: Backtracks
logsource: {product: windows, category: process_creation}
detection: {selection: {CommandLine|re: '(a|a)*(a|aa)+$'}, stars: {CommandLine: '*a*a*a*a*a*a*a*a*b'}, words: ['made::up'], condition: selection or stars or words}
"""
    (found,) = hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", rule.encode())])).outcomes
    assert (found.status, found.first_seen) == ("matched", None)
    assert [place.record for place in found.locators] == [1]


UNIX = """
title: Made writable
logsource: {product: linux, service: auditd}
detection: {selection: {type: EXECVE, a0: chmod, a1|contains: '+s'}, condition: selection}
---
title: Words of syslog
logsource: {product: linux, service: syslog}
detection: {words: ['MADE up'], condition: words}
"""


def test_unix_logs(tmp_path: Path) -> None:
    rows = [
        {"log": "auditd", "message": "…", "more": '{"types":"SYSCALL EXECVE PATH","command":"chmod u+s /tmp/x","exe":"/bin/chmod"}'},
        {"log": "auditd", "message": "…", "more": '{"types":"SYSCALL PATH","command":"chmod u+s /tmp/x"}'},
        {"log": "auditd", "message": "…", "more": '{"types":"EXECVE","command":"chmod 644 a+s"}'},
        {"log": "syslog", "message": "Mar 1 host app: made up words"},
        {"log": "zeek:weird", "message": "made up words"},
    ]  # fmt: skip
    told = [{**row, "occurred": START, "record": n} for n, row in enumerate(rows, 1)]
    write_file(tmp_path, "generic", "s-1", 0, [table(told)])
    found = hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", UNIX.encode())]))
    assert [[place.record for place in one.locators] for one in found.outcomes] == [[1], [4]]
    assert [one.searched[0].events for one in found.outcomes] == [3, 1]


def test_a_log_of_the_same_table_is_not_the_log_asked_for(tmp_path: Path) -> None:
    write_file(
        tmp_path, "generic", "s-1", 0, [table([{"log": "zeek:weird", "message": "x", "occurred": START, "record": 1}])]
    )
    found = hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", UNIX.encode())]))
    assert {(one.status, one.why) for one in found.outcomes} == {("not-applicable", "sigma.no_log")}


ONLY_THERE = """
title: Flag
logsource: {product: zeek, service: dns}
detection: {unset: {Z: 0}, condition: not unset}
---
title: No agent
logsource: {category: proxy}
detection: {selection: {c-useragent: ''}, condition: selection}
---
title: Servers
logsource: {category: webserver}
detection: {selection: {cs-method: GET}, condition: selection}
"""


def test_rules_for_one_sensor_or_side_are_not_asked_of_the_other(tmp_path: Path) -> None:
    names = [
        {"query": "a.example.com", "uid": "CHhAvVGS1DHFjwGM9", "more": '{"Z":1}'},
        {"query": "b.example.com", "uid": "CHhAvVGS1DHFjwGM9", "more": '{"Z":0}'},
        {"query": "c.example.com", "uid": "1629718938463"},
        {"query": "d.example.com"},
    ]
    web = [
        {"method": "GET", "path": "/", "src_ip": "192.0.2.7", "proxied": False},
        {"method": "GET", "path": "/", "src_ip": "10.0.0.7", "dst_ip": "192.0.2.7", "proxied": False},
        {"method": "GET", "path": "/", "src_ip": "10.0.0.7", "proxied": True},
    ]
    for name, rows in (("dns", names), ("http", web)):
        told = [{**row, "occurred": START, "record": n} for n, row in enumerate(rows, 1)]
        write_file(tmp_path, name, "s-1", 0, [table(told)])
    found = hunt_rules(Lake.of_folder(tmp_path), load([RuleFile("rules.yml", ONLY_THERE.encode())]))
    assert {one.rule.title: [place.record for place in one.locators] for one in found.outcomes} == {
        "Flag": [1], "No agent": [2, 3], "Servers": [1, 2],
    }  # fmt: skip
    assert [one.searched[0].events for one in found.outcomes] == [2, 2, 2]
