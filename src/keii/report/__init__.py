"""Compose: one Report value from everything that was found, in the order in which people read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from keii import __version__
from keii.model import Claim, Document, Finding, HuntCoverage, Match, Trace, Verdict
from keii.model.intel import IntelRevision
from keii.model.publication import Change
from keii.model.rating import Ratings
from keii.model.report import Report, SourceEntry
from keii.model.rule import RulesHunted
from keii.report.chronology import chronology
from keii.report.labels import count
from keii.report.over_time import over_time
from keii.report.questions import questions
from keii.report.summary import summary
from keii.report.timeline import timeline


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the stages found, as the pipeline hands it over."""

    case: str
    victim: str = ""
    as_of: str = ""
    zone: str = "UTC"
    sources: Sequence[SourceEntry] = ()
    documents: Sequence[Document] = ()
    claims: Sequence[Claim] = ()
    changes: Sequence[Change] = ()
    ratings: Ratings = Ratings()
    findings: Sequence[Finding] = ()
    verdicts: Sequence[Verdict] = ()
    matches: Sequence[Match] = ()
    hunt: HuntCoverage | None = None
    rules: RulesHunted | None = None
    revisions: Sequence[IntelRevision] = ()
    trace: Trace = Trace()
    labelled: bool = False


def compose(parts: Parts) -> Report:
    """Return the report: the parts, and over them the chronology, the timeline, the summary and the open questions."""
    return Report(
        case=parts.case,
        victim=parts.victim,
        as_of=parts.as_of,
        version=__version__,
        zone=parts.zone,
        summary=summary(parts),
        questions=questions(parts),
        sources=tuple(parts.sources),
        documents=tuple(parts.documents),
        chronology=chronology(parts.documents, parts.claims, parts.changes, parts.ratings.sources),
        over_time=over_time(parts.claims, parts.changes, parts.documents),
        timeline=timeline(parts.claims, parts.trace),
        claims=tuple(parts.claims),
        findings=tuple(parts.findings),
        verdicts=tuple(parts.verdicts),
        matches=tuple(parts.matches),
        hunt=parts.hunt,
        rules=parts.rules,
        revisions=tuple(parts.revisions),
        ratings=parts.ratings,
        trace=parts.trace,
        labels=count(parts.trace.files, parts.trace.coverage) if parts.labelled else (),
    )


__all__ = ["Parts", "compose"]
