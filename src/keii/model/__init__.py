"""The nouns of keii: frozen values without input or output. GLOSSARY.md defines each."""

from keii.model.claim import ELSEWHERE, Category, Claim, Date, Duration, Interval, Number, Value, claim_id
from keii.model.document import Document, Embedded, RejectedDate
from keii.model.finding import Finding, Verdict, finding_id
from keii.model.intel import HuntCoverage, Indicator, IntelPattern, Match, Searched
from keii.model.moment import Moment
from keii.model.source import Locator, Skipped, Source
from keii.model.trace import (
    Beacon,
    Clock,
    CoverageCell,
    FileTouch,
    FirstHost,
    Hop,
    HostIdentity,
    Infection,
    Reason,
    Step,
    Tampering,
    Trace,
    Transfer,
)

__all__ = [
    "ELSEWHERE", "Beacon",
    "Category", "Claim", "Clock", "CoverageCell", "Date", "Document", "Duration", "Embedded", "FileTouch",
    "Finding", "FirstHost", "Hop", "HostIdentity", "HuntCoverage", "Indicator", "Infection", "IntelPattern", "Interval",
    "Locator", "Match", "Moment", "Number", "Reason", "RejectedDate", "Searched", "Skipped", "Source", "Step",
    "Tampering", "Trace", "Transfer", "Value", "Verdict", "claim_id", "finding_id",
]  # fmt: skip
