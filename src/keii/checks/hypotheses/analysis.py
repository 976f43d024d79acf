"""The analysis of competing hypotheses as one value: matrix, scores, removal test, and what cannot speak."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from keii.case.hypothesis import Confidence, Expectation, Hypothesis
from keii.checks.hypotheses.bearing import bearing, covers, topics_of
from keii.checks.hypotheses.evidence import Group, groups, origins_of, without
from keii.checks.hypotheses.scoring import diagnosticity, leaders, linchpins, ranks, reversed_pair, scores
from keii.checks.interface import Claims
from keii.data import load
from keii.model import claim_id
from keii.model.hypothesis import Analysis, Cell, EvidenceRow, Removal, Standing, Unspoken

_MOST = ("strong", "weak", "none")


def analyse(hypotheses: Sequence[Hypothesis], claims: Claims) -> Analysis:
    """Return the analysis of these hypotheses over all claims.

    Args:
        hypotheses: as entered; their order is the order of the cells.
        claims: observed and stated ones with their documents, so that origins are counted and not pages.
    """
    held = _held(hypotheses, claims)
    rows = [row for _, row in held]
    origins = sorted({origin for row in rows if row.counts for origin in (*row.firm, *row.hedged)})
    removals = tuple(found for origin in origins if (found := _removed(origin, held, hypotheses, claims)))
    limits = tuple(
        claim.id for topic in ("log.erased", "log.gap") for claim in claims.of(topic) if claim.polarity == "affirmed"
    )
    analysis = Analysis(
        standings=(),
        rows=tuple(sorted(rows, key=lambda row: (not row.counts, _MOST.index(row.diagnosticity)))),
        removals=removals,
        tried=len(origins),
        linchpins=linchpins(rows, [hypothesis.id for hypothesis in hypotheses]),
        unspoken=tuple(one for hypothesis in hypotheses for one in _unspoken(hypothesis, claims, limits)),
        limits=limits,
        notes=_notes(hypotheses, rows, claims),
        named=_named(rows, claims),
    )
    names = [hypothesis.id for hypothesis in hypotheses]
    standings = [_standing(hypothesis, analysis, names) for hypothesis in hypotheses]
    return msgspec.structs.replace(analysis, standings=tuple(sorted(standings, key=lambda one: one.rank)))


def _topics(hypotheses: Sequence[Hypothesis], claims: Claims) -> list[str]:
    own = {evidence.claim for hypothesis in hypotheses for evidence in hypothesis.evidence}
    return sorted({*topics_of(hypotheses), *(claim.topic for claim in claims.all if claim.id in own)})


def _held(hypotheses: Sequence[Hypothesis], claims: Claims) -> list[tuple[Group, EvidenceRow]]:
    """Return the groups that bear on any hypothesis with their rows, in order of topic and time."""
    made = [(group, _row(group, hypotheses, claims)) for group in groups(claims, _topics(hypotheses, claims))]
    return [(group, row) for group, row in made if any(cell.mark != "-" for cell in row.cells)]


def _row(group: Group, hypotheses: Sequence[Hypothesis], claims: Claims) -> EvidenceRow:
    cells = tuple(_cell(group, hypothesis) for hypothesis in hypotheses)
    ids = tuple(claim.id for claim in group.claims)
    firm, hedged = origins_of(group, claims)
    judged = any(cell.by == "analyst" for cell in cells)
    return EvidenceRow(
        id="e-" + claim_id(*ids).removeprefix("c-"),
        topic=group.exact.topic,
        value=group.exact.value,
        polarity=group.exact.polarity,
        basis="observed" if any(claim.basis == "observed" for claim in group.claims) else "stated",
        claims=ids,
        quote=group.exact.quote,
        firm=firm,
        hedged=hedged,
        counts=group.counts or judged,
        cells=cells,
        diagnosticity=diagnosticity(cell.mark for cell in cells),
    )


def _cell(group: Group, hypothesis: Hypothesis) -> Cell:
    """Return how a row bears on a hypothesis; what the analyst wrote for any of its claims replaces the suggestion."""
    ids = {claim.id for claim in group.claims}
    for evidence in hypothesis.evidence:
        if evidence.claim in ids:
            why = "hypotheses.why.analyst"
            return Cell(hypothesis=hypothesis.id, mark=evidence.weight, why=why, by="analyst", note=evidence.note)
    mark, why = bearing(group.exact, hypothesis)
    return Cell(hypothesis=hypothesis.id, mark=mark, why=f"hypotheses.why.{why}")


def _removed(
    origin: str, held: Sequence[tuple[Group, EvidenceRow]], hypotheses: Sequence[Hypothesis], claims: Claims
) -> Removal | None:
    """Return what changes when an origin had never spoken, None where nothing does."""
    names = [hypothesis.id for hypothesis in hypotheses]
    left = []
    for group, row in held:
        if origin not in (*row.firm, *row.hedged):
            left.append(row)
        elif (rest := without(group, origin, claims)) is not None:
            left.append(_row(rest, hypotheses, claims))
    before, after = (ranks(scores(rows, names)) for rows in ([row for _, row in held], left))
    if leaders(after) != leaders(before):
        return Removal(origin=origin, what="leader", ranking=tuple(after.items()))
    if reversed_pair(before, after):
        return Removal(origin=origin, what="order", ranking=tuple(after.items()))
    return None


def _named(rows: Sequence[EvidenceRow], claims: Claims) -> dict[str, str]:
    """Return origin → name as first written: the speaker, or the publication of one without a name; sorted."""
    wanted = {claim for row in rows for claim in row.claims}
    found: dict[str, str] = {}
    for claim in claims.all:
        if claim.id in wanted:
            unnamed = claim.basis == "observed" or (claim.speaker or "author").startswith(("author", "anonymous:"))
            name = claims.teller(claim) if unnamed else claim.speaker or ""
            found.setdefault(claims.origin(claim), name)
    return dict(sorted(found.items()))


def _unspoken(hypothesis: Hypothesis, claims: Claims, limits: tuple[str, ...]) -> list[Unspoken]:
    """Return what a hypothesis expects and no claim speaks of. It weighs nothing: silence is told, not scored."""
    shown = load("checks/evidence")["logs_can_show"]
    found = []
    for wanted in hypothesis.expects:
        topics = [topic for topic in claims.topics if covers(wanted, topic)]
        if any(bearing(claim, hypothesis).mark != "-" for topic in topics for claim in claims.of(topic)):
            continue
        why = "not-told"
        if any(covers(wanted, topic) for topic in shown):
            seen = any(claim.basis == "observed" for claim in claims.all)
            why = "logs-missing" if limits else "logs-silent" if seen else "no-logs"
        found.append(
            Unspoken(
                hypothesis=hypothesis.id,
                topic=wanted.topic,
                value=_words(wanted),
                why=f"hypotheses.unspoken.{why}",
                limits=limits if why == "logs-missing" else (),
            )
        )
    return found


def _words(wanted: Expectation) -> str:
    """Return what is expected of the value, as written."""
    parts = [wanted.value, wanted.item]
    for name, number in (("before", wanted.before), ("after", wanted.after)):
        parts += [f"{name} {number}"] if number else []
    for name, count in ((">=", wanted.at_least), ("<=", wanted.at_most)):
        parts += [f"{name} {count:,} {wanted.unit}".strip()] if count is not None else []
    return ", ".join(part for part in parts if part)


def _standing(hypothesis: Hypothesis, analysis: Analysis, names: list[str]) -> Standing:
    score = scores(analysis.rows, names)
    cells = [cell for row in analysis.rows if row.counts for cell in row.cells if cell.hypothesis == hypothesis.id]
    at_most, limited_by = _bearable(hypothesis, analysis, names)
    return Standing(
        hypothesis=hypothesis.id,
        text=hypothesis.text,
        rank=ranks(score)[hypothesis.id],
        firm=score[hypothesis.id].firm,
        hedged=score[hypothesis.id].hedged,
        inconsistent=sum(cell.mark in ("I", "II") for cell in cells),
        consistent=sum(cell.mark in ("C", "CC") for cell in cells),
        likelihood=hypothesis.likelihood,
        confidence=hypothesis.confidence or "",
        at_most=at_most,
        limited_by=limited_by,
    )


def _bearable(hypothesis: Hypothesis, analysis: Analysis, names: list[str]) -> tuple[Confidence, tuple[str, ...]]:
    """Return the highest confidence that the matrix bears and why it is no higher.

    Low where nothing tells the hypotheses apart, where one origin or one row decides who comes first, or where all that
    is told of the hypothesis goes back to one origin; moderate where logs are missing or what weighs is hedged.
    """
    strong = [row for row in analysis.rows if row.counts and row.diagnosticity == "strong"]
    rows = [
        row
        for row in analysis.rows
        if row.counts and any(c.hypothesis == hypothesis.id and c.mark not in ("-", "N") for c in row.cells)
    ]
    low = [
        ("nothing-diagnostic", not strong or len(names) < 2),
        ("one-origin-decides", any(removal.what == "leader" for removal in analysis.removals)),
        ("one-row-decides", bool(analysis.linchpins)),
        ("one-origin", len({origin for row in rows for origin in (*row.firm, *row.hedged)}) < 2),
    ]
    middle = [
        ("logs-missing", bool(analysis.limits)),
        ("hedged", bool(strong) and not any(row.firm for row in strong)),
        ("unspoken", any(one.hypothesis == hypothesis.id for one in analysis.unspoken)),
    ]
    reasons = tuple(f"hypotheses.limited.{name}" for name, holds in (*low, *middle) if holds)
    if any(holds for _, holds in low):
        return "low", reasons
    return ("moderate" if reasons else "high"), reasons


def _notes(hypotheses: Sequence[Hypothesis], rows: Sequence[EvidenceRow], claims: Claims) -> tuple[str, ...]:
    ids = {claim.id for claim in claims.all}
    counted = [row for row in rows if row.counts]
    every = [row for row in counted if row.cells and all(cell.mark in ("I", "II") for cell in row.cells)]
    told = [
        ("one-only", len(hypotheses) < 2),
        ("no-evidence", not counted),
        ("nothing-diagnostic", bool(counted) and not any(row.diagnosticity == "strong" for row in counted)),
        ("against-all", bool(every) and len(hypotheses) > 1),
        ("unknown-claim", any(evidence.claim not in ids for h in hypotheses for evidence in h.evidence)),
        ("nothing-weighs", any(not (h.expects or h.excludes or h.evidence) for h in hypotheses)),
    ]
    return tuple(f"hypotheses.note.{name}" for name, holds in told if holds)
