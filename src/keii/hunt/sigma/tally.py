"""The matches of one rule summed up as they come: how many, when, where, and the first of them."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keii.hunt.sigma.columns import encode, one_array
from keii.hunt.sigma.outcome import HostSeen
from keii.lake.schema import TIME

LATE = np.iinfo(np.int64).max  # events without a time stand last

Found = tuple[int, str, int, str | None]  # microseconds since 1970, source, record, the record's own number


class Places:
    """When and where the rows of a chunk are, as arrays."""

    def __init__(self, table: pa.Table) -> None:
        rows = table.num_rows
        self.at = _integers(table["occurred"].cast(TIME).cast(pa.int64()), LATE)
        self.record = _integers(table["record"], 0)
        self.source = _texts(table, ("source",), rows)
        self.record_id = _texts(table, ("record_id", "uid"), rows)
        self.host = _texts(table, ("host", "src_ip"), rows)


def _integers(column: pa.ChunkedArray, absent: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    filled = pc.fill_null(column, absent).to_numpy()
    return np.asarray(filled, np.int64)


def _texts(table: pa.Table, names: tuple[str, ...], rows: int) -> pa.DictionaryArray:
    """Return the first of the columns that is there and has a value, as codes and values."""
    found: pa.Array = pa.nulls(rows, pa.string())
    for name in names:
        if name in table.column_names:
            found = pc.coalesce(found, one_array(table[name].cast(pa.string())))
    return found


class Tally:
    """The matches of one rule."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.events = 0
        self._first: int | None = None
        self._last: int | None = None
        self._hosts: Counter[str | None] = Counter()
        self._found: list[Found] = []

    def add(self, places: Places, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """Add some rows of the places, each once."""
        self.events += len(rows)
        at = places.at[rows]
        timed = at[at != LATE]
        if len(timed):
            self._first = min(int(timed.min()), LATE if self._first is None else self._first)
            self._last = max(int(timed.max()), -LATE if self._last is None else self._last)
        hosts = encode(places.host.take(pa.array(rows)))
        for code, count in zip(*np.unique(hosts.codes, return_counts=True), strict=True):
            self._hosts[hosts.values.text(int(code)) if code >= 0 else None] += int(count)
        order = np.lexsort((places.record[rows], _ranks(places.source.take(pa.array(rows))), at))[: self._most]
        chosen = pa.array(rows[order])
        sources, ids = places.source.take(chosen).to_pylist(), places.record_id.take(chosen).to_pylist()
        records = places.record[rows[order]].tolist()
        self._found += zip(at[order].tolist(), [text or "" for text in sources], records, ids, strict=True)
        self._found = sorted(self._found, key=lambda one: one[:3])[: self._most]

    @property
    def first(self) -> int | None:
        """The first time, microseconds since 1970."""
        return self._first

    @property
    def last(self) -> int | None:
        """The last time."""
        return self._last

    @property
    def hosts(self) -> tuple[HostSeen, ...]:
        """The machines, most events first."""
        ordered = sorted(self._hosts.items(), key=lambda one: (-one[1], one[0] or ""))
        return tuple(HostSeen(host=host, events=events) for host, events in ordered)

    @property
    def found(self) -> list[Found]:
        """The first matches by time."""
        return self._found


def _ranks(sources: pa.DictionaryArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return where each source stands among them by name, so that the cut of the rows decides nothing."""
    coded = encode(sources)
    names = [coded.values.text(code) for code in range(len(coded.values.array))]
    place = np.zeros(len(names) + 1, np.int64)  # the last is that of rows without a source
    place[sorted(range(len(names)), key=lambda code: names[code])] = np.arange(1, len(names) + 1)
    return place[coded.codes]


def iso(microseconds: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC, with microseconds."""
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds")
