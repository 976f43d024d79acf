"""Destinations outside that look like an adversary's, without any intel: signs that add up, by ``data/trace/destinations.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from keii.data import load
from keii.model import Beacon, Locator
from keii.trace.alike import alike
from keii.trace.beacons import beacons
from keii.trace.hosts import Names
from keii.trace.internal import Networks
from keii.trace.lookups import gather_lookups
from keii.trace.rhythm import score_pairs
from keii.trace.talks import gather_talks

_WEEK = 7 * 86_400 * 1_000_000  # microseconds


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of an own machine (address) and a destination (address or name) with its signs.

    Attributes:
        client: address of the machine; ``far`` name or address of the destination.
        signs: ids of the signs, heaviest first; ``score`` the sum of their weights, at most 1. It orders and is no likelihood.
        first, last: UTC, ISO 8601; ``connections`` contacts between them.
        ports: of the destination; ``image`` the process that talked, where the machine's own log tells it.
        locators: first 20 records.
    """

    client: str
    far: str
    signs: tuple[str, ...]
    score: float
    first: str
    last: str
    connections: int
    ports: tuple[int, ...] = ()
    image: str | None = None
    locators: tuple[Locator, ...] = ()


def proxies(connection: duckdb.DuckDBPyConnection, networks: Networks) -> frozenset[str]:
    """Return own addresses that forward or serve for others: proxies, resolvers, domain controllers."""
    rows = connection.execute(
        """
        SELECT dst_ip FROM network WHERE dst_port IN (3128, 8080, 8000, 8888, 1080) GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 3
        UNION SELECT dst_ip FROM dns WHERE dst_ip IS NOT NULL GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2
        UNION SELECT dst_ip FROM network WHERE dst_port IN (53, 88, 389) GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2
        """
    ).fetchall()
    return frozenset(address for (address,) in rows if networks.is_internal(address))


def prepare(connection: duckdb.DuckDBPyConnection, networks: Networks) -> None:
    """Create the tables that ``suspicious`` asks: ``talk``, ``rhythm`` and ``suspect_pair``. Needs the view ``windows_true``."""
    table = load("trace/destinations")
    gather_talks(connection, networks, table)
    gather_lookups(connection, table)
    score_pairs(connection, table)
    connection.execute(_pairs(table), _values(table))


def suspicious(
    connection: duckdb.DuckDBPyConnection, suspects: Iterable[str], names: Names
) -> tuple[tuple[Destination, ...], tuple[Beacon, ...]]:
    """Return destinations whose signs reach the threshold, heaviest first, and the pairs that talk at regular intervals.

    A destination is weighed as a whole: what one port or one machine shows counts for all of its traffic. ``suspects`` are
    addresses of machines that are compromised by other evidence. Needs ``prepare``.
    """
    table = load("trace/destinations")
    known = frozenset(suspects)
    by_far = _pairs_of(connection, _likely(connection, table))
    found = [one for group in by_far.values() for one in _told(connection, group, known, table)]
    # What other servers share with these counts for them; a server told so leads no further.
    like = alike(connection, {one.far for one in found})
    others = _pairs_of(connection, like)
    for far, signs in like.items():
        group = [{**pair, **{sign.replace("-", "_"): True for sign in signs}} for pair in others.get(far, [])]
        found += _told(connection, group, known, table) if group else []
    common = connection.execute(
        "SELECT DISTINCT far FROM suspect_pair SEMI JOIN rhythm USING (far) WHERE common_service OR many_hosts"
    )
    regular = beacons(connection, table["regular_from"], [far for (far,) in common.fetchall()])
    return (
        tuple(sorted(found, key=lambda one: (-one.score, one.first, one.client, one.far))),
        tuple(msgspec.structs.replace(one, host=names.name_of(one.host, one.first)) for one in regular),
    )


