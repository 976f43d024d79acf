"""``keii indicators``: what a report gives to look for, word by word, before any log is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from keii import pipeline
from keii.case.case import Case
from keii.case.catalog import SourceRecord
from keii.cli import show
from keii.ingest import ingest
from keii.model import Indicator, IntelPattern
from keii.model.rule import IntelRule
from keii.wording import Lang, say

_WORDS = 80  # characters of a sentence; the JSON holds it whole


@click.command("indicators")
@show.paths_argument
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind (ip, domain, url …); may repeat.")
@click.option("--plain", is_flag=True, help="Only the values that are hunted, one a line, for other tools.")
@show.lang_option
@show.json_option
def indicators(paths: tuple[Path, ...], kinds: tuple[str, ...], *, plain: bool, lang: str | None, as_json: bool) -> int:
    """Show what reports, lists and rules give to hunt for. PATHS: a case that was run, or reports."""
    spoken = show.spoken(lang)
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return _told(case, kinds, spoken, plain=plain, as_json=as_json)
    with pipeline.passing_case((), paths) as case, show.bars() as bars:
        ingest(case, bars)
        return _told(case, kinds, spoken, plain=plain, as_json=as_json)


def _told(case: Case, kinds: Sequence[str], lang: Lang, *, plain: bool, as_json: bool) -> int:
    found = [one for one in pipeline.indicators(case) if not kinds or one.kind in kinds]
    patterns = case.catalog.patterns() if not kinds or "pattern" in kinds else ()
    rules = case.catalog.rules()
    if plain:
        for value in dict.fromkeys(one.value for one in found if one.hunted):
            click.echo(show.safe(value))
    elif as_json:
        show.json_lines({"indicator": one} for one in found)
        show.json_lines({"pattern": one} for one in patterns)
        show.json_line(
            {"indicators": len(found), "patterns": len(patterns), "rules": len(rules), "sources": _read(case)}
        )
    else:
        _tables(found, patterns, rules, lang)
    records = case.catalog.sources()
    unread = [f"{one.source.name}: {one.error}" for one in records if one.status in ("unreadable", "unknown")]
    names = {one.source.id: one.source.name for one in records if one.kind == "intel"}
    skips = [row for row in case.catalog.skips() if row.source in names and row.skip.count]
    return show.incomplete([*unread, *(f"{names[s.source]}: {s.skip.place}: {s.skip.reason}" for s in skips)], lang)


def _read(case: Case) -> list[Mapping[str, str]]:
    return [_source(record) for record in case.catalog.sources()]


def _source(record: SourceRecord) -> Mapping[str, str]:
    return {"id": record.source.id, "name": record.source.name, "kind": record.kind, "status": record.status}


def _tables(
    found: Sequence[Indicator], patterns: Sequence[IntelPattern], rules: Sequence[IntelRule], lang: Lang
) -> None:
    rows = [(one.kind, one.value, _role(one, lang), _place(one), _short(one.sentence)) for one in found]
    names = ("kind", "value", "role", "place", "words")
    title = say("cli.indicators", lang, {"count": len(found), "hunted": sum(one.hunted for one in found)})
    show.table(title, [say(f"cli.column.{name}", lang) for name in names], rows)
    if patterns:
        told = [(_behaviour(one), _place(one), _short(one.sentence)) for one in patterns]
        title = say("cli.patterns", lang, {"count": len(patterns)})
        show.table(title, [say(f"cli.column.{name}", lang) for name in ("value", "place", "words")], told)
    if rules:
        show.told("cli.rules-beside", lang, count=len(rules))


def _role(one: Indicator, lang: Lang) -> str:
    if not one.hunted:
        return say("cli.left-out", lang, {"why": one.note.rpartition("not hunted: ")[2]})
    return one.role or ""


def _behaviour(one: IntelPattern) -> str:
    parts = (
        one.method,
        one.uri,
        one.user_agent,
        f":{one.port}" if one.port else "",
        f"{one.period} s" if one.period else "",
    )
    return " ".join(part for part in parts if part)


def _place(one: Indicator | IntelPattern) -> str:
    at = one.locator.page or one.locator.record if one.locator is not None else None
    return f"{one.source_name} {at}" if at else one.source_name


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= _WORDS else plain[: _WORDS - 1] + "…"
