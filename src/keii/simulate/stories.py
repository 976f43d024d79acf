"""Variants of the story itself: what else happens in the company while the breach goes on.

Each takes the breach before anything is written and returns it with its own events and its own truth.
"""

from __future__ import annotations

from collections.abc import Callable

from keii.simulate.company import Company
from keii.simulate.decoys import decoys
from keii.simulate.intrusion import Course, Intrusion, supplier
from keii.simulate.second import second

STORIES: dict[str, Callable[[int, Company, Intrusion], Intrusion]] = {
    "decoys": decoys,
    "two-intruders": second,
}
# What is another in the intrusion itself: how often its tool asks for orders, and by which machine it comes in.
COURSES: dict[str, Course] = {
    "slow-beacons": Course(workdays=1),
    "weekly-beacons": Course(workdays=5),
    "supplier-vpn": Course(entry=supplier()),
}
