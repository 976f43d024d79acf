"""The order of the told times cannot be: disclosed before detected, detected before it began."""

from __future__ import annotations

from collections.abc import Iterator

from keii.checks.interface import Check, Claims, found
from keii.model import Claim, Finding

_ORDER = (
    ("time.intrusion_start", "time.detection"),
    ("time.detection", "time.disclosed"),
    ("time.detection", "time.notified_authority"),
    ("time.intrusion_start", "time.exfiltration"),
)


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per pair of one voice's claims that stand in the wrong order."""
    for first, second in _ORDER:
        for early in claims.of(first):
            for late in claims.of(second):
                if early.about == late.about and claims.same_speaker(early, late) and _wrong(early, late):
                    yield found("impossible-order", "impossible-order", claims, [early], "order", against=[late])


def _wrong(early: Claim, late: Claim) -> bool:
    both = early.polarity == late.polarity == "affirmed"
    return both and early.moment is not None and late.moment is not None and late.moment.before(early.moment)


CHECK = Check(
    id="impossible-order", asks="Is the order of the told times possible?", needs=("time.*",), run=run
)  # fmt: skip
