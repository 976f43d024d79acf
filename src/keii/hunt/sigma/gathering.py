"""The matches that correlations rest on, with the fields that they ask for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from keii.hunt.sigma.asked_plan import Hit
from keii.hunt.sigma.columns import Chunk, View, texts_of
from keii.hunt.sigma.correlation import Seen
from keii.hunt.sigma.rules import Rule
from keii.hunt.sigma.tally import LATE, Places


class Matches(NamedTuple):
    """Matches by rule (id), and how many of each have no time."""

    of: dict[str, list[Seen]]
    without_time: dict[str, int]


class Gathered:
    """Matches by rule (id); those without a time cannot be correlated and are counted in ``without_time``."""

    def __init__(self, rules: Sequence[Rule], needed: Mapping[str, set[str]]) -> None:
        self._rules = rules
        self.needed = {rule: set(names) for rule, names in needed.items()}
        self.matches: dict[str, list[Seen]] = defaultdict(list)
        self.without_time: Counter[str] = Counter()
        self._of_id: dict[str, int] = {}
        for number, rule in enumerate(rules):
            self._of_id.setdefault(rule.about.id, number)  # of rules with one id the first is meant

    def wants(self, rule: int) -> bool:
        """Tell whether a correlation rests on a rule."""
        about = self._rules[rule].about
        return about.id in self.needed and self._of_id[about.id] == rule

    def columns(self) -> dict[int, set[str]]:
        """Return per rule (its number) the fields that are asked of its matches."""
        return {self._of_id[key]: names for key, names in self.needed.items() if key in self._of_id}

    def all(self) -> Matches:
        """Return what was gathered."""
        return Matches(dict(self.matches), dict(self.without_time))

    def join(self, others: Matches) -> None:
        """Add what was gathered of other files."""
        for rule, seen in others.of.items():
            self.matches[rule] += seen
        self.without_time.update(others.without_time)

    def add(
        self, chunk: Chunk, hits: Sequence[Hit], found_at: Places, every: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        """Add the hits of a chunk; ``found_at`` are the places of the rows ``every`` (rising)."""
        taken: set[tuple[int, int]] = set()
        for hit in hits:
            if not self.wants(hit.rule):
                continue
            rule = self._rules[hit.rule].about.id
            names = sorted(self.needed[rule])
            view = View(chunk, hit.rows)
            parts = [view.parts(hit.witness.field(name)) for name in names]
            columns = [texts_of(found[0]) if found else [None] * len(view) for found in parts]
            rows = hit.rows.tolist()
            for place, row in enumerate(rows):
                if (hit.rule, row) not in taken:
                    taken.add((hit.rule, row))
                    fields = {name: values[place] for name, values in zip(names, columns, strict=True)}
                    self._take(rule, found_at, int(np.searchsorted(every, row)), fields)

    def _take(self, rule: str, found_at: Places, at: int, fields: dict[str, str | None]) -> None:
        moment = int(found_at.at[at])
        if moment == LATE:
            self.without_time[rule] += 1
            return
        self.matches[rule].append(
            Seen(
                moment,
                found_at.source[at].as_py() or "",
                int(found_at.record[at]),
                found_at.record_id[at].as_py(),
                found_at.host[at].as_py(),
                rule,
                fields,
            )
        )
