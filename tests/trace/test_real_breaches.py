"""The whole trace without intel on real evidence, against its truth: who is behind it is told by behaviour alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from keii.lake.store import Lake
from keii.model import Trace
from keii.trace import TraceSettings, observed, trace
from tests.trace.conftest import read_into


def _traced(root: Path, *paths: Path) -> Trace:
    read_into(root, list(paths))
    return trace(Lake.of_folder(root), (), TraceSettings())


def _truth(path: Path) -> dict[str, Any]:
    return dict(msgspec.json.decode(path.read_bytes()))


def test_apt29_day1(shelf: Path, tmp_path: Path) -> None:
    folder = shelf / "zeek" / "apt29-day1"
    truth = _truth(folder / "truth.json")
    found = _traced(tmp_path, *sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "truth.json"))
    by_address = {address: i for i in found.infections for address in i.addresses}
    assert {(c["src"], c["dst"]) for c in truth["c2"]} <= {
        (a, d) for a, i in by_address.items() for d in i.destinations
    }
    assert set(by_address) == {c["src"] for c in truth["c2"]}
    ways = {(by_address[e["src"]].host, by_address[e["dst"]].host, e["first"][:16]) for e in truth["lateral_edges"]}
    assert {(h.source_host, h.target_host, h.first[:16]) for h in found.hops} == ways
    assert {h.how for h in found.hops} == {"winrm", "smb"}
    assert {h.user for h in found.hops} == {"pbeesly"}
    first = next(a for a, name in truth["network"]["hosts"].items() if name == truth["patient_zero"])
    assert first in next(i for i in found.infections if i.host == found.first_hosts[0].host).addresses
    upload = next(e for e in truth["exfiltration"] if e.get("http_method") == "PUT")
    assert any(t.destination == upload["dst"] and t.file == upload["uri"] for t in found.transfers)


@pytest.mark.parametrize("number", ["01", "02", "04"])
def test_lsass_campaigns(shelf: Path, tmp_path: Path, number: str) -> None:
    folder = shelf / "windows-json" / f"lsass-campaign-{number}"
    truth = _truth(folder / "truth.json")
    found = _traced(tmp_path, *sorted(folder.glob("*.zip")))
    assert [(i.host, i.addresses) for i in found.infections] == [
        (h["name"], tuple(h["ip_in_capture"])) for h in truth["compromised_hosts"]
    ]
    assert found.infections[0].destinations == tuple(c["ip"] for c in truth["c2"])
    assert (found.infections[0].first or "")[:13] == truth["c2"][0]["session_opened_utc"][:13]
    assert found.hops == ()
    assert any(step.kind == "lsass-access" for step in found.steps) or number != "01"


def test_a_beacon_through_a_proxy(shelf: Path, tmp_path: Path) -> None:
    found = _traced(tmp_path, *sorted((shelf / "zeek" / "rita" / "proxy").glob("*")))
    # RITA's own test names the one beacon of this set (see truth.json there).
    assert [(b.host, b.destination) for b in found.beacons] == [("10.136.0.18", "www.honestimnotevil.com")]
    assert [i.host for i in found.infections] == ["10.136.0.18"]


def test_ordinary_use_is_no_intrusion(shelf: Path, tmp_path: Path) -> None:
    found = _traced(tmp_path, shelf / "evtx" / "benign-rathbun-w10.tar.xz")
    assert (found.infections, found.hops, found.first_hosts, found.beacons, found.transfers) == ((), (), (), (), ())
    topics = {claim.topic for claim in observed(found, None, {})}
    assert not any(topic.startswith(("intrusion.", "affected.", "entry.", "leak.", "time.")) for topic in topics)
