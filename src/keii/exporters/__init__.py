"""Exporters: a Report value in one format per file."""

from __future__ import annotations

from keii.errors import UsageError
from keii.exporters import html, json, markdown
from keii.exporters.interface import Exporter
from keii.model.report import Report
from keii.wording import Lang

EXPORTERS: tuple[Exporter, ...] = (html.EXPORTER, markdown.EXPORTER, json.EXPORTER)


def render(form: str, report: Report, lang: Lang) -> bytes:
    """Return the report in a format. Raises UsageError for a format that does not exist."""
    for exporter in EXPORTERS:
        if exporter.id == form:
            return exporter.render(report, lang)
    raise UsageError(f"expected one of {', '.join(exporter.id for exporter in EXPORTERS)}, found {form!r}")


__all__ = ["EXPORTERS", "Exporter", "render"]
