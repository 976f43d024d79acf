"""Cells and tables that the HTML, the Markdown and the terminal all show, with everything from evidence cleaned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from keii import names
from keii.model import Locator
from keii.model.report import Report, Sentence
from keii.wording import Lang, say

_WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d( [+-]\d\d:\d\d)?$")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
Row = list["Cell | str"]
WITH_IDS = ("claims", "matches", "findings")  # tables whose rows are cited: the first cell cites the row itself
CITED = 5_000  # rows of a table that is cited
LINES = 4  # lines of one cell
QUOTE = 140  # characters of a quotation
MOST = 50  # rows of one table; the whole is in the JSON, and the table says how many it leaves out


class Line(msgspec.Struct, frozen=True):
    """One line of a cell with a mark behind it; ``tone`` colours the line, ``mark_tone`` the mark."""

    text: str
    mark: str = ""
    tone: str = ""
    mark_tone: str = ""


class Cell(msgspec.Struct, frozen=True):
    """Text of a table cell, with the ids of what it cites and a class for its colour.

    ``lines`` are the same text line by line, for formats that can set lines apart.
    """

    text: str
    cites: tuple[str, ...] = ()
    tone: str = ""
    lines: tuple[Line, ...] = ()


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its title.

    Attributes:
        columns: their names; ``links`` the ids of rows that they stand for, empty or one a column.
        rows: of cells; ``total`` rows there were; ``ids`` the anchor of each row, empty where none has one.
        note: stands below.
        style: class of the table.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    note: str = ""
    style: str = ""
    links: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


def clean(text: object) -> str:
    """Return text without control and direction characters: those of a hostile log must not reorder a report."""
    return _UNSEEN.sub("\ufffd", str(text))


def lined(lines: Sequence[Line], cites: Sequence[str] = ()) -> Cell:
    """Return a cell of lines, cleaned; as plain text they are joined."""
    own = tuple(msgspec.structs.replace(line, text=clean(line.text)) for line in lines)
    text = " / ".join(f"{line.text} [{line.mark}]" if line.mark else line.text for line in own)
    return Cell(text, tuple(cites), lines=own)


def more(items: Sequence[object], shown: int) -> list[Line]:
    """Return a line that says how many of ``items`` are not among the first ``shown``, or none."""
    return [Line(f"… (+{len(items) - shown})")] if len(items) > shown else []


def short_quote(words: str) -> str:
    """Return a quotation short, without line breaks and without a quotation mark whose other half lies outside."""
    flat = " ".join(words.split())
    for open_, close in ("「」", "『』", "“”"):
        flat = flat.removesuffix(close) if open_ not in flat else flat
        flat = flat.removeprefix(open_) if close not in flat else flat
    return flat if len(flat) <= QUOTE else flat[: QUOTE - 1] + "…"


def minute(instant: str | None, report: Report) -> str:
    """Return an instant to the minute in the zone of the case."""
    return names.instant(instant, report.zone)


def volume(count: int | None) -> str:
    """Return bytes with a decimal unit."""
    return "?" if count is None else names.volume(count)


def facts(of: Mapping[str, str], lang: Lang, zone: str = "UTC") -> dict[str, str]:
    """Return the facts of a sentence with subjects, topics, speakers and times in words, cleaned."""
    return {name: clean(text) for name, text in names.facts(of, lang, zone).items()}


def sentence(of: Sentence, lang: Lang, zone: str = "UTC") -> Cell:
    """Return a sentence with what it cites."""
    return Cell(clean(say(of.what.why, lang, facts(of.what.facts, lang, zone))), of.cites)


def locator(of: Locator, sources: Mapping[str, str]) -> str:
    """Return a place in words: file, record or characters."""
    where = sources.get(of.source, of.source)
    if of.record is not None:
        own = f" ({of.record_id})" if of.record_id else ""
        return f"{where} #{of.record}{own}"
    page = f" p.{of.page}" if of.page else ""
    return f"{where}{page} {of.start}–{of.end}" if of.start is not None else f"{where}{page}"


def places(of: Sequence[Locator], sources: Mapping[str, str]) -> Cell:
    """Return the first two places, a line each, and how many more there are."""
    lines = [Line(locator(one, sources)) for one in of[:2]]
    return msgspec.structs.replace(lined([*lines, *more(of, 2)]), tone="record" if of else "")


def section(
    id_: str,
    lang: Lang,
    rows: Sequence[Sequence[Cell | str]],
    *columns: str,
    note: str = "",
    ids: Sequence[str] = (),
    style: str = "",
) -> Section:
    """Return a section whose title and columns are ``html.<id>`` and ``html.column.<name>`` in ``data/text``."""
    most = CITED if id_ in WITH_IDS or ids else MOST
    cells = tuple(tuple(c if isinstance(c, Cell) else _cell(c) for c in row) for row in rows[:most])
    own = tuple(row[0].cites[0] for row in cells) if id_ in WITH_IDS else tuple(ids[:most])
    return Section(
        id=id_,
        title=say(f"html.{id_}", lang),
        columns=tuple(say(f"html.column.{name}", lang) for name in columns),
        rows=cells,
        total=len(rows),
        note=note,
        style=style,
        ids=own,
    )


def _cell(text: str) -> Cell:
    return Cell(clean(text), tone="when" if _WHEN.match(text) else "")


def byline(report: Report, lang: Lang) -> str:
    """Return the line below the title: version, as of when, and in which zone times are shown."""
    told = {"version": report.version, "as_of": minute(report.as_of, report), "zone": report.zone}
    return say("html.byline" if report.zone == "UTC" else "html.byline-zone", lang, told)


def has_logs(report: Report) -> bool:
    """Return whether the case holds, or tried to hold, anything that machines recorded."""
    searched = bool(report.hunt and (report.hunt.searched or report.hunt.not_searchable))
    trace = report.trace
    return searched or any(s.kind == "log" for s in report.sources) or bool(trace.infections or trace.coverage)
