"""Small words of reports: times and sizes in a form that both languages read."""

from __future__ import annotations

from keii import names

_STEPS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def day_or_minute(instant: str | None, zone: str = "UTC") -> str:
    """Return ``2019-03-05 01:42 UTC`` for an ISO 8601 instant, in ``zone`` with its offset where one is named, ``?`` for none."""
    if not instant:
        return "?"
    if zone != "UTC":
        return names.instant(instant, zone)
    text = instant.replace("T", " ")
    return f"{text[:16]} UTC" if len(text) >= 16 else text


def size(count: int | None) -> str:
    """Return bytes as a person reads them, decimal units: ``618.2 MB``."""
    if count is None:
        return "?"
    for unit, step in _STEPS:
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def shortened(words: str, most: int) -> str:
    """Return words cut to about ``most`` half-width characters, full-width ones counting as two."""
    room = most
    for at, char in enumerate(words):
        room -= 2 if ord(char) > 0x2E7F else 1
        if room < 0:
            return words[: max(at - 1, 1)] + "…"
    return words
