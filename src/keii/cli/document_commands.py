"""``keii sources``, ``claims``, ``compare``, ``check``: public documents, with or without a case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from keii import names, pipeline
from keii.case import addresses
from keii.case.case import Case
from keii.claims import to_json
from keii.cli import show
from keii.cli.proposals_shown import print_proposals
from keii.cli.shapes import comparison, source_entry
from keii.cli.time_commands import print_over_time
from keii.errors import UsageError
from keii.exporters.sections_public import by_weight
from keii.model import Claim, Document, Finding
from keii.report.chronology import chronology
from keii.report.wording import shortened
from keii.wording import Lang, say


@click.command()
@show.paths_argument
@click.option("--text", is_flag=True, help="Print the extracted text that every offset of a claim points into.")
@show.lang_option
@show.json_option
def sources(paths: tuple[Path, ...], *, text: bool, lang: str | None, as_json: bool) -> int:
    """List publications in order of time, with the sources that they quote."""
    spoken = show.spoken(lang)
    documents = pipeline.documents_of(paths)
    rated = pipeline.source_ratings(paths, documents)
    ratings = {(rating.document, rating.within): rating for rating in rated}
    if text:
        for document in documents:
            click.echo(document.text)
    elif as_json:
        show.json_lines(source_entry(document, ratings) for document in documents)
        show.json_lines({"url": url, "status": "not-fetched"} for url in _not_fetched(paths, documents))
    else:
        rows = [
            (
                e.number,
                names.moment(e.published, spoken),
                e.publisher,
                names.kind(e.kind, spoken),
                e.reliability,
                e.title or e.document,
            )
            for e in chronology(documents, [], ratings=rated)
        ]
        named = ("published", "publisher", "kind", "reliability", "title")
        columns = [say(f"cli.column.{name}", spoken) for name in named]
        show.table(say("cli.chronology", spoken), ["#No", *columns], rows)
        waiting = [(number, url) for number, url in enumerate(_not_fetched(paths, documents), start=1)]
        if waiting:
            columns = [say("cli.column.address", spoken)]
            show.table(say("cli.not-fetched", spoken, {"count": len(waiting)}), ["#No", *columns], waiting)
    return 0


def _not_fetched(paths: Sequence[Path], documents: Sequence[Document]) -> list[str]:
    """Return the addresses that the cases among ``paths`` record and no document stands for."""
    found: list[str] = []
    for path in paths:
        if (path / "case.toml").is_file():
            with Case.open(path) as case:
                found += [entry.origin for entry in addresses.not_fetched(case, [one.url for one in documents])]
    return found


@click.command()
@show.paths_argument
@click.option("--over-time", is_flag=True, help="Show each topic after every publication: who said what until then.")
@click.option("--propose", is_flag=True, help="Ask the model that case.toml names for more; sends the documents' text.")
@show.lang_option
@show.json_option
def claims(paths: tuple[Path, ...], *, over_time: bool, propose: bool, lang: str | None, as_json: bool) -> int:
    """Extract what sources say, claim by claim, exact to the character."""
    spoken = show.spoken(lang)
    if over_time:
        print_over_time(paths, spoken, as_json=as_json)
        return 0
    if propose:
        return print_proposals(paths, spoken, as_json=as_json)
    found, documents = pipeline.claims_of(paths)
    if as_json:
        show.json_lines(to_json(claim) for claim in found)
        return _read_in_part(documents, spoken)
    rows = [
        (names.speaker(claim, spoken), names.topic(claim.topic, spoken), names.told(claim, spoken), claim.quote)
        for claim in found
    ]
    columns = [say(f"cli.column.{name}", spoken) for name in ("speaker", "topic", "value", "quote")]
    show.table(say("cli.claims", spoken, {"count": len(rows)}), columns, rows)
    return _read_in_part(documents, spoken)


def _read_in_part(documents: Sequence[Document], lang: Lang, findings: Sequence[Finding] = ()) -> int:
    """Say on stderr which texts were too long to be read, or told too much to be compared, and return the exit code."""
    parts = [(one.name, len(one.head), len(one.text)) for one in documents]
    lines = [
        say("cli.read-in-part", lang, {"name": name, "read": f"{read:,}", "all": f"{whole:,}"})
        for name, read, whole in parts
        if read < whole
    ]
    lines += [names.why(finding, lang) for finding in findings if finding.kind == "claims"]
    return show.incomplete(lines, lang)


@click.command()
@show.paths_argument
@show.lang_option
@show.json_option
def compare(paths: tuple[Path, ...], *, lang: str | None, as_json: bool) -> int:
    """Say where sources agree, contradict, revise and keep silent."""
    spoken = show.spoken(lang)
    found, documents = pipeline.claims_of(paths)
    findings, _ = pipeline.judge(found, documents)
    if as_json:
        by_id = {claim.id: claim for claim in found}
        show.json_lines(comparison(finding, by_id) for finding in findings if finding.answer == "yes")
        return _read_in_part(documents, spoken, findings)
    _findings_table(findings, found, spoken)
    return _read_in_part(documents, spoken, findings)


def _findings_table(findings: Sequence[Finding], found: Sequence[Claim], lang: Lang) -> None:
    by_id = {claim.id: claim for claim in found}
    rows = [
        (
            say(f"kind.{finding.kind}", lang),
            names.subject(finding.facts["subject"], lang)
            if "subject" in finding.facts
            else names.topic(finding.topic, lang),
            names.why(finding, lang),
            _words(finding, by_id, lang),
        )
        for finding in by_weight(findings)
    ]
    columns = [say(f"cli.column.{name}", lang) for name in ("finding", "topic", "why", "quote")]
    show.table(say("cli.findings", lang, {"count": len(rows)}), columns, rows)


def _words(finding: Finding, by_id: dict[str, Claim], lang: Lang) -> str:
    """Return the first words for and against, short."""

    def short(ids: Sequence[str]) -> str:
        told = [shortened(by_id[i].quote or names.value(by_id[i].value, lang), 44) for i in ids if i in by_id]
        return " | ".join(told[:2]) + (f" (+{len(told) - 2})" if len(told) > 2 else "")

    return short(finding.claims) + (f" ⇔ {short(finding.against)}" if finding.against else "")


@click.command("check")
@click.argument("case", type=click.Path(exists=True, path_type=Path))
@click.argument("statement", required=False)
@show.lang_option
@show.json_option
def check_statement(case: Path, statement: str | None, *, lang: str | None, as_json: bool) -> int:
    """Check an official statement sentence by sentence against logs and other sources."""
    spoken = show.spoken(lang)
    found, documents = pipeline.claims_of([case])
    if statement and not any(Path(d.name).name == Path(statement).name for d in documents):
        documents.append(pipeline.documents_of([Path(statement)])[0])
        found += pipeline.claims_in(documents[-1])
    verdicts = pipeline.verdicts(found, documents, statement)
    if not verdicts:
        raise UsageError(
            f"no official statement among {len(documents)} documents; name it, or add it with --as statement"
        )
    if as_json:
        show.json_lines(verdicts)
        return 0
    rows = [
        (
            say(f"verdict.{verdict.verdict}", spoken),
            verdict.sentence,
            say(verdict.why, spoken, verdict.facts)
            + "".join(" " + say(open_, spoken) for open_ in verdict.leaves_open)
            + "".join(f" [{say(why, spoken, facts)}]" for why, facts in verdict.limits[:2]),
        )
        for verdict in verdicts
    ]
    columns = [say(f"cli.column.{name}", spoken) for name in ("verdict", "sentence", "why")]
    show.table(say("cli.verdicts", spoken), columns, rows)
    return 0
