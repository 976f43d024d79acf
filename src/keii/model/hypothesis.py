"""What an analysis of competing hypotheses yields: rows of evidence, a score per hypothesis, and what would change it."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.model.claim import Basis, Polarity, Value

Mark = Literal["CC", "C", "N", "I", "II", "-"]
Diagnosticity = Literal["strong", "weak", "none"]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """How one row of evidence bears on one hypothesis.

    Attributes:
        hypothesis: its id.
        mark: ``C`` consistent, ``I`` inconsistent, ``N`` speaks to it and fits either way, ``-`` not applicable; ``CC``
            and ``II`` come from the analyst only.
        why: id of a sentence (``hypotheses.why.expected``).
        by: ``keii`` for a suggestion, ``analyst`` for a weight of ``case.toml``.
        note: the analyst's words.
    """

    hypothesis: str
    mark: Mark
    why: str
    by: Literal["keii", "analyst"] = "keii"
    note: str = ""


class EvidenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """Claims that say the same of one topic, as one row of the matrix.

    Attributes:
        id: ``e-`` and 12 hex digits over the claims.
        topic, value, polarity: of the claim that says it most exactly.
        basis: ``observed`` if any log shows it.
        claims: ids, in order of time.
        quote: the words of that claim.
        firm: independent origins that say it as certain, in order of time.
        hedged: origins that only say it as possible, suspected or alleged.
        counts: False where the row is no evidence (an author's own inference); it is shown and not scored.
        cells: one per hypothesis, in the order of ``case.toml``.
        diagnosticity: ``strong`` where it is inconsistent with some hypotheses and not with all, ``weak`` where it fits
            them differently, ``none`` where it says the same of all.
    """

    id: str
    topic: str
    value: Value
    polarity: Polarity
    basis: Basis
    claims: tuple[str, ...]
    quote: str
    firm: tuple[str, ...]
    hedged: tuple[str, ...]
    counts: bool
    cells: tuple[Cell, ...]
    diagnosticity: Diagnosticity


class Unspoken(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a hypothesis expects and that no claim speaks of.

    Attributes:
        hypothesis, topic, value: what is expected.
        why: ``hypotheses.unspoken.logs-missing`` (logs could show it, and some are erased or have gaps),
            ``….logs-silent`` (logs are there and show nothing) or ``….not-told``.
        limits: claims on erased logs and gaps that keep it from being told.
    """

    hypothesis: str
    topic: str
    value: str
    why: str
    limits: tuple[str, ...] = ()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one hypothesis stands.

    Attributes:
        hypothesis, text: as entered.
        rank: 1 for the least inconsistent; equal scores share a rank.
        firm: origins that are certain of something inconsistent, each once per topic (``II`` counts twice).
        hedged: the same for origins that hedge; it only decides between equal ``firm``. The two are never averaged.
        inconsistent, consistent: number of rows.
        likelihood, confidence: the analyst's own judgement, empty where none was written.
        at_most: the highest confidence that the matrix bears, with the reasons for which it is no higher.
        limited_by: sentence ids.
    """

    hypothesis: str
    text: str
    rank: int
    firm: int
    hedged: int
    inconsistent: int
    consistent: int
    likelihood: str = ""
    confidence: str = ""
    at_most: Literal["low", "moderate", "high"] = "low"
    limited_by: tuple[str, ...] = ()


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """What changes when all that one origin says is taken away.

    ``what``: ``leader`` where other hypotheses come first, ``order`` where two others change places. ``ranking`` holds
    (id, rank) without the origin.
    """

    origin: str
    what: Literal["leader", "order"]
    ranking: tuple[tuple[str, int], ...]


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """An analysis of competing hypotheses (R. Heuer, Psychology of Intelligence Analysis, 1999, chapter 8).

    Attributes:
        standings: least inconsistent first.
        rows: most diagnostic first, then in order of topic; those that do not count come last.
        removals: origins without which the ranking differs, by name.
        tried: how many origins were removed in turn.
        linchpins: ids of rows without which other hypotheses come first.
        unspoken: what is expected and nobody speaks of.
        limits: ids of the claims on erased logs and gaps: what cannot speak.
        notes: sentence ids about the whole (one hypothesis only, nothing diagnostic).
        named: origin → its name as first written; rows and removals hold origins in the form in which they are compared.
    """

    standings: tuple[Standing, ...]
    rows: tuple[EvidenceRow, ...]
    removals: tuple[Removal, ...] = ()
    tried: int = 0
    linchpins: tuple[str, ...] = ()
    unspoken: tuple[Unspoken, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    named: dict[str, str] = {}
