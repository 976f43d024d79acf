"""What rules have answered already, kept beside the case: a rule about single events is asked of new files only."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from keii import __version__
from keii.hunt.sigma.plan import PLAN_VERSION
from keii.hunt.sigma.rules import Rule
from keii.hunt.sigma.tally import Found, Tally
from keii.lake.store import Lake

_DIGEST = 32  # bytes of SHA-256 that stand before the answers


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What some files say of one rule; the answers of two sets of files make that of both.

    Attributes:
        events, first, last: how many match, and when (microseconds since 1970).
        hosts: machines and how often.
        found: the first matches by time, as many as an outcome carries.
        filled: per table that the rule was asked of, the fields of the rule that some event had.
        seen: the same of tables whose events were none that the rule is about.
    """

    events: int = 0
    first: int | None = None
    last: int | None = None
    hosts: list[tuple[str | None, int]] = []
    found: list[Found] = []
    filled: dict[str, list[str]] = {}
    seen: dict[str, list[str]] = {}


class Answers(msgspec.Struct, kw_only=True):
    """Answers by the digest of their rule, all of the same files (path to SHA-256)."""

    version: str = ""
    files: dict[str, str] = {}
    of: dict[str, Answer] = {}


def answer_of(tally: Tally | None, filled: Mapping[str, set[str]], seen: Mapping[str, set[str]]) -> Answer:
    """Return an answer from what was counted, and the fields by table."""
    fields = {table: sorted(names) for table, names in sorted(filled.items())}
    others = {table: sorted(names) for table, names in sorted(seen.items())}
    if tally is None:
        return Answer(filled=fields, seen=others)
    hosts = [(one.host, one.events) for one in tally.hosts]
    return Answer(
        events=tally.events,
        first=tally.first,
        last=tally.last,
        hosts=hosts,
        found=tally.found,
        filled=fields,
        seen=others,
    )


def joined(one: Answer, other: Answer, most: int) -> Answer:
    """Return the answer of the files of both, which have none in common; ``most`` are the matches kept."""
    hosts = Counter(dict(one.hosts))
    hosts.update(dict(other.hosts))
    asked = {*one.filled, *other.filled}
    fields: dict[str, set[str]] = {}
    for part in (one.filled, other.filled, one.seen, other.seen):
        for table, names in part.items():
            fields.setdefault(table, set()).update(names)
    return Answer(
        events=one.events + other.events,
        first=min((each for each in (one.first, other.first) if each is not None), default=None),
        last=max((each for each in (one.last, other.last) if each is not None), default=None),
        hosts=sorted(hosts.items(), key=lambda each: (-each[1], each[0] or "")),
        found=sorted((*one.found, *other.found), key=lambda each: each[:3])[:most],
        filled={table: sorted(names) for table, names in sorted(fields.items()) if table in asked},
        seen={table: sorted(names) for table, names in sorted(fields.items()) if table not in asked},
    )


def digest(rule: Rule, most: int) -> str:
    """Return what tells one question from another: titles and authors are no part of it."""
    return hashlib.sha256(msgspec.msgpack.encode([rule.logsource, rule.expression, most])).hexdigest()


def contents(lake: Lake) -> dict[str, str]:
    """Return the files of a lake with the hash of each (empty where it is not known)."""
    return {file.path: file.sha256 for file in lake.files}


def read(path: Path, lake: Lake) -> Answers:
    """Return the answers kept at a path; none where they are of files that the lake no longer has, or damaged."""
    now = contents(lake)
    fresh = Answers(version=_version())
    try:
        data = path.read_bytes()
        if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return fresh
        kept = msgspec.msgpack.decode(memoryview(data)[_DIGEST:], type=Answers)
    except (OSError, msgspec.MsgspecError):
        return fresh
    if kept.version != _version() or any(not sha or now.get(name) != sha for name, sha in kept.files.items()):
        return fresh
    return kept


def write(path: Path, lake: Lake, answers: Iterable[tuple[str, Answer]]) -> None:
    """Keep answers that are of every file of the lake; where that fails, the next hunt asks anew."""
    data = msgspec.msgpack.encode(Answers(version=_version(), files=contents(lake), of=dict(answers)))
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(data).digest() + data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)


def _version() -> str:
    return f"{__version__} {PLAN_VERSION}"
