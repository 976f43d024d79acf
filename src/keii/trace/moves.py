"""Steps from machine to machine: remote execution, remote desktop, admin shares, logons that this pair never had before."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import duckdb
import msgspec

from keii.model import Hop, Locator
from keii.trace.hosts import Names, short
from keii.trace.infected import Signs
from keii.trace.internal import Networks

_MOST = 60  # compromised machines that are followed; a worm beyond that is told as far as this
_NEAR = dt.timedelta(minutes=3)  # between a logon and what it did there
_BEFORE = dt.timedelta(days=1)  # how long before a machine's first sign an entry into it may lie

_TECHNIQUES = {
    "psexec": "T1569.002", "service": "T1569.002", "task": "T1053.005", "wmi": "T1047", "winrm": "T1021.006",
    "rdp": "T1021.001", "smb": "T1021.002", "ssh": "T1021.004", "logon": "T1078", "registry": "T1112",
}  # fmt: skip
_STRONG = ("psexec", "service", "task", "wmi", "winrm", "rdp", "registry")
_RUNS = ("psexec", "service", "task")  # ways that come over a share: its records are theirs
_PORTS = {3389: "rdp", 5985: "winrm", 5986: "winrm", 445: "smb", 139: "smb", 22: "ssh"}
_PIPES = {
    "svcctl": "psexec",
    "psexesvc": "psexec",
    "atsvc": "task",
    "winreg": "registry",
    "itaskschedulerservice": "task",
}


class Seen(msgspec.Struct, kw_only=True):
    """One way in which two machines were seen together on one day."""

    users: dict[str, int] = msgspec.field(default_factory=dict)
    first: str = "~"
    last: str = ""
    events: int = 0
    ends: dict[str, list[Locator]] = msgspec.field(default_factory=dict)

    def take(self, first: str, last: str, events: int, users: dict[str, int], ends: dict[str, list[Locator]]) -> None:
        """Add what was seen."""
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.events += events
        for user, count in users.items():
            self.users[user] = self.users.get(user, 0) + count
        for end, places in ends.items():
            self.ends.setdefault(end, []).extend(places)


class Edge(msgspec.Struct, kw_only=True):
    """What was seen between two machines on one day, by how."""

    source: str
    target: str
    hows: dict[str, Seen] = msgspec.field(default_factory=dict)

    def whole(self) -> Seen:
        """Return all of it together."""
        together = Seen()
        for seen in self.hows.values():
            together.take(seen.first, seen.last, seen.events, seen.users, seen.ends)
        return together


def follow(
    connection: duckdb.DuckDBPyConnection, signs: Signs, networks: Networks, forwarders: frozenset[str]
) -> tuple[Hop, ...]:
    """Follow the intruder from every machine with signs, forward in time, and back to where it was entered from.

    A machine that is reached joins ``signs`` from that moment on. Ordinary work is left out: the machine's own daily user on shares it
    used before, and what goes to domain controllers without remote execution.
    """
    history = _history(connection, signs.names)
    daily = _daily_users(connection)
    hops: dict[tuple[str, str, str], Hop] = {}
    users: set[str] = set()
    done: set[str] = set()
    while len(done) < _MOST:
        waiting = sorted((sign.first, host) for host, sign in signs.hosts.items() if host not in done)
        if not waiting:
            break
        since, host = waiting[0]
        done.add(host)
        for edge in sorted(
            _edges(connection, signs.names, host, networks), key=lambda e: (e.whole().first, e.source, e.target)
        ):
            for hop in _judge(edge, host, since, history, daily, users, signs, forwarders):
                if hops.setdefault((hop.source_host, hop.target_host, f"{hop.how} {hop.first[:10]}"), hop) is hop:
                    users.update({hop.user.lower()} if hop.user else ())
                    _join(signs, hop)
    return tuple(sorted(hops.values(), key=lambda hop: (hop.first, hop.source_host, hop.target_host)))


def _join(signs: Signs, hop: Hop) -> None:
    """Let both ends of a step be machines with signs from then on."""
    for end, when in ((hop.target_host, hop.first), (hop.source_host, hop.first)):
        new = end not in signs.hosts
        sign = signs.of(end, when, "reached")
        if new:
            sign.take(when, hop.last, hop.events, (*hop.target_records, *hop.network_records)[:5])


def _judge(
    edge: Edge,
    host: str,
    since: str,
    history: dict[tuple[str, str, str], str],
    daily: dict[str, set[str]],
    users: set[str],
    signs: Signs,
    forwarders: frozenset[str],
) -> list[Hop]:
    """Return the edge as hops, one for each way, if it is evidence of the intruder's movement; none if it is ordinary work."""
    whole = edge.whole()
    start = since if since != "~" else ""
    if edge.source == host:
        if whole.last < start:
            return []
    elif whole.first > start or whole.first < _earlier(start, _BEFORE):
        return []  # an entry into this machine lies shortly before its first sign
    user = _user(whole, daily.get(edge.source, set()), users)
    fresh = user is not None and history.get((edge.source, edge.target, user.lower()), "~") >= whole.first[:19]
    foreign = user is not None and user.lower() not in daily.get(edge.source, set())
    relay = any(address in forwarders for address in signs.names.addresses_of(edge.target)) or edge.target in forwarders
    strong = [how for how in _STRONG if how in edge.hows]
    if not strong:
        known = user is not None and user.lower() in users
        if relay or not (known or (fresh and foreign)):
            return []
    elif relay and not fresh:
        return []
    direction = "forward" if edge.source == host else "backward"
    return [_hop(edge, how, user, seen, direction) for how, seen in _ways(edge, strong)]


