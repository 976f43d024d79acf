"""Coverage as a heat map: machines and logs down, days across; worst first, so that a hole cannot hide."""

from __future__ import annotations

from markupsafe import Markup

from keii.exporters.shown import clean
from keii.exporters.svg import Picture, shortened
from keii.model import CoverageCell
from keii.model.report import Report
from keii.wording import Lang, say

_LABEL, _WIDTH, _ROW, _TOP = 300, 1080, 15, 34
_MOST = 60  # rows drawn
_WORST = ("erased", "silent", "unknown", "thin", "present", "never-collected")


def draw(report: Report, lang: Lang) -> Markup | None:
    """Return the picture, None where there is no coverage to show."""
    rows: dict[tuple[str, str], dict[str, CoverageCell]] = {}
    for cell in report.trace.coverage:
        rows.setdefault((cell.host, cell.log), {})[cell.day] = cell
    if not rows:
        return None
    days = sorted({cell.day for cell in report.trace.coverage})
    told = {name for i in report.trace.infections for name in (i.host, *i.addresses)} | {
        t.host for t in report.trace.tampering
    }
    ranked = sorted(rows, key=lambda key: (_rank(rows[key], key[0] in told), key))
    shown = ranked[:_MOST]
    picture = Picture(_WIDTH, _TOP + len(shown) * _ROW + 34, say("html.coverage", lang))
    wide = (_WIDTH - _LABEL - 12) / len(days)
    step = max(1, len(days) // 10)
    for at in range(0, len(days), step):
        picture.text(_LABEL + at * wide, 20, days[at][2:], "tick")
    for number, key in enumerate(shown):
        y = _TOP + number * _ROW
        picture.text(4, y + 11, shortened(f"{key[0]} · {key[1]}", 46), "label")
        _row(picture, rows[key], days, y, wide, lang)
    y = _TOP + len(shown) * _ROW + 12
    x = 4.0
    for state in ("present", "thin", "silent", "erased", "unknown", "never-collected"):
        picture.rect(x, y, 12, 12, f"cover {state}", round_=2)
        picture.text(x + 17, y + 10, say(f"cover.{state}", lang), "tick")
        x += 150
    if len(ranked) > len(shown):
        picture.text(x, y + 10, say("html.showing", lang, {"shown": len(shown), "all": len(ranked)}), "tick")
    return picture.done()


def _rank(cells: dict[str, CoverageCell], told: bool) -> int:  # noqa: FBT001 - one fact of two
    worst = min((_WORST.index(cell.state) for cell in cells.values()), default=9)
    return worst if worst == 0 else (1 if told else 2 + worst)


def _row(picture: Picture, cells: dict[str, CoverageCell], days: list[str], y: float, wide: float, lang: Lang) -> None:
    """Draw a row; neighbouring days of one state are one rectangle."""
    start = 0
    while start < len(days):
        cell = cells.get(days[start])
        state = cell.state if cell else "never-collected"
        end = start
        while end + 1 < len(days) and _state(cells, days[end + 1]) == state:
            end += 1
        events = sum(cells[day].events for day in days[start : end + 1] if day in cells)
        witness = f" · {cell.witness}" if cell and cell.witness else ""
        span = days[start] if start == end else f"{days[start]} – {days[end]}"
        title = clean(f"{span}: {say(f'cover.{state}', lang)}, {events:,}{witness}")
        picture.rect(_LABEL + start * wide, y + 1, (end - start + 1) * wide, _ROW - 3, f"cover {state}", title)
        start = end + 1


def _state(cells: dict[str, CoverageCell], day: str) -> str:
    return cells[day].state if day in cells else "never-collected"
