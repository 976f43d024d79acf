"""Annotated texts: how many of the marked claims extraction finds, and how many it adds in the families marked."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from keii.claims import extract
from keii.model import Claim, Document, Moment

TEXTS = Path(__file__).parent / "texts"


def moment(written: str) -> Moment:
    """Return a publication time with its zone."""
    clock = dt.datetime.fromisoformat(written)
    start = clock.astimezone(dt.UTC)
    zone = clock.strftime("%z")
    return Moment(edtf=written, earliest=start, latest=start + dt.timedelta(minutes=1), zone=f"{zone[:3]}:{zone[3:5]}")


def document(
    text: str, lang: str, publisher: str = "Paper", published: str = "2020-06-15T12:00+09:00", kind: str = "news"
) -> Document:
    """Return a document as a reader would give it."""
    return Document(source="s", name="text", text=text, lang=lang, publisher=publisher, published=moment(published), kind=kind)  # type: ignore[arg-type]  # fmt: skip


def shown(claim: Claim) -> tuple[str, str, str, str, str]:
    """Return a claim in the five parts of the annotation."""
    value = next(
        str(part) for name in ("num", "edtf", "iso", "cat") if (part := getattr(claim.value, name, None)) is not None
    )
    polarity = claim.polarity + (f"/{claim.state}" if claim.state else "")
    return claim.topic, value, polarity, claim.modality, claim.speaker or ""


def score(name: str) -> dict[str, Counter[str]]:
    """Return per family: ``marked``, ``found`` (topic and value), and right ``polarity``, ``modality``, ``speaker``."""
    families: dict[str, Counter[str]] = {}
    for entry in yaml.safe_load((TEXTS / f"{name}.yaml").read_text("utf-8")):
        _score_one(entry, families)
    return families


def _score_one(entry: dict[str, Any], families: dict[str, Counter[str]]) -> None:
    got = [shown(c) for c in extract(document(entry["text"], entry["lang"], entry["publisher"], entry["published"], entry.get("kind", "news")))]  # fmt: skip
    marked = [tuple(part.strip() for part in line.split("|")) for line in entry["claims"]]
    for want in marked:
        family = families.setdefault(want[0].split(".")[0], Counter())
        family["marked"] += 1
        near = [g for g in got if g[:2] == want[:2]]
        if near:
            best = max(near, key=lambda g: sum(w in ("*", p) for w, p in zip(want, g, strict=True)))
            family["found"] += 1
            for at, part in enumerate(("polarity", "modality", "speaker"), start=2):
                family[part] += want[at] in ("*", best[at])
    values = {want[:2] for want in marked}
    for topic in {want[0] for want in marked}:
        extra = [g for g in got if g[0] == topic and g[:2] not in values]
        families[topic.split(".")[0]]["extra"] += len(extra)


if __name__ == "__main__":
    for which in ("development", "held_out"):
        for family, counts in sorted(score(which).items()):
            print(which, family, dict(counts))
