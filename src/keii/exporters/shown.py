"""The report's parts as the words and cells that the HTML and the Markdown both show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from keii.data import load
from keii.model import Claim, Locator, Moment, Value
from keii.model.claim import Category, Date, Duration, Interval
from keii.model.report import Report, Sentence
from keii.wording import Lang, say

_WHEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d$")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
Row = list["Cell | str"]
WITH_IDS = ("claims", "matches", "findings")  # tables whose rows are cited: the first cell cites the row itself
CITED = 5_000  # rows of a table that is cited
MOST = 50  # rows of one table; the whole is in the JSON, and the table says how many it leaves out


class Cell(msgspec.Struct, frozen=True):
    """Text of a table cell, with the ids of what it cites and a class for its colour."""

    text: str
    cites: tuple[str, ...] = ()
    tone: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its title: ``rows`` of cells, ``total`` rows there were; ``note`` stands below."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    note: str = ""


def clean(text: object) -> str:
    """Return text without control and direction characters: those of a hostile log must not reorder a report."""
    return _UNSEEN.sub("\ufffd", str(text))


def minute(instant: str | None) -> str:
    """Return an instant as ``2019-03-05 01:42``, UTC."""
    return instant.replace("T", " ")[:16] if instant else "?"


def volume(count: int | None) -> str:
    """Return bytes with a decimal unit."""
    if count is None:
        return "?"
    for unit, step in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count} B"


def topic(of: str, lang: Lang) -> str:
    """Return a topic in words."""
    return str(load("topics").get(of, {}).get(lang, of))


def value(of: Value) -> str:
    """Return a value in short."""
    if isinstance(of, Date | Interval):
        return of.edtf
    if isinstance(of, Duration):
        return of.iso
    if isinstance(of, Category):
        return f"{of.cat}: {', '.join(of.items)}" if of.items else of.cat
    high = f"–{of.high:,}" if of.high is not None else ""
    return f"{of.num:,}{high} {of.unit}"


def moment(of: Moment | None) -> str:
    """Return a moment as written by EDTF, with a blank for the T."""
    return of.edtf.replace("T", " ") if of else "?"


def facts(of: Mapping[str, str], lang: Lang) -> dict[str, str]:
    """Return the facts of a sentence with subjects and topics in words, cleaned."""
    spoken = {"subject": lambda text: say(f"subject.{text}", lang), "topic": lambda text: topic(text, lang)}
    return {name: clean(spoken[name](text) if name in spoken and text else text) for name, text in of.items()}


def sentence(of: Sentence, lang: Lang) -> Cell:
    """Return a sentence with what it cites."""
    return Cell(clean(say(of.what.why, lang, facts(of.what.facts, lang))), of.cites)


def locator(of: Locator, names: Mapping[str, str]) -> str:
    """Return a place in words: file, record or characters."""
    where = names.get(of.source, of.source)
    if of.record is not None:
        own = f" ({of.record_id})" if of.record_id else ""
        return f"{where} #{of.record}{own}"
    page = f" p.{of.page}" if of.page else ""
    return f"{where}{page} {of.start}–{of.end}" if of.start is not None else f"{where}{page}"


def section(id_: str, lang: Lang, rows: Sequence[Sequence[Cell | str]], *columns: str, note: str = "") -> Section:
    """Return a section whose title and columns are ``html.<id>`` and ``html.column.<name>`` in ``data/text``."""
    cells = tuple(
        tuple(c if isinstance(c, Cell) else _cell(c) for c in row) for row in rows[: CITED if id_ in WITH_IDS else MOST]
    )
    return Section(
        id=id_,
        title=say(f"html.{id_}", lang),
        columns=tuple(say(f"html.column.{name}", lang) for name in columns),
        rows=cells,
        total=len(rows),
        note=note,
    )


def _cell(text: str) -> Cell:
    return Cell(clean(text), tone="when" if _WHEN.match(text) else "")


def chronology(report: Report, lang: Lang) -> Section:
    """Return the numbered chronology with the words that matter and what was new."""
    by_id = {claim.id: claim for claim in report.claims}
    rows: list[Row] = []
    for entry in report.chronology:
        new = [by_id[i] for i in entry.new if i in by_id]
        words = "; ".join(f"{topic(c.topic, lang)} {value(c.value)}" for c in new[:4]) + (" …" if len(new) > 4 else "")
        when = moment(entry.published) + (
            f" ({say('html.updated', lang)} {moment(entry.updated)})" if entry.updated else ""
        )
        publisher = entry.publisher + (f" [{entry.document}]" if entry.within else "")
        rows.append(
            [str(entry.number), when, publisher, entry.title or entry.document, Cell(clean(words), entry.new[:4])]
        )
    return section("chronology", lang, rows, "number", "published", "publisher", "title", "new")


def findings(report: Report, lang: Lang) -> Section:
    """Return the findings, contradictions first."""
    order = (
        "contradiction",
        "denial-then-admission",
        "revision",
        "impossible-order",
        "hedge-lost",
        "omission",
        "single-source",
        "agreement",
        "compatible",
    )
    found = sorted(
        (f for f in report.findings if f.answer == "yes"),
        key=lambda f: (order.index(f.kind) if f.kind in order else 99, f.topic),
    )
    by_id = {claim.id: claim for claim in report.claims}

    def words(ids: Sequence[str]) -> str:
        told = [by_id[i] for i in ids if i in by_id]
        return " / ".join(
            f"{clean(c.speaker or c.source)}: {clean(c.quote or value(c.value))[:80]}" for c in told[:4]
        ) + (" …" if len(told) > 4 else "")

    rows: list[Row] = [
        [
            Cell(say(f"kind.{f.kind}", lang), (f.id,), tone=f.kind),
            topic(f.topic, lang),
            say(f.why, lang, facts(f.facts, lang)),
            Cell(words(f.claims), f.claims[:6]),
            Cell(words(f.against), f.against[:6]),
        ]
        for f in found
    ]
    looked = Counter(f.answer for f in report.findings)
    note = say("html.findings-note", lang, {"no": looked["no"], "unknown": looked["unknown"]})
    return section("findings", lang, rows, "finding", "topic", "why", "words", "against", note=note)


def statement(report: Report, lang: Lang) -> Section:
    """Return the statement, sentence by sentence."""
    rows: list[Row] = []
    for v in report.verdicts:
        why = say(v.why, lang, facts(v.facts, lang))
        limits = " ".join(f"[{say(w, lang, facts(f, lang))}]" for w, f in v.limits[:3])
        leaves = " ".join(say(w, lang) for w in v.leaves_open)
        rows.append(
            [
                Cell(say(f"verdict.{v.verdict}", lang), tone=v.verdict),
                Cell(clean(v.sentence), v.claims[:6]),
                Cell(clean(" ".join(part for part in (why, limits) if part))),
                Cell(clean(leaves)),
                Cell(say("html.count", lang, {"count": len(v.supporting)}), v.supporting[:6]),
                Cell(say("html.count", lang, {"count": len(v.contradicting)}), v.contradicting[:6]),
            ]
        )
    return section("statement", lang, rows, "verdict", "sentence", "why", "leaves-open", "for", "against")


def hosts(report: Report, lang: Lang) -> Section:
    """Return infected machines with their windows."""
    rows: list[Row] = [
        [
            i.host,
            ", ".join(i.addresses[:4]),
            minute(i.first),
            minute(i.last),
            say(f"how.{i.how}", lang),
            ", ".join(i.destinations[:4]),
            volume(i.bytes_out),
            Cell(f"{i.events:,}", i.matches[:6]),
        ]
        for i in report.trace.infections
    ]
    return section("hosts", lang, rows, "host", "address", "first", "last", "how", "destinations", "bytes", "events")


def path(report: Report, lang: Lang) -> Section:
    """Return the steps with the records of both ends."""
    names = {s.id: s.name for s in report.sources}

    def records(of: Sequence[Locator]) -> str:
        return "; ".join(locator(one, names) for one in of[:2]) + (f" (+{len(of) - 2})" if len(of) > 2 else "")

    rows: list[Row] = [
        [
            minute(h.first),
            h.source_host,
            h.target_host,
            h.user or "?",
            h.how,
            h.technique,
            records(h.source_records),
            records(h.target_records),
            records(h.network_records),
            ", ".join(say(f"end.{m}", lang) for m in h.missing),
        ]
        for h in report.trace.hops
    ]
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
        "source-end",
        "target-end",
        "network",
        "missing",
    )


def files(report: Report, lang: Lang) -> Section:
    """Return the files touched, each once; those touched with a login that the intruder moved with come first."""
    used = {hop.user.lower() for hop in report.trace.hops if hop.user}
    ranked = sorted(
        report.trace.files, key=lambda f: (not any(u.lower() in used for u in f.users), f.server, f.path.lower())
    )
    rows: list[Row] = [
        [f.server, f.path, ", ".join(f.operations), ", ".join(f.users), minute(f.first), minute(f.last), str(f.events)]
        for f in ranked
    ]
    readings = Counter(operation for f in report.trace.files for operation in f.operations)
    note = ", ".join(f"{name} {count:,}" for name, count in sorted(readings.items()))
    return section("files", lang, rows, "server", "path", "how", "user", "first", "last", "events", note=note)


def transfers(report: Report, lang: Lang) -> Section:
    """Return what went out."""
    rows: list[Row] = [
        [
            t.host,
            t.destination,
            minute(t.first),
            minute(t.last),
            f"{t.connections:,}",
            volume(t.bytes_out),
            volume(t.usual_bytes_out),
            t.file or "",
        ]
        for t in report.trace.transfers
    ]
    return section("transfers", lang, rows, "host", "to", "first", "last", "connections", "bytes", "usual", "file")


def tampering(report: Report, lang: Lang) -> Section:
    """Return cleared, stopped and cut logs."""
    names = {s.id: s.name for s in report.sources}
    rows: list[Row] = [
        [
            Cell(say(f"tamper.{t.kind}", lang), tone="contradicted" if t.kind == "cleared" else ""),
            t.host,
            t.log,
            minute(t.at),
            minute(t.until) if t.until else "",
            t.user or "?",
            str(t.count or ""),
            "; ".join(locator(one, names) for one in t.locators[:2]),
        ]
        for t in report.trace.tampering
    ]
    return section("tampering", lang, rows, "what", "host", "log", "when", "until", "user", "records", "record")


def matches(report: Report, lang: Lang) -> Section:
    """Return the matches with the sentence of the report they come from."""
    names = {s.id: s.name for s in report.sources}
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
                minute(m.first_seen),
                minute(m.last_seen),
                f"{m.events:,}",
                "; ".join(locator(one, names) for one in m.locators[:2]),
            ]
        )
    return section(
        "matches", lang, rows, "indicator", "sentence", "report", "host", "first", "last", "events", "record"
    )


def searched(report: Report, lang: Lang) -> Section:
    """Return what was searched: every zero cites it."""
    found = report.hunt.searched if report.hunt else ()
    rows: list[Row] = [
        [s.table, f"{s.events:,}", f"{s.host_days:,}", minute(s.first), minute(s.last), ", ".join(s.kinds)]
        for s in found
    ]
    lines = [
        say("question.not-searchable", lang, {"what": clean(line)})
        for line in (report.hunt.not_searchable[:20] if report.hunt else ())
    ]
    return section(
        "searched", lang, rows, "table", "events", "host-days", "first", "last", "kinds", note=" ".join(lines)
    )


def claims(report: Report, lang: Lang) -> Section:
    """Return every claim: what each citation stands for."""
    names = {s.id: s.name for s in report.sources}

    def where(c: Claim) -> str:
        if c.basis == "stated":
            return f"{c.source} {c.start}–{c.end}"
        return "; ".join(locator(one, names) for one in c.locators[:3]) + (
            f" (+{c.evidence - 3})" if c.evidence > 3 and len(c.locators) > 3 else ""
        )

    def hedge(c: Claim) -> str:
        parts = [c.approximation, c.polarity, c.state or "", c.modality]
        return ", ".join(part for part in parts if part not in ("exact", "affirmed", "certain", ""))

    rows: list[Row] = [
        [
            Cell(c.id, (c.id,), tone="id"),
            c.speaker or c.source,
            topic(c.topic, lang),
            value(c.value),
            hedge(c),
            Cell(clean(c.quote or c.note)[:300]),
            where(c),
        ]
        for c in report.claims
    ]
    return section("claims", lang, rows, "id", "speaker", "topic", "value", "how", "words", "record")


def sources(report: Report, lang: Lang) -> Section:
    """Return every source with its hash and what was read and skipped."""
    rows: list[Row] = [
        [
            s.name,
            s.reader or s.kind,
            f"{s.events:,}",
            f"{s.skipped:,}" + (f" ({clean(s.skips[0].place)}: {clean(s.skips[0].reason)})" if s.skips else ""),
            minute(s.first),
            minute(s.last),
            Cell(s.error or s.status, tone="contradicted" if s.status == "unreadable" else ""),
            s.sha256[:16],
        ]
        for s in report.sources
    ]
    return section("sources", lang, rows, "name", "reader", "events", "skipped", "first", "last", "status", "sha256")


SECTIONS = (
    chronology,
    hosts,
    path,
    files,
    transfers,
    tampering,
    matches,
    searched,
    findings,
    statement,
    claims,
    sources,
)
