"""``keii new``, ``add``, ``run``, ``verify``: the case itself."""

from __future__ import annotations

from pathlib import Path

import click

from keii import pipeline
from keii.case import addresses
from keii.case.case import KINDS, Case
from keii.case.verify import verify as check_case
from keii.cli import show
from keii.errors import UsageError
from keii.wording import say


@click.command()
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the case; else that of its folder.")
@click.option("--victim", default="", help="The organisation it happened to.")
@click.option("--zone", default="UTC", show_default=True, help="IANA time zone of sources that state none.")
@show.lang_option
def new(case: Path, name: str | None, victim: str, zone: str, lang: str | None) -> int:
    """Make a new case with a commented case.toml."""
    spoken = show.spoken(lang)
    with Case.create(case, name, victim=victim, time_zone=zone, lang=spoken):
        show.told("cli.new", spoken, case=case)
    return 0


@click.command()
@show.case_argument
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--url-list",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list of addresses, one a line: recorded as not fetched. Nothing is downloaded.",
)
@click.option("--link", is_flag=True, help="Leave the files where they are; record hash, size and place.")
@click.option("--as", "kind", type=click.Choice(list(KINDS)), help="What they are, where the content shall not decide.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="They are CSV, JSON lines or Parquet logs that this mapping file (YAML or TOML) describes.",
)
@click.option("--year", type=int, help="Year of their last record, for logs whose times have none.")
@click.option("--carve", is_flag=True, help="Read what is left in the free space of event logs (EVTX) too.")
@click.option("--zone", help="IANA time zone of their times that write none (Asia/Tokyo).")
@show.lang_option
@show.json_option
def add(
    case: Path,
    paths: tuple[Path, ...],
    *,
    url_list: Path | None,
    link: bool,
    kind: str | None,
    mapping: Path | None,
    year: int | None,
    zone: str | None,
    carve: bool,
    lang: str | None,
    as_json: bool,
) -> int:
    """Take files, folders and archives into the case, hashed and recorded."""
    spoken = show.spoken(lang)
    if url_list is None and not paths:
        raise UsageError("expected files to add, or a list of addresses (--url-list)")
    named = None
    if url_list is not None:
        listed = addresses.read_list(url_list)
        with Case.open(case) as opened:
            named = addresses.record(opened, listed)
        if as_json:
            show.json_line(named)
        else:
            show.told("cli.addresses", spoken, added=len(named.added), already=len(named.already))
    with Case.open(case) as opened:
        if mapping is not None:
            pipeline.check_mapping(mapping)
            kind = opened.keep_mapping(mapping)
        report = opened.add(list(paths), link=link, kind=kind, year=year, zone=zone, carve=carve)
    if paths and as_json:
        show.json_line(report)
    elif paths:
        size = sum(entry.size for entry in report.added)
        show.told("cli.added", spoken, added=len(report.added), size=f"{size:,}", already=len(report.already))
    missing = [*(named.refused if named else ()), *report.refused]
    return show.incomplete([f"{refused.path}: {refused.reason}" for refused in missing], spoken)


@click.command()
@show.case_argument
@show.lang_option
@show.json_option
def run(case: Path, *, lang: str | None, as_json: bool) -> int:
    """Bring the case up to date: read, hunt, trace, compare, report; only what changed."""
    spoken = show.spoken(lang)
    with Case.open(case) as opened, show.bars() as bars:
        done = pipeline.run(opened, bars, lang=spoken if lang else None)
        report = pipeline.report_of(opened)
        missing = pipeline.changed_sources(opened)
        missing += show.unread(report.sources, spoken)
    if as_json:
        show.json_line({"run": done, "summary": [sentence.what for sentence in report.summary]})
    else:
        for sentence in report.summary:
            show.bullet(say(sentence.what.why, spoken, sentence.what.facts), spoken)
        for mark in sorted({mark for source in report.sources for mark in source.inferred}):
            names = [source.name for source in report.sources if mark in source.inferred]
            facts = {"count": len(names), "name": ", ".join(names[:3]) + (" …" if names[3:] else "")}
            show.words(say(f"cli.times.{mark}", spoken, facts))
        show.told("cli.report", spoken, path=case / "report" / "report.html")
    return show.incomplete(missing, spoken)


@click.command()
@show.case_argument
@show.lang_option
@show.json_option
def verify(case: Path, *, lang: str | None, as_json: bool) -> int:
    """Recompute every hash and the chain of custody; name what changed, is missing or was never recorded."""
    spoken = show.spoken(lang)
    with Case.open(case) as opened:
        problems = check_case(opened)
        entries = len(opened.entries())
    if as_json:
        show.json_line({"entries": entries, "problems": problems})
    elif not problems:
        show.told("cli.verified", spoken, entries=entries)
    else:
        show.told("cli.problems", spoken)
        for problem in problems:
            show.words("  " + problem.sentence(spoken))
    return 1 if problems else 0
