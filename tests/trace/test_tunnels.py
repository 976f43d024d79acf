"""A step that came through a VPN: the session of that moment, whose it was, and whether its origin is new."""

from __future__ import annotations

import datetime as dt

import pytest

from keii.model import Hop, HostIdentity, Locator
from keii.trace.tunnels import Visit, entrance, entries

START = dt.datetime(2024, 3, 4, 9, tzinfo=dt.UTC)


def visit(hours: float, outside: str, *, user: str = "maint", address: str = "10.99.0.14", length: float = 2) -> Visit:
    at = START + dt.timedelta(hours=hours)
    return Visit(
        address=address, user=user, outside=outside, at=at, until=at + dt.timedelta(hours=length),
        place=Locator(source="s-vpn", record=int(hours)),
    )  # fmt: skip


def hop(hours: float, source: str = "NB02") -> Hop:
    at = (START + dt.timedelta(hours=hours)).isoformat()
    return Hop(source_host=source, target_host="PC1", how="rdp", first=at, last=at, events=1, direction="forward")


def known_as(host: str, address: str) -> HostIdentity:
    return HostIdentity(host=host, address=address, mac=None, first=None, last=None, witness="logon")


HOSTS = [known_as("NB02", "10.99.0.14"), known_as("PC7", "10.20.1.7")]


@pytest.mark.parametrize("source", ["NB02", "10.99.0.14"])
def test_the_session_of_that_moment_is_found_by_name_and_by_address(source: str) -> None:
    known = [visit(0, "198.51.100.6"), visit(48, "198.51.100.6"), visit(96, "203.0.113.8")]
    found = entrance(hop(97, source), HOSTS, known)
    assert found is not None
    assert (found.visit, found.before, found.known, found.usual) == (known[2], 2, 0, "198.51.100.6")


def test_an_address_given_to_somebody_else_since_is_that_ones() -> None:
    known = [visit(0, "198.51.100.6", length=24), visit(5, "198.51.100.9", user="other")]
    found = entrance(hop(6), HOSTS, known)
    assert found is not None
    assert (found.visit.user, found.before, found.usual) == ("other", 0, "")


@pytest.mark.parametrize(("hours", "source"), [(50, "NB02"), (1, "PC7"), (-1, "NB02")])
def test_outside_of_a_session_and_from_other_machines_nobody_came_through_it(hours: float, source: str) -> None:
    assert entrance(hop(hours, source), HOSTS, [visit(0, "198.51.100.6")]) is None


def test_two_steps_through_one_session_are_one_entry() -> None:
    found = {
        hop(1): entrance(hop(1), HOSTS, [visit(0, "203.0.113.8")]),
        hop(1.5): entrance(hop(1.5), HOSTS, [visit(0, "203.0.113.8")]),
    }
    (step,) = entries({one: through for one, through in found.items() if through})
    assert (step.host, step.kind, step.technique, step.user, step.what) == (
        "PC1", "vpn-entry", "T1133", "maint", "203.0.113.8 > 10.99.0.14",
    )  # fmt: skip
