"""The chronology alone, as analysts pass it on: a Markdown table or a CSV file for a spreadsheet."""

from __future__ import annotations

import csv
import io

from keii import names
from keii.exporters.markdown import table
from keii.exporters.sections_time import chronology, news, published
from keii.exporters.shown import clean
from keii.model.report import Report
from keii.wording import Lang, say

COLUMNS = (
    "number",
    "published",
    "updated",
    "publisher",
    "kind",
    "reliability",
    "title",
    "document",
    "quoted",
    "words",
    "new",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first characters that a spreadsheet would run


def as_markdown(report: Report, lang: Lang) -> bytes:
    """Return the chronology as a Markdown table under its heading, UTF-8."""
    return ("\n".join(table(chronology(report, lang), lang)) + "\n").encode("utf-8", "replace")


def as_csv(report: Report, lang: Lang) -> bytes:
    """Return the chronology as CSV (RFC 4180, UTF-8, a header in the language), one publication a row.

    Several words or news in one cell stand on lines of their own. A cell that a spreadsheet would take for a formula
    begins with an apostrophe.
    """
    claims = {claim.id: claim for claim in report.claims}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([say(f"html.column.{name}", lang) for name in COLUMNS])
    for entry in report.chronology:
        lines = news(entry, claims, lang, report.zone)
        cells = (
            str(entry.number),
            published(entry.published, report, lang),
            published(entry.updated, report, lang),
            entry.publisher,
            names.kind(entry.kind, lang),
            entry.reliability,
            entry.title,
            entry.document,
            entry.within or "",
            "\n".join(entry.quotes),
            "\n".join(f"{line.text} [{line.mark}]" for line in lines),
        )
        writer.writerow([_guarded(clean(cell)) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
