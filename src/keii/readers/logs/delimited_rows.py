"""Rows of delimited text with quoting, as columns; a row of the wrong width is skipped and told."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from keii.model import Skipped
from keii.readers.logs.array_frame import ArrayFrame
from keii.readers.logs.blocks import as_utf8, blocks
from keii.readers.logs.interface import BATCH_ROWS

_LONGEST_VALUE = 1024 * 1024  # characters; an open quote must not swallow the file


class _Lines:
    """The lines of a stream as text with their numbers; lines that are too long wait in ``skips``."""

    def __init__(self, data: BinaryIO) -> None:
        self.skips: list[Skipped] = []
        self.number = 0
        self._lines = self._each(data)

    def _each(self, data: BinaryIO) -> Iterator[str]:
        for block in blocks(data):
            if isinstance(block, Skipped):
                self.skips.append(block)
                continue
            text = as_utf8(block.data).decode()
            if block.first == 1:
                text = text.removeprefix("\ufeff")
            for place, line in enumerate(text.split("\n")[:-1]):
                self.number = block.first + place
                yield line + "\n"

    def __iter__(self) -> Iterator[str]:
        return self._lines


class Row(NamedTuple):
    """One row: the names of the columns, its cells, as many, and the line on which it starts."""

    names: tuple[str, ...]
    cells: list[str]
    record: int


def frames(
    data: BinaryIO, *, delimiter: str, header: tuple[str, ...] = (), unset: tuple[str, ...] = ("",)
) -> Iterator[ArrayFrame | Skipped]:
    """Yield the rows as columns named by the first row, or by ``header`` where the file has none.

    ``record`` is the line on which a row starts. A skip of a row that was spread over several lines counts them all.
    """
    held: list[list[str]] = []
    numbers: list[int] = []
    for found in rows(data, delimiter=delimiter, header=header):
        if isinstance(found, Skipped):
            yield found
            continue
        header = found.names
        held.append(found.cells)
        numbers.append(found.record)
        if len(held) >= BATCH_ROWS:
            yield _frame(header, held, numbers, unset)
            held, numbers = [], []
    if held:
        yield _frame(header, held, numbers, unset)


def rows(data: BinaryIO, *, delimiter: str, header: tuple[str, ...] = ()) -> Iterator[Row | Skipped]:
    """Yield the rows one by one, likewise; blank ones are left out."""
    csv.field_size_limit(_LONGEST_VALUE)
    lines = _Lines(data)
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    before = 0
    while True:
        row: list[str] | None = None
        reason = ""
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            reason = str(error)
        started, before = before + 1, lines.number
        yield from lines.skips
        lines.skips.clear()
        if row is not None and not any(cell.strip() for cell in row):
            continue
        if row is not None and not header:
            header = _names(row)
            continue
        if row is None or len(row) != len(header):
            reason = reason or f"{len(row or ())} columns, {len(header)} expected"
            count = max(1, lines.number - started + 1)
            yield Skipped(place=f"line {started}", reason=reason, count=count, record=started)
            continue
        yield Row(header, row, started)
    yield from lines.skips


def _names(row: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for place, cell in enumerate(row, 1):
        name = cell.strip().lstrip("#").strip() or f"column {place}"
        found.append(name if name not in found else f"{name} {place}")
    return tuple(found)


def _frame(header: tuple[str, ...], rows: list[list[str]], numbers: list[int], unset: tuple[str, ...]) -> ArrayFrame:
    columns = {
        name: pa.array([None if cell in unset else cell for cell in cells], pa.string())
        for name, cells in zip(header, zip(*rows, strict=True), strict=True)
    }
    return ArrayFrame(columns, pa.array(numbers, pa.int64()))
