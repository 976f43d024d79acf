"""Which addresses are the victim's own: as configured, else inferred from who acts like a machine of the network."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence

import duckdb
import msgspec

from keii.lake.inside import public_networks

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Networks(msgspec.Struct, frozen=True, kw_only=True):
    """The victim's networks. ``inferred`` is True where nobody named them; ``blocks`` are CIDR texts."""

    blocks: tuple[str, ...]
    inferred: bool

    def is_internal(self, address: str | None) -> bool:
        """Return whether an address lies in a block; False for what is no address."""
        if not address:
            return False
        try:
            parsed = ipaddress.ip_address(address.removeprefix("::ffff:"))
        except ValueError:
            return False
        return any(parsed in network for network in self._networks() if network.version == parsed.version)

    def _networks(self) -> list[_Network]:
        return [ipaddress.ip_network(block) for block in self.blocks]


def internal_networks(connection: duckdb.DuckDBPyConnection, configured: Sequence[str] = ()) -> Networks:
    """Return the victim's networks.

    Where none are configured: the /24 (IPv6 /64) of every address that acts as a member of the network: it got a lease, wrote
    its own host log, asked a resolver that others ask too, logged on to a machine, or is that resolver or domain controller.
    A private address that is only ever a destination is not thereby internal: an attacker's server may sit in private space.
    Where no private address acts so, the networks are those public ones that the events show (``keii.lake.inside``), else none.
    """
    if configured:
        return Networks(
            blocks=tuple(str(ipaddress.ip_network(block, strict=False)) for block in configured), inferred=False
        )
    members: Counter[str] = Counter()
    for (address,) in connection.execute(_MEMBERS).fetchall():
        block = _block(address)
        if block:
            members[block] += 1
    return Networks(blocks=tuple(sorted(members)) or public_networks(connection), inferred=True)


# Members by evidence of several kinds. Ports: 53 DNS, 88 Kerberos, 389 LDAP, 67 DHCP. A resolver or controller is a private
# address that answered; clients of one are members because outsiders do not ask it.
_MEMBERS = """
    SELECT DISTINCT address FROM (
        SELECT address FROM dhcp WHERE address IS NOT NULL
        UNION ALL SELECT server FROM dhcp WHERE server IS NOT NULL
        UNION ALL SELECT SourceIp FROM windows WHERE lower(Initiated) = 'true' AND SourceIp IS NOT NULL
        UNION ALL SELECT DestinationIp FROM windows WHERE lower(Initiated) = 'false' AND DestinationIp IS NOT NULL
        UNION ALL SELECT unnest([src_ip, dst_ip]) FROM network WHERE dst_port IN (88, 389) AND coalesce(bytes_in, 0) > 0
        UNION ALL SELECT unnest([src_ip, dst_ip]) FROM network
            WHERE dst_port IN (67, 137, 138) AND src_ip NOT LIKE '0.%'
        UNION ALL SELECT src_ip FROM dns WHERE src_ip IS NOT NULL
        UNION ALL SELECT src_ip FROM http WHERE proxied
        UNION ALL SELECT src_ip FROM remote WHERE protocol = 'kerberos'
        UNION ALL SELECT dst_ip FROM remote WHERE protocol = 'kerberos'
        UNION ALL SELECT src_ip FROM (
            SELECT src_ip, dst_ip FROM network UNION ALL SELECT src_ip, dst_ip FROM http UNION ALL SELECT src_ip, dst_ip FROM tls)
            GROUP BY src_ip HAVING count(DISTINCT dst_ip) >= 5
        UNION ALL SELECT replace(IpAddress, '::ffff:', '') FROM windows WHERE event_id IN (4768, 4769) AND IpAddress IS NOT NULL
    )
"""


def _block(address: str) -> str | None:
    """Return the /24 or /64 of a private, global-unicast-free address; None for public, loopback and multicast ones."""
    try:
        parsed = ipaddress.ip_address(address.removeprefix("::ffff:"))
    except ValueError:
        return None
    if parsed.is_loopback or parsed.is_multicast or parsed.is_unspecified or parsed.is_reserved:
        return None
    if not parsed.is_private or any(parsed in block for block in _DOCUMENTATION if block.version == parsed.version):
        return None
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


# RFC 5737 and RFC 3849: Python calls them private, logs that hold them mean the outside.
_DOCUMENTATION = tuple(
    ipaddress.ip_network(block) for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
