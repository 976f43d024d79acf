"""The whole flow on one screen: ingest, hunt, trace, extract, check, compose, export. It alone joins stages."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from keii import __version__
from keii.beside_rules import beside_rules, publications
from keii.case.case import Case
from keii.case.labels import labelled
from keii.checks import Claims, check, check_statement, holds_statement
from keii.checks.changes import changes
from keii.checks.hypotheses import analyse
from keii.checks.reliability import rate, rate_sources
from keii.claims import extract
from keii.errors import UsageError
from keii.exporters import EXPORTERS, render
from keii.hunt import hunt
from keii.hunt.asked import hunt_intel_rules
from keii.hunt.revised import revisions
from keii.hunt.warninglists import withheld
from keii.ingest import IngestReport, Progress, ingest
from keii.model import Claim, Document, Finding, Indicator, Trace, Verdict
from keii.model.hypothesis import Analysis
from keii.model.rating import SourceRating
from keii.model.report import Report, SourceEntry
from keii.proposals import Endpoint, Proposed, cut, prompt_hash, propose
from keii.readers.documents.opened import documents_at
from keii.readers.logs.mapping import load_mapping
from keii.report import Parts, compose
from keii.trace import TraceSettings, observed, trace
from keii.wording import Lang


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: stages with something new, files written; ``complete`` unless something was unreadable."""

    ingest: IngestReport
    stages: tuple[str, ...]
    written: tuple[str, ...]
    complete: bool


def run(case: Case, progress: Progress, *, lang: Lang | None = None) -> RunReport:
    """Bring the case up to date: only what its sources, settings or this version of keii changed is done again."""
    with case.writing():
        taken = ingest(case, progress)
        done = [name for name, stage in STAGES if _stage(case, name, stage, progress)]
        written = write_reports(case, lang or case.settings.lang)
    incomplete = any(source.status in ("unreadable", "unknown") or source.skipped for source in case.catalog.sources())
    return RunReport(ingest=taken, stages=tuple(done), written=tuple(map(str, written)), complete=not incomplete)


def _stage(case: Case, name: str, stage: Callable[[Case], None], progress: Progress) -> bool:
    """Run a stage if what it rests on changed since it last ran."""
    settings = msgspec.structs.replace(case.settings, hypotheses=(), llm=None)  # no stage reads these
    key = hashlib.sha256(
        msgspec.json.encode([__version__, name, _inputs(case, name), settings], order="sorted")
    ).hexdigest()
    if case.catalog.fingerprint(name) == key:
        return False
    progress.start(name, 1)
    stage(case)
    case.catalog.put_fingerprint(name, key)
    progress.advance(1)
    progress.finish()
    return True


def _inputs(case: Case, name: str) -> list[str]:
    of = case.catalog.digest
    lake, intel = of("lake"), [of("indicator"), of("pattern")]
    documents = "\n".join([of("document"), *sorted(beside_rules(case.catalog.sources()))])
    return {
        "hunt": [lake, *intel, of("rule")],
        "rules": [lake, of("rule")],
        "trace": [lake, *intel],
        "claims": [documents],
        "check": [lake, *intel, documents],
    }[name]


def hunt_case(case: Case) -> None:
    """Hunt the case's indicators, patterns and rules over its lake and keep what was found."""
    _hunt(case)
    _rules(case)


def indicators(case: Case) -> tuple[Indicator, ...]:
    """Return what the case's intel gives to look for; what a warninglist of the case names is told and not hunted."""
    return withheld(case.catalog.rules(), case.catalog.indicators())


def _hunt(case: Case) -> None:
    catalog = case.catalog
    found = hunt(
        case.lake(),
        indicators(case),
        catalog.patterns(),
        not_searchable=_not_searchable(case),
        internal=case.settings.internal,
    )
    catalog.put_matches(found.matches, found.coverage)


def _rules(case: Case) -> None:
    """Ask the rules and patterns that were added as intel, and keep what became of each."""
    catalog = case.catalog
    rules = [rule for rule in catalog.rules() if rule.language != "warninglist"]
    kept = case.root / "rules" / "added"  # derived: the rules ready to run
    catalog.put_rules(hunt_intel_rules(case.lake(), rules, kept_in=kept) if rules else None)


def _not_searchable(case: Case) -> list[str]:
    """Return what a hunt could not look at: sources that were not read, and records that were skipped."""
    lines = [f"{s.source.name}: {s.error}" for s in case.catalog.sources() if s.status in ("unreadable", "unknown")]
    lines += [f"{s.source.name}: {s.skipped:,} records skipped" for s in case.catalog.sources() if s.skipped]
    return lines


def _trace(case: Case) -> None:
    catalog = case.catalog
    settings = TraceSettings(
        internal=case.settings.internal,
        victim=case.settings.victim,
        crown_jewels=tuple(m for zone in case.settings.zones if zone.crown_jewel for m in zone.members),
    )
    damaged = [(row.source, row.skip) for row in catalog.skips() if row.skip.damage]
    result = trace(case.lake(), catalog.matches(), settings, damaged)
    catalog.put_trace(result)
    names = {record.source.id: record.source.name for record in catalog.sources()}
    catalog.put_claims(observed(result, catalog.hunt_coverage(), names), "observed")


