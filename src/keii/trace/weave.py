"""The trace as a whole: from the lake and the matches to hosts, path, files, volume and silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import msgspec

from keii.lake.store import Lake
from keii.model import Infection, Match, Skipped, Trace, Transfer
from keii.model.trace import Reason
from keii.trace.clocks import apply_clocks, clocks
from keii.trace.conduct import Conduct, conducts, deeds, steps_of
from keii.trace.coverage import coverage
from keii.trace.damage import file_damage
from keii.trace.destinations import prepare, proxies, suspicious
from keii.trace.executions import executions
from keii.trace.files import Suspect, files
from keii.trace.happened import steps
from keii.trace.hosts import Names, identities
from keii.trace.hours import silences
from keii.trace.infected import Signs, take_behaviour, take_conduct, take_hops, take_matches, take_same_destination
from keii.trace.internal import Networks, internal_networks
from keii.trace.namesakes import namesakes
from keii.trace.ranking import first_hosts
from keii.trace.tampering import tampering
from keii.trace.transfers import transfers
from keii.trace.tunnels import entrance, entries, visits
from keii.trace.walk import Round, walk


class TraceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the case says: own networks (empty: inferred), the victim's name, machines that must not be lost."""

    internal: tuple[str, ...] = ()
    victim: str = ""
    crown_jewels: tuple[str, ...] = ()


def trace(
    lake: Lake, matches: Sequence[Match], settings: TraceSettings, damaged: Sequence[tuple[str, Skipped]] = ()
) -> Trace:
    """Return everything that the logs tell of the intrusion; the same for the same lake, whatever the order of files.

    ``damaged`` are sources with the places where a reader found the file itself damaged.
    """
    connection = lake.connect()
    try:
        return _trace(connection, matches, settings, damaged)
    finally:
        connection.close()


def _trace(
    connection: duckdb.DuckDBPyConnection,
    matches: Sequence[Match],
    settings: TraceSettings,
    damaged: Sequence[tuple[str, Skipped]],
) -> Trace:
    known_clocks = clocks(connection)
    apply_clocks(connection, known_clocks)
    networks = internal_networks(connection, settings.internal)
    hosts = identities(connection)
    apart = namesakes(connection)
    names = Names(hosts, apart)
    forwarders = proxies(connection, networks)
    signs = Signs(names, networks)
    far = take_matches(signs, matches, forwarders, known_clocks)
    take_same_destination(connection, signs, far, forwarders)
    prepare(connection, networks)
    found, beacons = suspicious(connection, (), names)
    far |= take_behaviour(signs, found)
    done = deeds(connection)
    own = conducts(connection, done)
    take_conduct(signs, own)
    path = walk(connection, signs.infections(), hosts, networks)
    alone, rounds = executions(connection, hosts, signs.infections(), path.hops)
    hops = tuple(sorted((*path.hops, *alone), key=lambda hop: (hop.first, hop.source_host, hop.target_host, hop.how)))
    take_hops(signs, hops)
    again, _ = suspicious(connection, signs.addresses(), names)
    told = {(one.client, one.far) for one in found}
    new = [one for one in again if (one.client, one.far) not in told]
    far |= take_behaviour(signs, new)
    infections = signs.infections()
    suspects = [Suspect(host=i.host, addresses=i.addresses, first=i.first) for i in infections]
    users = [Suspect(user=h.user, first=h.first) for h in hops if h.user]
    silent = silences(connection, hosts)
    signs_of_tampering = tampering(connection, (*file_damage(connection, damaged), *silent.signs))
    cells = coverage(connection, signs_of_tampering, hosts, silent.hours)
    happened = steps(connection, infections)
    came = visits(connection)
    entrances = {hop: through for hop in hops if (through := entrance(hop, hosts, came))}
    happened = tuple(
        sorted(
            (*happened, *steps_of(done, infections, happened), *entries(entrances)),
            key=lambda s: (s.at, s.host, s.kind, s.what),
        )
    )
    far |= {place for i in infections for place in i.destinations}
    sent = transfers(connection, suspects, far)
    infections = tuple(_with_volume(infection, sent) for infection in infections)
    return Trace(
        hosts=hosts,
        clocks=known_clocks,
        infections=infections,
        hops=hops,
        first_hosts=first_hosts(infections, hops, happened, cells, entrances),
        files=files(connection, [*suspects, *users], hosts) if infections else (),
        transfers=sent,
        tampering=signs_of_tampering,
        steps=happened,
        beacons=beacons,
        coverage=cells,
        notes=(
            *_notes(networks),
            *_namesakes(apart),
            *map(_conduct, own),
            *map(_round, sorted({*path.rounds, *rounds})),
            *(_behaviour(names, one) for one in (*found, *new)),
        ),
    )


def _with_volume(infection: Infection, sent: Sequence[Transfer]) -> Infection:
    """Return the machine with the bytes that it exchanged with its destinations, where a log tells them."""
    own = [transfer for transfer in sent if transfer.host == infection.host]
    if not own:
        return infection
    out, into = sum(t.bytes_out for t in own), sum(t.bytes_in for t in own)
    return msgspec.structs.replace(infection, bytes_out=out, bytes_in=into)


def _notes(networks: Networks) -> tuple[Reason, ...]:
    if not networks.inferred:
        return ()
    return (Reason(why="trace.inferred-networks", facts={"blocks": ", ".join(networks.blocks)}),)


def _namesakes(apart: Mapping[str, str]) -> Iterator[Reason]:
    for short in sorted(set(apart.values())):
        full = [name for name in apart if apart[name] == short]
        facts = {"host": short, "count": str(len(full)), "names": ", ".join(full[:10])}
        yield Reason(why="trace.namesakes", facts=facts)


def _round(one: Round) -> Reason:
    facts = {
        "host": one.source_host,
        "how": one.family,
        "day": one.day,
        "machines": str(one.machines),
        "hit": str(one.hit),
    }
    return Reason(why="trace.round", facts=facts)


def _conduct(one: Conduct) -> Reason:
    return Reason(why="trace.conduct", facts={"host": one.machine, "deeds": ", ".join(one.kinds)})


def _behaviour(names: Names, one: object) -> Reason:
    client, far, signs = getattr(one, "client", ""), getattr(one, "far", ""), getattr(one, "signs", ())
    return Reason(why="trace.behaviour", facts={"host": names.name_of(client), "far": far, "signs": ", ".join(signs)})
