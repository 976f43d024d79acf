"""Contacts joined into sessions: what one login did from one machine on another without a pause of an hour."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from keii.data import load
from keii.model import Hop, Locator
from keii.trace.contacts import Contact

_PAUSE = dt.timedelta(hours=1)  # longer ends a session
_NEAR = dt.timedelta(minutes=2)  # a record of another kind this near belongs to the session
_LEAD = dt.timedelta(seconds=5)  # clocks of two ends differ by this much after correction


class Session(msgspec.Struct, kw_only=True):
    """One login's contacts from one machine to another, of one family (smb, rdp, winrm, ssh, explicit)."""

    source_host: str
    target_host: str
    family: str
    user: str | None
    first: dt.datetime
    last: dt.datetime
    contacts: list[Contact]
    installed: list[Locator] = []

    @property
    def kinds(self) -> set[str]:
        """The kinds of its contacts, with ``installed`` where a service was installed during it."""
        return {c.kind for c in self.contacts} | ({"installed"} if self.installed else set())

    def take(self, contact: Contact) -> None:
        """Add a contact and widen the session to it."""
        self.contacts.append(contact)
        self.first, self.last = min(self.first, contact.first), max(self.last, contact.last)


def sessions(
    contacts: Iterable[Contact], installs: dict[str, list[tuple[dt.datetime, Locator]]]
) -> tuple[Session, ...]:
    """Return the sessions in order of time.

    Records without a login (the network's) join the session of the same pair and family that they overlap, whatever its login;
    an explicit-credentials record (4648) joins the session that begins within two minutes. A service installed on the target between
    the session's begin and two minutes after its last record belongs to it, where a person's logon or the service pipe is there.
    """
    family_of = {kind: family for family, kinds in load("trace/contacts")["families"].items() for kind in kinds}
    named: dict[tuple[str, str, str, str | None], list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.kind in family_of:
            named[contact.source_host, contact.target_host, family_of[contact.kind], contact.user].append(contact)
    built: dict[tuple[str, str], list[Session]] = defaultdict(list)
    # Sessions with a login first, so that records without one find them; explicit credentials last.
    for key in sorted(named, key=lambda k: (k[3] is None, k[2] == "explicit", str(k))):
        pair = built[key[0], key[1]]
        for session in _split(key, named[key]):
            home = _home(session, pair)
            if home is None:
                pair.append(session)
                continue
            for contact in session.contacts:
                home.take(contact)
    found = [session for pair in built.values() for session in pair]
    for session in found:
        if session.family == "smb":
            session.installed = [
                place
                for at, place in installs.get(session.target_host, ())
                if session.first - _LEAD <= at <= session.last + _NEAR
                and session.kinds & {"service-control", "admin-share"}
            ]
    return tuple(sorted(found, key=lambda s: (s.first, s.source_host, s.target_host, s.family, s.user or "")))


def _split(key: tuple[str, str, str, str | None], contacts: list[Contact]) -> list[Session]:
    found: list[Session] = []
    for contact in sorted(contacts, key=lambda c: (c.first, c.last, c.kind, c.side)):
        if found and contact.first - found[-1].last <= _PAUSE:
            found[-1].take(contact)
        else:
            found.append(
                Session(
                    source_host=key[0],
                    target_host=key[1],
                    family=key[2],
                    user=key[3],
                    first=contact.first,
                    last=contact.last,
                    contacts=[contact],
                    installed=[],
                )
            )
    return found


def _home(session: Session, pair: Sequence[Session]) -> Session | None:
    """Return the session of the same pair that this one is part of: the nearest in time that fits."""
    explicit = session.family == "explicit"
    weak = session.kinds <= {"logon", "ticket"}  # what any way of entering leaves behind
    fits = []
    for other in pair:
        same_family = other.family == session.family and session.user is None
        same_user = other.family != session.family and (explicit or weak) and session.user == other.user
        if not (same_family or same_user):
            continue
        margin = _NEAR
        if session.first - margin <= other.last and other.first <= session.last + margin:
            fits.append((abs(session.first - other.first), other.first, other))
    return min(fits, key=lambda fit: fit[:2])[2] if fits else None


def hop(session: Session, direction: str, logged: frozenset[str]) -> Hop:
    """Return the session as a hop. ``logged`` names the machines that have a log of their own: others' records are missing."""
    kinds = session.kinds
    way = next(
        (way for way in load("trace/contacts")["ways"] if kinds & set(way["needs"])),
        {"how": session.family, "technique": ""},
    )
    users = Counter(c.user for c in session.contacts if c.user)
    records: dict[str, list[Locator]] = {"source": [], "target": [*session.installed], "network": []}
    for contact in sorted(session.contacts, key=lambda c: (c.first, c.kind)):
        records[contact.side].extend(contact.locators)
    # Entering a machine always leaves a record there; leaving one often leaves none, so only an absent log is missing.
    missing = [] if records["source"] or session.source_host in logged else ["source"]
    missing += [] if records["target"] else ["target"]
    return Hop(
        source_host=session.source_host,
        target_host=session.target_host,
        user=session.user or (min(users, key=lambda u: (-users[u], u)) if users else None),
        how=way["how"],
        technique=way["technique"],
        first=session.first.isoformat(timespec="microseconds"),
        last=session.last.isoformat(timespec="microseconds"),
        events=sum(c.events for c in session.contacts) + len(session.installed),
        source_records=tuple(records["source"][:20]),
        target_records=tuple(records["target"][:20]),
        network_records=tuple(records["network"][:20]),
        missing=tuple(missing),
        direction=direction,
    )
