"""The report as one self-contained HTML file: no network, no script; everything from evidence is escaped."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from keii.exporters import picture_coverage, picture_path, picture_timeline
from keii.exporters.interface import Exporter
from keii.exporters.sections import SECTIONS
from keii.exporters.shown import WITH_IDS, byline, clean, has_logs, sentence
from keii.model.report import Report
from keii.wording import Lang, say

_FOLDER = files("keii.exporters").joinpath("templates")


def render(report: Report, lang: Lang) -> bytes:
    """Return the page. Its content security policy allows its own style sheet by hash and nothing else."""
    style = _FOLDER.joinpath("report.css").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_FOLDER.joinpath("report.html").read_text("utf-8"))
    page = template.render(
        report=report,
        lang=lang,
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        with_ids=WITH_IDS,
        say=lambda key, **facts: say(key, lang, facts),
        clean=clean,
        byline=byline(report, lang),
        has_logs=has_logs(report),
        summary=[sentence(s, lang, report.zone) for s in report.summary],
        questions=[sentence(s, lang, report.zone) for s in report.questions],
        sections={made.id: made for made in (make(report, lang) for make in SECTIONS)},
        pictures={
            "timeline": picture_timeline.draw(report, lang),
            "path": picture_path.draw(report, lang),
            "coverage": picture_coverage.draw(report, lang),
        },
    )
    return page.encode("utf-8", "replace")


EXPORTER = Exporter(id="html", suffix="html", render=render)