def _ways(edge: Edge, strong: list[str]) -> list[tuple[str, Seen]]:
    """Return each strong way with the logons and share accesses that belong to it; without one, all of it under its own name."""
    if not strong:
        return [(_how(set(edge.hows)), edge.whole())]
    carrier = next((how for how in _RUNS if how in strong), strong[0])
    ways = []
    for how in strong:
        seen = Seen()
        with_it = ("smb", "logon") if carrier in _RUNS else ("logon",)
        for part in (how, *(with_it if how == carrier else ())):
            if part in edge.hows:
                more = edge.hows[part]
                seen.take(more.first, more.last, more.events, more.users, more.ends)
        ways.append((how, seen))
    if carrier not in _RUNS and "smb" in edge.hows:
        ways.append(("smb", edge.hows["smb"]))  # shares were used beside the desktop or shell: a way of its own
    return ways


def _hop(edge: Edge, how: str, user: str | None, seen: Seen, direction: str) -> Hop:
    ends = seen.ends
    return Hop(
        source_host=edge.source,
        target_host=edge.target,
        user=user,
        how=how,
        technique=_TECHNIQUES.get(how, "T1021"),
        first=seen.first,
        last=seen.last,
        events=seen.events,
        source_records=tuple(ends.get("source", ())[:20]),
        target_records=tuple(ends.get("target", ())[:20]),
        network_records=tuple(ends.get("network", ())[:20]),
        missing=tuple(end for end in ("source", "target") if not ends.get(end)),
        direction=direction,
    )


def _earlier(instant: str, by: dt.timedelta) -> str:
    return (dt.datetime.fromisoformat(instant) - by).isoformat(timespec="microseconds") if instant else ""


def _user(seen: Seen, daily: set[str], users: set[str]) -> str | None:
    """Return the login that tells most: one known from another step, then one that is not the machine's own, then any."""
    named = sorted(seen.users, key=lambda user: (-seen.users[user], user))
    known = [user for user in named if user.lower() in users]
    foreign = [user for user in named if user.lower() not in daily]
    return next(iter((*known, *foreign, *named)), None)


def _how(hows: set[str]) -> str:
    for how in ("psexec", "task", "wmi", "winrm", "rdp", "registry", "service", "ssh", "smb", "logon"):
        if how in hows:
            return how
    return "logon"


