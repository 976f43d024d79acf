"""Times as sources write them, with the bounds they allow."""

from __future__ import annotations

import datetime as dt

import msgspec


class Moment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time as written: EDTF (ISO 8601-2) value with the earliest and latest instant it can mean.

    Two extensions of EDTF: a clock time may carry a zone without seconds, and ``~`` may follow it
    (``2020-01-30T23:56+09:00``, ``2014~``, ``2016-12/..``, ``../2018``).

    Attributes:
        edtf: the value.
        earliest: first instant that it can mean, UTC, None where open.
        latest: last instant (exclusive) that it can mean, UTC, None where open.
        as_text: the words of the source; empty where a machine wrote the time.
        zone: offset (``+09:00``) or name used for the bounds; None where unknown, the bounds are then taken in UTC.
        zone_inferred: True where the source does not state the zone.
        anchor: what a relative expression counts from: ``publication``, ``text`` or None for an absolute one.
    """

    edtf: str
    earliest: dt.datetime | None = None
    latest: dt.datetime | None = None
    as_text: str = ""
    zone: str | None = None
    zone_inferred: bool = False
    anchor: str | None = None

    def before(self, other: Moment) -> bool:
        """True only if every instant this can mean lies before every instant the other can mean."""
        return self.latest is not None and other.earliest is not None and self.latest <= other.earliest

    def overlaps(self, other: Moment) -> bool:
        """True if some instant fits both."""
        return not (self.before(other) or other.before(self))
