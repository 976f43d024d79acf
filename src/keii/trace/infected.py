"""Machines with signs: those that match the intel, those that talk to the same destinations, and what behaves alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import duckdb
import msgspec

from keii.lake.index import column_kinds
from keii.model import Clock, Hop, Infection, Locator, Match
from keii.trace.conduct import Conduct
from keii.trace.destinations import Destination
from keii.trace.hosts import Names
from keii.trace.internal import Networks

_PLACES = ("ip", "cidr", "domain", "url")
_INBOUND = {"src_ip", "SourceIp", "SourceAddress", "IpAddress", "ClientAddress"}


class Sign(msgspec.Struct, kw_only=True):
    """One machine's signs, gathered."""

    host: str
    how: str
    addresses: set[str] = msgspec.field(default_factory=set)
    first: str = "~"
    last: str = ""
    destinations: dict[str, int] = msgspec.field(default_factory=dict)
    matches: list[str] = msgspec.field(default_factory=list)
    events: int = 0
    locators: list[Locator] = msgspec.field(default_factory=list)

    def take(self, first: str, last: str, events: int, locators: Iterable[Locator], far: Iterable[str] = ()) -> None:
        """Add one more sign."""
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.events += events
        self.locators.extend(locators)
        for name in far:
            self.destinations[name] = self.destinations.get(name, 0) + events


class Signs:
    """All machines with signs, by name."""

    def __init__(self, names: Names, networks: Networks) -> None:
        self.names, self.networks = names, networks
        self.hosts: dict[str, Sign] = {}

    def of(self, host: str, when: str | None, how: str) -> Sign:
        """Return the machine's record, made if new; the first way of knowing it stays."""
        name = self.names.name_of(host, when)
        sign = self.hosts.setdefault(name, Sign(host=name, how=how))
        if self.networks.is_internal(host):
            sign.addresses.add(host)
        return sign

    def addresses(self) -> set[str]:
        """Return every address of every machine with signs."""
        return {a for sign in self.hosts.values() for a in (*sign.addresses, *self.names.addresses_of(sign.host))}

    def infections(self) -> tuple[Infection, ...]:
        """Return the machines in order of their first sign."""
        return tuple(
            Infection(
                host=sign.host,
                addresses=tuple(sorted(sign.addresses | set(self.names.addresses_of(sign.host)))),
                first=None if sign.first == "~" else sign.first,
                last=sign.last or None,
                destinations=tuple(sorted(sign.destinations, key=lambda far: (-sign.destinations[far], far))),
                matches=tuple(dict.fromkeys(sign.matches)),
                events=sign.events,
                how=sign.how,
                locators=tuple(sign.locators[:20]),
            )
            for sign in sorted(self.hosts.values(), key=lambda s: (s.first, s.host))
        )


def take_matches(
    signs: Signs, matches: Sequence[Match], forwarders: frozenset[str], known_clocks: Sequence[Clock] = ()
) -> set[str]:
    """Add machines that match the intel and return the destinations (addresses and names) that they matched.

    A forwarder (proxy, resolver) that passes on another's request is not infected by that. An address of the intel that only
    came knocking (the matched column is the source, from outside) is no infection either. Matches tell times as recorded: those in a
    host's own log are moved by the error of its clock.
    """
    offsets = {clock.host: dt.timedelta(seconds=clock.offset) for clock in known_clocks}
    far: set[str] = set()
    counts: dict[str, dict[str, dict[str, dict[str, int]]]] = {}  # host, table, column, value
    for match in sorted(matches, key=_is_weak):
        if not match.host or match.host in forwarders or match.first_seen is None:
            continue
        if _is_weak(match) and signs.names.name_of(match.host, match.first_seen) not in signs.hosts:
            continue  # a file name that others use too says nothing by itself
        if match.column in _INBOUND and not signs.networks.is_internal(match.values[0] if match.values else ""):
            continue
        moved = offsets.get(match.host, dt.timedelta()) if match.table == "windows" else dt.timedelta()
        first, last = (_moved(instant, moved) for instant in (match.first_seen, match.last_seen or match.first_seen))
        sign = signs.of(match.host, first, "intel")
        places = [value for value in match.values if _is_place(value) and not signs.networks.is_internal(value)]
        reached = places if match.indicator and match.indicator.kind in _PLACES else []
        sign.take(first, last, 0, match.locators, reached)
        value = match.indicator.value if match.indicator else match.id
        column = counts.setdefault(sign.host, {}).setdefault(match.table, {}).setdefault(match.column, {})
        column[value] = max(match.events, column.get(value, 0))
        for place in reached:
            sign.destinations[place] += match.events
        sign.matches.append(match.id)
        far.update(reached)
    for host, tables in counts.items():
        # Several indicators hold for the same record (name and address of one server, the same report twice): the column that
        # holds most in a table counts.
        signs.hosts[host].events += sum(
            max(sum(values.values()) for values in columns.values()) for columns in tables.values()
        )
    return far


