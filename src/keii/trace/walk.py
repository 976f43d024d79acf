"""The way through the network: from machines with signs forward to what was reached, and back to where it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import duckdb
import msgspec

from keii.data import load
from keii.model import Hop, HostIdentity, Infection
from keii.trace.contacts import clients_of_shares, contacts, controllers, installs, prepare, reached_alike
from keii.trace.hosts import Names
from keii.trace.internal import Networks
from keii.trace.namesakes import namesakes
from keii.trace.sessions import Session, hop, sessions

_DEPTH = 8  # rounds; NEC-like chains have three or four machines
_SLACK = dt.timedelta(minutes=5)  # the first sign on a machine may come a little after the hop into it
_BACK = dt.timedelta(days=7)  # how long before the first sign a machine may have been entered
_PAST = dt.timedelta(days=1)  # logs must begin this long before the first sign to tell new from usual
_ALIKE = dt.timedelta(hours=12)  # to either side of a step back: what else the machine reached the same way
_MANY = 10  # machines reached the same way in that time make a round of all of them, a scan or the administrator's
_HIT = 0.2  # of which share signs must have followed for the round to be the intruder's
_FEW = 2  # clients of a machine whose file service is not a server's


class Round(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A machine that reached many others the same way around a step into a machine with signs; few of them had signs after it."""

    source_host: str
    family: str
    day: str
    machines: int
    hit: int


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """What the walk found: hops in order of time, machines reached with the time, logins in the adversary's hands."""

    hops: tuple[Hop, ...] = ()
    reached: tuple[tuple[str, str], ...] = ()
    users: tuple[tuple[str, str], ...] = ()
    has_past: bool = True
    rounds: tuple[Round, ...] = ()


class _Walk:
    """The state of one walk: since when each machine and login is suspect."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, names: Names, networks: Networks) -> None:
        self.connection, self.names, self.networks = connection, names, networks
        self.since: dict[str, dt.datetime] = {}
        self.users: dict[str, dt.datetime] = {}
        self.taken: dict[int, tuple[Session, str]] = {}
        self.directions: dict[tuple[str, str, str, str | None, dt.datetime], str] = {}
        self.strong = frozenset(load("trace/contacts")["strong"])
        self.controllers = controllers(connection, names)
        self.clients = clients_of_shares(connection, names)
        families: dict[str, list[str]] = load("trace/contacts")["families"]
        self.families = {name: self.strong.intersection(kinds) for name, kinds in families.items()}
        self.rounds: dict[tuple[str, str, str | None, dt.datetime], Round | None] = {}
        self.has_past = True
        self.begin = dt.datetime.max.replace(tzinfo=dt.UTC)

    def keys(self) -> set[str]:
        return {key for host in self.since for key in (host, *self.names.addresses_of(host))}

    def is_new(self, session: Session, everything: Sequence[Session]) -> bool:
        """True if this login never came this way before the intrusion began; without a login, if nobody did."""
        if not self.has_past:
            return True
        # What lies before the first sign may be the intruder's own way in: the past ends where the look back does.
        past = self.begin if session.first >= self.begin else self.begin - _BACK
        return not any(
            other.first < past
            and other.target_host == session.target_host
            and other.source_host == session.source_host
            and other.family == session.family
            and (
                session.user is None
                or other.user == session.user
                or (other.user is None and bool(session.kinds & other.kinds & self.strong))
            )
            for other in everything
        )

    def is_round(self, session: Session, signs: dict[str, dt.datetime]) -> bool:
        """True if the session is one of many alike, after which hardly any machine had signs: it does not tell the way in."""
        key = (session.source_host, session.family, session.user, session.first)
        if key not in self.rounds:
            keys = (session.source_host, *self.names.addresses_of(session.source_host))
            between = (session.first - _ALIKE, session.first + _ALIKE)
            kinds = self.families.get(session.family, frozenset())
            alike = reached_alike(self.connection, keys, kinds, session.user, between, self.names)
            hit = sum(session.first - _SLACK <= signs[host] <= session.first + _BACK for host in alike & signs.keys())
            is_one = len(alike) >= _MANY and hit < _HIT * len(alike)
            self.rounds[key] = (
                Round(
                    source_host=session.source_host,
                    family=session.family,
                    day=session.first.date().isoformat(),
                    machines=len(alike),
                    hit=hit,
                )
                if is_one
                else None
            )
        return self.rounds[key] is not None

    def is_step(self, session: Session, everything: Sequence[Session]) -> bool:
        """True if the session is more than what the machine's own user does every day."""
        kinds = session.kinds
        peer = (
            "smb" in kinds
            and self.clients.get(session.target_host, 0) <= _FEW
            and session.target_host not in self.controllers
        )
        if kinds & self.strong or peer:
            return self.is_new(session, everything)
        known = session.user is not None and session.user in self.users and self.users[session.user] <= session.first
        entered = bool(kinds & {"logon", "smb", "ticket"}) and session.target_host not in self.controllers
        return known and entered and self.is_new(session, everything)


