"""Log readers, asked in this order; the surest wins."""

from keii.readers.logs.interface import BATCH_ROWS, MAX_LINE, Batch, Head, LogReader

READERS: tuple[LogReader, ...] = ()

__all__ = ["BATCH_ROWS", "MAX_LINE", "READERS", "Batch", "Head", "LogReader"]
