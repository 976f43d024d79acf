"""What the trace tells: hosts, steps, files, volume, tampering, silence. All times are UTC, ISO 8601, microseconds."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.model.source import Locator


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is told: id of a sentence in ``data/text/*.yaml`` and the values it needs."""

    why: str
    facts: dict[str, str] = {}


class HostIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A machine and one of its addresses over an interval.

    ``inferred_from``/``inferred_until`` are True where the end of the interval is the last sighting, not a record of the change.
    """

    host: str
    address: str
    mac: str | None = None
    first: str | None = None
    last: str | None = None
    inferred_from: bool = True
    inferred_until: bool = True
    witness: str = ""


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """The error of a host's clock, found by pairing its records with a second witness.

    Attributes:
        host: whose records.
        offset: seconds to add to the recorded time to get the true one.
        pairs: number of pairs it rests on; ``spread`` their median absolute deviation in seconds.
        witness: what it was compared with (``UtcTime field``, ``zeek conn``).
    """

    host: str
    offset: float
    pairs: int
    spread: float
    witness: str


class Infection(msgspec.Struct, frozen=True, kw_only=True):
    """An infected host with its window.

    Attributes:
        host: name where known, else address; ``addresses`` all of them in the window.
        first, last: first and last sign.
        destinations: the outside addresses or names it talked to, by number of events.
        matches: ids of the matches it rests on.
        events: number of events.
        how: ``intel`` (matched an indicator), ``same-destination`` (talked to a destination of an infected host),
            ``reached`` (was entered from an infected host), ``behaviour`` (beacon or pattern without an indicator),
            ``conduct`` (its own records show an intruder's work).
        bytes_out, bytes_in: to those destinations, None where no log tells volume.
        locators: the first 20 records.
    """

    host: str
    addresses: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    destinations: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    events: int = 0
    how: str = "intel"
    bytes_out: int | None = None
    bytes_in: int | None = None
    locators: tuple[Locator, ...] = ()


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One step from a host to another.

    Attributes:
        source_host, target_host: names where known, else addresses.
        user: login used, None where no record names it.
        how: rdp, smb, winrm, psexec, wmi, service, task, logon-network, logon-remote, explicit-credentials, ssh …
        technique: ATT&CK technique id.
        first, last: of the events of this step; ``events`` how many.
        source_records, target_records, network_records: the records of both ends and of the network, first 20 each.
        missing: which end's log is absent (``source``, ``target``), empty when both are there.
        direction: ``inbound`` to the victim's network, ``forward`` or ``backward`` as walked from the infected hosts.
    """

    source_host: str
    target_host: str
    user: str | None = None
    how: str = ""
    technique: str = ""
    first: str
    last: str
    events: int = 1
    source_records: tuple[Locator, ...] = ()
    target_records: tuple[Locator, ...] = ()
    network_records: tuple[Locator, ...] = ()
    missing: tuple[str, ...] = ()
    direction: str = "forward"


class FirstHost(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate for the first host, best first. ``score`` lies in 0..1 and orders only."""

    host: str
    score: float
    speaks_for: tuple[Reason, ...] = ()
    speaks_against: tuple[Reason, ...] = ()
    earliest: str | None = None


class FileTouch(msgspec.Struct, frozen=True, kw_only=True):
    """A file touched by a compromised user or host inside its window, once per path and server.

    Attributes:
        path: as logged, normalised to backslashes and without the local prefix of the share; ``server`` where it lies.
        operations: opened, read, written, listed, copied, deleted, archived, sent; each as the logs name it.
        users, hosts: who and from where; ``first``, ``last`` when; ``events`` how often.
        bytes: size where logged.
        copies: other places with the same name and the same size or hash.
        label, owner: what the user's CSV says of it (``labels`` in case.toml); empty where nothing.
    """

    path: str
    server: str
    operations: tuple[str, ...]
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    events: int = 1
    bytes: int | None = None
    copies: tuple[str, ...] = ()
    locators: tuple[Locator, ...] = ()
    label: str = ""
    owner: str = ""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """Volume that left: one host to one destination."""

    host: str
    destination: str
    first: str
    last: str
    connections: int
    bytes_out: int
    bytes_in: int
    usual_bytes_out: int | None = None
    file: str | None = None
    locators: tuple[Locator, ...] = ()


class Tampering(msgspec.Struct, frozen=True, kw_only=True):
    """A record that shows that evidence was removed or stopped.

    ``kind``: cleared, service-stopped, audit-policy-changed, time-changed, records-missing, file-damaged,
    channel-disabled, silenced (its logs write nothing in hours in which they always do, while others saw the machine).
    """

    kind: str
    host: str
    log: str
    at: str | None
    until: str | None = None
    user: str | None = None
    count: int | None = None
    note: Reason | None = None
    locators: tuple[Locator, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something on a host that belongs to the story: a service installed, a dump written, a task created."""

    host: str
    at: str
    kind: str
    technique: str = ""
    user: str | None = None
    what: str = ""
    locators: tuple[Locator, ...] = ()


class Beacon(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that talks at regular intervals. Seconds for ``interval`` and ``jitter`` (median absolute deviation)."""

    host: str
    destination: str
    connections: int
    first: str
    last: str
    interval: float
    jitter: float
    score: float
    locators: tuple[Locator, ...] = ()


State = Literal["present", "thin", "silent", "erased", "never-collected", "unknown"]


class CoverageCell(msgspec.Struct, frozen=True, kw_only=True):
    """One host, one log, one day (UTC): what is there against what was expected.

    ``witness`` names another log that saw the host alive on a day on which this one is silent, empty otherwise.
    ``missing`` are the hours (0 to 23, UTC) of a day with records in which the log usually writes, by its own hours of the
    week, and wrote nothing.
    """

    host: str
    log: str
    day: str
    state: State
    events: int = 0
    expected: float | None = None
    witness: str = ""
    missing: tuple[int, ...] = ()


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the trace found."""

    hosts: tuple[HostIdentity, ...] = ()
    clocks: tuple[Clock, ...] = ()
    infections: tuple[Infection, ...] = ()
    hops: tuple[Hop, ...] = ()
    first_hosts: tuple[FirstHost, ...] = ()
    files: tuple[FileTouch, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    tampering: tuple[Tampering, ...] = ()
    steps: tuple[Step, ...] = ()
    beacons: tuple[Beacon, ...] = ()
    coverage: tuple[CoverageCell, ...] = ()
    notes: tuple[Reason, ...] = ()
