"""Suricata and Snort rules: read by content, asked where logs hold what they speak of, and told why not elsewhere."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import KeiiError, RuleError
from keii.hunt.suricata.compile import about, compile_written
from keii.hunt.suricata.hunting import hunt_suricata
from keii.hunt.suricata.rule import take_apart
from keii.lake.schema import TABLES
from keii.lake.store import Lake, write_file
from keii.model import Skipped, Source
from keii.model.rule import IntelRule, RuleOutcome
from keii.readers.intel import detect, suricata

BEGIN = dt.datetime(2024, 5, 1, 8, 0, tzinfo=dt.UTC)
ENDS = {"src_ip": "10.0.0.5", "src_port": 50_000, "dst_ip": "203.0.113.9", "dst_port": 80}
ROWS: dict[str, list[dict[str, Any]]] = {
    "http": [
        {"method": "GET", "hostname": "cdn.relay.example", "path": "/a/Gate.php?id=7", "user_agent": "Agent/1.0", "status": 200},
        {"method": "POST", "hostname": "relay.example", "path": "/gate.php", "user_agent": "Mozilla/5.0 (X11)", "status": 404},
        {"method": "GET", "hostname": "notrelay.example", "path": "/abc/def/abc", "user_agent": None, "status": 200},
    ],
    "dns": [{"query": "relay.example"}, {"query": "www.relay.example"}, {"query": "www.other.example"}],
    "tls": [
        {"server_name": "login.example", "ja3": "0123456789abcdef0123456789abcdef", "certificate": "aabbccddeeff00112233"},
    ],
    "network": [
        {"protocol": "tcp", "dst_port": 4444},
        {"protocol": "udp", "dst_port": 53, "dst_ip": "198.51.100.3"},
        {"protocol": "tcp", "dst_port": 22, "src_ip": "192.0.2.77", "dst_ip": "10.0.0.9"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("lake")
    files = []
    for table, rows in ROWS.items():
        made = [{"occurred": BEGIN, "source": "s-1", "record": n, **ENDS, **row} for n, row in enumerate(rows)]
        names = list(dict.fromkeys(name for row in made for name in row))
        schema = pa.schema([(name, TABLES[table].field(name).type) for name in names])
        files.append(write_file(folder, table, "s-1", 0, [pa.RecordBatch.from_pylist(made, schema)]))
    return Lake(folder, files)


def _asked(lake: Lake, *texts: str) -> list[RuleOutcome]:
    rules = [
        IntelRule(language="suricata", place=f"a.rules, line {n}", text=text, source="s-2", source_name="a.rules")
        for n, text in enumerate(texts, start=1)
    ]
    return list(hunt_suricata(lake, rules).outcomes)


def _one(lake: Lake, text: str) -> RuleOutcome:
    (told,) = _asked(lake, text)
    return told


HTTP, DNS, TLS = ("alert http any any -> any any", "alert dns $HOME_NET any -> any any", "alert tls any any -> any any")


@pytest.mark.parametrize(
    ("rule", "records"),
    [
        (f'{HTTP} (http.uri; content:"/gate.php"; sid:1;)', [1]),
        (f'{HTTP} (http.uri; content:"/gate.php"; nocase; sid:1;)', [0, 1]),
        (f'{HTTP} (http.uri; content:"/gate.php"; startswith; endswith; sid:1;)', [1]),
        (f'{HTTP} (http.uri; content:"/gate.php"; bsize:9; sid:1;)', [1]),
        (f'{HTTP} (http.uri; content:"php"; bsize:>10; sid:1;)', [0]),
        (f'{HTTP} (http.uri; urilen:9; content:"g"; sid:1;)', [1]),
        (f'{HTTP} (http.host; dotprefix; content:".relay.example"; endswith; sid:1;)', [0, 1]),
        (f'{HTTP} (http.host; content:"relay.example"; endswith; sid:1;)', [0, 1, 2]),
        (f'{HTTP} (http.host; content:"relay.example"; startswith; sid:1;)', [1]),
        (f'{HTTP} (http.method; content:"POST"; http.uri; content:".php"; sid:1;)', [1]),
        (f'{HTTP} (content:"POST"; http_method; content:".php"; http_uri; sid:1;)', [1]),
        (f'{HTTP} (http_uri; content:"gate",nocase; content:"id=7"; sid:1;)', [0]),
        (f'{HTTP} (http.uri; content:"|2f|gate|2e|php"; sid:1;)', [1]),
        (f'{HTTP} (http.uri; content:!"php"; sid:1;)', [2]),
        (f'{HTTP} (http.user_agent; content:!"Mozilla"; sid:1;)', [0]),
        (f'{HTTP} (http.uri; content:"abc"; offset:1; depth:3; sid:1;)', [2]),
        (f'{HTTP} (http.uri; content:"abc"; offset:2; depth:3; sid:1;)', []),
        (f'{HTTP} (http.uri; content:"abc"; content:"abc"; distance:5; within:3; sid:1;)', [2]),
        (f'{HTTP} (http.uri; content:"abc"; content:"abc"; distance:4; within:3; sid:1;)', []),
        (f'{HTTP} (http.uri; content:"abc"; content:"abc"; within:8; sid:1;)', [2]),
        (f'{HTTP} (http.uri; content:"/abc/"; pcre:"/^def/R"; sid:1;)', [2]),
        (f'{HTTP} (pcre:"/gate\\.php$/Ui"; sid:1;)', [1]),
        (f'{HTTP} (http.stat_code; content:"404"; sid:1;)', [1]),
        ('alert http any any -> 203.0.113.9 any (http.method; content:"GET"; sid:1;)', [0, 2]),
        ('alert http any any -> !203.0.113.0/24 any (http.method; content:"GET"; sid:1;)', []),
        ('alert http 203.0.113.9 80 -> any any (flow:to_client; http.stat_code; content:"404"; sid:1;)', [1]),
        (f'{DNS} (dns.query; content:"relay.example"; nocase; bsize:13; sid:1;)', [0]),
        (f'{DNS} (dns_query; content:"RELAY.example"; nocase; isdataat:!1,relative; sid:1;)', [0, 1]),
        (f'{TLS} (tls.sni; content:"login."; startswith; sid:1;)', [0]),
        (f'{TLS} (ja3.hash; content:"0123456789abcdef0123456789abcdef"; sid:1;)', [0]),
        (f'{TLS} (tls.cert_fingerprint; content:"aa:bb:cc:dd:ee:ff:00:11:22:33"; sid:1;)', [0]),
        ("alert tcp any any -> any 4444 (sid:1;)", [0]),
        ("alert tcp any any -> any [4000:5000,!4444] (sid:1;)", []),
        ("alert ip [192.0.2.77,192.0.2.78] any -> $HOME_NET any (sid:1;)", [2]),
        ("alert ip $HOME_NET any -> [192.0.2.0/24,198.51.100.3] any (sid:1;)", [1, 2]),
        ("alert tcp $HOME_NET any -> 192.0.2.77 any (flow:established,to_server; sid:1;)", []),
        ("alert udp any any -> any 53 (sid:1;)", [1]),
        ('alert http (http_method; content:"POST"; sid:1;)', [1]),
    ],
)
def test_which_events_a_rule_holds_for(lake: Lake, rule: str, records: list[int]) -> None:
    told = _one(lake, rule)
    assert told.status == ("matched" if records else "no-match"), told
    assert sorted(place.record or 0 for place in told.locators) == records
    assert len(told.searched) == 1


@pytest.mark.parametrize(
    ("rule", "keyword"),
    [
        ('alert tcp any any -> any any (content:"abc"; sid:1;)', "content (of the packet)"),
        ('alert http any any -> any any (http.request_body; content:"abc"; sid:1;)', "http.request_body"),
        ('alert http any any -> any any (http.uri; content:"a"; flowbits:isset,x; sid:1;)', "flowbits:isset"),
        ('alert http any any -> any any (http.uri; content:"a"; detection_filter:track by_src, count 3, seconds 9; sid:1;)', "detection_filter"),
        ('alert smb any any -> 192.0.2.1 any (sid:1;)', "the protocol smb"),
        ('pass ip 192.0.2.1 any -> any any (sid:1;)', "pass (which lets pass or sets a policy, and tells of nothing)"),
        ('alert tcp $EXTERNAL_NET any -> $HOME_NET any (sid:1;)', "any (it names neither a content nor an address)"),
        ('alert http any any -> any any (http.uri; content:"a"; dns.query; content:"b"; sid:1;)', "buffers of several logs (dns, http)"),
        ('alert http any any -> any any (http.uri; content:"|ff fe|"; sid:1;)', "content (bytes that are no text)"),
    ],
)  # fmt: skip
def test_what_no_log_answers_is_named(lake: Lake, rule: str, keyword: str) -> None:
    told = _one(lake, rule)
    assert (told.status, told.facts) == ("not-applicable", {"keyword": keyword})


@pytest.mark.parametrize(
    "rule",
    [
        "alert tcp any any -> any any", "alert tcp any any (sid:1;)", "alert tcp any any -> any any ()",
        'alert http any any -> any any (http.uri; content:"abc; sid:1;)', "alert tcp any any -> 999.1.1.1 any (sid:1;)",
        "alert tcp any any -> any 99999 (sid:1;)", "alert tcp any any -> [192.0.2.1 any (sid:1;)",
        'alert http any any -> any any (http.uri; nocase; content:"a"; sid:1;)',
        'alert http any any -> any any (http.uri; content:"|0|"; sid:1;)',
        'alert http any any -> any any (http.uri; pcre:"/(?=a)b/"; sid:1;)',
    ],
)  # fmt: skip
def test_broken_rules_are_rows(lake: Lake, rule: str) -> None:
    told = _asked(lake, rule, f'{HTTP} (http.uri; content:"/gate.php"; sid:2;)')
    assert [one.status for one in told] == ["not-loadable", "matched"]


def test_what_a_person_is_told(lake: Lake) -> None:
    told = _one(
        lake,
        f'{HTTP} (msg:"Gate \\"A\\""; http.uri; content:"/gate.php"; classtype:x; sid:17; rev:2; '
        "metadata:signature_severity Major, mitre_technique_id T1071, created_at 2024_01_01;)",
    )
    assert (told.rule.title, told.rule.id, told.rule.level, told.rule.tags) == (
        'Gate "A"', "1:17", "high", ("attack.t1071",),
    )  # fmt: skip
    assert told.rule.language == "suricata"


def test_a_rule_that_is_commented_out_is_told(lake: Lake) -> None:
    told = _one(lake, '# alert http any any -> any any (msg:"Old"; http.uri; content:"/gate.php"; sid:9;)')
    assert (told.status, told.rule.title, told.facts) == ("not-applicable", "Old", {"status": "commented out"})


def test_a_file_of_rules() -> None:
    rules = (
        f'# comment\n{HTTP} (msg:"a"; \\\n  http.uri; content:"a"; sid:1;)\n#alert tcp any any -> any 1 (sid:2;)\n'
        "nonsense\nalert tcp any any -> any 3 (sid:3;)\nalert tcp any any -> any 4 (sid:4;)\n"
        "alert tcp any any -> any 5 (sid:5;)\n"
    ).encode()
    reader = detect(rules, "x.txt")
    assert reader is suricata.READER
    found = list(reader.read(rules, Source(id="s", name="x.rules", sha256="", size=0)))
    assert [one.place for one in found if isinstance(one, IntelRule)] == [
        f"x.rules, line {number}" for number in (2, 4, 6, 7, 8)
    ]
    assert [(one.place, one.count) for one in found if isinstance(one, Skipped)] == [("line 5", 1)]


@settings(max_examples=300)
@given(st.text(alphabet='alert(content:"/!|;[],)\\ 0f->$anyhttp.urisd:1', max_size=120))
def test_any_text_is_a_rule_or_an_error(text: str) -> None:
    for one in (text, f"{HTTP} (http.uri; {text}; sid:1;)", f'{HTTP} (http.uri; content:"{text}"; sid:1;)'):
        rule = IntelRule(language="suricata", place="x", text=one, source="s", source_name="x")
        try:
            written = take_apart(one)
            compile_written(about(rule, written), written)
        except RuleError:
            continue


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_an_error(data: bytes) -> None:
    try:
        list(suricata.read(data, Source(id="s", name="x.rules", sha256="", size=len(data))))
    except KeiiError:
        return


def test_the_rules_of_a_public_test_suite_load(shelf: Path) -> None:
    root = shelf / "suricata"
    truth = json.loads((root / "suricata-verify-rules.truth.json").read_text("utf-8"))
    refused = {test["dir"] for test in truth["tests"] if test["engine_must_reject"]}
    broken = set()
    count = 0
    with zipfile.ZipFile(root / "suricata-verify-rules.zip") as archive:
        for name in archive.namelist():
            if not name.endswith(".rules"):
                continue
            data = archive.read(name)
            for one in suricata.read(data, Source(id="s", name=name, sha256="", size=len(data))):
                if not isinstance(one, IntelRule):
                    continue
                count += 1
                try:
                    take_apart(one.text.lstrip("# \t"))
                except KeiiError:
                    broken.add(name.rpartition("/")[0].removeprefix("tests/"))
    assert count > 6_000
    assert not {place for place in broken - refused if "-bad-" not in place}
