"""The dialects of text lines, asked in this order; the first whose sign a line has takes it."""

from keii.readers.logs import logons, netfilter
from keii.readers.logs.dialect import Dialect

DIALECTS: tuple[Dialect, ...] = (
    netfilter.DIALECT,
    logons.DIALECT,
)  # fmt: skip
