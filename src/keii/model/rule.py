"""Rules and patterns that someone published, and what became of each when it was asked of the events."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.model.source import Locator

RuleLanguage = Literal["sigma", "stix", "suricata", "warninglist"]
RuleStatus = Literal["matched", "no-match", "not-applicable", "not-loadable"]


class IntelRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it was published, not yet understood: the hunt loads it and says what became of it.

    Attributes:
        language: ``sigma`` (a whole rule file), ``stix`` (one pattern), ``suricata`` (one rule) or ``warninglist`` (a whole
            list of what must not be hunted).
        place: the source's name, with what stands in it (``feed.json, indicator--…``).
        text: the rule in its language; nothing in it was checked.
        source: id of the intel source; ``source_name`` its file name.
        id, title, level, author, tags: what stands beside the text and not in it (STIX), empty otherwise.
    """

    language: RuleLanguage
    place: str
    text: str
    source: str
    source_name: str
    id: str = ""
    title: str = ""
    level: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is told of a rule. ``author`` must be shown with every match (Detection Rule Licence 1.1).

    Attributes:
        id: the rule's own id, else ``sigma-`` and 12 hex digits of its content.
        place: file and, where it holds several, the number of the document.
        notes: what is wrong with the rule's own particulars though it can run, in English.
        language: what the rule is written in.
    """

    id: str
    title: str
    place: str
    name: str | None = None
    level: str | None = None
    status: str | None = None
    author: str | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    language: RuleLanguage = "sigma"


class LogSearched(msgspec.Struct, frozen=True, kw_only=True):
    """A log that was asked: what it is called, its events, on how many host-days, from and to (ISO 8601, UTC)."""

    log: str
    events: int
    host_days: int
    first: str | None = None
    last: str | None = None


class HostSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A machine and how often; None where the event names none."""

    host: str | None
    events: int


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """Events that together fulfil a correlation or pattern: the values they share, and what was counted."""

    group: tuple[str, ...]
    first: str
    last: str
    events: int
    value: float | None = None


class RuleOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt says of one rule.

    Attributes:
        rule: what the rule is; its author is to be named with every match.
        status: matched; no-match, with what was searched; not-applicable, where the log is absent; not-loadable.
        why: the sentence (``data/text/sigma.yaml``, ``data/text/rules.yaml``) that tells the status, with ``facts``.
        events: how many events matched; of a correlation, those of all episodes.
        first_seen, last_seen: UTC, ISO 8601; None where no event tells its time.
        hosts: machines, most events first.
        locators: the first events by time.
        searched: the logs that were asked.
        absent: fields of the rule that no event of these logs has.
        episodes: of a correlation or of a pattern over several events.
    """

    rule: About
    status: RuleStatus
    why: str = ""
    facts: dict[str, str] = {}
    events: int = 0
    first_seen: str | None = None
    last_seen: str | None = None
    hosts: tuple[HostSeen, ...] = ()
    locators: tuple[Locator, ...] = ()
    searched: tuple[LogSearched, ...] = ()
    absent: tuple[str, ...] = ()
    episodes: tuple[Episode, ...] = ()


class RulesHunted(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of every rule, in the order of the rules; and what was searched altogether."""

    outcomes: tuple[RuleOutcome, ...]
    searched: tuple[LogSearched, ...]
    counts: dict[str, int]
