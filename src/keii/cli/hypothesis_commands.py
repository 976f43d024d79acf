"""``keii hypotheses``: the analyst's hypotheses against all claims of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from keii import pipeline
from keii.cli import show
from keii.exporters.markdown import table as markdown_table
from keii.exporters.shown import Cell, Section
from keii.report.hypotheses import ShownAnalysis, ShownTable, shown_analysis
from keii.wording import Lang, say

Form = Literal["json", "markdown"]


@click.command("hypotheses")
@show.case_argument
@click.option("--json", "form", flag_value="json", help="Write one JSON object for programs.")
@click.option("--markdown", "form", flag_value="markdown", help="Write two Markdown tables and the points below them.")
@show.lang_option
def hypotheses(case: Path, *, form: Form | None, lang: str | None) -> int:
    """Weigh the hypotheses of case.toml against every claim, and say what would change the ranking."""
    spoken = show.spoken(lang)
    analysis, claims = pipeline.hypotheses_of(case)
    if form == "json":
        show.json_line(analysis)
        return 0
    shown = shown_analysis(analysis, claims, spoken)
    if form == "markdown":
        click.echo("\n".join(_markdown(shown, spoken)))
        return 0
    for one in (shown.standings, shown.matrix):
        show.table(one.title, one.columns, one.rows)
    show.words(shown.legend)
    for point in shown.points:
        show.bullet(point, spoken)
    return 0


def _markdown(shown: ShownAnalysis, lang: Lang) -> list[str]:
    points = ShownTable(
        title=say("hypotheses.points", lang), columns=("",), rows=tuple((point,) for point in shown.points)
    )
    tables = ((shown.standings, ""), (shown.matrix, shown.legend), (points, ""))
    return [line for one, note in tables for line in (*markdown_table(_section(one, note), lang), "")]


def _section(of: ShownTable, note: str) -> Section:
    rows = tuple(tuple(Cell(text) for text in row) for row in of.rows)
    columns = tuple(name.lstrip("#") for name in of.columns)
    return Section(id="hypotheses", title=of.title, columns=columns, rows=rows, total=len(rows), note=note)
