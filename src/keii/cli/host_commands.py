"""``keii hosts``, ``keii beacons``: who had which address when, and who talks at regular intervals."""

from __future__ import annotations

from pathlib import Path

import click

from keii.case.case import Case
from keii.cli import show
from keii.model import Trace
from keii.model.trace import Beacon, HostIdentity
from keii.report.wording import day_or_minute
from keii.wording import Lang, say

_MOST = 60  # rows shown; --json has them all


@click.command("hosts")
@show.case_argument
@click.option("--host", "only", help="Only machines and addresses that hold this text.")
@show.lang_option
@show.json_option
def hosts_command(case: Path, *, only: str | None, lang: str | None, as_json: bool) -> int:
    """List machines with their addresses over time; an end that was only inferred is marked ~."""
    spoken = show.spoken(lang)
    trace, zone = _traced(case)
    found = [one for one in trace.hosts if not only or only.lower() in f"{one.host} {one.address} {one.mac}".lower()]
    clocks = [one for one in trace.clocks if not only or only.lower() in one.host.lower()]
    if as_json:
        show.json_lines([*found, *clocks])
        return 0
    rows = [_host_row(one, zone) for one in found[:_MOST]]
    _table(found, rows, spoken, "cli.hosts", ("host", "address-of", "mac", "from-when", "until-when", "witness"))
    for clock in clocks:
        facts = {"host": clock.host, "offset": f"{clock.offset:+.1f}", "pairs": clock.pairs, "witness": clock.witness}
        show.words(say("cli.clock", spoken, facts))
    return 0


@click.command("beacons")
@show.case_argument
@click.option("--host", "only", help="Only of machines or to destinations that hold this text.")
@show.lang_option
@show.json_option
def beacons_command(case: Path, *, only: str | None, lang: str | None, as_json: bool) -> int:
    """List pairs that talk at regular intervals, what is worth a look first: few machines, new, steady."""
    spoken = show.spoken(lang)
    trace, zone = _traced(case)
    found = [one for one in trace.beacons if not only or only.lower() in f"{one.host} {one.destination}".lower()]
    if as_json:
        show.json_lines(found)
        return 0
    rows = [_beacon_row(one, zone) for one in found[:_MOST]]
    names = ("host", "to", "score", "interval", "jitter", "connections", "first", "last")
    _table(found, rows, spoken, "cli.beacons", names)
    return 0


def _traced(case: Path) -> tuple[Trace, str]:
    with Case.open(case) as opened:
        return opened.catalog.trace() or Trace(), opened.settings.time_zone


def _table(
    found: list[HostIdentity] | list[Beacon],
    rows: list[tuple[str, ...]],
    lang: Lang,
    title: str,
    columns: tuple[str, ...],
) -> None:
    names = [say(f"cli.column.{name}", lang) for name in columns]
    show.table(say(title, lang, {"shown": len(rows), "all": len(found)}), names, rows)


def _host_row(one: HostIdentity, zone: str) -> tuple[str, ...]:
    ends = (
        ("~" if one.inferred_from else "") + day_or_minute(one.first, zone),
        ("~" if one.inferred_until else "") + day_or_minute(one.last, zone),
    )
    return one.host, one.address, one.mac or "", *ends, one.witness


def _beacon_row(one: Beacon, zone: str) -> tuple[str, ...]:
    spans = (_span(one.interval), _span(one.jitter))
    times = (day_or_minute(one.first, zone), day_or_minute(one.last, zone))
    return one.host, one.destination, f"{one.score:.3f}", *spans, f"{one.connections:,}", *times


def _span(seconds: float) -> str:
    """Return a length of time in the unit that fits: ``90 s``, ``5.0 min``, ``1.0 h``, ``7.0 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size * 2 or (size > 60 and seconds >= size):
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
