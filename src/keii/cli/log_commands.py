"""``keii hunt``, ``trace``, ``coverage``, ``files``: what the logs show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from keii import names, pipeline
from keii.case.case import Case
from keii.cli import show
from keii.cli.rule_commands import tables
from keii.errors import UsageError
from keii.ingest import ingest
from keii.model import Match, Trace
from keii.model.report import Report
from keii.report.wording import day_or_minute, size
from keii.telling import by_kind
from keii.wording import Lang, say

_WORDS = 60  # characters of a command; the JSON holds it whole


@click.command("hunt")
@show.paths_argument
@click.option(
    "--intel", multiple=True, type=click.Path(exists=True, path_type=Path), help="A report or list; may repeat."
)
@show.lang_option
@show.json_option
def hunt_command(paths: tuple[Path, ...], intel: tuple[Path, ...], *, lang: str | None, as_json: bool) -> int:
    """Was this report ever seen here? PATHS: a case and reports, or logs with --intel."""
    spoken = show.spoken(lang)
    if (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case, show.bars() as bars:
            case.add([*paths[1:], *intel], kind="intel")
            pipeline.run(case, bars)
            return _hunted(pipeline.report_of(case), spoken, as_json=as_json)
    if not intel:
        raise UsageError("nothing to hunt for: name a report or list with --intel")
    with pipeline.passing_case(paths, intel) as case, show.bars() as bars:
        ingest(case, bars)
        pipeline.hunt_case(case)
        return _hunted(pipeline.report_of(case), spoken, as_json=as_json)


def _hunted(report: Report, lang: Lang, *, as_json: bool) -> int:
    coverage = report.hunt
    names_of = {source.id: source.name for source in report.sources}
    if as_json:
        show.json_lines({"match": m.id, "intel": m.indicator or m.pattern, **_seen(m)} for m in report.matches)
        show.json_lines(report.rules.outcomes if report.rules else ())
        show.json_line(coverage)
    else:
        rows = [
            (
                _what(m),
                m.host or "?",
                day_or_minute(m.first_seen, report.zone),
                day_or_minute(m.last_seen, report.zone),
                f"{m.events:,}",
                _where(m, names_of),
            )
            for m in report.matches
        ]
        names = [say(f"cli.column.{name}", lang) for name in ("indicator", "host", "first", "last")]
        show.table(
            say("cli.matches", lang, {"count": len(rows)}),
            [*names, "#" + say("cli.column.events", lang), "record"],
            rows,
        )
        if coverage is not None:
            searched = [
                (
                    s.table,
                    f"{s.events:,}",
                    f"{s.host_days:,}",
                    day_or_minute(s.first, report.zone),
                    day_or_minute(s.last, report.zone),
                )
                for s in coverage.searched
            ]
            show.table(say("cli.searched", lang), ["table", "#events", "#host-days", "first", "last"], searched)
            for line in coverage.not_searchable:
                show.told("question.not-searchable", lang, what=line)
            for kind, why in coverage.not_applicable:
                show.words(f"  {kind}: {why}")
            for why, count in coverage.not_hunted.items():
                show.told("cli.not-hunted", lang, count=count, why=why)
        if report.rules is not None:
            tables(report.rules, names_of, lang)
    broken = report.rules.outcomes if report.rules is not None else ()
    told = [say(one.why, lang, one.facts) for one in broken if one.status == "not-loadable"]
    return show.incomplete([*show.unread(report.sources, lang), *told], lang)


def _seen(match: Match) -> dict[str, object]:
    return {
        "host": match.host, "table": match.table, "column": match.column, "values": match.values,
        "first_seen": match.first_seen, "last_seen": match.last_seen, "events": match.events,
        "locators": match.locators, "note": match.note,
    }  # fmt: skip


def _what(match: Match) -> str:
    if match.indicator is not None:
        return match.indicator.value
    pattern = match.pattern
    return " ".join(str(p) for p in (pattern.method, pattern.uri, pattern.user_agent) if p) if pattern else "?"


def _where(match: Match, names: Mapping[str, str]) -> str:
    first = match.locators[0] if match.locators else None
    return f"{names.get(first.source, first.source)} #{first.record}" if first else ""


def _traced(case: Path) -> tuple[Trace, Report]:
    with Case.open(case) as opened:
        return opened.catalog.trace() or Trace(), pipeline.report_of(opened)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], lang: Lang) -> None:
    show.table(title, [say(f"cli.column.{name}", lang) for name in columns], rows)


def _steps(trace: Trace, report: Report, lang: Lang) -> None:
    """Print what was done on machines, a kind of a machine once."""
    rows = [
        (
            day_or_minute(steps[0].at, report.zone),
            steps[0].host,
            names.word("deeds", steps[0].kind, lang),
            f"{len(steps):,}",
            steps[0].technique,
            " ".join(steps[0].what.split())[:_WORDS],
        )
        for steps in by_kind(trace.steps)
    ]
    title = say("cli.steps", lang, {"count": len(trace.steps)})
    _table(title, ("first", "host", "what", "records", "technique", "words"), rows, lang)


@click.command("trace")
@show.case_argument
@show.lang_option
@show.json_option
def trace_command(case: Path, *, lang: str | None, as_json: bool) -> int:
    """Show infected machines, the path, what left, what was erased."""
    spoken = show.spoken(lang)
    trace, report = _traced(case)
    if as_json:
        show.json_line(trace)
        return 0
    _table(
        say("cli.infected", spoken, {"count": len(trace.infections)}),
        ("host", "first", "last", "how", "destinations"),
        [
            (
                i.host,
                day_or_minute(i.first, report.zone),
                day_or_minute(i.last, report.zone),
                say(f"how.{i.how}", spoken),
                ", ".join(i.destinations[:4]),
            )
            for i in trace.infections
        ],
        spoken,
    )
    _table(
        say("cli.path", spoken, {"count": len(trace.hops)}),
        ("when", "from", "to", "user", "how", "technique", "missing"),
        [
            (
                day_or_minute(h.first, report.zone),
                h.source_host,
                h.target_host,
                h.user or "?",
                h.how,
                h.technique,
                ", ".join(h.missing),
            )
            for h in trace.hops
        ],
        spoken,
    )
    for first in trace.first_hosts[:3]:
        show.told(
            "cli.first-host",
            spoken,
            host=first.host,
            score=f"{first.score:.2f}",
            at=day_or_minute(first.earliest, report.zone),
        )
        for reason in first.speaks_for:
            show.words("  + " + say(reason.why, spoken, names.facts(reason.facts, spoken, report.zone)))
        for reason in first.speaks_against:
            show.words("  - " + say(reason.why, spoken, names.facts(reason.facts, spoken, report.zone)))
    _table(
        say("cli.transfers", spoken),
        ("host", "to", "first", "last", "bytes", "usual"),
        [
            (
                t.host,
                t.destination,
                day_or_minute(t.first, report.zone),
                day_or_minute(t.last, report.zone),
                size(t.bytes_out),
                size(t.usual_bytes_out),
            )
            for t in trace.transfers
        ],
        spoken,
    )
    _steps(trace, report, spoken)
    _table(
        say("cli.tampering", spoken),
        ("what", "host", "log", "when", "user"),
        [
            (say(f"tamper.{t.kind}", spoken), t.host, t.log, day_or_minute(t.at, report.zone), t.user or "?")
            for t in trace.tampering
        ],
        spoken,
    )
    for clock in trace.clocks:
        show.told(
            "cli.clock",
            spoken,
            host=clock.host,
            offset=f"{clock.offset:+.1f}",
            pairs=clock.pairs,
            witness=clock.witness,
        )
    for note in trace.notes:
        show.words(say(note.why, spoken, names.facts(note.facts, spoken, report.zone)))
    return 0


_MARKS = {"present": "█", "thin": "▒", "silent": "·", "erased": "X", "never-collected": " ", "unknown": "?"}


@click.command()
@show.case_argument
@show.lang_option
@show.json_option
def coverage(case: Path, *, lang: str | None, as_json: bool) -> int:
    """Show for every machine, log and day what is there, what is silent, what was erased."""
    spoken = show.spoken(lang)
    trace, _ = _traced(case)
    if as_json:
        show.json_lines(trace.coverage)
        return 0
    days = sorted({cell.day for cell in trace.coverage})
    step = max(1, -(-len(days) // 60))
    at = {day: number // step for number, day in enumerate(days)}
    lines: dict[tuple[str, str], list[str]] = {}
    rank = list(_MARKS)
    for cell in trace.coverage:
        line = lines.setdefault((cell.host, cell.log), ["never-collected"] * (-(-len(days) // step)))
        seen = line[at[cell.day]]
        worst = "erased" if "erased" in (seen, cell.state) else min(seen, cell.state, key=rank.index)
        line[at[cell.day]] = worst
    rows = [(host, log, "".join(_MARKS[state] for state in line)) for (host, log), line in sorted(lines.items())]
    title = say(
        "cli.coverage", spoken, {"first": days[0] if days else "?", "last": days[-1] if days else "?", "step": step}
    )
    show.table(title, [say("cli.column.host", spoken), say("cli.column.log", spoken), "days"], rows)
    show.told("cli.coverage-legend", spoken)
    holes = [cell for cell in trace.coverage if cell.missing]
    if holes:
        shown = [(c.host, c.log, c.day, _spans(c.missing)) for c in holes[:_MOST_HOLES]]
        title = say("cli.coverage-hours", spoken, {"shown": len(shown), "all": len(holes)})
        columns = [say(f"cli.column.{name}", spoken) for name in ("host", "log", "day", "hours")]
        show.table(title, columns, shown)
    return 0


_MOST_HOLES = 20


def _spans(hours: Sequence[int]) -> str:
    """``(9, 10, 11, 20)`` → ``09-12, 20-21``."""
    starts = [hour for hour in hours if hour - 1 not in hours]
    ends = [hour + 1 for hour in hours if hour + 1 not in hours]
    return ", ".join(f"{first:02}-{last:02}" for first, last in zip(starts, ends, strict=True))


@click.command("files")
@show.case_argument
@click.option("--most", default=40, show_default=True, help="Rows to show.")
@show.lang_option
@show.json_option
def files_command(case: Path, most: int, *, lang: str | None, as_json: bool) -> int:
    """List the files touched by compromised users and machines, each once."""
    spoken = show.spoken(lang)
    _, report = _traced(case)
    trace = report.trace  # with the labels of case.toml
    if as_json:
        show.json_lines(trace.files)
        return 0
    readings = Counter(operation for file in trace.files for operation in file.operations)
    show.told(
        "cli.files",
        spoken,
        files=f"{len(trace.files):,}",
        readings=", ".join(f"{names.word('operations', name, spoken)} {n:,}" for name, n in sorted(readings.items())),
    )
    used = {hop.user.lower() for hop in trace.hops if hop.user}  # what the intruder's logins touched comes first
    ranked = sorted(trace.files, key=lambda f: not any(user.lower() in used for user in f.users))
    rows = [
        (
            f.server,
            f.path,
            ", ".join(names.word("operations", operation, spoken) for operation in f.operations),
            ", ".join(f.users),
            day_or_minute(f.first, report.zone),
            f.events,
        )
        for f in ranked[:most]
    ]
    columns = [say(f"cli.column.{name}", spoken) for name in ("server", "path", "how", "user", "first")]
    show.table(say("cli.showing", spoken, {"shown": len(rows), "all": len(trace.files)}), [*columns, "#n"], rows)
    if report.labels:
        _labels(report, spoken)
    return 0


def _labels(report: Report, lang: Lang) -> None:
    """Print how many files of each label were touched, and what the figure leaves open."""
    rows = [
        (
            one.label or say("cli.no-label", lang),
            one.owner,
            f"{one.files:,}",
            f"{one.least:,}",
            ", ".join(f"{names.word('operations', name, lang)} {n:,}" for name, n in one.readings.items()),
            str(one.open_days or ""),
        )
        for one in report.labels
    ]
    _table(say("cli.labels", lang), ("label", "owner", "files", "least", "how", "open-days"), rows, lang)
    if any(one.open_days for one in report.labels):
        show.words(say("cli.labels-open", lang))
