"""The timeline as a picture: two lanes, observed and stated; uncertain times are ranges, paler where open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from markupsafe import Markup

from keii.exporters.shown import clean, facts, minute
from keii.exporters.svg import Picture, shortened
from keii.model.report import Report, TimelineItem
from keii.wording import Lang, say

_LABEL, _WIDTH, _ROW, _TOP = 330, 1080, 22, 34
_MOST = 36  # rows a lane; the tables hold them all


def draw(report: Report, lang: Lang) -> Markup | None:
    """Return the picture, None where there is no time to show."""
    lanes = [(lane, _chosen([i for i in report.timeline if i.lane == lane])) for lane in ("observed", "stated")]
    instants = [t for _, items in lanes for i in items for t in (i.earliest, i.latest) if t]
    if not instants:
        return None
    first, last = _seconds(min(instants)), _seconds(max(instants))
    slack = max((last - first) * 0.03, 3600.0)
    first, last = first - slack, last + slack
    rows = sum(len(items) + 1 for _, items in lanes if items)
    picture = Picture(_WIDTH, _TOP + rows * _ROW + 10, say("html.timeline", lang))
    _axis(picture, first, last, _TOP + rows * _ROW, ZoneInfo(report.zone))
    y = _TOP
    for lane, items in lanes:
        if not items:
            continue
        whole = sum(i.lane == lane for i in report.timeline)
        shown = "" if whole == len(items) else " " + say("html.showing", lang, {"shown": len(items), "all": whole})
        picture.text(4, y + 15, say(f"html.lane.{lane}", lang) + shown, "lane")
        y += _ROW
        for item in items:
            _bar(picture, item, y, (first, last), report, lang)
            y += _ROW
    return picture.done()


def _chosen(items: Sequence[TimelineItem]) -> list[TimelineItem]:
    """Return the items to draw: all, or the most telling kinds first where there are too many."""
    order = ("tamper.cleared", "infected", "files", "transfer", "hop")
    ranked = sorted(
        items, key=lambda i: order.index(i.topic) if i.topic in order else (-1 if i.topic.startswith("time.") else 9)
    )
    kept = ranked[:_MOST]
    return sorted(kept, key=lambda i: (i.earliest or i.latest or "~", i.topic))


def _seconds(instant: str) -> float:
    moment = dt.datetime.fromisoformat(instant)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _x(seconds: float, first: float, last: float) -> float:
    return _LABEL + (seconds - first) / (last - first) * (_WIDTH - _LABEL - 12)


def _axis(picture: Picture, first: float, last: float, bottom: float, zone: dt.tzinfo) -> None:
    """Draw ticks at whole years, months, days or hours, at most eleven of them."""
    form, ticks = next(((form, ticks) for form, ticks in _steps(first, last, zone) if len(ticks) <= 11), ("%Y", []))
    for tick in ticks:
        x = _x(tick.timestamp(), first, last)
        picture.line(x, _TOP - 8, x, bottom, "grid")
        picture.text(x, 16, tick.strftime(form), "tick", "middle")


def _steps(first: float, last: float, zone: dt.tzinfo) -> list[tuple[str, list[dt.datetime]]]:
    start, end = dt.datetime.fromtimestamp(first, zone), dt.datetime.fromtimestamp(last, zone)
    found = []
    for hours, form in ((1, "%d %H:00"), (6, "%m-%d %H:00"), (24, "%m-%d"), (24 * 7, "%Y-%m-%d")):
        if (last - first) / 3600 / hours <= 14:
            at = start.replace(minute=0, second=0, microsecond=0, hour=0)
            ticks = []
            while at <= end:
                if at >= start:
                    ticks.append(at)
                at += dt.timedelta(hours=hours)
            found.append((form, ticks))
    for months, form in ((1, "%Y-%m"), (3, "%Y-%m"), (12, "%Y"), (60, "%Y"), (1200, "%Y")):
        year, month, ticks = start.year, 1, []
        while year <= end.year and len(ticks) < 400:
            at = dt.datetime(year, month, 1, tzinfo=zone)
            if start <= at <= end:
                ticks.append(at)
            month += months
            year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        found.append((form, ticks))
    return found


def _bar(
    picture: Picture, item: TimelineItem, y: float, between: tuple[float, float], report: Report, lang: Lang
) -> None:
    words = clean(say(item.what.why, lang, facts(item.what.facts, lang, report.zone)))
    picture.text(12, y + 15, shortened(words, 50), "label")
    start = _x(_seconds(item.earliest), *between) if item.earliest else float(_LABEL)
    end = _x(_seconds(item.latest), *between) if item.latest else float(_WIDTH - 12)
    style = f"bar {item.lane} {'certain' if item.certain else 'possible'}"
    if item.topic.startswith("tamper"):
        style = "bar tamper"
    since, until = (minute(t, report) if t else "…" for t in (item.earliest, item.latest))
    title = f"{words} ({since} – {until}{' UTC' if report.zone == 'UTC' else ''})"
    picture.rect(
        start, y + 5, max(end - start, 4), 12, style + ("" if item.earliest and item.latest else " open"), title, 3
    )
