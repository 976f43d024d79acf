"""Rules added as intel: read by content, asked by a run, told in the report, and asked again only of something new."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from keii import pipeline
from keii.case.case import Case
from keii.hunt import asked
from keii.ingest import Quiet
from keii.model import Source
from keii.model.report import Report
from keii.readers.intel import detect
from tests.made import zipped

RULE = """title: Requests to the port of the relay
id: 00000000-0000-4000-8000-0000000000a1
author: Example Author
level: high
tags: [attack.command-and-control, attack.t1071.001, attack.T1571]
logsource: {category: firewall}
detection: {selection: {dst_ip|cidr: 203.0.113.0/30, dst_port: 443}, condition: selection}
"""
NOTHING = RULE.replace("443", "4444").replace("a1", "a2").replace("high", "low")
ABSENT = RULE.replace("category: firewall", "product: windows, service: security").replace("a1", "a3")
BROKEN = RULE.replace("dst_ip|cidr", "dst_ip|nonsense").replace("a1", "a4")
LOG = b"""#separator \\x09
#set_separator\t,
#empty_field\t(empty)
#unset_field\t-
#path\tconn
#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto
#types\ttime\tstring\taddr\tport\taddr\tport\tenum
1600000000.0\tCaaaaa1\t10.0.0.5\t40000\t203.0.113.2\t443\ttcp
1600000060.0\tCaaaaa2\t10.0.0.5\t40001\t203.0.113.3\t443\ttcp
1600000120.0\tCaaaaa3\t10.0.0.6\t40002\t198.51.100.3\t443\ttcp
"""


def _case(folder: Path, files: dict[str, bytes]) -> Case:
    case = Case.create(folder / "case", "rules")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    case.add([folder / name for name in files])
    return case


def _report(case: Case) -> Report:
    pipeline.run(case, Quiet())
    return pipeline.report_of(case)


@pytest.mark.parametrize("text", [RULE, "# comment\n---\n" + RULE, RULE.replace("\n", "\r\n"), "\ufeff" + RULE])
def test_a_sigma_file_is_known_by_its_content(text: str) -> None:
    found = detect(text.encode(), "anything.txt")
    assert found is not None
    assert found.id == "sigma"


@pytest.mark.parametrize(
    "text", ["title: a page\nabout: nothing\n", "detection: none\n", "10.0.0.1\n203.0.113.5\n", ""]
)
def test_other_text_is_no_sigma(text: str) -> None:
    found = detect(text.encode(), "rules.yml")
    assert found is None or found.id != "sigma"


def test_every_rule_has_its_outcome_in_the_report(tmp_path: Path) -> None:
    rules = {"a.yml": RULE, "b.yml": NOTHING, "c.yml": ABSENT, "d.yml": BROKEN}
    packed = zipped({name: text.encode() for name, text in rules.items()})
    with _case(tmp_path, {"conn.log": LOG, "rules.zip": packed}) as case:
        report = _report(case)
        page = (case.report_root / "report.html").read_text("utf-8")
        written = (case.report_root / "report.md").read_text("utf-8")
    assert report.rules is not None
    told = {one.rule.id[-2:] or one.rule.place: one for one in report.rules.outcomes}
    assert {name: one.status for name, one in told.items()} == {
        "a1": "matched", "a2": "no-match", "a3": "not-applicable", "a4": "not-loadable",
    }  # fmt: skip
    held = told["a1"]
    assert (held.events, held.first_seen, held.last_seen) == (
        2,
        "2020-09-13T12:26:40.000000+00:00",
        "2020-09-13T12:27:40.000000+00:00",
    )
    assert [(host.host, host.events) for host in held.hosts] == [("10.0.0.5", 2)]
    assert told["a2"].searched[0].events == 3
    assert "Security" in told["a3"].facts["log"]
    for text in (page, written):
        assert "T1071.001, T1571" in text
        assert "Example Author" in text
        assert "no match in 3 events of network" in text
    assert not any(claim.topic for claim in report.claims if "relay" in claim.note)  # a rule's match is no claim


def test_rules_are_asked_again_only_of_something_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = 0

    def counted(*arguments: object, **named: object) -> object:
        nonlocal times
        times += 1
        return asked.hunt_intel_rules(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "hunt_intel_rules", counted)
    with _case(tmp_path, {"conn.log": LOG, "a.yml": RULE.encode()}) as case:
        first = _report(case)
        assert _report(case).rules == first.rules
        (tmp_path / "page.txt").write_text("A newspaper wrote on 3 May 2020 that nothing had happened.\n")
        case.add([tmp_path / "page.txt"])
        _report(case)
        assert times == 1
        (tmp_path / "more.log").write_bytes(LOG.replace(b"Caaaaa", b"Cbbbbb"))
        case.add([tmp_path / "more.log"])
        later = _report(case).rules
        assert times == 2
        assert later is not None
        assert later.outcomes[0].events == 4
        (tmp_path / "b.yml").write_text(NOTHING)
        case.add([tmp_path / "b.yml"])
        assert len((_report(case).rules or asked.joined([])).outcomes) == 2
        assert times == 3


def test_a_case_without_rules_says_nothing_of_rules(tmp_path: Path) -> None:
    with _case(tmp_path, {"conn.log": LOG}) as case:
        assert _report(case).rules is None
        assert "Rules that hold" not in (case.report_root / "report.md").read_text("utf-8")


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    found = []
    for names in (("a.yml", "b.yml"), ("b.yml", "a.yml")):
        folder = tmp_path / names[0]
        folder.mkdir()
        texts = {"a.yml": RULE.encode(), "b.yml": NOTHING.encode()}
        with _case(folder, {"conn.log": LOG, **{name: texts[name] for name in names}}) as case:
            found.append(msgspec.json.encode(_report(case).rules))
    assert found[0] == found[1]


def test_a_broken_rule_file_is_a_row_and_not_an_end() -> None:
    reader = detect(RULE.encode(), "a.yml")
    assert reader is not None
    source = Source(id="s-1", name="a.yml", sha256="", size=0)
    values = list(reader.read(RULE.encode() + b"\xff\x00: [", source))
    assert len(values) == 1


def test_what_an_event_flags_as_context_is_told_with_its_reason(tmp_path: Path) -> None:
    attributes = [
        {"type": "ip-dst", "value": "203.0.113.2", "to_ids": True, "category": "Network activity"},
        {"type": "ip-dst", "value": "203.0.113.3", "to_ids": False, "category": "Network activity"},
        {"type": "ip-dst", "value": "9.9.9.9", "to_ids": True, "category": "Network activity"},
    ]
    event = msgspec.json.encode({"Event": {"info": "Relay", "Attribute": attributes}})
    with _case(tmp_path, {"conn.log": LOG, "event.json": event}) as case:
        report = _report(case)
    assert report.hunt is not None
    assert [match.indicator.value for match in report.matches if match.indicator] == ["203.0.113.2"]
    assert list(report.hunt.not_hunted.values()) == [1, 1]
    flagged, listed = sorted(report.hunt.not_hunted, reverse=True)
    assert "warning list" in flagged + listed
    assert "to_ids" in flagged + listed


def test_a_later_version_of_a_report_is_told_as_a_difference(tmp_path: Path) -> None:
    with _case(tmp_path, {"conn.log": LOG, "list.csv": b"value,type\n203.0.113.2,ip\n203.0.113.50,ip\n"}) as case:
        assert _report(case).revisions == ()
        (tmp_path / "list.csv").write_bytes(b"value,type\n203.0.113.2,ip\n203.0.113.3,ip\nlate.example,domain\n")
        case.add([tmp_path / "list.csv"])
        report = _report(case)
        written = (case.report_root / "report.md").read_text("utf-8")
    (revision,) = report.revisions
    assert revision.before == "list.csv"
    assert revision.added == ("domain late.example", "ip 203.0.113.3")
    assert revision.withdrawn == ("ip 203.0.113.50",)
    assert revision.seen == 1
    assert "Intel in later versions" in written
