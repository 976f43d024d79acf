"""The report as Markdown: the same sections as tables, every cell escaped."""

from __future__ import annotations

import re

from keii.exporters.interface import Exporter
from keii.exporters.sections import PUBLIC, SECTIONS, has
from keii.exporters.shown import Section, byline, clean, has_logs, sentence
from keii.model.report import Report
from keii.wording import Lang, say

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")


def render(report: Report, lang: Lang) -> bytes:
    """Return the report as Markdown (CommonMark with tables), UTF-8."""
    lines = [f"# {_plain(report.case)}", ""]
    lines += [byline(report, lang), ""]
    lines += [f"## {say('html.summary', lang)}", ""]
    lines += [f"- {_plain(sentence(s, lang, report.zone).text)}" for s in report.summary] or [say("common.none", lang)]
    for make in SECTIONS if has_logs(report) else PUBLIC:
        made = make(report, lang)
        if has(report, made.id):
            lines += ["", *table(made, lang)]
    if not has_logs(report):
        lines += ["", f"## {say('html.no-logs', lang)}", "", say("html.no-logs-note", lang)]
    lines += ["", f"## {say('html.questions', lang)}", ""]
    lines += [f"- {_plain(sentence(s, lang, report.zone).text)}" for s in report.questions] or [
        say("common.none", lang)
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def table(section: Section, lang: Lang) -> list[str]:
    """Return a section as the lines of a Markdown table under its heading, every cell escaped."""
    lines = [f"## {section.title}", ""]
    if section.rows:
        lines += ["| " + " | ".join(map(_plain, section.columns)) + " |", "|" + " --- |" * len(section.columns)]
        lines += ["| " + " | ".join(_plain(cell.text) for cell in row) + " |" for row in section.rows]
        if section.total > len(section.rows):
            lines += ["", say("html.showing", lang, {"shown": len(section.rows), "all": f"{section.total:,}"})]
    else:
        lines.append(say("common.none", lang))
    notes = section.note.splitlines()
    return (
        [*lines, "", *(_plain(note) if len(notes) == 1 else f"- {_plain(note)}" for note in notes)] if notes else lines
    )


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(text).replace("\n", " "))


EXPORTER = Exporter(id="md", suffix="md", render=render)
