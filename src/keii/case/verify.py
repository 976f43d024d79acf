"""Is the case what its ledger says? Every hash computed again, and every difference named. Nothing is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from keii.case import custody, intake
from keii.case.case import GONE, Case
from keii.case.custody import Entry
from keii.errors import CaseError
from keii.wording import Lang, say


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between the ledger or the catalog and the disk.

    Attributes:
        what: changed, missing, unrecorded, chain, torn, ledger-shorter, linked-grown, linked-changed, linked-missing,
            lake-missing or lake-changed; ``case.<what>`` is its sentence.
        path: which file, inside the case.
        facts: what the sentence needs.
    """

    what: str
    path: str
    facts: dict[str, str] = {}

    def sentence(self, lang: Lang = "en") -> str:
        """Return it in words."""
        return say(f"case.{self.what}", lang, {"path": self.path, **self.facts})


def verify(case: Case) -> list[Problem]:
    """Return all that is not as recorded: first the ledger, then the sources in its order, then the lake."""
    entries, breaks, torn = custody.inspect(case.ledger_path)
    ledger = case.ledger_path.name
    found = [Problem(what="chain", path=ledger, facts={"line": str(b.line), "detail": b.detail}) for b in breaks]
    if torn:
        found.append(Problem(what="torn", path=ledger, facts={"size": str(torn)}))
    found += _against_catalog(case, entries)
    standing = custody.current(entries)
    for entry in standing:
        found += _linked(entry) if entry.action == "linked" else _added(case, entry)
    recorded = {entry.path for entry in standing if entry.action == "added"}
    for path in sorted(case.sources.rglob("*")):
        name = path.relative_to(case.sources).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in recorded:
            found.append(Problem(what="unrecorded", path=f"sources/{name}"))
    return [*found, *_lake(case)]


def ledger_mark(entries: tuple[Entry, ...]) -> str:
    """Return what the catalog keeps of the ledger, so that one cut short or written anew is noticed."""
    return f"{len(entries)} {_hash(entries[-1])}" if entries else "0"


def _hash(entry: Entry) -> str:
    return hashlib.sha256(msgspec.json.encode(entry)).hexdigest()


def _against_catalog(case: Case, entries: tuple[Entry, ...]) -> Iterator[Problem]:
    try:
        mark = case.catalog.meta("ledger")
    except CaseError:
        return
    number, _, known = (mark or "0").partition(" ")
    if len(entries) < int(number):
        yield Problem(what="ledger-shorter", path=case.ledger_path.name, facts={"seq": number})
    elif known and _hash(entries[int(number) - 1]) != known:
        detail = "an earlier run has seen another entry here"
        yield Problem(what="chain", path=case.ledger_path.name, facts={"line": number, "detail": detail})


def _added(case: Case, entry: Entry) -> Iterator[Problem]:
    path, name = case.sources / entry.path, f"sources/{entry.path}"
    if path.is_symlink() or not path.is_file():
        yield Problem(what="missing", path=name)
    elif path.stat().st_size != entry.size or intake.digest(path).sha256 != entry.sha256:
        yield Problem(what="changed", path=name)


def _linked(entry: Entry) -> Iterator[Problem]:
    path, facts = Path(entry.origin), {"origin": entry.origin}
    if entry.note == GONE or not path.is_file():
        yield Problem(what="linked-missing", path=entry.path, facts=facts)
    elif not intake.begins_with(path, entry.size, entry.sha256):
        yield Problem(what="linked-changed", path=entry.path, facts=facts)
    elif path.stat().st_size > entry.size:
        yield Problem(what="linked-grown", path=entry.path, facts=facts)


def _lake(case: Case) -> Iterator[Problem]:
    for file in case.catalog.files():
        path = case.lake_root / file.path
        if not path.is_file():
            yield Problem(what="lake-missing", path=f"lake/{file.path}")
        elif path.stat().st_size != file.bytes or intake.digest(path).sha256 != file.sha256:
            yield Problem(what="lake-changed", path=f"lake/{file.path}")
