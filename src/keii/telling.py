"""The steps on machines as people read them: a kind of a machine once, with its records together."""

from __future__ import annotations

from collections.abc import Iterable

from keii.model import Step


def by_kind(steps: Iterable[Step]) -> tuple[tuple[Step, ...], ...]:
    """Return the steps of every machine and kind together, in order of the first of each."""
    together: dict[tuple[str, str], list[Step]] = {}
    for step in sorted(steps, key=lambda s: (s.at, s.host, s.kind, s.what)):
        together.setdefault((step.host, step.kind), []).append(step)
    return tuple(tuple(own) for own in together.values())
