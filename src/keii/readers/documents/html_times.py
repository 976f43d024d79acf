"""Publication time of a page: the best of its dates, and why the others were not taken."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import msgspec

from keii.model import Moment, RejectedDate
from keii.readers.documents.byline import Byline
from keii.readers.documents.html_dates import Candidate, candidates, iso_moment

_ADDRESS = re.compile(r"(?<!\d)((?:19|20)\d\d)([/_-]?)(0[1-9]|1[0-2])\2([0-2]\d|3[01])(?!\d)")


class Times(msgspec.Struct, frozen=True):
    """The times taken and the others."""

    published: Moment | None
    updated: Moment | None
    rejected: tuple[RejectedDate, ...]


def page_times(root: Any, lang: str, byline: Byline, url: str) -> Times:
    """Return the publication and update time of a page, and every other date with the reason.

    Ranked: JSON-LD, meta tags, labelled byline, time elements, byline, date in the address. A coarser date gives way
    to a finer one of the same day; metadata whose clock equals the byline's but whose zone is UTC on a Japanese page
    is a mislabelled local time.
    """
    found: list[Candidate] = []
    rejected: list[RejectedDate] = list(byline.rejected)
    for item in candidates(root, lang):
        if isinstance(item, RejectedDate):
            rejected.append(item)
        else:
            found.append(item)
    for moment, update in ((byline.published, False), (byline.updated, True)):
        if moment is not None:
            found.append(Candidate(2 if byline.labelled or update else 3, update, moment, "byline"))
    if match := _ADDRESS.search(url):
        moment_or_reason = iso_moment(f"{match[1]}-{match[3]}-{match[4]}", lang)
        if isinstance(moment_or_reason, Moment):
            found.append(Candidate(9, update=False, moment=moment_or_reason, place="address"))
    published, others = _take([item for item in found if not item.update], byline, lang)
    updated, more = _take([item for item in found if item.update], byline, lang)
    if published is None and updated is not None and not rejected:
        updated_only = [RejectedDate(as_text=updated.as_text, place="page", reason="the update, not the publication")]
        return Times(None, updated, tuple(updated_only))
    if published is not None and updated is not None and updated.edtf == published.edtf:
        updated = None
    return Times(published, updated, (*rejected, *others, *more))


def _take(found: list[Candidate], byline: Byline, lang: str) -> tuple[Moment | None, list[RejectedDate]]:
    ranked = sorted(found, key=lambda item: item.rank)
    if not ranked:
        return None, []
    wrong = [item for item in ranked if _mislabelled(item.moment, byline, lang)]
    late = [item for item in ranked if item not in wrong and _is_rendering(item, byline)]
    ranked = [item for item in ranked if item not in wrong and item not in late] or ranked
    best = ranked[0]
    finer = next((item for item in ranked[1:] if _refines(item.moment, best.moment)), None)
    taken = finer or best
    others = [
        RejectedDate(
            as_text=item.moment.as_text, place=item.place,
            reason="the clock of the byline under another zone" if item in wrong
            else "later than the day that the page's own words give" if item in late else f"{taken.place} ranks higher",
        )
        for item in found if item is not taken and item.moment.edtf != taken.moment.edtf
    ]  # fmt: skip
    return taken.moment, others


def _refines(finer: Moment, coarser: Moment) -> bool:
    """A time of day refines a bare day, or a midnight that stands for one, when both name the same day."""
    if "T" not in finer.edtf or _is_midnight(finer.edtf):
        return False
    if "T" not in coarser.edtf or _is_midnight(coarser.edtf):
        return finer.edtf[:10] == coarser.edtf[:10]
    # 15:00Z is the midnight of a day in +09:00: compare in the zone of the finer one.
    if coarser.earliest is None or finer.earliest is None or finer.zone in {None, coarser.zone}:
        return False
    local = dt.datetime.fromisoformat(finer.edtf[:16])
    shift = local.replace(tzinfo=dt.UTC) - finer.earliest
    start = coarser.earliest + shift
    return (start.hour, start.minute) == (0, 0) and start.date() == local.date()


def _is_midnight(edtf: str) -> bool:
    return re.search(r"T00:00(?:Z|[+-]|$)", edtf) is not None


def _mislabelled(moment: Moment, byline: Byline, lang: str) -> bool:
    """Metadata in UTC whose clock is the byline's, while the byline has another zone (stated, unless Japanese)."""
    shown = [item for item in (byline.published, byline.updated) if item is not None and "T" in item.edtf]
    return moment.zone == "+00:00" and any(
        item.zone not in {"+00:00", None} and (lang == "ja" or not item.zone_inferred)
        and item.edtf[:16] == moment.edtf[:16] for item in shown
    )  # fmt: skip


def _is_rendering(item: Candidate, byline: Byline) -> bool:
    """Metadata that lies more than a day after the labelled publication: the day of a reworked or rendered page."""
    if not byline.labelled or item.update or item.place == "byline" or byline.published is None:
        return False
    told, given = byline.published.latest, item.moment.earliest
    return told is not None and given is not None and given > told + dt.timedelta(days=1)
