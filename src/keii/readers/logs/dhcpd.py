"""ISC dhcpd and Kea: leases given, renewed, refused and released."""

from __future__ import annotations

import pyarrow as pa

from keii.readers.logs.bind import forms
from keii.readers.logs.dialect import Dialect, Lines, by_patterns
from keii.readers.logs.interface import Batch

_FORMS = forms("dhcpd")


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS)


DIALECT = Dialect(
    id="dhcpd",
    title="ISC dhcpd and Kea leases",
    sign=r"\bDHCP(?:DISCOVER|OFFER|REQUEST|ACK|NAK|RELEASE|DECLINE|INFORM|EXPIRE) (?:from|on|for|to|of)\b|DHCP4_(?:LEASE_\w+|RELEASE\w*) ",
    take=_take,
    tables=("dhcp",),
)
