"""The whole trace on the made breach: machines, steps, first machine and volume as its truth has them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keii.case.case import Case
from keii.hunt import hunt
from keii.ingest import Quiet, ingest
from keii.model import Trace
from keii.simulate import simulate
from keii.trace import TraceSettings, observed, trace


class Breach(msgspec.Struct, frozen=True):
    """A traced breach and what really happened."""

    trace: Trace
    truth: dict[str, Any]


def _traced(folder: Path, seed: int, *, with_intel: bool = True) -> Breach:
    simulate(folder / "made", scale="250000", seed=seed)
    with Case.create(folder / "case", "made") as case:
        case.add([folder / "made" / "logs", folder / "made" / "intel"], link=True)
        ingest(case, Quiet(), workers=1)
        catalog = case.catalog
        intel = (catalog.indicators(), catalog.patterns()) if with_intel else ((), ())
        matches = hunt(case.lake(), *intel, not_searchable=[], internal=()).matches
        found = trace(case.lake(), matches, TraceSettings())
    return Breach(found, msgspec.json.decode((folder / "made" / "truth.json").read_bytes()))


@pytest.fixture(scope="module")
def breach(tmp_path_factory: pytest.TempPathFactory) -> Breach:
    return _traced(tmp_path_factory.mktemp("breach"), seed=1)


def _steps(truth: dict[str, Any]) -> set[tuple[str, str, str, str, str]]:
    return {(e["from"], e["to"], e["user"], e["how"], e["at"][:10]) for e in truth["edges"]}


def _check(breach: Breach) -> None:
    truth, found = breach.truth, breach.trace
    assert {i.host for i in found.infections} == {host["host"] for host in truth["compromised"]}
    told = {(h.source_host, h.target_host, h.user, h.how, h.first[:10]) for h in found.hops}
    assert _steps(truth) <= told
    pairs = {(e["from"], e["to"]) for e in truth["edges"]}
    assert {(h.source_host, h.target_host) for h in found.hops} == pairs
    for edge in truth["edges"]:
        at = dt.datetime.fromisoformat(edge["at"])
        assert any(
            (h.source_host, h.target_host) == (edge["from"], edge["to"])
            and abs((dt.datetime.fromisoformat(h.first) - at).total_seconds()) <= 60
            for h in found.hops
        )
    assert found.first_hosts[0].host == truth["first_host"]
    assert any(r.speaks_for for r in found.first_hosts[:1])
    sent = {(t.host, t.destination): t.bytes_out for t in found.transfers}
    drop = next(c for c in truth["c2"] if truth["exfiltration"]["host"] in c["hosts"])
    whole = sum(sent.get((truth["exfiltration"]["host"], far), 0) for far in (drop["name"], drop["address"]))
    assert whole == truth["exfiltration"]["bytes"]


def test_the_breach_is_told_as_it_was(breach: Breach) -> None:
    _check(breach)


def test_what_the_erased_log_took_others_still_tell(breach: Breach) -> None:
    erased = next(e for e in breach.truth["erased"] if e["missing_from"])
    lost = [
        h
        for h in breach.trace.hops
        if h.target_host == erased["host"] and erased["missing_from"] <= h.first <= erased["cleared_at"]
    ]
    assert len(lost) == sum(
        e["to"] == erased["host"] and erased["missing_from"] <= e["at"] <= erased["cleared_at"]
        for e in breach.truth["edges"]
    )
    assert all(h.missing == ("target",) and h.network_records and not h.target_records for h in lost)


def test_claims_cite_records_and_logs(breach: Breach) -> None:
    claims = observed(breach.trace, None, {})
    by_topic = {c.topic: c for c in reversed(claims)}
    start = by_topic["time.intrusion_start"]
    entry = dt.datetime.fromisoformat(breach.truth["entry"]["at"])
    assert start.moment is not None
    assert start.moment.earliest is not None
    assert 0 <= (start.moment.earliest - entry).total_seconds() < 60
    assert by_topic["affected.hosts"].value.num == len(breach.truth["compromised"])  # type: ignore[union-attr]
    assert by_topic["entry.point"].value.items == (breach.truth["first_host"],)  # type: ignore[union-attr]
    assert {c.about for c in claims if c.topic == "log.erased"} == {e["host"] for e in breach.truth["erased"]}
    files = next(c for c in claims if c.topic == "affected.files" and c.about is None)
    assert files.value.num == breach.truth["files"]["distinct_in_logs"]  # type: ignore[union-attr]
    assert (files.approximation, files.modality) == ("at-least", "certain")
    for claim in claims:
        assert claim.basis == "observed"
        assert 0 < len(claim.locators) <= 20 <= max(claim.evidence, 20)
        assert claim.note
        assert (claim.speaker or "").startswith("log:")
    assert len({c.id for c in claims}) == len(claims)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_other_seeds_are_told_as_well(tmp_path: Path, seed: int) -> None:
    _check(_traced(tmp_path, seed))


@pytest.mark.slow
def test_without_intel_the_behaviour_tells_it(tmp_path: Path) -> None:
    _check(_traced(tmp_path, 1, with_intel=False))
