"""Open questions: what the evidence cannot say, and what nobody has said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keii.model.report import Sentence
from keii.model.trace import Reason
from keii.report.wording import day_or_minute

if TYPE_CHECKING:
    from keii.report import Parts


def questions(parts: Parts) -> tuple[Sentence, ...]:
    """Return the open questions, those of the logs first."""
    return (*_logs(parts), *_ends(parts), *_sources(parts), *_said(parts))


def _ask(why: str, *cites: str, **facts: str) -> Sentence:
    return Sentence(what=Reason(why=f"question.{why}", facts=facts), cites=tuple(dict.fromkeys(cites))[:20])


def _logs(parts: Parts) -> Iterator[Sentence]:
    for tamper in parts.trace.tampering:
        if tamper.kind == "cleared":
            yield _ask("erased", host=tamper.host, log=tamper.log, at=day_or_minute(tamper.at, parts.zone))
    for sentence in parts.hunt.not_searchable[:20] if parts.hunt else ():
        yield _ask("not-searchable", what=sentence)


def _ends(parts: Parts) -> Iterator[Sentence]:
    for hop in parts.trace.hops:
        if hop.missing:
            yield _ask(
                "one-end",
                source=hop.source_host,
                target=hop.target_host,
                at=day_or_minute(hop.first, parts.zone),
                missing=", ".join(hop.missing),
            )
    for first in parts.trace.first_hosts[:1]:
        for against in first.speaks_against:
            yield Sentence(what=against)


def _sources(parts: Parts) -> Iterator[Sentence]:
    for source in parts.sources:
        if source.status == "unreadable":
            yield _ask("unreadable", name=source.name, error=source.error)


def _said(parts: Parts) -> Iterator[Sentence]:
    for key in parts.ratings.unmatched:
        yield _ask("unmatched-rating", name=key)
    for finding in parts.findings:
        if finding.kind == "omission" and finding.answer == "yes":
            why = "omitted-known" if finding.claims else "omitted"
            yield _ask(why, finding.id, **{"sources": ", ".join(finding.sources), **finding.facts})
        if finding.kind == "contradiction" and finding.answer == "yes":
            yield _ask("contradiction", finding.id, topic=finding.topic, sources=", ".join(finding.sources))
