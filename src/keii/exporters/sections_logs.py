"""What the logs show, as tables: machines, steps, files, volume, tampering, matches, what was searched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from keii import names
from keii.exporters.shown import Cell, Line, Row, Section, clean, facts, lined, minute, places, section, volume
from keii.model.report import Report
from keii.model.trace import Reason
from keii.telling import by_kind
from keii.wording import Lang, say

_WORDS = 160  # characters of a command
_RANKED = 5  # machines that may have been the first
_EXAMPLES = 3  # commands of a kind; the JSON holds them all


def hosts(report: Report, lang: Lang) -> Section:
    """Return infected machines with their windows."""
    rows: list[Row] = [
        [
            i.host,
            ", ".join(i.addresses[:4]),
            minute(i.first, report),
            minute(i.last, report),
            say(f"how.{i.how}", lang),
            ", ".join(i.destinations[:4]),
            volume(i.bytes_out),
            Cell(f"{i.events:,}", i.matches[:6]),
        ]
        for i in report.trace.infections
    ]
    return section("hosts", lang, rows, "host", "address", "first", "last", "how", "destinations", "bytes", "events")


def first_hosts(report: Report, lang: Lang) -> Section:
    """Return which machine was entered first, the likeliest first, with what speaks for and against each."""

    def words(reasons: Sequence[Reason]) -> Cell:
        return lined([Line(say(one.why, lang, facts(one.facts, lang, report.zone))) for one in reasons])

    rows: list[Row] = [
        [one.host, f"{one.score:.2f}", minute(one.earliest, report), words(one.speaks_for), words(one.speaks_against)]
        for one in report.trace.first_hosts[:_RANKED]
    ]
    return section("first-hosts", lang, rows, "host", "score", "first", "for", "against")


def path(report: Report, lang: Lang) -> Section:
    """Return the steps with the records of both ends, and below them how machines and steps were told or left out."""
    sources = {s.id: s.name for s in report.sources}

    rows: list[Row] = [
        [
            minute(h.first, report),
            h.source_host,
            h.target_host,
            h.user or "?",
            h.how,
            h.technique,
            ", ".join(say(f"end.{m}", lang) for m in h.missing),
            places(h.source_records, sources),
            places(h.target_records, sources),
            places(h.network_records, sources),
        ]
        for h in report.trace.hops
    ]
    notes = [clean(say(note.why, lang, facts(note.facts, lang, report.zone))) for note in report.trace.notes]
    return section(
        "path",
        lang,
        rows,
        "when",
        "from",
        "to",
        "user",
        "how",
        "technique",
        "missing",
        "source-end",
        "target-end",
        "network",
        note="\n".join(notes),
    )


def files(report: Report, lang: Lang) -> Section:
    """Return the files touched, each once; those touched with a login that the intruder moved with come first."""
    used = {hop.user.lower() for hop in report.trace.hops if hop.user}
    ranked = sorted(
        report.trace.files, key=lambda f: (not any(u.lower() in used for u in f.users), f.server, f.path.lower())
    )
    rows: list[Row] = [
        [
            f.server,
            f.path,
            ", ".join(names.word("operations", o, lang) for o in f.operations),
            ", ".join(f.users),
            minute(f.first, report),
            minute(f.last, report),
            str(f.events),
        ]
        for f in ranked
    ]
    readings = Counter(operation for f in report.trace.files for operation in f.operations)
    note = ", ".join(f"{names.word('operations', name, lang)} {count:,}" for name, count in sorted(readings.items()))
    return section("files", lang, rows, "server", "path", "how", "user", "first", "last", "events", note=note)


def labels(report: Report, lang: Lang) -> Section:
    """Return how many files of each label were touched, and whom it concerns."""
    rows: list[Row] = [
        [
            one.label or "-",
            one.owner,
            f"{one.files:,}",
            f"{one.least:,}",
            ", ".join(f"{names.word('operations', name, lang)} {n:,}" for name, n in one.readings.items()),
            minute(one.first, report),
            minute(one.last, report),
            str(one.open_days or ""),
        ]
        for one in report.labels
    ]
    note = say("html.labels-note", lang)
    return section(
        "labels", lang, rows, "label", "owner", "files", "least", "how", "first", "last", "open-days", note=note
    )


def transfers(report: Report, lang: Lang) -> Section:
    """Return what went out."""
    rows: list[Row] = [
        [
            t.host,
            t.destination,
            minute(t.first, report),
            minute(t.last, report),
            f"{t.connections:,}",
            volume(t.bytes_out),
            volume(t.usual_bytes_out),
            t.file or "",
        ]
        for t in report.trace.transfers
    ]
    return section("transfers", lang, rows, "host", "to", "first", "last", "connections", "bytes", "usual", "file")


def steps(report: Report, lang: Lang) -> Section:
    """Return what was done on machines with signs, a kind of a machine once, with its first words and places."""
    sources = {s.id: s.name for s in report.sources}
    rows: list[Row] = []
    for own in by_kind(report.trace.steps):
        words = list(dict.fromkeys(clean(step.what)[:_WORDS] for step in own if step.what))
        rows.append([
            minute(own[0].at, report),
            minute(own[-1].at, report) if len(own) > 1 else "",
            own[0].host,
            names.word("deeds", own[0].kind, lang),
            own[0].technique,
            f"{len(own):,}",
            Cell(" / ".join(words[:_EXAMPLES]), lines=tuple(Line(text) for text in words[:_EXAMPLES])),
            places([place for step in own for place in step.locators], sources),
        ])  # fmt: skip
    return section("steps", lang, rows, "first", "last", "host", "what", "technique", "records", "words", "record")


def tampering(report: Report, lang: Lang) -> Section:
    """Return cleared, stopped and cut logs."""
    sources = {s.id: s.name for s in report.sources}
    rows: list[Row] = [
        [
            Cell(say(f"tamper.{t.kind}", lang), tone="contradicted" if t.kind == "cleared" else ""),
            t.host,
            t.log,
            minute(t.at, report),
            minute(t.until, report) if t.until else "",
            t.user or "?",
            str(t.count or ""),
            places(t.locators, sources),
        ]
        for t in report.trace.tampering
    ]
    return section("tampering", lang, rows, "what", "host", "log", "when", "until", "user", "records", "record")


def matches(report: Report, lang: Lang) -> Section:
    """Return the matches with the sentence of the report they come from."""
    sources = {s.id: s.name for s in report.sources}
    rows: list[Row] = []
    for m in report.matches:
        of = m.indicator or m.pattern
        what = (
            m.indicator.value
            if m.indicator
            else " ".join(str(x) for x in (m.pattern.uri, m.pattern.user_agent) if x)
            if m.pattern
            else "?"
        )
        rows.append(
            [
                Cell(clean(what), (m.id,)),
                clean(of.sentence if of else "")[:200],
                of.source_name if of else "",
                m.host or "?",
                minute(m.first_seen, report),
                minute(m.last_seen, report),
                f"{m.events:,}",
                places(m.locators, sources),
            ]
        )
    return section(
        "matches", lang, rows, "indicator", "sentence", "report", "host", "first", "last", "events", "record"
    )


def searched(report: Report, lang: Lang) -> Section:
    """Return what was searched: every zero cites it."""
    found = report.hunt.searched if report.hunt else ()
    rows: list[Row] = [
        [
            s.table,
            f"{s.events:,}",
            f"{s.host_days:,}",
            minute(s.first, report),
            minute(s.last, report),
            ", ".join(names.word("indicators", k, lang) for k in s.kinds),
        ]
        for s in found
    ]
    lines = [
        say("question.not-searchable", lang, {"what": clean(line)})
        for line in (report.hunt.not_searchable[:20] if report.hunt else ())
    ]
    return section(
        "searched", lang, rows, "table", "events", "host-days", "first", "last", "kinds", note="\n".join(lines)
    )
