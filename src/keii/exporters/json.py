"""The report as one JSON object, versioned; ``docs/json.md`` describes it."""

from __future__ import annotations

import msgspec

from keii.exporters.interface import Exporter
from keii.model.report import Report
from keii.wording import Lang

FORMAT = "keii-report/1"


def render(report: Report, _lang: Lang) -> bytes:
    """Return the report as indented JSON, keys in the order of the nouns; the same in every language."""
    return (
        msgspec.json.format(msgspec.json.encode({"format": FORMAT, **msgspec.structs.asdict(report)}), indent=1) + b"\n"
    )


EXPORTER = Exporter(id="json", suffix="json", render=render)