def _claims(case: Case) -> None:
    case.catalog.put_claims([claim for document in publications(case) for claim in extract(document)], "stated")


def _check(case: Case) -> None:
    findings, verdicts = judge(case.catalog.claims(), publications(case), _victim(case))
    case.catalog.put_findings(findings, verdicts)


def _victim(case: Case) -> list[str]:
    """Return the names under which the victim speaks."""
    return [name for name in (case.settings.victim, *case.settings.speakers) if name]


STAGES: tuple[tuple[str, Callable[[Case], None]], ...] = (
    ("hunt", _hunt),
    ("rules", _rules),
    ("trace", _trace),
    ("claims", _claims),
    ("check", _check),
)


def judge(
    claims: Sequence[Claim], documents: Sequence[Document], names: Sequence[str] = ()
) -> tuple[tuple[Finding, ...], tuple[Verdict, ...]]:
    """Return the findings of all checks and the verdicts on every official statement."""
    held = Claims(claims, documents, [name for name in names if name])
    verdicts = [verdict for d in documents if holds_statement(d) for verdict in check_statement(d, held)]
    return check(held), tuple(verdicts)


def verdicts(claims: Sequence[Claim], documents: Sequence[Document], statement: str | None) -> tuple[Verdict, ...]:
    """Return the verdicts on the statement of that file name, or on every official statement, quoted ones too."""
    wanted = Path(statement).name if statement else None
    held = Claims(claims, documents)
    chosen = [d for d in documents if (Path(d.name).name == wanted if wanted else holds_statement(d))]
    if wanted:  # a person says that it is one
        chosen = [d if holds_statement(d) else msgspec.structs.replace(d, kind="statement") for d in chosen]
    return tuple(verdict for document in chosen for verdict in check_statement(document, held))


def report_of(case: Case) -> Report:
    """Return the case's report as a value."""
    catalog, entries = case.catalog, case.entries()
    documents = publications(case)
    held = Claims(catalog.claims(), documents, _victim(case))
    return compose(
        Parts(
            case=case.settings.name,
            victim=case.settings.victim,
            as_of=max((entry.when for entry in entries), default=""),
            zone=case.settings.time_zone,
            sources=_sources(case),
            documents=documents,
            claims=catalog.claims(),
            changes=changes(held, catalog.findings()),
            ratings=rate(held, case.settings.reliability),
            findings=catalog.findings(),
            verdicts=catalog.verdicts(),
            matches=catalog.matches(),
            hunt=catalog.hunt_coverage(),
            rules=catalog.rules_hunted(),
            revisions=revisions(
                [record.source for record in catalog.sources() if record.kind == "intel"],
                catalog.indicators(),
                catalog.rules(),
                catalog.matches(),
            ),
            trace=labelled(catalog.trace() or Trace(), case.root, case.settings.labels),
            labelled=bool(case.settings.labels),
        )
    )


def _sources(case: Case) -> list[SourceEntry]:
    beside = beside_rules(case.catalog.sources())
    skips: dict[str, list[msgspec.Struct]] = {}
    for row in case.catalog.skips():
        skips.setdefault(row.source, []).append(row.skip)
    return [
        SourceEntry(
            id=record.source.id,
            name=record.source.name,
            kind=record.kind,
            reader=record.reader,
            sha256=record.source.sha256,
            size=record.source.size,
            status="beside-rules" if record.source.id in beside else record.status,
            events=record.events,
            skipped=record.skipped,
            first=record.first,
            last=record.last,
            error=record.error,
            skips=tuple(skips.get(record.source.id, ())[:20]),  # type: ignore[arg-type]
            inferred=record.inferred,
        )
        for record in case.catalog.sources()
    ]


def write_reports(case: Case, lang: Lang) -> list[Path]:
    """Write every format of the report into the case, whole or not at all, and return the paths."""
    report = report_of(case)
    written = []
    for exporter in EXPORTERS:
        path = case.report_root / f"report.{exporter.suffix}"
        unfinished = case.tmp / path.name
        unfinished.write_bytes(render(exporter.id, report, lang))
        unfinished.replace(path)
        written.append(path)
    return written


def changed_sources(case: Case) -> list[str]:
    """Return the sources that are gone or have another size than recorded; ``verify`` compares hashes too."""
    found = []
    for entry in case.entries():
        path = case.content(entry)
        if not path.is_file():
            found.append(f"{entry.path}: gone since it was recorded")
        elif path.stat().st_size != entry.size:
            found.append(
                f"{entry.path}: {path.stat().st_size:,} bytes, {entry.size:,} recorded; keii verify tells more"
            )
    return found


def check_mapping(path: Path) -> None:
    """Raise SettingsError, with the place, where a mapping file cannot be used."""
    load_mapping(path.read_text("utf-8"), path.name)


