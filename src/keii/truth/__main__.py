"""``python -m keii.truth``: make breaches, investigate each, and print precision and recall per question."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from keii import pipeline
from keii.case.case import Case
from keii.ingest import Quiet
from keii.model import Trace
from keii.simulate import simulate
from keii.simulate.company import DAYS
from keii.simulate.variants import VARIANTS
from keii.truth.compare import Answer, compare


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One made breach: its answers, the seconds it took and the days of all its PCs together."""

    variant: str
    seed: int
    seconds: float
    host_days: int
    answers: tuple[Answer, ...]


def one(seed: int, scale: str, variant: str) -> Row:
    """Make the breach of a seed in a folder that goes away, investigate it, and compare."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = simulate(folder / "made", scale=scale, seed=seed, variant=variant)
        with Case.create(folder / "case", "truth", victim="星空重工業", time_zone="Asia/Tokyo", lang="en") as case:
            case.add([folder / "made" / "logs", folder / "made" / "intel"], link=True)
            pipeline.run(case, Quiet(), lang="en")
            found = case.catalog.trace() or Trace()
        truth = msgspec.json.decode(Path(made.truth).read_bytes())
        pcs = len(list((folder / "made" / "logs" / "windows").glob("*-PC*.json")))
    return Row(
        variant=variant,
        seed=seed,
        seconds=round(time.monotonic() - began, 1),
        host_days=pcs * DAYS,
        answers=compare(truth, found),
    )


def table(rows: Sequence[Row]) -> str:
    """Return precision and recall per variant and question over all seeds, a line each."""
    lines = [f"{'variant':20} {'question':20} {'precision':>9} {'recall':>7} {'right':>12} {'told':>12} {'true':>12}"]
    for variant in dict.fromkeys(row.variant for row in rows):
        own = [row for row in rows if row.variant == variant]
        for at, head in enumerate(own[0].answers):
            right, told, true = (
                sum(getattr(row.answers[at], part) for row in own) for part in ("right", "told", "true")
            )
            lines.append(
                f"{variant:20} {head.question:20} {_share(right, told):>9} {_share(right, true):>7}"
                f" {right:12,} {told:12,} {true:12,}"
            )
        false = sum(a.told - a.right for row in own for a in row.answers if a.question == "C2 destinations")
        days = sum(row.host_days for row in own)
        lines.append(f"{variant:20} false C2 per 10,000 host-days: {false * 10_000 / days:.2f} ({days:,} host-days)")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _seeds(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


@click.command()
@click.option("--seeds", default="1-20", show_default=True, help="A seed, or first-last.")
@click.option("--variant", default="base", show_default=True, type=click.Choice(["all", *sorted(VARIANTS)]))
@click.option("--scale", default="200000", show_default=True, help="Events around each breach.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of the table.")
def main(seeds: str, variant: str, scale: str, as_json: bool) -> None:  # noqa: FBT001 (a switch of the command line)
    """Make breaches, investigate each, and print precision and recall per question."""
    rows = []
    for name in sorted(VARIANTS) if variant == "all" else [variant]:
        for seed in _seeds(seeds):
            rows.append(one(seed, scale, name))
            click.echo(f"{name}, seed {seed}: {rows[-1].seconds} s", err=True)
            for answer in rows[-1].answers:
                if answer.missed or answer.wrong:
                    left, extra = ", ".join(answer.missed[:5]), ", ".join(answer.wrong[:5])
                    click.echo(f"  {answer.question}: missed {left or '-'}; wrong {extra or '-'}", err=True)
    click.echo(msgspec.json.encode(rows).decode() if as_json else table(rows))


if __name__ == "__main__":
    main()
