"""How many of the findings that an analyst would report are found, and which contradictions are reported that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from keii.checks import Claims, check
from keii.claims import extract
from keii.model import Claim, Document, Finding
from tests.claims.scoring import texts

HERE = Path(__file__).parent
# The findings asked for and the texts that they are about; the eighth sets were asked for by another hand.
_SETS = {
    "ja": ("ja_fifth", "ja_sixth"),
    "en": ("en_fifth", "en_sixth"),
    "ja_eighth": ("ja_eighth",),
    "en_eighth": ("en_eighth",),
    "en_tenth": ("en_tenth",),
}


class Told(msgspec.Struct):
    """What was found of the findings of one language."""

    wanted: int = 0
    found: int = 0
    contradictions: int = 0
    false: int = 0
    notes: list[str] = msgspec.field(default_factory=list)


def score(which: str) -> Told:
    """Return how the incidents of a set come out; findings marked weak are not asked for."""
    marked = yaml.safe_load((HERE / f"{which}.yaml").read_text("utf-8"))
    stories: dict[str, list[Document]] = {}
    for name in _SETS[which]:
        for entry, document in texts(name):
            stories.setdefault(entry["incident"], []).append(document)
    told = Told()
    for incident, documents in sorted(stories.items()):
        claims = [claim for document in documents for claim in extract(document)]
        by_id = {claim.id: claim for claim in claims}
        findings = [finding for finding in check(Claims(claims, documents)) if finding.answer == "yes"]
        wanted = [one for one in marked["findings"] if one["incident"] == incident]
        for one in wanted:
            if "weak" in str(one.get("strength", "")) or str(one.get("why", "")).endswith("Weak"):
                continue
            told.wanted += 1
            if any(_fits(finding, one, by_id) for finding in findings):
                told.found += 1
            else:
                told.notes.append(f"{incident}: missed {one['kind']} {one['topic']} {one['documents']} ({one['why']})")
        for finding in findings:
            if finding.kind != "contradiction":
                continue
            told.contradictions += 1
            asked = [one for one in wanted if "contradiction" in (one["kind"], one.get("or"))]
            if not any(_same_topic(finding.topic, one) for one in asked):
                told.false += 1
                words = [by_id[i].quote[:60] for i in (*finding.claims[:2], *finding.against[:2]) if i in by_id]
                told.notes.append(f"{incident}: contradiction {finding.topic} {finding.why} {words}")
    return told


def _topics(one: dict[str, Any]) -> set[str]:
    topic = one["topic"]
    return {*(topic if isinstance(topic, list) else [topic]), *one.get("also", ())}


def _same_topic(topic: str, one: dict[str, Any]) -> bool:
    return topic.split(".")[0] in {name.split(".")[0] for name in _topics(one)}


def _fits(finding: Finding, one: dict[str, Any], by_id: dict[str, Claim]) -> bool:
    """Return whether a finding is the one asked for: its kind, its family of topics, and at least two of its documents."""
    kinds = {one["kind"], one.get("or", one["kind"])}
    if finding.kind not in kinds or not _same_topic(finding.topic, one):
        return False
    if finding.kind == "omission":
        return True
    stands_in = {by_id[i].source.removesuffix(".txt") for i in (*finding.claims, *finding.against) if i in by_id}
    return len(stands_in & set(one["documents"])) >= min(2, len(one["documents"]))
