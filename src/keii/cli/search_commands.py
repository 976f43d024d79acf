"""``keii search``: a question to the logs."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import click

from keii.case.case import Case
from keii.cli import show
from keii.errors import UsageError
from keii.hunt.searching import Answer, Query, is_column, search
from keii.model import Indicator
from keii.readers.intel.defang import refang
from keii.readers.intel.values import classify
from keii.report.wording import day_or_minute
from keii.wording import Lang, say

_FIELD = re.compile(r"([A-Za-z_][\w.]*)=(.*)", re.DOTALL)
_SHOWN = 6  # columns of an event in the table; --json has them all


@click.command("search")
@show.case_argument
@click.argument("terms", nargs=-1, required=True)
@click.option("--from", "since", help="First day or instant (UTC), 2020-01-30 or 2020-01-30T12:00.")
@click.option("--to", "until", help="First day or instant after it (UTC).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, 10_000), help="Events shown per table.")
@show.lang_option
@show.json_option
def search_command(
    case: Path,
    terms: tuple[str, ...],
    *,
    since: str | None,
    until: str | None,
    limit: int,
    lang: str | None,
    as_json: bool,
) -> int:
    """Ask the logs: an address, name, hash, URL or FIELD=VALUE (* for any run). All TERMS must hold for an event."""
    spoken = show.spoken(lang)
    query = _query(terms, since, until)
    with Case.open(case) as opened:
        try:
            answer = search(opened.lake(), query, rows=limit, internal=opened.settings.internal)
        except ValueError as error:
            raise UsageError(f"{' '.join(terms)}: {error}") from error
        names = {one.source.id: one.source.name for one in opened.catalog.sources()}
        zone = opened.settings.time_zone
    if as_json:
        show.json_line(answer)
        return 0
    _shown(answer, names, zone, spoken)
    return 0


def _query(terms: tuple[str, ...], since: str | None, until: str | None) -> Query:
    values, fields = [], []
    for term in terms:
        match = _FIELD.fullmatch(term)
        found = classify(refang(term.strip()))
        if match and (found is None or is_column(match[1])):  # ``FileName=a.exe`` looks like the name of a file, too
            fields.append((match[1], match[2]))
        elif found is not None:
            values.append(
                Indicator(kind=found.kind, value=found.value, as_written=term, source="search", source_name="search")
            )
        else:
            raise UsageError(f"{term!r} is no address, name, hash, URL or FIELD=VALUE")
    return Query(values=tuple(values), fields=tuple(fields), since=_instant(since), until=_instant(until))


def _instant(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day or instant like 2020-01-30 or 2020-01-30T12:00") from error
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _shown(answer: Answer, names: dict[str, str], zone: str, lang: Lang) -> None:
    for found in answer.found:
        hosts = ", ".join(f"{host or '?'} ({count:,})" for host, count in found.hosts[:5])
        span = f"{_time(found.first, zone)} - {_time(found.last, zone)}"
        rows = [
            (
                _time(row.get("occurred"), zone),
                row.get("host") or "",
                " ".join(f"{key}={value}" for key, value in list(_told(row).items())[:_SHOWN]),
                f"{names.get(place.source, place.source)} #{place.record}",
            )
            for row, place in zip(found.rows, found.locators, strict=True)
        ]
        title = say("cli.found", lang, {"table": found.table, "count": found.events, "span": span})
        show.table(title, [say(f"cli.column.{name}", lang) for name in ("when", "host", "what")] + ["record"], rows)
        show.words(f"  {hosts}")
    if not answer.found:
        show.told("cli.nothing-found", lang)
    searched = ", ".join(f"{table} {events:,}" for table, events in answer.searched) or "0"
    show.told("cli.looked-through", lang, what=searched)
    if answer.absent:
        show.told("cli.without-column", lang, what=", ".join(answer.absent))


def _told(row: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in row.items() if key not in ("occurred", "host", "more", "record_id_")}


def _time(instant: object, zone: str) -> str:
    return day_or_minute(instant.isoformat(), zone) if isinstance(instant, dt.datetime) else "?"
