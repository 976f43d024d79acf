"""The dialects of text lines, asked in this order; the first whose sign a line has takes it."""

from keii.readers.logs import cef, cisco_asa, fortigate, leef, logons, netfilter, palo_alto, pf
from keii.readers.logs.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = (
    netfilter.DIALECT,
    pf.DIALECT,
    cisco_asa.DIALECT,
    fortigate.DIALECT,
    palo_alto.DIALECT,
    cef.DIALECT,
    leef.DIALECT,
    logons.DIALECT,
)  # fmt: skip
