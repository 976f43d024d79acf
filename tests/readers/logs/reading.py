"""How the tests of text and JSON log readers read bytes."""

from __future__ import annotations

import io
from typing import Any

from keii.lake.schema import TABLES
from keii.model import Skipped, Source
from keii.readers.logs import LogReader


class OneWay(io.RawIOBase):
    """A stream that cannot seek and gives what it likes."""

    def __init__(self, data: bytes, step: int = 70_001) -> None:
        self.inner, self.step = io.BytesIO(data), step

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.inner.read(min(size, self.step) if size >= 0 else -1)


class Read:
    """What a reader gave: rows by table, skips, and their sum."""

    def __init__(self, reader: LogReader, data: bytes, name: str = "a.log") -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.skips: list[Skipped] = []
        self.good = 0
        source = Source(id="s-0", name=name, sha256="0" * 64)
        for found in reader.read(OneWay(data), source):  # type: ignore[arg-type]
            if isinstance(found, Skipped):
                self.skips.append(found)
                continue
            found.rows.validate(full=True)
            for field in found.rows.schema:
                assert TABLES[found.table].field(field.name).type == field.type
            self.good += found.rows.num_rows
            self.rows.setdefault(found.table, []).extend(found.rows.to_pylist())

    @property
    def skipped(self) -> int:
        return sum(skip.count for skip in self.skips)

    def one(self, table: str) -> dict[str, Any]:
        (row,) = self.rows[table]
        return {name: value for name, value in row.items() if value is not None}


def full_lines(data: bytes) -> int:
    """Count the lines with anything on them, the slow and obvious way."""
    return sum(1 for line in data.split(b"\n") if line.rstrip(b"\r"))
