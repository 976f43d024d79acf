"""Who came in through a VPN: the address that its server gave, to whom, and from where; is that place new for this login?"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import msgspec

from keii.model import Hop, HostIdentity, Locator, Step

_LONGEST = dt.timedelta(hours=24)  # after which an address that was given says nothing any more


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One session of a VPN. ``address`` inside, ``outside`` where it came from; ``until`` its end, a day later where none is logged."""

    address: str
    user: str
    outside: str
    at: dt.datetime
    until: dt.datetime
    place: Locator


class Entrance(msgspec.Struct, frozen=True, kw_only=True):
    """A step that came through a VPN.

    ``before``: sessions of the same login before; ``usual``: the place most of them came from, empty where there was none;
    ``known``: how many came from this one.
    """

    visit: Visit
    before: int
    known: int
    usual: str


def visits(connection: duckdb.DuckDBPyConnection) -> tuple[Visit, ...]:
    """Return the VPN sessions of which the log tells the address given, in order of time."""
    rows = connection.execute(_SESSIONS).fetchall()
    ends: dict[tuple[str, str], list[dt.datetime]] = defaultdict(list)
    for kind, user, outside, _, at, _, _ in rows:
        if kind == "session end":
            ends[user, outside].append(at)
    found: dict[tuple[str, str, dt.datetime], Visit] = {}
    for kind, user, outside, address, at, source, record in rows:
        if kind == "session end" or not address:
            continue
        later = ends[user, outside]
        place = bisect_right(later, at)
        until = min(later[place], at + _LONGEST) if place < len(later) else at + _LONGEST
        one = Visit(
            address=address, user=user, outside=outside, at=at, until=until, place=Locator(source=source, record=record)
        )
        found.setdefault((user, address, until), one)  # a server tells an address twice
    return tuple(sorted(found.values(), key=lambda one: (one.at, one.user, one.address)))


_SESSIONS = """
    SELECT operation, "user", src_ip, json_extract_string(more, '$.address') AS address, occurred, source, record
    FROM remote
    WHERE protocol = 'vpn' AND operation IN ('address assigned', 'session end') AND "user" IS NOT NULL AND src_ip IS NOT NULL
        AND occurred IS NOT NULL
    ORDER BY occurred, source, record
"""


def entrance(hop: Hop, hosts: Iterable[HostIdentity], known: Sequence[Visit]) -> Entrance | None:
    """Return the VPN session through which a step between machines came, None where it came through none."""
    if not known:
        return None
    addresses = {one.address for one in hosts if one.host == hop.source_host} | {hop.source_host}
    at = dt.datetime.fromisoformat(hop.first)
    through = [one for one in known if one.address in addresses and one.at <= at <= one.until]
    if not through:
        return None
    visit = through[-1]
    earlier = [one for one in known if one.user == visit.user and one.at < visit.at]
    places = Counter(one.outside for one in earlier)
    usual = min(places, key=lambda place: (-places[place], place), default="")
    return Entrance(visit=visit, before=len(earlier), known=places[visit.outside], usual=usual)


def entries(entrances: Mapping[Hop, Entrance]) -> tuple[Step, ...]:
    """Return the VPN sessions through which machines were entered as steps on those machines, each once."""
    found: dict[tuple[str, dt.datetime, str], Step] = {}
    for hop, entrance in entrances.items():
        visit = entrance.visit
        found.setdefault(
            (hop.target_host, visit.at, visit.user),
            Step(
                host=hop.target_host,
                at=visit.at.isoformat(timespec="microseconds"),
                kind="vpn-entry",
                technique="T1133",
                user=visit.user,
                what=f"{visit.outside} > {visit.address}",
                locators=(visit.place,),
            ),
        )
    return tuple(found.values())
