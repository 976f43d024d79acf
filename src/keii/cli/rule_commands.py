"""``keii sigma``: what Sigma rules say of the logs, and what became of every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import click

from keii.cli import show
from keii.errors import UsageError
from keii.exporters.peers import Shape, shaped
from keii.model.rule import RuleOutcome, RulesHunted
from keii.report.wording import day_or_minute
from keii.rule_hunt import hunt_by_rules
from keii.wording import Lang, say

_ALL = 10**9  # places: each of another tool's matches is one
_LEVELS = ("critical", "high", "medium", "low", "informational")


@click.command("sigma")
@show.paths_argument
@click.option(
    "--rules",
    multiple=True,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Rule file, folder or ZIP archive; may repeat.",
)
@click.option("--value", "values", multiple=True, metavar="NAME=VALUE", help="Value of a %NAME% in rules; may repeat.")
@click.option("--most", default=20, show_default=True, help="Places of each rule's matches.")
@click.option(
    "--shape",
    type=click.Choice(["hayabusa", "zircolite", "chainsaw"]),
    help="Write every match in the shape of another tool's output (CSV or JSON), to hold them side by side.",
)
@show.lang_option
@show.json_option
def sigma(
    paths: tuple[Path, ...],
    rules: tuple[Path, ...],
    values: tuple[str, ...],
    most: int,
    *,
    shape: Shape | None,
    lang: str | None,
    as_json: bool,
) -> int:
    """Ask Sigma rules of the logs. PATHS: a case that was run, or logs."""
    spoken = show.spoken(lang)
    given: dict[str, list[str]] = defaultdict(list)
    for told in values:
        name, equals, value = told.partition("=")
        if not equals or not name:
            raise UsageError(f"expected NAME=VALUE, found {told!r}", place="--value")
        given[name].append(value)
    with show.bars() as bars:
        found = hunt_by_rules(paths, rules, bars, values=given, most=_ALL if shape else most, events=shape is not None)
    if shape is not None:
        click.echo(shaped(shape, found.hunted.outcomes, found.events, found.names), nl=False)
    elif as_json:
        show.json_lines(found.hunted.outcomes)
        show.json_line({"searched": found.hunted.searched, "counts": found.hunted.counts})
    else:
        tables(found.hunted, found.names, spoken)
    broken = [say(one.why, spoken, one.facts) for one in found.hunted.outcomes if one.status == "not-loadable"]
    return show.incomplete([*found.unread, *broken], spoken)


def tables(hunted: RulesHunted, names_of: Mapping[str, str], lang: Lang) -> None:
    """Show the rules that hold, what was searched, and how many had which outcome."""
    outcomes = hunted.outcomes
    matched = sorted((one for one in outcomes if one.status == "matched"), key=_rank)
    rows = [
        (
            "info" if one.rule.level == "informational" else (one.rule.level or "")[:8],
            one.rule.title,
            f"{one.events:,}",
            (one.first_seen or "?")[:10],
            (one.last_seen or "?")[:10],
            ", ".join(host.host or "?" for host in one.hosts[:2]) + (" …" if len(one.hosts) > 2 else ""),
            _where(one, names_of),
        )
        for one in matched
    ]
    names = [say(f"cli.column.{name}", lang) for name in ("first", "last", "host")]
    columns = [say("sigma.column.level", lang), say("sigma.column.rule", lang), "#" + say("cli.column.events", lang)]
    show.table(
        say("sigma.table", lang, {"count": len(rows)}), [*columns, *names, say("sigma.column.record", lang)], rows
    )
    searched = [
        (log.log, f"{log.events:,}", f"{log.host_days:,}", day_or_minute(log.first), day_or_minute(log.last))
        for log in hunted.searched
    ]
    show.table(
        say("cli.searched", lang),
        [say("cli.column.log", lang), "#" + say("cli.column.events", lang), "#" + say("sigma.column.host_days", lang)]
        + [say(f"cli.column.{name}", lang) for name in ("first", "last")],
        searched,
    )
    for status, count in hunted.counts.items():
        show.told(f"sigma.status.{status}", lang, count=f"{count:,}")


def _rank(one: RuleOutcome) -> tuple[int, int, str, str]:
    level = _LEVELS.index(one.rule.level) if one.rule.level in _LEVELS else len(_LEVELS)
    return level, -one.events, one.rule.title, one.rule.id


def _where(one: RuleOutcome, names_of: Mapping[str, str]) -> str:
    first = one.locators[0] if one.locators else None
    return f"{names_of.get(first.source, first.source)} #{first.record}" if first else ""
