"""The hunt: every indicator and pattern over every table, and what the zero rests on."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from keii.hunt import patterns as pattern_hunt
from keii.hunt.coverage import cover
from keii.hunt.evidence import Seen, collect, find_hits
from keii.hunt.hosts import register_internal
from keii.hunt.target_list import Target
from keii.hunt.targets import choose
from keii.hunt.validity import outside
from keii.lake import index_keys
from keii.lake.store import Lake
from keii.model import HuntCoverage, Indicator, IntelPattern, Match
from keii.wording import say


class Hunted(msgspec.Struct, frozen=True, kw_only=True):
    """The matches, ordered by indicator, place and host, and what was searched."""

    matches: tuple[Match, ...]
    coverage: HuntCoverage


def hunt(
    lake: Lake,
    indicators: Sequence[Indicator],
    patterns: Sequence[IntelPattern],
    *,
    not_searchable: Sequence[str] = (),
    internal: Sequence[str] = (),
) -> Hunted:
    """Look for indicators and patterns in every event table.

    Args:
        lake: the events; files without an index are read themselves, with the same outcome.
        indicators: what to look for; those that would match much of all traffic are counted and not hunted.
        patterns: requests to look for in ``http``.
        not_searchable: sentences on what could not be read at all, passed through.
        internal: networks of the victim; every private address counts as internal where none is given.

    Returns:
        One match per indicator, host, table and column, and the coverage.

    Raises:
        LakeError: an event file is damaged.
        ValueError: ``internal`` holds text that is no network.
    """
    targets = choose(indicators, internal)
    connection = lake.connect()
    try:
        own = register_internal(connection, lake, internal)
        matches: list[Match] = []
        for hits in find_hits(lake, targets.targets):
            for seen in collect(connection, lake.root, hits, targets.targets):
                matches += _of_target(targets.targets[seen.target], seen)
        refused: Counter[str] = Counter()
        hunted = []
        for pattern in patterns:
            reason = pattern_hunt.refusal(pattern)
            if reason is None:
                hunted.append(pattern)
            else:
                refused[say(reason)] += 1
        matches += [_of_pattern(pattern, seen) for pattern, seen in pattern_hunt.seek(connection, lake, _once(hunted))]
        absent = [("pattern", say("hunt.no_requests"))] if hunted and not lake.of("http") else []
        targets = msgspec.structs.replace(
            targets, not_hunted=dict(sorted((Counter(targets.not_hunted) + refused).items()))
        )
        coverage = cover(connection, lake, targets, not_searchable, absent, own)
    finally:
        connection.close()
    return Hunted(matches=tuple(sorted(matches, key=_order)), coverage=coverage)


def _order(match: Match) -> tuple[str, ...]:
    asked = match.indicator
    what = (
        ("a", asked.kind, asked.value, asked.source) if asked else ("b", match.pattern.source if match.pattern else "")
    )
    return (*what, match.table, match.column, match.host or "", match.id)


def _of_target(target: Target, seen: Seen) -> Iterator[Match]:
    """Yield one match for a value that several reports name: with the one that says most, and the others in the note."""
    indicator = max(target.indicators, key=lambda one: (len(one.sentence), one.source_name, one.source))
    others = sorted({one.source_name for one in target.indicators} - {indicator.source_name})
    also = f"; {say('hunt.also_in', facts={'names': ', '.join(others)})}" if others else ""
    yield Match(
        id=_id(indicator.source, indicator.kind, indicator.value, seen),
        indicator=indicator,
        host=seen.host,
        table=seen.table,
        column=seen.column,
        values=seen.values,
        first_seen=seen.first,
        last_seen=seen.last,
        events=seen.events,
        locators=seen.locators,
        note=_note(target, indicator, seen) + also,
    )


def _once(patterns: Sequence[IntelPattern]) -> list[IntelPattern]:
    """Return patterns that several reports state in the same way once, with the longest sentence."""
    chosen: dict[tuple[object, ...], IntelPattern] = {}
    for pattern in sorted(patterns, key=lambda one: (-len(one.sentence), one.source_name)):
        chosen.setdefault((pattern.uri, pattern.user_agent, pattern.method, pattern.port), pattern)
    return list(chosen.values())


def _of_pattern(pattern: IntelPattern, seen: pattern_hunt.Requests) -> Match:
    parts = (pattern.uri, pattern.user_agent, pattern.method, pattern.port, pattern.period)
    return Match(
        id=_id(pattern.source, "pattern", repr(parts), seen),
        pattern=pattern,
        host=seen.host,
        table=seen.table,
        column=seen.column,
        values=seen.values,
        first_seen=seen.first,
        last_seen=seen.last,
        events=seen.events,
        locators=seen.locators,
        note=pattern_hunt.note(pattern, seen),
    )


def _id(source: str, kind: str, value: str, seen: Seen) -> str:
    parts = (source, kind, value, seen.host or "", seen.table, seen.column)
    return "m-" + hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _note(target: Target, indicator: Indicator, seen: Seen) -> str:
    notes = []
    if target.of_url:
        notes.append(say("hunt.url_host"))
    elif target.kind == "cidr":
        notes.append(say("hunt.inside", facts={"value": indicator.value}))
    elif target.kind == "domain" and not any(_is_name(target, value) for value in seen.values):
        notes.append(say("hunt.subdomain", facts={"value": indicator.value}))
    elif target.kind == "url":
        notes.append(say("hunt.url_normal"))
    elif target.kind == "registry-key":
        notes.append(say("hunt.below_key"))
    elif target.kind == "file-name":
        notes.append(say("hunt.file_name"))
    if seen.query is not None:
        notes.append(say("hunt.answer", facts={"query": seen.query}))
    if not target.of_url and target.kind in ("ip", "cidr", "domain") and seen.column in ("url", "referrer", "Url"):
        notes.append(say("hunt.host_of_url"))
    if outdated := outside(indicator, seen.first, seen.last):
        notes.append(outdated)
    return "; ".join(notes)


def _is_name(target: Target, value: str) -> bool:
    """True where the value holds the very name, not only one below it."""
    return any(("name", target.key) in index_keys.keys_of(kind, value) for kind in ("domain", "answer", "url", "any"))
