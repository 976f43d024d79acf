"""The dialects of text lines, asked in this order; the first whose sign a line has takes it."""

from keii.readers.logs import cisco_asa, logons, netfilter, pf
from keii.readers.logs.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = (
    netfilter.DIALECT,
    pf.DIALECT,
    cisco_asa.DIALECT,
    logons.DIALECT,
)  # fmt: skip
