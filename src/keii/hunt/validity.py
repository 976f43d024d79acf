"""Whether what was seen lies within the time for which the intel vouches for an indicator (STIX 2.1, section 4.7)."""

from __future__ import annotations

import datetime as dt

from keii.model import Indicator
from keii.wording import say


def outside(indicator: Indicator, first: str | None, last: str | None) -> str:
    """Return a sentence where events lie outside of the stated validity, empty where none can be shown to.

    ``first`` and ``last`` are the bounds of the events (ISO 8601, UTC). The widest reading of the stated times counts:
    from the first instant that the start can mean up to, and without, the end of what the end can mean.
    """
    if first is None or last is None:
        return ""
    begin = indicator.valid_from.earliest if indicator.valid_from else None
    end = indicator.valid_until.latest if indicator.valid_until else None
    seen_first, seen_last = dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(last)
    facts = {
        "begin": indicator.valid_from.edtf if indicator.valid_from else "",
        "end": indicator.valid_until.edtf if indicator.valid_until else "",
    }
    if begin is not None and seen_last < begin:
        return say("hunt.before_validity", facts=facts)
    if end is not None and seen_first >= end:
        return say("hunt.after_validity", facts=facts)
    if (begin is not None and seen_first < begin) or (end is not None and seen_last >= end):
        return say("hunt.partly_outside_validity", facts={"window": f"{facts['begin']}..{facts['end']}"})
    return ""
