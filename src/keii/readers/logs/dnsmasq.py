"""dnsmasq: queries it was asked, what it answered, and the leases it gave."""

from __future__ import annotations

import pyarrow as pa

from keii.readers.logs.bind import forms
from keii.readers.logs.dialect import Dialect, Lines, by_patterns
from keii.readers.logs.interface import Batch

_FORMS = forms("dnsmasq")


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS, column="body")


DIALECT = Dialect(
    id="dnsmasq",
    title="dnsmasq queries and leases",
    sign=r"\bquery\[[A-Za-z0-9=]+\] |^dnsmasq\[?[^:]*: |(?:reply|cached|forwarded|config|"
    r"gravity blocked|/etc/\S+) \S+ (?:is|to) \S+$|DHCP[A-Z]+\([^)]+\) ",
    take=_take,
    tables=("dns", "dhcp"),
)