def _daily_users(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return machine → logins that sit at it (interactive logons on at least two days)."""
    rows = connection.execute(
        """
        SELECT machine, lower(TargetUserName) FROM windows_true
        WHERE event_id = 4624 AND LogonType IN ('2', '7', '11') AND TargetUserName NOT LIKE '%$' AND occurred IS NOT NULL
        GROUP BY ALL HAVING count(DISTINCT CAST(occurred AS DATE)) >= 2
        """
    ).fetchall()
    found: dict[str, set[str]] = defaultdict(set)
    for machine, user in rows:
        found[machine].add(user)
    return found


def _history(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[tuple[str, str, str], str]:
    """Return (source, target, user) → first time of a network or remote logon: a step of a new triple weighs more."""
    rows = connection.execute(
        """
        SELECT replace(IpAddress, '::ffff:', ''), machine, lower(TargetUserName), min(occurred) FROM windows_true
        WHERE event_id = 4624 AND LogonType IN ('3', '9', '10') AND IpAddress IS NOT NULL AND occurred IS NOT NULL GROUP BY ALL
        """
    ).fetchall()
    found: dict[tuple[str, str, str], str] = {}
    for address, machine, user, first in rows:
        key = (names.name_of(address, first.isoformat()), machine, user)
        found[key] = min(found.get(key, "~"), first.isoformat()[:19])
    return found


def _edges(connection: duckdb.DuckDBPyConnection, names: Names, host: str, networks: Networks) -> list[Edge]:
    """Return every edge into and out of a machine, a day each."""
    addresses = [*names.addresses_of(host), *([host] if host[:1].isdigit() else [])]
    found: dict[tuple[str, str, str], Edge] = {}
    for source, target, at, user, how, end, place in _seen(connection, names, host, addresses, networks):
        if not source or not target or source == target or at is None:
            continue
        when = at.isoformat(timespec="microseconds")
        edge = found.setdefault((source, target, when[:10]), Edge(source=source, target=target))
        seen = edge.hows.setdefault(how, Seen())
        room = len(seen.ends.get(end, ())) < 20
        seen.take(when, when, 1, {user: 1} if user else {}, {end: [place]} if room else {})
    return list(found.values())


def _seen(
    connection: duckdb.DuckDBPyConnection, names: Names, host: str, addresses: Sequence[str], networks: Networks
) -> Iterator[tuple[str, str, dt.datetime | None, str | None, str, str, Locator]]:
    """Yield (source, target, when, user, how, end, place) from host logs of both ends and from the network."""
    for address, machine, at, user, kind, share, pipe, event, source, record, own in connection.execute(
        _TARGET_LOGS, [host, list(addresses)]
    ).fetchall():
        when = at.isoformat() if at else None
        place = Locator(source=source, record=record, record_id=own)
        how = _PIPES.get((pipe or "").lower().rsplit("\\", 1)[-1]) or _windows_how(event, kind, share)
        if how and networks.is_internal(address):
            yield names.name_of(address, when), machine, at, user, how, "target", place
    yield from _services(connection, names, host, addresses)
    for machine, target, at, user, source, record, own in connection.execute(_SOURCE_LOGS, [host, host]).fetchall():
        yield machine, short(target), at, user, "logon", "source", Locator(source=source, record=record, record_id=own)
    yield from _on_network(connection, names, addresses, networks)


def _windows_how(event: int, kind: str | None, share: str | None) -> str | None:
    if event == 4624:
        return "rdp" if kind == "10" else "logon"
    if event == 5140:
        name = (share or "").upper().rsplit("\\", 1)[-1]
        return "psexec" if name == "ADMIN$" else "smb" if name not in ("IPC$", "SYSVOL", "NETLOGON") else "logon"
    if event in (21, 25, 1149):
        return "rdp"
    return None


_TARGET_LOGS = """
    SELECT replace(coalesce(IpAddress, Address, param3), '::ffff:', ''), machine, occurred,
           coalesce(TargetUserName, SubjectUserName, "User", param1), LogonType, ShareName, RelativeTargetName,
           event_id, source, record, CAST(record_id AS VARCHAR)
    FROM windows_true
    WHERE ((event_id = 4624 AND LogonType IN ('3', '9', '10')) OR (event_id = 5140)
           OR (event_id = 5145 AND ShareName LIKE '%IPC$') OR (event_id IN (21, 25, 1149) AND provider LIKE '%TerminalServices%'))
      AND coalesce(TargetUserName, SubjectUserName, '') NOT LIKE '%$' AND upper(coalesce(TargetUserName, '')) <> 'ANONYMOUS LOGON'
      AND (machine = ? OR list_contains(?, replace(coalesce(IpAddress, Address, param3), '::ffff:', '')))
    ORDER BY occurred, source, record LIMIT 400000
"""
_SOURCE_LOGS = """
    SELECT machine, TargetServerName, occurred, TargetUserName, source, record, CAST(record_id AS VARCHAR)
    FROM windows_true
    WHERE event_id = 4648 AND TargetServerName IS NOT NULL AND lower(TargetServerName) NOT IN ('localhost', '-')
      AND TargetUserName NOT LIKE '%$' AND (machine = ? OR upper(split_part(TargetServerName, '.', 1)) = ?)
    ORDER BY occurred, source, record LIMIT 100000
"""
_INSTALLED = """
    SELECT s.occurred, replace(l.IpAddress, '::ffff:', ''), l.TargetUserName, s.machine, s.source, s.record, CAST(s.record_id AS VARCHAR)
    FROM windows_true AS s JOIN windows_true AS l
      ON l.machine = s.machine AND l.event_id = 4624 AND l.LogonType = '3' AND l.TargetUserName NOT LIKE '%$'
     AND l.occurred BETWEEN s.occurred - INTERVAL 3 MINUTE AND s.occurred + INTERVAL 1 SECOND
    WHERE s.event_id IN (7045, 4697, 4698) AND (s.machine = ? OR list_contains(?, replace(l.IpAddress, '::ffff:', '')))
      AND l.IpAddress IS NOT NULL AND l.IpAddress NOT IN ('-', '127.0.0.1', '::1')
    ORDER BY 1, 5, 6 LIMIT 1000
"""
_NETWORK = """
    SELECT src_ip, dst_ip, occurred, CAST(NULL AS VARCHAR) AS login, CAST(dst_port AS VARCHAR) AS what, source, record, uid FROM network
        WHERE dst_port IN (3389, 5985, 5986, 445, 139, 22) AND (list_contains($a, src_ip) OR list_contains($a, dst_ip))
          AND coalesce(state, '') NOT IN ('S0', 'REJ', 'RSTOS0')
    UNION ALL SELECT src_ip, dst_ip, occurred, "user", coalesce(endpoint, protocol), source, record, uid FROM remote
        WHERE (protocol IN ('rdp', 'ssh') OR lower(endpoint) IN ('svcctl', 'atsvc', 'itaskschedulerservice', 'winreg', 'iwbemservices'))
          AND (list_contains($a, src_ip) OR list_contains($a, dst_ip))
    UNION ALL SELECT src_ip, dst_ip, occurred, "user", share, source, record, uid FROM smb
        WHERE upper(share) LIKE '%ADMIN$' AND (list_contains($a, src_ip) OR list_contains($a, dst_ip))
    ORDER BY 3, 6, 7 LIMIT 400000
"""


def _services(
    connection: duckdb.DuckDBPyConnection, names: Names, host: str, addresses: Sequence[str]
) -> Iterator[tuple[str, str, dt.datetime | None, str | None, str, str, Locator]]:
    for at, address, user, machine, source, record, own in connection.execute(
        _INSTALLED, [host, list(addresses)]
    ).fetchall():
        place = Locator(source=source, record=record, record_id=own)
        yield names.name_of(address, at.isoformat()), machine, at, user, "psexec", "target", place


def _on_network(
    connection: duckdb.DuckDBPyConnection, names: Names, addresses: Iterable[str], networks: Networks
) -> Iterator[tuple[str, str, dt.datetime | None, str | None, str, str, Locator]]:
    listed = list(addresses)
    if not listed:
        return
    endpoints = {"iwbemservices": "wmi", "rdp": "rdp", "ssh": "ssh", **_PIPES}
    for source_ip, target_ip, at, user, what, source, record, own in connection.execute(
        _NETWORK, {"a": listed}
    ).fetchall():
        if not (networks.is_internal(source_ip) and networks.is_internal(target_ip)):
            continue
        when = at.isoformat() if at else None
        how = endpoints.get((what or "").lower()) or ("psexec" if (what or "").upper().endswith("ADMIN$") else None)
        how = how or _PORTS.get(int(what) if what and what.isdigit() else 0)
        if how:
            place = Locator(source=source, record=record, record_id=own)
            yield names.name_of(source_ip, when), names.name_of(target_ip, when), at, user, how, "network", place
