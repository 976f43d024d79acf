"""Plain texts that lie beside detection rules: the README, the licence, a test's expectation. They are no publications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from posixpath import dirname

from keii.case.case import Case
from keii.case.catalog import SourceRecord
from keii.model import Document

_RULES = frozenset(("sigma", "suricata"))  # readers of rules
_LEAST = 5  # rules in one place, and
_SHARE = 0.3  # of its rules and plain texts, from which it is a collection of rules
_LOGS = 0.02  # of its members; a place with more logs is evidence


def beside_rules(records: Sequence[SourceRecord]) -> frozenset[str]:
    """Return the ids of plain texts in an archive, or in a folder, that is a collection of rules.

    An archive counts as a whole, a folder without the folders below it: a folder of evidence may hold rules and articles side
    by side. What has a form of its own (HTML, PDF, mail) and reports with indicators stay publications wherever they lie.
    """
    rules, texts, logs, members = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for record in records:
        place = _place(record)
        members[place] += 1
        rules[place] += record.reader in _RULES
        texts[place] += _is_plain(record)
        logs[place] += record.kind == "log"
    collections = {
        place
        for place, count in rules.items()
        if count >= _LEAST and count >= _SHARE * (count + texts[place]) and logs[place] <= _LOGS * members[place]
    }
    return frozenset(_ids(records, collections))


def _ids(records: Iterable[SourceRecord], collections: set[str]) -> Iterable[str]:
    return (record.source.id for record in records if _is_plain(record) and _place(record) in collections)


def _is_plain(record: SourceRecord) -> bool:
    return record.kind == "document" and record.reader == "plain"


def _place(record: SourceRecord) -> str:
    archive, inside, _ = record.source.name.partition("!")
    return f"{archive}!" if inside else dirname(record.source.name)


def publications(case: Case) -> tuple[Document, ...]:
    """Return the documents of a case that are publications."""
    beside = beside_rules(case.catalog.sources())
    return tuple(document for document in case.catalog.documents() if document.source not in beside)
