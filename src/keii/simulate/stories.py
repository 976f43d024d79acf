"""Variants of the story itself: what else happens in the company while the breach goes on.

Each takes the breach before anything is written and returns it with its own events and its own truth.
"""

from __future__ import annotations

from collections.abc import Callable

from keii.simulate.company import Company
from keii.simulate.decoys import decoys
from keii.simulate.intrusion import Intrusion

STORIES: dict[str, Callable[[int, Company, Intrusion], Intrusion]] = {
    "decoys": decoys,
}