def documents_of(paths: Sequence[Path]) -> list[Document]:
    """Return the documents at these paths (all pages of a web archive), or those of the case where the one path is a case.

    Raises UnreadableError with the file's name for the first that cannot be read.
    """
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return list(publications(case))
    return [document for path in paths for document in documents_at(path)]


def claims_in(document: Document) -> tuple[Claim, ...]:
    """Return the claims of one document."""
    return extract(document)


def claims_of(paths: Sequence[Path]) -> tuple[list[Claim], list[Document]]:
    """Return the claims of documents, or all claims of a case, with the documents."""
    documents = documents_of(paths)
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return list(case.catalog.claims()), documents
    return [claim for document in documents for claim in extract(document)], documents


def public_report(paths: Sequence[Path]) -> Report:
    """Return the report of a case, or of documents without one: chronology, claims over time, findings, verdicts."""
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            return report_of(case)
    claims, documents = claims_of(paths)
    findings, told = judge(claims, documents)
    held = Claims(claims, documents)
    return compose(
        Parts(
            case="",
            documents=documents,
            claims=claims,
            changes=changes(held, findings),
            ratings=rate(held),
            findings=findings,
            verdicts=told,
        )
    )


def source_ratings(paths: Sequence[Path], documents: Sequence[Document]) -> tuple[SourceRating, ...]:
    """Return how far each document and each source quoted in one can be relied on; the case's own ratings come first."""
    given: dict[str, str] = {}
    if len(paths) == 1 and (paths[0] / "case.toml").is_file():
        with Case.open(paths[0]) as case:
            given = case.settings.reliability
    return rate_sources(documents, given)


def analysis_of(case: Case) -> Analysis | None:
    """Return the analysis of a case's competing hypotheses, None where ``case.toml`` holds none."""
    settings = case.settings
    if not settings.hypotheses:
        return None
    names = [name for name in (settings.victim, *settings.speakers) if name]
    return analyse(settings.hypotheses, Claims(case.catalog.claims(), publications(case), names))


def hypotheses_of(path: Path) -> tuple[Analysis, dict[str, Claim]]:
    """Return the analysis of a case's competing hypotheses, and its claims by id. UsageError where it holds none."""
    with Case.open(path) as case:
        analysis = analysis_of(case)
        if analysis is None:
            raise UsageError(
                'no [[hypothesis]] there; write at least two, such as id = "subsidiary", '
                'expects = [{topic = "entry.vector", value = "subsidiary"}]',
                place=str(path / "case.toml"),
            )
        return analysis, {claim.id: claim for claim in case.catalog.claims()}


def propose_claims(path: Path, progress: Callable[[str, int, int], None]) -> tuple[list[Claim], Proposed]:
    """Ask the endpoint of ``case.toml`` for further claims; return the case's own and what came of asking.

    The ledger tells what leaves the machine before anything does, and afterwards what came back. What is kept goes to
    ``report/proposals.jsonl``, never among the claims of the case. UsageError where the case names no endpoint.
    """
    with Case.open(path) as case:
        if case.settings.llm is None:
            raise UsageError(
                "no [llm] there: a model is asked only where the case names it", place=str(path / "case.toml")
            )
        endpoint = Endpoint(case.settings.llm)
        documents, told = publications(case), case.catalog.claims()
        if not documents:
            raise UsageError("no documents to ask about; `keii add` and `keii run` come first", place=str(path))
        todo = cut(documents, case.settings.llm.piece)
        asked = f"{case.settings.llm.base_url}, model {case.settings.llm.model}, prompt sha256 {prompt_hash()}"
        sent = sum(len(piece.text) for _, piece in todo)
        sources = ", ".join(dict.fromkeys(document.source for document, _ in todo))
        case.note(f"proposals asked of {asked}: {sent} characters in {len(todo)} pieces of {sources}")
        found = propose(documents, told, endpoint, progress)
        data = b"".join(msgspec.json.encode(claim) + b"\n" for claim in found.claims)
        with case.writing():
            unfinished = case.tmp / "proposals.jsonl"
            unfinished.write_bytes(data)
            unfinished.replace(case.report_root / unfinished.name)
        refused = ", ".join(f"{count} {why}" for why, count in found.refused.items()) or "none"
        case.note(
            f"proposals of {asked}: {len(found.claims)} kept in report/proposals.jsonl, sha256 "
            f"{hashlib.sha256(data).hexdigest()}; refused: {refused}; pieces without a usable answer: "
            f"{len(found.failures)}, not sent: {found.unasked}"
        )
        return list(told), found


@contextmanager
def passing_case(logs: Sequence[Path], intel: Sequence[Path]) -> Iterator[Case]:
    """Give a case that lives as long as the question: logs linked, not copied; removed afterwards."""
    if not logs and not intel:
        raise UsageError("expected at least one file or folder of logs")
    with tempfile.TemporaryDirectory(prefix="keii-") as folder, Case.create(Path(folder) / "case", "hunt") as case:
        case.add(list(logs), link=True)
        case.add(list(intel), link=True, kind="intel")
        yield case
