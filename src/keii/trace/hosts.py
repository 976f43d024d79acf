"""Machines and their addresses over time: leases, host logs, logons; an inferred end of an interval is marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable

import duckdb

from keii.model import HostIdentity

_MOST = 200_000  # identities; a network with more is told only as far as this


def identities(connection: duckdb.DuckDBPyConnection) -> tuple[HostIdentity, ...]:
    """Return which machine had which address when, from DHCP leases, Sysmon connections and logons at the controller.

    The interval of a (machine, address) pair runs from its first to its last sighting and is cut where the address is seen with
    another name in between. Both ends are inferred unless a lease record begins them. Times of host logs are those of corrected
    clocks. Needs the view ``windows_true``.
    """
    rows = connection.execute(_SIGHTINGS).fetchall()
    found: list[HostIdentity] = []
    for address, host, mac, first, last, witness, leased in rows[:_MOST]:
        found.append(
            HostIdentity(
                host=host,
                address=address,
                mac=mac,
                first=_iso(first),
                last=_iso(last),
                inferred_from=not leased,
                inferred_until=True,
                witness=witness,
            )
        )
    return tuple(found)


def _iso(moment: object) -> str | None:
    return moment.isoformat(timespec="microseconds") if hasattr(moment, "isoformat") else None


def short(name: str | None) -> str:
    """Return a machine's name as compared and shown: its first label in upper case, without ``$``; an address stays whole."""
    if not name:
        return ""
    if name.replace(".", "").isdigit() or ":" in name:
        return name
    return name.split("@")[0].split(".")[0].rstrip("$").upper()


_SHORT = "machine_name({0})"

# Sightings become runs: a change of the name of an address starts a new run.
_SIGHTINGS = f"""
    WITH seen AS (
        SELECT address, {_SHORT.format("client_name")} AS host, mac, occurred, 'DHCP lease' AS witness, true AS leased
            FROM dhcp WHERE address IS NOT NULL AND client_name IS NOT NULL
        UNION ALL SELECT SourceIp, {_SHORT.format("host")}, NULL, occurred, 'own connection (Sysmon 3)', false
            FROM windows_true WHERE event_id = 3 AND lower(Initiated) = 'true' AND SourceIp IS NOT NULL AND SourceIp NOT LIKE '127.%'
                AND SourceIp <> '::1' AND SourceIp NOT LIKE 'fe80%' AND SourceIp NOT LIKE '0:0:%'
        UNION ALL SELECT IpAddress, {_SHORT.format("WorkstationName")}, NULL, occurred, 'logon (4624)', false
            FROM windows_true WHERE event_id = 4624 AND LogonType IN ('3', '10') AND AuthenticationPackageName = 'NTLM'
                AND IpAddress IS NOT NULL AND IpAddress NOT IN ('-', '127.0.0.1', '::1') AND length(WorkstationName) > 1
        UNION ALL SELECT src_ip, {_SHORT.format("client_name")}, NULL, occurred, 'NTLM on the network', false
            FROM remote WHERE protocol = 'ntlm' AND client_name IS NOT NULL AND src_ip IS NOT NULL
        UNION ALL SELECT dst_ip, {_SHORT.format("server_name")}, NULL, occurred, 'NTLM on the network', false
            FROM remote WHERE protocol = 'ntlm' AND server_name IS NOT NULL AND dst_ip IS NOT NULL
        UNION ALL SELECT replace(IpAddress, '::ffff:', ''), {_SHORT.format("TargetUserName")}, NULL, occurred,
                'machine ticket (4768)', false
            FROM windows_true WHERE event_id IN (4768, 4624) AND TargetUserName LIKE '%$' AND IpAddress IS NOT NULL
                AND IpAddress NOT IN ('-', '::1', '127.0.0.1')
        UNION ALL SELECT dst_ip, {_SHORT.format("split_part(ltrim(share, chr(92)), chr(92), 1)")}, NULL, occurred, 'SMB share', false
            FROM smb WHERE share LIKE chr(92) || chr(92) || '%' AND dst_ip IS NOT NULL
                AND NOT regexp_matches(share, '^..[0-9.]+.') AND share NOT LIKE chr(92) || chr(92) || '*%'
        UNION ALL SELECT answer, {_SHORT.format("query")}, NULL, occurred, 'DNS answer', false
            FROM (SELECT query, occurred, unnest(answers) AS answer FROM dns WHERE query_type IN ('A', 'AAAA'))
            WHERE regexp_matches(answer, '^(10|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]') AND query NOT LIKE '%.arpa'
    ),
    named AS (SELECT * FROM seen WHERE host <> '' AND occurred IS NOT NULL),
    marked AS (
        SELECT *, CASE WHEN host IS DISTINCT FROM lag(host) OVER (PARTITION BY address ORDER BY occurred) THEN 1 ELSE 0 END AS fresh
        FROM named
    ),
    runs AS (SELECT *, sum(fresh) OVER (PARTITION BY address ORDER BY occurred ROWS UNBOUNDED PRECEDING) AS run FROM marked)
    SELECT address, host, max(mac), min(occurred), max(occurred), min(witness), bool_or(leased)
    FROM runs GROUP BY address, host, run ORDER BY address, min(occurred), host
"""


class Names:
    """Names of addresses at an instant, and addresses of names."""

    def __init__(self, known: Iterable[HostIdentity], apart: Collection[str] = ()) -> None:
        """Take the known addresses, and the full names (upper case) of machines that share a short name."""
        self._apart = frozenset(apart)
        self._runs: dict[str, list[tuple[str, str]]] = {}
        self._addresses: dict[str, set[str]] = {}
        for identity in known:
            self._runs.setdefault(identity.address, []).append((identity.first or "", identity.host))
            self._addresses.setdefault(identity.host, set()).add(identity.address)
        for runs in self._runs.values():
            runs.sort()

    def name_of(self, host: str | None, when: str | None = None) -> str:
        """Return the machine's name: of an address the one it had at ``when`` (nearest run), of a name its short form."""
        if not host:
            return ""
        runs = self._runs.get(host.removeprefix("::ffff:"))
        if not runs:
            return self._short(host)
        at = bisect_right(runs, (when or "~", "\uffff")) - 1
        return runs[max(at, 0)][1]

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Return every address that a machine is known to have had."""
        return tuple(sorted(self._addresses.get(self._short(host), ())))

    def _short(self, host: str) -> str:
        full = host.rstrip(".").upper()
        return full if full in self._apart else short(host)