def _likely(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> list[str]:
    """Return the destinations whose signs reach the threshold, if their machines were compromised."""
    weights: dict[str, float] = table["weights"]
    apart = {"regular", "suspect", "same-certificate", "same-agent"}
    parts = [f"{weights[sign]} * max({sign.replace('-', '_')}::INTEGER)" for sign in weights if sign not in apart]
    total = f"{weights['regular']} * max(CASE WHEN regular THEN score ELSE 0 END) + {' + '.join(parts)}"
    query = f"SELECT far FROM suspect_pair GROUP BY far HAVING {total} >= ? ORDER BY far"
    return [far for (far,) in connection.execute(query, [table["told"] - weights["suspect"] - 1e-6]).fetchall()]


def _pairs_of(connection: duckdb.DuckDBPyConnection, far: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the pairs of destinations with their signs as columns, by destination."""
    connection.register("asked_far", pa.table({"far": pa.array(sorted(far), pa.string())}))
    rows = connection.execute(
        "SELECT * FROM suspect_pair SEMI JOIN asked_far USING (far) ORDER BY far, client"
    ).fetchall()
    columns = [column[0] for column in connection.description or ()]
    connection.unregister("asked_far")
    by_far: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        pair = dict(zip(columns, row, strict=True))
        by_far.setdefault(pair["far"], []).append(pair)
    return by_far


def _told(
    connection: duckdb.DuckDBPyConnection, group: list[dict[str, Any]], known: frozenset[str], table: dict[str, Any]
) -> list[Destination]:
    """Return the machines that talked to one destination, those for which its signs are heavy enough."""
    weights: dict[str, float] = table["weights"]
    rhythm = max(pair["score"] or 0.0 for pair in group)
    shared = {sign for pair in group for sign in weights if pair.get(sign.replace("-", "_"))}
    found = []
    for pair in group:
        signs = shared | ({"suspect"} if pair["client"] in known else set())
        total = sum(weights[sign] * (rhythm if sign == "regular" else 1) for sign in sorted(signs))
        if total >= table["told"]:
            found.append(_destination(connection, pair, min(1.0, round(total, 3)), signs, weights))
    return found


def _destination(
    connection: duckdb.DuckDBPyConnection,
    pair: dict[str, Any],
    score: float,
    signs: set[str],
    weights: dict[str, float],
) -> Destination:
    places = connection.execute(
        "SELECT source, record, own FROM talk WHERE client = ? AND far = ? ORDER BY occurred, source, record LIMIT 20",
        [pair["client"], pair["far"]],
    ).fetchall()
    return Destination(
        client=pair["client"],
        far=pair["far"],
        signs=tuple(sorted(signs, key=lambda sign: (-weights[sign], sign))),
        score=score,
        first=pair["first"].isoformat(timespec="microseconds"),
        last=pair["last"].isoformat(timespec="microseconds"),
        connections=pair["events"],
        ports=tuple(port for port in pair["ports"] if port is not None),
        image=pair["image"],
        locators=tuple(Locator(source=source, record=record, record_id=own) for source, record, own in places),
    )


def _values(table: dict[str, Any]) -> dict[str, Any]:
    """Return the lists of the table that the statement takes as parameters."""
    return {
        "common_ports": table["common_ports"],
        "second_ports": table["second_ports"],
        "keepalive_ports": table["keepalive_ports"],
        "executables": table["executables"],
        "places": [pattern.lower() for pattern in table["places"]],
        "updaters": [pattern.lower() for pattern in table["own_updaters"]],
        "hosts": [pattern.lower() for pattern in table["script_hosts"]],
        "common": table["common"],
        "but_not": table["but_not"],
    }


def _pairs(table: dict[str, Any]) -> str:
    """Return the statement that creates ``suspect_pair``: a row per machine and destination with a column per sign.

    A process matters by its path in lower case; a certificate is self-signed where subject and issuer are the same.
    """
    return f"""
    CREATE OR REPLACE TEMP TABLE suspect_pair AS
    WITH bounds AS (
        SELECT min(occurred) AS began, count(DISTINCT client) AS machines,
               (epoch_us(max(occurred)) - epoch_us(min(occurred))) // {_WEEK} AS weeks
        FROM talk
    ),
    habit AS (  -- whole weeks since the log began in which somebody talked to the destination
        SELECT far, count(DISTINCT week) FILTER (week < weeks) AS weeks FROM (
            SELECT far, (epoch_us(occurred) - epoch_us(bounds.began)) // {_WEEK} AS week, bounds.weeks FROM talk CROSS JOIN bounds
        ) GROUP BY far
    ),
    program AS (
        SELECT image, len(list_filter($places, lambda p: image LIKE p)) AS places,
               len(list_filter($updaters, lambda p: image LIKE p)) AS updaters,
               len(list_filter($hosts, lambda p: image LIKE p)) AS hosts
        FROM (SELECT DISTINCT image FROM talk WHERE image IS NOT NULL)
    ),
    lane AS (  -- what several logs tell of the same contacts counts once: the log that tells most
        SELECT client, far, max(events) AS events, max(bytes_out) AS bytes_out, max(bytes_in) AS bytes_in FROM (
            SELECT client, far, count(*) AS events, sum(out)::BIGINT AS bytes_out, sum(into_)::BIGINT AS bytes_in
            FROM talk GROUP BY client, far, kind, kind = 'proxy' AND own IS NULL
        ) GROUP BY client, far
    ),
    seen AS (
        SELECT client, far, list_sort(list(DISTINCT ip)) AS addresses, list_sort(list(DISTINCT port)) AS ports, min(occurred) AS first,
               max(occurred) AS last, max(duration) AS longest,
               avg(CASE WHEN failed THEN 1.0 ELSE 0.0 END) AS failing_share,
               bool_or(port NOT IN (SELECT unnest($common_ports)) AND port NOT IN (SELECT unnest($second_ports))
                       AND (kind <> 'flow' OR service IS NULL OR service NOT IN ('dns', 'ntp', 'quic', 'stun', 'dtls'))) AS odd_port,
               bool_or(port IN (SELECT unnest($second_ports))) AS second_port,
               bool_and(port IN (SELECT unnest($keepalive_ports))) AS pushed,
               coalesce(bool_or(i.places > 0 AND i.updaters = 0), false) AS program_place,
               coalesce(bool_or(i.hosts > 0), false) AS script_host, arg_max(image, i.places * 2 + i.hosts) AS image
        FROM talk LEFT JOIN program AS i USING (image) GROUP BY client, far
    ),
    pair AS (SELECT seen.*, lane.events, lane.bytes_out, lane.bytes_in FROM seen JOIN lane USING (client, far)),
    shared AS (
        SELECT *, list_has_any(suffixes, $common) AND NOT list_has_any(suffixes, $but_not) AS common_service
        FROM (
            SELECT far, count(*) AS clients, min(first) AS earliest,
                   [far, regexp_extract(far, '[^.]+[.][^.]+$'), regexp_extract(far, '[^.]+[.][^.]+[.][^.]+$'),
                    regexp_extract(far, '[^.]+[.][^.]+[.][^.]+[.][^.]+$')] AS suffixes
            FROM pair GROUP BY far
        )
    ),
    asked AS (SELECT DISTINCT src_ip FROM dns WHERE answers IS NOT NULL),
    answered AS (SELECT DISTINCT unnest(answers) AS ip FROM dns),
    handshake AS (
        SELECT dst_ip, bool_or(server_name IS NULL OR regexp_matches(server_name, '^[0-9.]+$')) AS no_name,
               bool_or(subject IS NOT NULL AND subject = issuer) OR bool_or(contains(lower(more), 'self signed certificate')) AS self_signed
        FROM tls WHERE dst_ip IS NOT NULL AND coalesce(established, true) GROUP BY dst_ip
    ),
    sent AS (
        SELECT DISTINCT src_ip AS ip FROM files WHERE mime_type IN (SELECT unnest($executables))
        UNION SELECT DISTINCT dst_ip FROM http WHERE mime_type IN (SELECT unnest($executables))
    ),
    named_sent AS (SELECT DISTINCT lower(hostname) AS far FROM http WHERE mime_type IN (SELECT unnest($executables))),
    put AS (
        SELECT DISTINCT dst_ip AS ip FROM http WHERE upper(method) IN ('PUT', 'MKCOL', 'PROPPATCH')
            AND regexp_matches(coalesce(hostname, dst_ip), '^[0-9.]+$')
    )
    SELECT pair.client, pair.far, addresses, ports, first, last, events, bytes_out, bytes_in, image, rhythm.score,
           coalesce(NOT pushed, true) AND rhythm.score IS NOT NULL AS regular,
           regular AND rhythm.score >= {float(table["very_from"])} AND rhythm.check_ins >= {int(table["many"])}
               AND last - first >= to_hours({int(table["many_hours"])}) AS very_regular,
           regular AND rhythm.steady >= 0.8 AS steady_size,
           events >= 10 AND failing_share >= 0.9 AS failing,
           coalesce(odd_port, false) AS odd_port, coalesce(second_port AND NOT odd_port, false) AS other_port,
           (regexp_matches(pair.far, '^[0-9.]+$') OR contains(pair.far, ':')) AND pair.client IN (SELECT src_ip FROM asked)
               AND pair.far NOT IN (SELECT ip FROM answered WHERE ip IS NOT NULL) AS bare_address,
           coalesce(list_has_any(addresses, (SELECT list(dst_ip) FROM handshake WHERE no_name)), false) AS no_server_name,
           coalesce(list_has_any(addresses, (SELECT list(dst_ip) FROM handshake WHERE self_signed)), false) AS self_signed,
           coalesce(list_has_any(addresses, (SELECT list(ip) FROM sent)), false) OR pair.far IN (SELECT far FROM named_sent) AS executable,
           program_place, script_host, longest >= {float(table["long_seconds"])} AS long,
           bytes_out >= {int(table["upload_least"])} AND bytes_out >= {float(table["upload_ratio"])} * bytes_in AS upload,
           bytes_out >= {int(table["heavy_least"])} AND bytes_out >= {float(table["upload_ratio"])} * bytes_in AS heavy_upload,
           events >= {int(table["hammering_least"])} AND failing_share >= 0.95 AS hammering,
           coalesce(list_has_any(addresses, (SELECT list(ip) FROM put)), false) AS write_request,
           coalesce(l.many_names, false) AS many_names, coalesce(l.long_names, false) AS long_names,
           coalesce(l.odd_type, false) AS odd_type, coalesce(l.only_looked_up, false) AS only_looked_up,
           shared.clients <= 2 AS few_hosts,
           shared.earliest >= bounds.began + to_days({int(table["new_days"])}) AS new,
           bounds.weeks >= {int(table["established_weeks"])} AND habit.weeks >= {float(table["established_share"])} * bounds.weeks
               AND shared.earliest < bounds.began + to_days({int(table["established_within"])}) AS established,
           bounds.machines >= {int(table["many_least"])} AND shared.clients >= {float(table["many_share"])} * bounds.machines AS many_hosts,
           shared.clients >= {int(table["several"])} AND NOT (bounds.machines >= {int(table["many_least"])}
               AND shared.clients >= {float(table["many_share"])} * bounds.machines) AS several_hosts,
           shared.common_service
    FROM pair JOIN shared USING (far) JOIN habit USING (far) CROSS JOIN bounds
    LEFT JOIN rhythm ON pair.client = rhythm.client AND pair.far = rhythm.far
    LEFT JOIN lookup_sign AS l ON pair.client = l.client AND pair.far = l.far
    """