def walk(
    connection: duckdb.DuckDBPyConnection,
    infections: Sequence[Infection],
    known: Sequence[HostIdentity],
    networks: Networks,
) -> Path:
    """Return the hops of the intrusion, each with the records of both ends.

    From every machine with signs the walk goes on by remote execution, remote desktop, administrative shares and, once a login
    has been used so, by that login's ordinary logons; from a reached machine it goes on from the time it was reached. Into a
    machine with signs it looks back seven days for remote execution or desktop. A step must be new: a pair and login that came
    the same way before the intrusion began is usual work. A machine that within twelve hours reached ten or more others the
    same way, of which less than a fifth had signs in the week after, made its round: it is no way back, and is told in
    ``rounds``. Where the logs begin less than a day before the first sign nothing can be told as usual (``has_past`` is then
    False). Domain controllers are reached only by strong steps: everyone logs on there.
    """
    dated = [i for i in infections if i.first]
    if not dated:
        return Path()
    prepare(connection, known)
    names = Names(known, namesakes(connection))
    state = _Walk(connection, names, networks)
    for infection in dated:
        state.since[infection.host] = dt.datetime.fromisoformat(infection.first or "")
    state.begin = min(state.since.values())
    state.has_past = _log_begin(connection, state.begin) <= state.begin - _PAST
    installed = installs(connection)
    signs = dict(state.since)
    done: set[str] = set()
    for _ in range(_DEPTH):
        keys = state.keys()
        if keys == done:
            break
        done = keys
        found = sessions(contacts(connection, keys, names), installed)
        while _round(state, found, signs):
            pass
    logged = _logged(connection)
    ordered = sorted(state.taken.values(), key=lambda t: (t[0].first, t[0].source_host, t[0].target_host, t[0].family))
    return Path(
        hops=tuple(hop(session, direction, logged) for session, direction in ordered),
        reached=tuple(
            sorted(
                (host, at.isoformat(timespec="microseconds")) for host, at in state.since.items() if host not in signs
            )
        ),
        users=tuple(sorted((user, at.isoformat(timespec="microseconds")) for user, at in state.users.items())),
        has_past=state.has_past,
        rounds=tuple(sorted({one for one in state.rounds.values() if one})),
    )


def _round(state: _Walk, found: Sequence[Session], signs: dict[str, dt.datetime]) -> bool:
    """Take every session that is a step from or into a suspect machine; True if a machine or login was learnt."""
    before = (dict(state.since), dict(state.users))
    taken: dict[int, tuple[Session, str]] = {}
    for number, session in enumerate(found):
        if not _is_machine(state, session.target_host):
            continue
        source, target = state.since.get(session.source_host), signs.get(session.target_host)
        if source is not None and session.last >= source - _SLACK:
            direction = "forward"
        elif target is not None and target - _BACK <= session.first <= target + _SLACK and source is None:
            direction = "backward"
        else:
            continue
        if not state.is_step(session, found):
            continue
        if direction == "backward" and _is_outside(state, session.source_host):
            direction = "inbound"
        if direction == "backward" and state.is_round(session, signs):
            continue
        # Once the source is known a step back looks like one forward: it stays what it was found as.
        key = (session.source_host, session.target_host, session.family, session.user, session.first)
        direction = state.directions.setdefault(key, direction)
        taken[number] = (session, direction)
        if direction != "inbound":
            earlier = state.since.get(session.source_host, session.first)
            state.since[session.source_host] = min(earlier, session.first) if direction == "backward" else earlier
        state.since[session.target_host] = min(state.since.get(session.target_host, session.last), session.first)
        if session.user and session.kinds & state.strong:
            state.users[session.user] = min(state.users.get(session.user, session.first), session.first)
    state.taken = taken
    return (state.since, state.users) != before


def _is_machine(state: _Walk, host: str) -> bool:
    """True if the target is one of the victim's machines: a name, or an address in its networks."""
    return not host.replace(".", "").isdigit() or state.networks.is_internal(host)


def _is_outside(state: _Walk, host: str) -> bool:
    return host.replace(".", "").isdigit() and not state.networks.is_internal(host)


def _log_begin(connection: duckdb.DuckDBPyConnection, otherwise: dt.datetime) -> dt.datetime:
    row = connection.execute(
        "SELECT min(first) FROM (SELECT min(occurred) AS first FROM windows_true UNION ALL SELECT min(occurred) FROM network)"
    ).fetchone()
    return row[0] if row and row[0] else otherwise


def _logged(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    rows = connection.execute("SELECT DISTINCT machine FROM windows_true WHERE machine IS NOT NULL").fetchall()
    return frozenset(machine for (machine,) in rows)
