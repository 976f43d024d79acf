"""What became of every rule: the form that a hunt by rules is handed over in."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.hunt.sigma.rules import About
from keii.model import Locator

Status = Literal["matched", "no-match", "not-applicable", "not-loadable"]


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
    """Events that together fulfil a correlation: the values they share, and what was counted."""

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
        why: the sentence (``data/text/sigma.yaml``) that tells the status, with ``facts``.
        events: how many events matched; of a correlation, those of all episodes.
        first_seen, last_seen: UTC, ISO 8601; None where no event tells its time.
        hosts: machines, most events first.
        locators: the first events by time.
        searched: the logs that were asked.
        absent: fields of the rule that no event of these logs has.
        episodes: of a correlation.
    """

    rule: About
    status: Status
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
