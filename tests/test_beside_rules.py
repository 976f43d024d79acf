"""What lies beside detection rules is no publication; articles beside evidence are."""

from __future__ import annotations

from keii.beside_rules import beside_rules
from keii.case.catalog import SourceRecord
from keii.model import Source


def _record(name: str, kind: str, reader: str) -> SourceRecord:
    return SourceRecord(source=Source(id=name, name=name, sha256="0" * 64), kind=kind, reader=reader)


def _rules(place: str, count: int = 8) -> list[SourceRecord]:
    return [_record(f"{place}rule{n}.yml", "intel", "sigma") for n in range(count)]


def test_plain_texts_of_a_rule_archive_are_no_publications() -> None:
    records = [
        *_rules("rules.zip!windows/"), _record("rules.zip!README.md", "document", "plain"), _record("rules.zip!a/LICENSE", "document", "plain"),
        _record("rules.zip!paper.pdf", "document", "pdf"), _record("rules.zip!iocs.md", "intel", "report+plain"), _record("news.txt", "document", "plain"),
    ]  # fmt: skip
    assert beside_rules(records) == {"rules.zip!README.md", "rules.zip!a/LICENSE"}


def test_an_archive_of_evidence_keeps_its_articles() -> None:
    logs = [_record(f"case.zip!logs/{n}.log", "log", "zeek") for n in range(3)]
    article = _record("case.zip!article.txt", "document", "plain")
    assert beside_rules([*_rules("case.zip!rules/"), *logs, article]) == frozenset()


def test_a_folder_counts_without_the_folders_below_it() -> None:
    records = [*_rules("evidence/rules/"), _record("evidence/rules/README.md", "document", "plain")]
    records += [
        _record("evidence/articles/a.txt", "document", "plain"),
        _record("evidence/note.txt", "document", "plain"),
    ]
    assert beside_rules(records) == {"evidence/rules/README.md"}


def test_a_few_rules_make_no_collection() -> None:
    few = [*_rules("mixed.zip!", 4), _record("mixed.zip!a.txt", "document", "plain")]
    many_texts = [*_rules("texts.zip!", 5), *(_record(f"texts.zip!{n}.txt", "document", "plain") for n in range(20))]
    assert beside_rules([*few, *many_texts]) == frozenset()
