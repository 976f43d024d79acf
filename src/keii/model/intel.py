"""Intel: what someone published about an adversary."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.model.moment import Moment
from keii.model.source import Locator

IndicatorKind = Literal[
    "ip", "cidr", "domain", "url", "md5", "sha1", "sha256", "email", "user-agent", "ja3", "ja4", "certificate",
    "file-name", "file-path", "registry-key", "mutex", "named-pipe",
]  # fmt: skip


class Indicator(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a report that can be looked for in events.

    Attributes:
        kind: what it is.
        value: normal form: lower case (except user agents, paths and URL paths), refanged, punycode for IDN, no trailing
            dot. A domain stands for itself and its subdomains.
        as_written: the words of the report (``hxxp://evil[.]example``).
        source: id of the intel source; ``source_name`` its file name.
        sentence: the sentence or table row that it stands in; empty for bare lists.
        role: c2, download, victim, vendor, reference, exfiltration or None where the report does not say.
        locator: where it stands.
        valid_from, valid_until: where the intel states them.
        note: how it was normalised, in English.
        hunted: False for values that are told and not looked for (private addresses, the vendor's own site, values on
            a warning list); ``note`` then says why.
    """

    kind: IndicatorKind
    value: str
    as_written: str
    source: str
    source_name: str
    sentence: str = ""
    role: str | None = None
    locator: Locator | None = None
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    note: str = ""
    hunted: bool = True


class IntelPattern(msgspec.Struct, frozen=True, kw_only=True):
    """A behaviour that a report describes: the communication pattern of a beacon, not an address.

    Attributes:
        uri: template of the request path; ``*`` stands for any run of characters, None where not told.
        user_agent, method: as told.
        port: destination port.
        period: seconds between check-ins.
        sentence, source, source_name, locator: as for an indicator.
    """

    source: str
    source_name: str
    sentence: str
    uri: str | None = None
    user_agent: str | None = None
    method: str | None = None
    port: int | None = None
    period: int | None = None
    locator: Locator | None = None


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator or a pattern and the events that it holds for, on one host.

    Attributes:
        id: ``m-`` and 12 hex digits.
        indicator: what was looked for; ``pattern`` instead for a pattern.
        host: internal address or host name at which it was seen; None where the event names none.
        table, column: where it was found.
        values: the distinct values of the events that matched, at most 20.
        first_seen, last_seen: UTC, ISO 8601 with microseconds.
        events: how many.
        locators: the first 20, by time.
        note: how the match came about, in English (``subdomain of``, ``inside CIDR``).
    """

    id: str
    indicator: Indicator | None = None
    pattern: IntelPattern | None = None
    host: str | None = None
    table: str
    column: str
    values: tuple[str, ...]
    first_seen: str | None
    last_seen: str | None
    events: int
    locators: tuple[Locator, ...]
    note: str = ""


class IntelRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A later version of the same intel against the one before.

    Attributes:
        source: id of the later version; ``source_name`` its file name, ``before`` that of the earlier one.
        added, withdrawn: what only the later, or only the earlier, version names: kind and value.
        seen: how many of the added indicators the hunt found.
    """

    source: str
    source_name: str
    before: str
    added: tuple[str, ...]
    withdrawn: tuple[str, ...]
    seen: int = 0


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """What one table offered to a hunt."""

    table: str
    events: int
    host_days: int
    first: str | None
    last: str | None
    kinds: tuple[str, ...]


class HuntCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt searched and what it could not: every zero cites it.

    Attributes:
        searched: per table.
        not_searchable: sentences on what could not be searched (missing days, skipped records, unreadable sources).
        not_applicable: indicator kinds or rules for which no table has a column, each with the reason.
        indicators: number hunted, by kind.
        not_hunted: number told but not hunted, by reason.
    """

    searched: tuple[Searched, ...]
    not_searchable: tuple[str, ...]
    not_applicable: tuple[tuple[str, str], ...]
    indicators: dict[str, int]
    not_hunted: dict[str, int]
