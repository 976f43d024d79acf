"""Matches of Sigma rules in the shape of other tools, so that anyone can hold them beside keii's.

hayabusa: the columns of its ``verbose`` profile (``csv-timeline``), times in UTC. Zircolite: its ``detected_events.json``.
chainsaw: ``hunt --json`` with single detections. What keii does not hold (false positives, references, the SQL of a rule)
is there and empty. Only events with a place are written; correlations have their events once per rule.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from keii.model.rule import RuleOutcome

Shape = Literal["hayabusa", "zircolite", "chainsaw"]
Events = Mapping[tuple[str, int], Mapping[str, Any]]  # by source id and record
_LEVELS = {"critical": "crit", "high": "high", "medium": "med", "low": "low", "informational": "info"}
_COLUMNS = (
    "Timestamp", "Computer", "Channel", "EventID", "Level", "MitreTactics", "MitreTags", "OtherTags", "RecordID",
    "RuleTitle", "Details", "ExtraFieldInfo", "RuleFile", "EvtxFile",
)  # fmt: skip
_SYSTEM = {
    "channel": "Channel", "provider": "Provider_Name", "event_id": "EventID", "record_id": "EventRecordID",
    "host": "Computer", "level": "Level", "user_sid": "UserID", "process_id": "ProcessID",
}  # fmt: skip
_OURS = frozenset({"occurred", "source", "record", "more", "logged_on", *_SYSTEM})


def shaped(shape: Shape, outcomes: Sequence[RuleOutcome], events: Events, names: Mapping[str, str]) -> str:
    """Return the matched outcomes in a tool's shape.

    Args:
        shape: whose.
        outcomes: of a hunt with all places of its matches.
        events: the rows of these places, absent columns left out.
        names: of the sources, by id.
    """
    return _WRITERS[shape](list(_matches(outcomes, events, names)))


class _Match:
    """A rule and an event that it holds for."""

    def __init__(self, outcome: RuleOutcome, event: Mapping[str, Any], name: str) -> None:
        self.rule, self.event, self.name = outcome.rule, event, name
        more = json.loads(event["more"]) if event.get("more") else {}
        own = {field: value for field, value in event.items() if field not in _OURS}
        self.data: dict[str, Any] = {**own, **(more if isinstance(more, dict) else {})}
        self.system = {theirs: event[ours] for ours, theirs in _SYSTEM.items() if event.get(ours) is not None}
        at = event.get("occurred")
        self.at = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z" if at is not None else ""

    @property
    def authors(self) -> list[str]:
        return [one.strip() for one in (self.rule.author or "").split(",") if one.strip()]


def _matches(outcomes: Sequence[RuleOutcome], events: Events, names: Mapping[str, str]) -> Iterator[_Match]:
    for outcome in outcomes:
        for place in outcome.locators if outcome.status == "matched" else ():
            event = events.get((place.source, place.record or 0))
            if event is not None:
                yield _Match(outcome, event, names.get(place.source, place.source))


def _hayabusa(matches: Sequence[_Match]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in sorted(matches, key=lambda one: (one.at, one.rule.title)):
        tags = [tag.removeprefix("attack.") for tag in one.rule.tags]
        techniques = [tag.upper() for tag in tags if tag[:1] == "t" and tag[1:2].isdigit()]
        tactics = [
            t for tag, t in zip(one.rule.tags, tags, strict=True) if tag.startswith("attack.") and not _numbered(t)
        ]
        others = [tag for tag in one.rule.tags if not tag.startswith("attack.")]
        writer.writerow([
            one.at[:23].replace("T", " ") + " +00:00" if one.at else "",
            *(one.system.get(name, "") for name in ("Computer", "Channel", "EventID")),
            _LEVELS.get(one.rule.level or "", one.rule.level or ""),
            *(" ¦ ".join(some) for some in (tactics, techniques, others)),
            one.system.get("EventRecordID", ""),
            one.rule.title,
            " ¦ ".join(f"{name}: {value}" for name, value in one.data.items()),
            "",
            one.rule.place,
            one.name,
        ])  # fmt: skip
    return out.getvalue()


def _numbered(tag: str) -> bool:
    return tag[:1] in "tsg" and tag[1:2].isdigit()


def _zircolite(matches: Sequence[_Match]) -> str:
    rules: dict[str, list[_Match]] = {}
    for one in matches:
        rules.setdefault(one.rule.id + one.rule.place, []).append(one)
    return _json([
        {
            "title": held[0].rule.title, "id": held[0].rule.id, "description": "", "sigmafile": held[0].rule.place,
            "sigma": [], "rule_level": held[0].rule.level, "tags": list(held[0].rule.tags), "count": len(held),
            "matches": [
                {"row_id": number, **one.system, **one.data, "SystemTime": one.at, "OriginalLogfile": one.name}
                for number, one in enumerate(held, 1)
            ],
        }
        for held in rules.values()
    ])  # fmt: skip


def _chainsaw(matches: Sequence[_Match]) -> str:
    return _json([
        {
            "group": "Sigma", "kind": "individual",
            "document": {
                "kind": "evtx", "path": one.name,
                "data": {"Event": {"System": {**one.system, "TimeCreated_attributes": {"SystemTime": one.at}}, "EventData": one.data}},
            },
            "name": one.rule.title, "timestamp": one.at, "authors": one.authors, "level": one.rule.level,
            "source": "sigma", "status": one.rule.status, "falsepositives": [], "id": one.rule.id, "logsource": {},
            "references": [], "tags": list(one.rule.tags),
        }
        for one in matches
    ])  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) + "\n"


_WRITERS: dict[Shape, Callable[[Sequence[_Match]], str]] = {
    "hayabusa": _hayabusa,
    "zircolite": _zircolite,
    "chainsaw": _chainsaw,
}
