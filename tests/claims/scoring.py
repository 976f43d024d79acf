"""Texts with marked claims, and how well the extraction finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from keii.checks.origins import normal_name
from keii.claims import extract
from keii.data import load
from keii.model import Category, Claim, Date, Document, Duration, Interval, Number
from keii.readers.documents.times import find_times

_MONTH_END = re.compile(r"(\d{4}-\d\d)-25/\1-(\d\d)")
_SEASONS = {"-21": ("-03", "-05"), "-22": ("-06", "-08"), "-23": ("-09", "-11")}
_DATED = re.compile(r"time\.(?!dwell)|duty\.deadline")
_COUNTED = re.compile(r"affected\.(?!system)|data\.volume|ransom\.amount|impact\.cost")
TEXTS = Path(__file__).parent / "texts"


class Score(msgspec.Struct):
    """Counts over a set of texts; ``right`` is how many of the found ones have the right polarity, hedge, speaker."""

    marked: int = 0
    found: int = 0
    extracted: int = 0
    wanted: int = 0
    polarity: int = 0
    modality: int = 0
    speaker: int = 0
    approximation: int = 0
    dates: tuple[int, int] = (0, 0)
    counts: tuple[int, int] = (0, 0)
    family: tuple[int, int] = (0, 0)
    notes: list[str] = msgspec.field(default_factory=list)

    def share(self, part: int, whole: int) -> float:
        """Return part of whole, 1.0 of nothing."""
        return part / whole if whole else 1.0

    @property
    def recall(self) -> float:
        """Return the share of marked claims that were found."""
        return self.share(self.found, self.marked)

    @property
    def precision(self) -> float:
        """Return the share of extracted claims that are marked or defensible."""
        return self.share(self.wanted, self.extracted)

    def line(self, name: str) -> str:
        """Return the figures in one line."""
        of = [
            f"{key} {self.share(getattr(self, key), self.found):.2f}"
            for key in ("polarity", "modality", "speaker", "approximation")
        ]
        apart = [
            f"{key} {self.share(*getattr(self, key)):.2f} ({getattr(self, key)[0]}/{getattr(self, key)[1]})"
            for key in ("dates", "counts", "family")
        ]
        return f"{name}: recall {self.recall:.2f} ({self.found}/{self.marked}), precision {self.precision:.2f} ({self.wanted}/{self.extracted}), {', '.join([*of, *apart])}"


def texts(name: str) -> Iterator[tuple[dict[str, Any], Document]]:
    """Yield every marked text of a file with its document."""
    for entry in yaml.safe_load((TEXTS / f"{name}.yaml").read_text("utf-8")):
        lang: Literal["ja", "en"] = "ja" if name.startswith("ja") else "en"
        published = find_times(str(entry["published"]), lang)[0].moment
        yield (
            entry,
            Document(
                source="s-" + entry["id"], name=entry["id"] + ".txt", text=entry["text"], lang=lang, publisher=entry["publisher"],
                kind=entry["kind"], published=published,
            ),
        )  # fmt: skip


def value_of(claim: Claim) -> str:
    """Return the value of a claim as it is written in a marked text."""
    value = claim.value
    if isinstance(value, Number):
        return str(value.num)
    if isinstance(value, Category):
        return value.cat
    return value.iso if isinstance(value, Duration) else value.edtf


def score(name: str) -> Score:
    """Return how well the claims of one file of texts are found."""
    total = Score()
    for entry, document in texts(name):
        _add(total, entry, document)
    return total


def _apart(total: Score, entry: dict[str, Any], claims: list[Claim]) -> None:
    """Count dates, counts and topic families each by itself, over the marks at whose quote some claim of the kind stands.

    A date is right with its value at its precision, whatever it is the date of; a count with its value, unit and, where
    marked, qualifier (``a``), unit (``u``) and scope (``c``); a family where a claim of it rests on the marked words.
    """
    for mark in entry["claims"]:
        start = entry["text"].find(mark["q"]) if mark.get("q") else -1
        here = [c for c in claims if start >= 0 and c.start < start + len(mark["q"]) and start < c.end]
        dates = [c for c in here if isinstance(c.value, Date | Interval)]
        counts = [c for c in here if isinstance(c.value, Number)]
        value = bare(mark["t"], str(mark["v"]))
        if _DATED.match(mark["t"]) and dates:
            right = any(bare(mark["t"], value_of(c)) == value for c in dates)
            total.dates = (total.dates[0] + right, total.dates[1] + 1)
        if _COUNTED.match(mark["t"]) and counts:
            right = any(_counts(c, mark) for c in counts)
            total.counts = (total.counts[0] + right, total.counts[1] + 1)
        if here:
            right = any(c.topic.partition(".")[0] == mark["t"].partition(".")[0] for c in here)
            total.family = (total.family[0] + right, total.family[1] + 1)


def _counts(claim: Claim, mark: dict[str, Any]) -> bool:
    """Return whether a count has the marked value, unit (told by its topic), qualifier and scope."""
    value = claim.value
    return (
        isinstance(value, Number)
        and value.num == mark["v"]
        and (claim.topic == mark["t"] if "u" not in mark else value.unit == mark["u"])
        and claim.approximation == mark.get("a", claim.approximation)
        and claim.scope == mark.get("c", claim.scope)
    )


def bare(topic: str, value: str) -> str:
    """Return a value as it is compared: «since May» about a start and «until May» about an end are May."""
    if topic.endswith(("_start", "intrusion", "customers", "recovery", "exfiltration")):
        value = value.removesuffix("/..")
    if topic.endswith(("_end", "customers", "recovery", "deadline", "determined")):
        value = value.removeprefix("../")
    value = value.replace("~", "").replace("+00:00", "Z")
    value = _MONTH_END.sub(r"\1-\2", value)  # the end of a month: its last days, or about its last day
    for code, months in _SEASONS.items():
        if value.endswith(code) and len(value) == 7:  # a season is written by its code or by its months
            value = value[:4] + months[0] + "/" + value[:4] + months[1]
    return value


_OPEN = (
    "measure",
    "plan",
    "technique",
    "trigger",
    "cause",
    "system",
    "information",
    "other",
    "workstation",
    "platform",
    "vpn",
    "account",
)


def _same(claim: Claim, mark: dict[str, Any]) -> bool:
    value = claim.value
    if isinstance(value, Category) and claim.topic == mark["t"] and mark["v"] in _OPEN and not _closed(claim.topic):
        return (
            claim.quote.find(mark.get("q", "")) >= 0
        )  # a topic without a closed list: whoever marks finds a word for it
    if isinstance(value, Number) and "high" in mark:
        return claim.topic == mark["t"] and (value.num, value.high) == (mark["v"], mark["high"])
    return claim.topic == mark["t"] and bare(claim.topic, value_of(claim)) == bare(mark["t"], str(mark["v"]))


def _closed(topic: str) -> bool:
    return bool(load("topics").get(topic, {}).get("cats"))


def _add(total: Score, entry: dict[str, Any], document: Document) -> None:
    claims = list(extract(document))
    _apart(total, entry, claims)
    free = list(claims)
    for mark in entry["claims"]:
        total.marked += 1
        same = [c for c in free if _same(c, mark)]
        best = max(same, key=lambda c: sum(_agrees(c, mark, document).values()), default=None)
        if best is None:
            total.notes.append(f"{entry['id']}: missed {mark['t']} {mark['v']}")
            continue
        free.remove(best)
        total.found += 1
        for key, right in _agrees(best, mark, document).items():
            setattr(total, key, getattr(total, key) + right)
            if not right:
                said = {
                    "polarity": best.state or best.polarity,
                    "modality": best.modality,
                    "speaker": best.speaker,
                    "approximation": best.approximation,
                }
                total.notes.append(f"{entry['id']}: {key} of {mark['t']} {mark['v']} is {said[key]}")
    if entry.get("partial"):
        return
    allowed = {
        (mark["t"], bare(mark["t"], str(mark["v"])), mark.get("p", "affirmed"))
        for mark in [*entry["claims"], *entry.get("may", ())]
    }
    marks = [*entry["claims"], *entry.get("may", ())]
    for claim in claims:
        total.extracted += 1
        stands = claim.state or claim.polarity
        placed = any(
            mark.get("p", "affirmed") == stands and mark["v"] in _OPEN and _same(claim, mark) for mark in marks
        )
        if placed or (claim.topic, bare(claim.topic, value_of(claim)), stands) in allowed:
            total.wanted += 1
        else:
            total.notes.append(
                f"{entry['id']}: extra {claim.topic} {value_of(claim)} {claim.state or claim.polarity} «{claim.quote[:50]}»"
            )


_ROLES = (
    "市",
    "県",
    "町",
    "会社",
    "病院",
    "大学",
    "学校",
    "The company",
    "the company",
    "The university",
    "The hospital",
)


def _same_speaker(told: str, marked: str, document: Document) -> bool:
    """Return whether two names mean one speaker: a role («病院») by the name it stands for, a person by the surname too."""
    if normal_name(told) == normal_name(marked):
        return True
    if marked in _ROLES:
        return ":" not in told and normal_name(told) != normal_name(document.publisher)
    return told.isascii() and marked.isascii() and len(marked.split()) <= 2 and told.split()[-1:] == marked.split()[-1:]


def _agrees(claim: Claim, mark: dict[str, Any], document: Document) -> dict[str, bool]:
    speaker = mark.get("s")
    return {
        "polarity": (claim.state or claim.polarity) == mark.get("p", "affirmed"),
        "modality": claim.modality == mark.get("m", "certain")
        or (mark.get("m") == "planned" and claim.scope == "planned"),
        "speaker": speaker is None or _same_speaker(claim.speaker or "", speaker.removeprefix("attacker:"), document),
        "approximation": "a" not in mark or claim.approximation == mark["a"],
    }
