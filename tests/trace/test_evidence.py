"""Half of the trace that describes: networks, names, clocks, tampering, coverage, files, volume."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keii.trace.clocks import apply_clocks, clocks
from keii.trace.coverage import coverage
from keii.trace.files import Suspect, files
from keii.trace.hosts import Names, identities, short
from keii.trace.internal import internal_networks
from keii.trace.tampering import tampering
from keii.trace.transfers import transfers
from keii.wording import say
from tests.trace.lakes import made, of_archive, of_rows


@pytest.fixture(scope="module")
def breach(tmp_path_factory: pytest.TempPathFactory):
    lake, truth = made(tmp_path_factory.getbasetemp())
    connection = lake.connect()
    apply_clocks(connection, clocks(connection))
    return connection, truth


def _event(at: str, event_id: int, record_id: int | None = None, **more: object) -> dict:
    return {"occurred": at, "host": "pc1.corp.example", "event_id": event_id, "record_id": record_id, **more}


EVENTLOG, RDP = "Microsoft-Windows-Eventlog", "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS"


def test_own_networks_are_inferred_from_who_acts_like_a_member(tmp_path: Path) -> None:
    lake = of_rows(
        tmp_path,
        dhcp=[{"occurred": "2020-01-01T00:00:00Z", "address": "10.1.2.3", "client_name": "PC1", "server": "10.1.9.1"}],
        network=[{"occurred": "2020-01-01T00:00:00Z", "src_ip": "10.1.2.3", "dst_ip": "192.168.7.7", "dst_port": 443}],
    )
    networks = internal_networks(lake.connect())
    assert networks.inferred
    assert networks.is_internal("10.1.2.99")
    assert networks.is_internal("::ffff:10.1.9.1")
    assert not networks.is_internal("192.168.7.7")
    assert not networks.is_internal("203.0.113.1")
    assert not networks.is_internal("no address")


def test_configured_networks_are_taken_as_they_are(tmp_path: Path) -> None:
    networks = internal_networks(of_rows(tmp_path, dhcp=[{"address": "10.1.2.3"}]).connect(), ["172.16.0.1/12"])
    assert (networks.blocks, networks.inferred) == (("172.16.0.0/12",), False)


def test_an_address_that_changes_hands_has_two_names(tmp_path: Path) -> None:
    lease = {"address": "10.0.0.9", "server": "10.0.0.1"}
    lake = of_rows(
        tmp_path,
        dhcp=[
            {
                "occurred": "2020-01-01T08:00:00Z",
                "client_name": "PC1.corp.example",
                "mac": "02:00:00:00:00:01",
                **lease,
            },
            {"occurred": "2020-01-02T08:00:00Z", "client_name": "pc1", "mac": "02:00:00:00:00:01", **lease},
            {"occurred": "2020-01-03T08:00:00Z", "client_name": "PC2", "mac": "02:00:00:00:00:02", **lease},
        ],
    )
    connection = lake.connect()
    apply_clocks(connection, ())
    known = identities(connection)
    assert [(one.host, one.first, one.inferred_until) for one in known] == [
        ("PC1", "2020-01-01T08:00:00.000000+00:00", True),
        ("PC2", "2020-01-03T08:00:00.000000+00:00", True),
    ]
    names = Names(known)
    assert names.name_of("10.0.0.9", "2020-01-02T09:00:00") == "PC1"
    assert names.name_of("10.0.0.9", "2020-01-05T09:00:00") == "PC2"
    assert names.name_of("198.51.100.7") == "198.51.100.7"
    assert short("srv$") == "SRV"


def test_a_wrong_clock_is_found_by_the_records_own_utc_time_and_corrected(tmp_path: Path) -> None:
    rows = [
        _event(f"2020-01-01T0{n}:00:00Z", 1, n, UtcTime=f"2020-01-01 0{n + 3}:00:00.000", channel="Sysmon")
        for n in range(6)
    ]
    connection = of_rows(tmp_path, windows=rows).connect()
    found = clocks(connection)
    assert [(c.host, c.offset, c.pairs) for c in found] == [("pc1.corp.example", 10_800.0, 6)]
    apply_clocks(connection, found)
    assert str(connection.execute("SELECT min(occurred) FROM windows_true").fetchone()[0])[:19] == "2020-01-01 03:00:00"


def test_small_lag_is_no_clock_error(tmp_path: Path) -> None:
    rows = [_event(f"2020-01-01T0{n}:00:02Z", 1, n, UtcTime=f"2020-01-01 0{n}:00:00.000") for n in range(6)]
    assert clocks(of_rows(tmp_path, windows=rows).connect()) == ()


def test_clears_are_told_by_provider_and_ordinary_shutdowns_are_not(tmp_path: Path) -> None:
    rows = [
        _event(
            "2020-01-01T00:00:00Z",
            104,
            1,
            provider=EVENTLOG,
            channel="System",
            Data_Channel="Application",
            SubjectUserName="eve",
        ),
        _event(
            "2020-01-01T00:00:00Z",
            104,
            1,
            provider=EVENTLOG,
            channel="System",
            Data_Channel="Application",
            SubjectUserName="eve",
        ),
        _event(
            "2020-01-01T00:01:00Z",
            104,
            2,
            provider=RDP,
            channel="Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
        ),
        _event("2020-01-01T00:02:00Z", 1102, 3, provider=EVENTLOG, channel="Security", SubjectUserName="eve"),
        _event("2020-01-01T01:00:00Z", 1100, 4, provider=EVENTLOG, channel="Security"),
        _event("2020-01-01T01:00:05Z", 6006, 5, provider="EventLog", channel="System"),
        _event("2020-01-01T09:00:00Z", 1100, 6, provider=EVENTLOG, channel="Security"),
        _event(
            "2020-01-01T10:00:00Z",
            4616,
            7,
            provider="Microsoft-Windows-Security-Auditing",
            channel="Security",
            SubjectUserSid="S-1-5-21-1",
            PreviousTime="2020-01-01T10:00:00.0000000Z",
            NewTime="2020-01-01T10:00:01.0000000Z",
        ),
        _event(
            "2020-01-01T11:00:00Z",
            4616,
            8,
            provider="Microsoft-Windows-Security-Auditing",
            channel="Security",
            SubjectUserSid="S-1-5-21-1",
            PreviousTime="2020-01-01T11:00:00.0000000Z",
            NewTime="2019-01-01T11:00:00.0000000Z",
        ),
    ]
    connection = of_rows(tmp_path, windows=rows).connect()
    apply_clocks(connection, ())
    told = [(t.kind, t.log, t.user, len(t.locators)) for t in tampering(connection)]
    assert told == [
        ("cleared", "Application", "eve", 2),
        ("cleared", "Security", "eve", 1),
        ("service-stopped", "Security", None, 1),
        ("time-changed", "Security", None, 1),
    ]
    assert all(say(t.note.why, lang, t.note.facts) for t in tampering(connection) for lang in ("en", "ja") if t.note)


def test_a_hole_counts_only_in_a_log_that_is_otherwise_whole(tmp_path: Path) -> None:
    at = "2020-01-01T00:00:00Z"
    dense = [_event(at, 1, n, channel="Security") for n in (*range(1, 200), *range(700, 900))]
    filtered = [_event(at, 1, n * 60, channel="Application") for n in range(1, 200)]
    connection = of_rows(tmp_path, windows=[*dense, *filtered]).connect()
    apply_clocks(connection, ())
    assert [(t.log, t.count) for t in tampering(connection)] == [("Security", 500)]


def test_coverage_calls_only_cleared_days_erased_and_names_the_witness(tmp_path: Path) -> None:
    days = [day for day in range(1, 29) if day not in (10, 11, 20)]
    rows = [_event(f"2020-01-{day:02d}T09:00:00Z", 1, None, channel="Security") for day in days]
    rows.append(_event("2020-01-12T08:00:00Z", 1102, None, provider=EVENTLOG, channel="Security"))
    leases = [
        {"occurred": f"2020-01-{day:02d}T08:00:00Z", "client_name": "PC1", "address": "10.0.0.9"} for day in (11, 20)
    ]
    connection = of_rows(tmp_path, windows=rows, dhcp=leases).connect()
    apply_clocks(connection, ())
    cells = {c.day[-2:]: c for c in coverage(connection, tampering(connection)) if c.log == "Security"}
    assert {day: cells[day].state for day in ("09", "10", "11", "12", "20")} == {
        "09": "present",
        "10": "erased",
        "11": "erased",
        "12": "present",
        "20": "silent",
    }
    assert cells["20"].witness == "DHCP"


def test_files_of_the_made_breach_are_exactly_those_of_its_truth(breach) -> None:
    connection, truth = breach
    found = files(connection, [Suspect(user=truth["files"]["user"])])
    paths = {f.path.split("middle\\", 1)[1] for f in found}
    assert paths == set(truth["files"]["in_logs"])
    assert {f.server for f in found} == {truth["files"]["server"]}
    assert all(f.operations == ("read",) for f in found)


def test_volume_of_the_made_breach_is_exact_through_the_proxy(breach) -> None:
    connection, truth = breach
    sent = truth["exfiltration"]
    host = next(h for h in truth["compromised"] if h["host"] == sent["host"])
    suspect = Suspect(host=host["host"], addresses=(host["address"],), first=host["from"])
    (told,) = transfers(connection, [suspect], [sent["destination"], truth["c2"][1]["name"]])
    assert (told.host, told.bytes_out, told.connections) == (sent["host"], sent["bytes"], 6)


def test_what_was_erased_in_the_made_breach_is_told_and_no_quiet_weekend_is(breach) -> None:
    connection, truth = breach
    signs = tampering(connection)
    assert {(t.kind, t.host) for t in signs} == {
        ("records-missing", "HQ-FS02"),
        *(("cleared", e["host"]) for e in truth["erased"]),
    }
    erased = {(c.host, c.log) for c in coverage(connection, signs) if c.state == "erased"}
    assert erased == {("HQ-FS02", "Security")}


def test_lsass_campaign_clock_and_clears(shelf: Path, tmp_path: Path) -> None:
    truth = json.loads((shelf / "windows-json/lsass-campaign-01/truth.json").read_text("utf-8"))
    lake = of_archive(tmp_path / "case", *sorted((shelf / "windows-json/lsass-campaign-01").glob("*.zip")))
    connection = lake.connect()
    found = clocks(connection)
    assert [c.offset for c in found] == [-float(truth["host_clock"]["record_minus_utc_seconds"])]
    assert "network sensor" in found[0].witness
    apply_clocks(connection, found)
    assert len([t for t in tampering(connection) if t.kind == "cleared"]) == len(truth["log_tampering"])


def test_apt29_volume_by_destination(shelf: Path, tmp_path: Path) -> None:
    truth = json.loads((shelf / "zeek/apt29-day1/truth.json").read_text("utf-8"))
    connection = of_archive(tmp_path / "case", shelf / "zeek/apt29-day1/combined_zeek.log.gz").connect()
    apply_clocks(connection, ())
    networks = internal_networks(connection)
    assert not any(networks.is_internal(c["dst"]) for c in truth["c2"])
    for source in {c["src"] for c in truth["c2"]}:
        suspect = Suspect(host=source, addresses=(source,))
        told = {t.destination: t.bytes_out for t in transfers(connection, [suspect], {c["dst"] for c in truth["c2"]})}
        for destination in {c["dst"] for c in truth["c2"] if c["src"] == source}:
            wanted = sum(c["bytes_out"] for c in truth["c2"] if (c["src"], c["dst"]) == (source, destination))
            assert told[destination] == wanted
