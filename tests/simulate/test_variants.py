"""Variants of the made breach: the same bytes for a seed, and a truth that its own logs bear out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keii.errors import UsageError
from keii.simulate import simulate, windows
from keii.simulate.churn import churned
from keii.simulate.company import company, is_workday
from keii.simulate.decoys import decoys
from keii.simulate.intrusion import C2_NAME, intrusion
from keii.simulate.second import second
from keii.simulate.stories import COURSES
from keii.simulate.variants import VARIANTS, vary
from keii.simulate.vpn import write_sessions

SECURITY = (
    '{"TimeCreated":"2019-03-%02dT01:00:00.000000Z","Hostname":"HQ-FS02.hoshizora.example","Channel":"Security",'
    '"SourceName":"Microsoft-Windows-Security-Auditing","EventID":%d,"RecordNumber":%d}\n'
)
SYSMON = (
    '{"TimeCreated":"2019-03-%02dT01:00:00.000000Z","Channel":"Microsoft-Windows-Sysmon/Operational",'
    '"EventID":1,"UtcTime":"2019-03-%02d 01:00:00.000"}\n'
)
TRUTH = {
    "first_host": "KTS-PC001",
    "entry": {"at": "2019-03-03T00:00:00.000000Z"},
    "compromised": [
        {"host": "KTS-PC001", "from": "2019-03-03T00:00:00.000000Z"},
        {"host": "HQ-PC002", "from": "2019-03-05T00:00:00.000000Z"},
    ],
    "files": {"server": "HQ-FS02", "in_logs": ["a"], "distinct_in_logs": 1},
    "exfiltration": {"host": "HQ-PC002", "days": ["2019-03-06T00:00:00.000000Z"]},
    "erased": [{"host": "HQ-FS02", "log": "Security", "cleared_at": "2019-03-07T00:00:00.000000Z"}],
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    windows, squid = tmp_path / "logs/windows", tmp_path / "logs/squid/2019-03"
    windows.mkdir(parents=True)
    squid.mkdir(parents=True)
    (windows / "HQ-FS02.json").write_text(
        "".join(SECURITY % (d, (5145, 4624)[d % 2], d) for d in range(1, 10)), "utf-8"
    )
    for pc in ("KTS-PC001", "HQ-PC002"):
        (windows / f"{pc}.json").write_text("".join(SYSMON % (d, d) for d in range(1, 10)), "utf-8")
    # 1 to 9 March 2019, 00:00 UTC
    (squid / "access.log").write_text("".join(f"{1551398400 + d * 86400}.000 1 x\n" for d in range(9)), "utf-8")
    return tmp_path


def days(path: Path, key: str = "TimeCreated") -> list[str]:
    return [json.loads(line)[key][8:13] for line in path.read_text("utf-8").splitlines()]


def test_audit_off_leaves_logons_only(out: Path) -> None:
    truth = vary(out, "audit-off", 1, TRUTH)
    lines = (out / "logs/windows/HQ-FS02.json").read_text("utf-8").splitlines()
    assert {json.loads(line)["EventID"] for line in lines} == {4624}
    assert truth["files"]["in_logs"] == []
    assert TRUTH["files"]["in_logs"] == ["a"]


def test_a_stopped_sensor_and_a_deleted_channel_end_and_begin_where_the_truth_says(out: Path) -> None:
    truth = vary(out, "sensor-stopped", 1, TRUTH)
    assert days(out / "logs/windows/HQ-PC002.json") == ["01T01", "02T01", "03T01"]
    assert truth["erased"][-1]["missing_from"] == "2019-03-04T00:00:00.000000Z"
    vary(out, "sysmon-deleted", 1, TRUTH)
    assert days(out / "logs/windows/KTS-PC001.json") == ["07T01", "08T01", "09T01"]


def test_what_retention_and_a_deleted_proxy_log_take(out: Path) -> None:
    vary(out, "proxy-deleted", 1, TRUTH)
    left = [float(line.split()[0]) for line in (out / "logs/squid/2019-03/access.log").read_text().splitlines()]
    assert left == [1551398400 + d * 86400 for d in (0, 1, 2, 3, 6, 7, 8)]
    vary(out, "retention", 1, TRUTH)
    assert days(out / "logs/windows/HQ-FS02.json")[0] == "04T01"


def test_clocks_move_both_times_of_a_record_and_no_other_host(out: Path) -> None:
    vary(out, "clock-local-time", 1, TRUTH)
    moved = out / "logs/windows/HQ-PC002.json"
    assert days(moved)[0] == "01T10"
    assert days(moved, "UtcTime")[0] == "01 10"
    assert days(out / "logs/windows/KTS-PC001.json")[0] == "01T01"


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in "ab":
        simulate(tmp_path / name, scale="200000", seed=3, variant="clock-drift")
        own = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        made.append([(p.relative_to(tmp_path / name), p.read_bytes()) for p in own])
    assert made[0] == made[1]


def test_an_unknown_variant_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="variant is one of"):
        simulate(tmp_path / "x", variant="flood")
    assert not (tmp_path / "x").exists()
    assert "base" in VARIANTS


def test_decoys_are_told_in_the_truth_and_leave_the_breach_as_it_was(tmp_path: Path) -> None:
    people = company(5, 200_000)
    paths = windows.catalogue(5, "HQ-FS02", 6_000)
    alone, beside = intrusion(5, people, paths), decoys(5, people, intrusion(5, people, paths))
    assert [one["kind"] for one in beside.truth["decoys"]] == ["backup", "updates", "scanner", "admin"]
    assert {key: value for key, value in beside.truth.items() if key != "decoys"} == alone.truth
    part = {one["host"] for one in alone.truth["compromised"]}
    assert not part & {host for one in beside.truth["decoys"] for host in one["hosts"]}


def test_a_second_intruder_has_machines_and_a_server_of_his_own() -> None:
    people = company(5, 200_000)
    paths = windows.catalogue(5, "HQ-FS02", 6_000)
    truth = second(5, people, intrusion(5, people, paths)).truth
    mine, other = map(set, truth["intruders"])
    assert not mine & other
    assert {one["host"] for one in truth["compromised"]} == mine | other
    assert set(truth["c2"][-1]["hosts"]) == other
    assert {truth["edges"][-1]["from"], truth["edges"][-1]["to"]} == other


@pytest.mark.parametrize(("name", "most"), [("slow-beacons", 1.0), ("weekly-beacons", 0.21)])
def test_slow_beacons_ask_at_most_once_in_their_workdays(name: str, most: float) -> None:
    people = company(5, 200_000)
    paths = windows.catalogue(5, "HQ-FS02", 6_000)
    breach = intrusion(5, people, paths, COURSES[name])
    hosts = {breach.plan.entry.address, breach.plan.foothold.address}
    asked = [
        (day, row["src"])
        for day, logs in breach.network.items()
        for table in logs.get("squid", [])
        for row in table.to_pylist()
        if C2_NAME in row["url"]
    ]
    workdays = sum(is_workday(day) for day in range(breach.plan.foothold_day, 92))
    assert {src for _, src in asked} <= hosts
    assert len(asked) == len(set(asked))
    assert 0 < len(asked) <= workdays * most + 1


def test_a_supplier_comes_in_by_the_vpn_and_is_no_machine_of_ours(tmp_path: Path) -> None:
    people = company(5, 200_000)
    paths = windows.catalogue(5, "HQ-FS02", 6_000)
    breach = intrusion(5, people, paths, COURSES["supplier-vpn"])
    truth = breach.truth
    assert truth["first_host"] == truth["edges"][0]["to"] == truth["compromised"][0]["host"]
    assert truth["edges"][0]["from"] == truth["entry"]["host"] not in {one["host"] for one in truth["compromised"]}
    assert write_sessions(tmp_path, 5, breach) == len((tmp_path / "vpn/openvpn.log").read_text("utf-8").splitlines())
    assert truth["entry"]["address"] in (tmp_path / "vpn/openvpn.log").read_text("utf-8")


def test_addresses_move_from_a_moment_on_in_every_log(tmp_path: Path) -> None:
    for folder in ("windows", "zeek/2019-03", "squid/2019-03"):
        (tmp_path / folder).mkdir(parents=True)
    lines = [
        f'{{"TimeCreated":"2019-03-0{day}T01:00:00.000000Z","IpAddress":"10.20.10.{last}"}}\n'
        for day in (1, 9) for last in (22, 23)
    ]  # fmt: skip
    (tmp_path / "windows/HQ-PC001.json").write_text("".join(lines), "utf-8")
    dhcp = "#fields\tts\taddress\n" + "".join(
        f"{1551398400 + d * 86400}.0\t10.20.10.{n}\n" for d in (0, 8) for n in (22, 23)
    )
    (tmp_path / "zeek/2019-03/dhcp.log").write_text(dhcp, "utf-8")
    (tmp_path / "squid/2019-03/access.log").write_text("1552176000.000 10.20.10.22 10.20.1.31\n", "utf-8")
    assert churned(tmp_path, 1, ["HQ-PC001"], "2019-03-05T00:00:00") == 2
    seen = [json.loads(line)["IpAddress"] for line in (tmp_path / "windows/HQ-PC001.json").read_text().splitlines()]
    assert seen == ["10.20.10.22", "10.20.10.23", "10.20.10.23", "10.20.10.22"]
    leased = [line.split("\t")[1] for line in (tmp_path / "zeek/2019-03/dhcp.log").read_text().splitlines()[1:]]
    assert leased == seen
    assert (tmp_path / "squid/2019-03/access.log").read_text() == "1552176000.000 10.20.10.23 10.20.1.31\n"
