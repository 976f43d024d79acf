"""``keii demo``, ``simulate``, ``report``: a made breach, and the report of a case in any format."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click

from keii import pipeline
from keii.case.case import Case
from keii.cli import show
from keii.errors import UsageError
from keii.exporters import EXPORTERS, render
from keii.simulate import simulate as make
from keii.simulate.variants import VARIANTS
from keii.wording import say


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--scale", default="demo", show_default=True, help="demo, 1m, 10m, 100m or a number of events.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--variant",
    type=click.Choice(sorted(VARIANTS)),
    default="base",
    show_default=True,
    help="What was done to the logs: erased, lost, copied, or written by a wrong clock.",
)
@show.lang_option
def simulate(out: Path, scale: str, seed: int, variant: str, lang: str | None) -> int:
    """Make a breach of an invented company with logs, report, articles and its truth."""
    spoken = show.spoken(lang)
    with show.bars() as bars:
        made = make(out, scale=scale, seed=seed, variant=variant, progress=bars)
    show.told("cli.simulated", spoken, events=f"{sum(made.events.values()):,}", folder=out, truth=made.truth)
    return 0


@click.command()
@click.argument("folder", default="demo", type=click.Path(path_type=Path))
@click.option("--scale", default="demo", show_default=True, help="Events to make around the breach.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same breach.")
@show.lang_option
def demo(folder: Path, scale: str, seed: int, lang: str | None) -> int:
    """Make a small breach, investigate it, and show what came out."""
    spoken = show.spoken(lang)
    if folder.exists():
        if not (folder / "evidence" / "truth.json").is_file() and any(folder.iterdir()):
            raise UsageError("the folder holds something else than an earlier demo", place=str(folder))
        shutil.rmtree(folder)
    began = time.monotonic()
    with show.bars() as bars:
        made = make(folder / "evidence", scale=scale, seed=seed, progress=bars)
        show.told(
            "cli.simulated", spoken, events=f"{sum(made.events.values()):,}", folder=made.folder, truth=made.truth
        )
        with Case.create(
            folder / "case", "Hoshizora", victim="星空重工業", time_zone="Asia/Tokyo", lang=spoken
        ) as case:
            case.add([folder / "evidence" / part for part in ("logs", "intel", "documents")], link=True)
            pipeline.run(case, bars, lang=spoken)
            report = pipeline.report_of(case)
    for sentence in report.summary:
        show.bullet(say(sentence.what.why, spoken, sentence.what.facts), spoken)
    show.told(
        "cli.demo",
        spoken,
        seconds=f"{time.monotonic() - began:.0f}",
        path=folder / "case" / "report" / "report.html",
        case=folder / "case",
    )
    return 0


@click.command("report")
@show.case_argument
@click.option(
    "--format", "form", type=click.Choice([exporter.id for exporter in EXPORTERS]), default="html", show_default=True
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write; - for the terminal. Default: the case's report folder.",
)
@show.lang_option
def report_command(case: Path, form: str, out: Path | None, lang: str | None) -> int:
    """Write the report as one self-contained HTML file, Markdown or JSON."""
    spoken = show.spoken(lang)
    with Case.open(case) as opened:
        content = render(form, pipeline.report_of(opened), spoken if lang else opened.settings.lang)
        suffix = next(exporter.suffix for exporter in EXPORTERS if exporter.id == form)
        target = out or opened.report_root / f"report.{suffix}"
    if str(target) == "-":
        sys.stdout.buffer.write(content)
        return 0
    target.write_bytes(content)
    show.told("cli.report", spoken, path=target)
    return 0