def _is_weak(match: Match) -> bool:
    """A file name that others use too, or the host of a URL where only its path was told to be malicious."""
    asked = match.indicator
    if asked is None:
        return False
    of_url = asked.kind == "url" and column_kinds(match.table).get(match.column) in ("ip", "domain", "answer")
    return asked.kind == "file-name" or (of_url and asked.role not in ("c2", "exfiltration"))


def _moved(instant: str, by: dt.timedelta) -> str:
    return (dt.datetime.fromisoformat(instant) + by).isoformat(timespec="microseconds")


def _is_place(value: str) -> bool:
    return "." in value and "/" not in value and "\\" not in value and " " not in value and "=" not in value


def take_same_destination(
    connection: duckdb.DuckDBPyConnection, signs: Signs, far: set[str], forwarders: frozenset[str]
) -> None:
    """Add own machines that talked to the same destinations, in any log of connections, requests or handshakes."""
    if not far:
        return
    connection.execute("CREATE OR REPLACE TEMP TABLE known_far (far VARCHAR)")
    connection.executemany("INSERT INTO known_far VALUES (?)", [[place] for place in sorted(far)])
    rows = connection.execute(
        """
        SELECT src_ip, far, min(occurred), max(occurred), count(*),
               list({'source': source, 'record': record, 'own': uid} ORDER BY occurred, source, record)[1:20]
        FROM (
            SELECT src_ip, dst_ip AS far, occurred, source, record, uid FROM network WHERE dst_ip IN (SELECT far FROM known_far)
            UNION ALL SELECT src_ip, hostname, occurred, source, record, uid FROM http WHERE hostname IN (SELECT far FROM known_far)
            UNION ALL SELECT src_ip, server_name, occurred, source, record, uid FROM tls WHERE server_name IN (SELECT far FROM known_far)
        ) WHERE occurred IS NOT NULL AND src_ip IS NOT NULL GROUP BY src_ip, far ORDER BY src_ip, far
        """
    ).fetchall()
    for address, place, first, last, events, places in rows:
        if address in forwarders or not signs.networks.is_internal(address):
            continue
        name = signs.names.name_of(address, first.isoformat())
        if name in signs.hosts:
            continue
        signs.of(address, first.isoformat(), "same-destination").take(
            first.isoformat(timespec="microseconds"),
            last.isoformat(timespec="microseconds"),
            events,
            [Locator(source=p["source"], record=p["record"], record_id=p["own"]) for p in places],
            [place],
        )


def take_behaviour(signs: Signs, found: Sequence[Destination]) -> set[str]:
    """Add machines that behave as if remote-controlled, and the destinations of those that are known already."""
    for one in found:
        sign = signs.of(one.client, one.first, "behaviour")
        sign.take(one.first, one.last, one.connections, one.locators, [one.far])
    return {one.far for one in found}


def take_conduct(signs: Signs, found: Sequence[Conduct]) -> None:
    """Add machines whose own records show an intruder's work, with the destinations that its commands name."""
    for one in found:
        first, last = (deed.at.isoformat(timespec="microseconds") for deed in (one.deeds[0], one.deeds[-1]))
        kinds = {deed.kind: deed for deed in reversed(one.deeds)}
        places = [kinds[kind].locator for kind in one.kinds]
        signs.of(one.machine, first, "conduct").take(first, last, len(one.deeds), places)
        for name in one.named:
            signs.of(one.machine, first, "conduct").destinations.setdefault(name, 0)


def take_hops(signs: Signs, hops: Sequence[Hop]) -> None:
    """Add the machines at both ends of the hops; those with signs of their own stay known by these."""
    new = {end for hop in hops for end in (hop.source_host, hop.target_host)} - set(signs.hosts)
    for hop in hops:
        places = (*hop.target_records, *hop.source_records, *hop.network_records)
        for end in (hop.source_host, hop.target_host):
            if end in new and (end == hop.target_host or hop.direction == "backward"):
                signs.of(end, hop.first, "reached").take(hop.first, hop.last, hop.events, places[:5])
