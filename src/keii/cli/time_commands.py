"""``keii chronology``, and ``keii claims --over-time``: public sources along the time at which they were published."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from keii import pipeline
from keii.cli import show
from keii.cli.shapes import chronology_entry, history_entry
from keii.exporters.chronology import as_csv, as_markdown
from keii.exporters.sections_time import chronology as chronology_table
from keii.exporters.sections_time import over_time as over_time_table
from keii.exporters.shown import Cell, Section
from keii.wording import Lang, say

Form = Literal["json", "csv", "markdown"]


@click.command()
@show.paths_argument
@click.option("--json", "form", flag_value="json", help="Write JSON Lines, a publication a line.")
@click.option("--csv", "form", flag_value="csv", help="Write CSV for a spreadsheet.")
@click.option("--markdown", "form", flag_value="markdown", help="Write a Markdown table.")
@show.lang_option
def chronology(paths: tuple[Path, ...], *, form: Form | None, lang: str | None) -> int:
    """Number publications in order of time: when, who, the words that matter, what was new in each."""
    spoken = show.spoken(lang)
    report = pipeline.public_report(paths)
    if form == "json":
        claims = {claim.id: claim for claim in report.claims}
        ratings = {rating.claim: rating for rating in report.ratings.claims}
        show.json_lines(chronology_entry(entry, claims, ratings) for entry in report.chronology)
    elif form is not None:
        sys.stdout.buffer.write({"csv": as_csv, "markdown": as_markdown}[form](report, spoken))
    else:
        _print_chronology(chronology_table(report, spoken), spoken)
    return 0


def _print_chronology(section: Section, lang: Lang) -> None:
    """Print the chronology in three columns: time and publisher, title and words, what was new."""
    rows = []
    for number, published, publisher, title, words, new in section.rows:
        left = "\n".join((f"{number.text}  {_text(published)}", _text(publisher)))
        rows.append((left, "\n".join(part for part in (title.text, _text(words)) if part), _text(new)))
    columns = [say(f"cli.column.{name}", lang) for name in ("publication", "quote", "new")]
    show.ruled_table(section.title, columns, rows)
    show.words(section.note)


def _text(cell: Cell) -> str:
    """Return a cell line by line, each with its mark."""
    if not cell.lines:
        return cell.text
    return "\n".join(f"{line.text} [{line.mark}]" if line.mark else line.text for line in cell.lines)


def print_over_time(paths: tuple[Path, ...], lang: Lang, *, as_json: bool) -> None:
    """Print what was said of each topic, publication by publication."""
    report = pipeline.public_report(paths)
    if as_json:
        claims = {claim.id: claim for claim in report.claims}
        entries = {entry.number: entry for entry in report.chronology}
        ratings = {rating.claim: rating for rating in report.ratings.claims}
        show.json_lines(history_entry(history, entries, claims, ratings) for history in report.over_time)
        return
    section = over_time_table(report, lang)
    rows = [
        (row[0].text if at == 0 else "", head, _text(cell))
        for row in section.rows
        for at, (head, cell) in enumerate(
            (head, cell) for head, cell in zip(section.columns[1:], row[1:], strict=True) if cell.text
        )
    ]
    columns = [say(f"cli.column.{name}", lang) for name in ("topic", "publication", "said")]
    show.ruled_table(section.title, columns, rows)
