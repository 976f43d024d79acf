"""The events that fulfil the observations of patterns, as arrays: by machine, up to a bound that is told."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa

from keii.hunt.sigma.tally import LATE, Places
from keii.hunt.stix.evaluate import Event

MOST_EVENTS = 200_000  # of one observation that are held; of one with more, only how many is known


class Held:
    """The events of one observation by machine; those without a time fulfil no order and are counted."""

    def __init__(self) -> None:
        self.by_host: dict[str | None, list[Event]] = defaultdict(list)
        self.count = 0
        self.without_time = 0

    @property
    def too_many(self) -> bool:
        """Whether there were more than are held."""
        return self.count > MOST_EVENTS

    def add(self, places: Places, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """Add some rows of the places, each once."""
        self.count += len(rows)
        if self.too_many:
            self.by_host.clear()
            return
        chosen = pa.array(rows)
        hosts, sources = places.host.take(chosen).to_pylist(), places.source.take(chosen).to_pylist()
        ids = places.record_id.take(chosen).to_pylist()
        times, records = places.at[rows].tolist(), places.record[rows].tolist()
        for at, host, source, record, own in zip(times, hosts, sources, records, ids, strict=True):
            if at == LATE:
                self.without_time += 1
            else:
                self.by_host[host].append(Event(at, source or "", record, own))

    def of(self, host: str | None) -> list[Event]:
        """Return the events of a machine by time."""
        return sorted(self.by_host.get(host, ()), key=lambda event: event[:3])
