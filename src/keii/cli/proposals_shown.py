"""``keii claims CASE --propose``: what a model proposed, below and apart from the claims of the case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from keii import names, pipeline
from keii.claims import to_json
from keii.cli import show
from keii.errors import UsageError
from keii.model import Claim
from keii.proposals import Proposed
from keii.wording import Lang, say


def print_proposals(paths: Sequence[Path], lang: Lang, *, as_json: bool) -> int:
    """Ask, print the claims of the case and then the proposals, and return the exit code: 1 where a piece failed."""
    if len(paths) != 1 or not (paths[0] / "case.toml").is_file():
        raise UsageError("expected one case: its case.toml names the model, its ledger records what was sent")
    with show.bars() as bars:
        told, found = pipeline.propose_claims(paths[0], bars)
        bars.finish()
    if as_json:
        show.json_lines(to_json(claim) for claim in (*told, *found.claims))
    else:
        _table(say("cli.claims", lang, {"count": len(told)}), told, lang)
        _table(say("proposals.title", lang, {"count": len(found.claims)}), found.claims, lang)
        show.told("proposals.note", lang)
        for why, count in found.refused.items():
            show.bullet(say(f"proposals.refused.{why}", lang, {"count": count}), lang)
    return show.incomplete(list(_failures(found, lang)), lang)


def _table(title: str, claims: Sequence[Claim], lang: Lang) -> None:
    rows = [
        (names.speaker(claim, lang), names.topic(claim.topic, lang), names.told(claim, lang), claim.quote)
        for claim in claims
    ]
    show.table(title, [say(f"cli.column.{name}", lang) for name in ("speaker", "topic", "value", "quote")], rows)


def _failures(found: Proposed, lang: Lang) -> Iterator[str]:
    for one in found.failures:
        facts = {"document": one.document, "start": one.start, "end": one.end, "reason": one.reason}
        yield say("proposals.failed", lang, facts)
    if found.unasked:
        yield say("proposals.unasked", lang, {"count": found.unasked})
