"""Which machine was the first: candidates in order, with what speaks for and against each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from keii.model import FirstHost, Hop, Infection, Step
from keii.model.trace import CoverageCell, Reason
from keii.trace.path import NEVER, graph, reached
from keii.trace.tunnels import Entrance

_ENTRY = ("office-child", "user-folder-program")


def first_hosts(
    infections: Sequence[Infection],
    hops: Sequence[Hop],
    steps: Sequence[Step],
    coverage: Sequence[CoverageCell],
    entrances: Mapping[Hop, Entrance],
) -> tuple[FirstHost, ...]:
    """Return machines with signs, the likeliest first one first.

    The score starts from the order of the first signs; an entry seen on the machine, or a step into it from a VPN, raises it, a
    step into it from another machine lowers it. It orders only and is no probability. ``entrances``: the VPN session of each step
    that came through one.
    """
    dated = [i for i in infections if i.first]
    if not dated:
        return ()
    entered = {hop.target_host for hop in hops}  # of machines with a sign at one instant, who entered comes before whom
    order = {
        i.host: at for at, i in enumerate(sorted(dated, key=lambda i: (i.first or "~", i.host in entered, i.host)))
    }
    reaches = _reaches(dated, hops)
    begins = _log_begins(coverage)
    found = []
    for infection in dated:
        into = [h for h in hops if h.target_host == infection.host and h not in entrances]
        by_vpn = [entrances[h] for h in hops if h.target_host == infection.host and h in entrances]
        out = [h for h in hops if h.source_host == infection.host]
        entry = [s for s in steps if s.host == infection.host and s.kind in _ENTRY]
        score = (
            0.5 / (1 + order[infection.host])
            + (0.3 if entry or by_vpn else 0)
            + (0.1 if out else 0)
            + (0 if into else 0.1)
        )
        score += 0.1 * len(reaches[infection.host]) / max(len(dated) - 1, 1)
        speaks_for, against = [], []
        if order[infection.host] == 0:
            speaks_for.append(Reason(why="first.earliest", facts={"at": infection.first or "?"}))
        if entry:
            speaks_for.append(Reason(why="first.entry", facts={"what": entry[0].what[:120], "at": entry[0].at}))
        if by_vpn:
            speaks_for.append(_through(by_vpn[0]))
        if out and not into:
            speaks_for.append(Reason(why="first.only-out", facts={"count": str(len(out))}))
        if reaches[infection.host]:
            facts = {"count": str(len(reaches[infection.host])), "others": str(len(dated) - 1)}
            speaks_for.append(Reason(why="first.reaches", facts=facts))
        if into:
            against.append(Reason(why="first.entered", facts={"from": into[0].source_host, "at": into[0].first}))
        start = begins.get(infection.host)
        if start and infection.first and start >= infection.first[:10]:
            against.append(Reason(why="first.log-begins", facts={"day": start}))
        earliest = min(begins.values(), default="")
        if earliest and infection.first and infection.first[:10] <= earliest:
            against.append(Reason(why="first.logs-begin", facts={"day": earliest}))
        found.append(
            FirstHost(
                host=infection.host, score=round(min(score, 1.0), 3), speaks_for=tuple(speaks_for), speaks_against=tuple(against),
                earliest=infection.first,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda f: (-f.score, f.earliest or "~", f.host))[:20])


def _through(entrance: Entrance) -> Reason:
    """Return the words for a step that came through a VPN."""
    visit = entrance.visit
    facts = {
        "user": visit.user,
        "address": visit.address,
        "outside": visit.outside,
        "at": visit.at.isoformat(timespec="seconds"),
        "before": str(entrance.before),
        "known": str(entrance.known),
        "usual": entrance.usual,
    }
    if not entrance.before:
        return Reason(why="first.by-vpn", facts=facts)
    return Reason(why="first.by-vpn-known" if entrance.known else "first.by-vpn-new", facts=facts)


def _reaches(dated: Sequence[Infection], hops: Sequence[Hop]) -> dict[str, set[str]]:
    """Return for every machine which others can have been entered from it, step after step in order of time."""
    hosts = sorted({i.host for i in dated} | {end for hop in hops for end in (hop.source_host, hop.target_host)})
    number = {host: at for at, host in enumerate(hosts)}
    steps = graph(
        [number[hop.source_host] for hop in hops],
        [number[hop.target_host] for hop in hops],
        [_micros(hop.last) for hop in hops],  # a stretch of contacts counts while it lasts
        len(hosts),
    )
    infected = {i.host for i in dated}
    found = {}
    for infection in dated:
        arrival = reached(steps, {number[infection.host]: _micros(infection.first or "")})
        found[infection.host] = {hosts[at] for at in (arrival < NEVER).nonzero()[0]} & infected - {infection.host}
    return found


def _micros(instant: str) -> int:
    return int(dt.datetime.fromisoformat(instant).timestamp() * 1_000_000)


def _log_begins(coverage: Sequence[CoverageCell]) -> dict[str, str]:
    begins: dict[str, str] = {}
    for cell in coverage:
        if cell.events and (cell.host not in begins or cell.day < begins[cell.host]):
            begins[cell.host] = cell.day
    return begins
