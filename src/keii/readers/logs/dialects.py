"""The dialects of text lines, asked in this order; the first whose sign a line has takes it."""

from keii.readers.logs import (
    auditd,
    bind,
    cef,
    cisco_asa,
    dhcpd,
    dnsmasq,
    fortigate,
    leef,
    logons,
    netfilter,
    nginx_error,
    palo_alto,
    pf,
    samba_audit,
    vpn,
    windows_dns,
)
from keii.readers.logs.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = (
    auditd.DIALECT,
    netfilter.DIALECT,
    pf.DIALECT,
    cisco_asa.DIALECT,
    fortigate.DIALECT,
    palo_alto.DIALECT,
    cef.DIALECT,
    leef.DIALECT,
    bind.DIALECT,
    windows_dns.DIALECT,
    dhcpd.DIALECT,
    dnsmasq.DIALECT,
    nginx_error.DIALECT,
    samba_audit.DIALECT,
    vpn.DIALECT,
    logons.DIALECT,
)  # fmt: skip
