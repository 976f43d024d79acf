"""Moments: the dates and times of a text, Japanese or English, exact to the character.

``parse_dates("8日未明に検知した", "ja", published, "+09:00")`` gives the moments with the range of the words they rest on.
"""

from keii.model import Moment
from keii.moments import english, japanese
from keii.moments.calendar import joined, local_day, moment_of
from keii.moments.spanned import Spanned, fold, small_number


def parse_dates(text: str, lang: str, reference: Moment | None = None, zone: str | None = None) -> tuple[Spanned, ...]:
    """Return the dates of ``text`` in order and without overlap.

    Args:
        text: any text; the offsets of the result point into it.
        lang: ``ja`` or ``en``.
        reference: publication time, from which relative words and missing years count. Without it they are left out:
            a year is never guessed.
        zone: offset or name in which days and clock times are meant; every moment marks it as inferred.
    """
    if lang == "ja":
        return japanese.parse(text, reference, zone)
    return english.parse(text, reference, zone)


__all__ = ["Spanned", "fold", "joined", "local_day", "moment_of", "parse_dates", "small_number"]
