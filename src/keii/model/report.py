"""The report as a value: everything that the exporters and the web page show, in the order in which people read."""

from __future__ import annotations

import msgspec

from keii.model.claim import Claim
from keii.model.document import Document
from keii.model.finding import Finding, Verdict
from keii.model.intel import HuntCoverage, IntelRevision, Match
from keii.model.moment import Moment
from keii.model.publication import Change, TopicHistory
from keii.model.rating import Ratings
from keii.model.rule import RulesHunted
from keii.model.source import Skipped
from keii.model.trace import Reason, Trace


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A source as the appendix lists it. ``status``: read, copy, beside-rules, unreadable, unknown; ``error`` says why.

    ``inferred`` are marks of what its times do not say and how that was filled (``docs/logs.md``).
    """

    id: str
    name: str
    kind: str
    reader: str
    sha256: str
    size: int | None
    status: str
    events: int
    skipped: int
    first: str | None = None
    last: str | None = None
    error: str = ""
    skips: tuple[Skipped, ...] = ()
    inferred: tuple[str, ...] = ()


class ChronologyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One publication in the numbered chronology.

    Attributes:
        number: 1-based, in order of publication time.
        document: file name; ``within`` the embedded source's id where it is quoted there.
        published, updated: with time of day where known.
        publisher, title, lang, kind: as stated.
        reliability: Admiralty letter of the source (``F`` unless a rule or the user says more); a claim has its own code.
        claims: ids of its claims in order of the text.
        new: ids of the claims that tell what no earlier publication told, or tell it otherwise.
        news: for those claims, how they stand to what was told before, in the same order.
        quotes: the words that tell it, in order of the text; of words that overlap the longest.
    """

    number: int
    document: str
    within: str | None = None
    publisher: str
    title: str
    lang: str
    kind: str
    reliability: str = "F"
    published: Moment | None = None
    updated: Moment | None = None
    claims: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    news: tuple[Change, ...] = ()
    quotes: tuple[str, ...] = ()


class TimelineItem(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of the timeline. ``earliest``/``latest`` UTC ISO 8601 or None where open; ``what`` says it in words."""

    lane: str
    topic: str
    earliest: str | None
    latest: str | None
    what: Reason
    certain: bool
    claims: tuple[str, ...] = ()


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence of the summary with the claims, matches or findings that it rests on."""

    what: Reason
    cites: tuple[str, ...] = ()


class LabelCount(msgspec.Struct, frozen=True, kw_only=True):
    """Files touched that carry a label and belong to an owner (both empty: files of no label).

    Attributes:
        files: distinct files touched, the most that the logs show; ``least`` of them with a record of being read, copied,
            archived or sent.
        readings: how many by each operation; a file may have several.
        first, last: UTC.
        open_days: days in between on which a log of a server is erased or silent: where there are any, ``files`` is no bound.
    """

    label: str
    owner: str
    files: int
    least: int
    readings: dict[str, int]
    first: str | None = None
    last: str | None = None
    open_days: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One case, composed.

    Attributes:
        case, victim: as in case.toml.
        as_of: time of the last entry of the custody ledger: a report has no clock of its own.
        version: of keii.
        summary: what matters, one screen.
        questions: what remains open and why.
        ratings: Admiralty letters of sources and codes of claims.
        over_time: every topic after each publication that speaks of it.
        rules: what became of every rule that was added as intel, None where there is none.
        labels: files touched per label of the user's CSV, empty where there is none.
        revisions: what later versions of the same intel add and withdraw.
        sources, chronology, timeline, claims, findings, verdicts, matches, hunt, trace, documents: the parts.
    """

    case: str
    victim: str
    as_of: str
    version: str
    zone: str = "UTC"
    summary: tuple[Sentence, ...] = ()
    questions: tuple[Sentence, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
    documents: tuple[Document, ...] = ()
    chronology: tuple[ChronologyEntry, ...] = ()
    over_time: tuple[TopicHistory, ...] = ()
    timeline: tuple[TimelineItem, ...] = ()
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    matches: tuple[Match, ...] = ()
    hunt: HuntCoverage | None = None
    rules: RulesHunted | None = None
    revisions: tuple[IntelRevision, ...] = ()
    ratings: Ratings = Ratings()
    trace: Trace = Trace()
    labels: tuple[LabelCount, ...] = ()
