"""How each claim stands to what was published before it: new, sharper, grown, denied, admitted, a hedge lost, repeated."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from keii.checks.hedge_lost import FAMILIES, HEDGED
from keii.checks.interface import Claims
from keii.checks.values import Relation, granularity, relation
from keii.model import Category, Claim, Date, Finding, Interval, Moment, Number
from keii.model.publication import Change, ChangeKind, publications

_MOST = 5  # earlier claims named by a change
# Kinds that hold in any order: the others need a publication that is certainly earlier.
_WITHOUT_ORDER = ("first", "other", "contradicts", "agrees", "repeated", "inferred")
_BACK = 400  # distinct earlier claims of a topic that one is compared with; more say nothing new


def changes(claims: Claims, findings: Sequence[Finding] = ()) -> tuple[Change, ...]:
    """Return one change for every stated claim, in order of publication and of the text.

    Args:
        claims: of the case; observed ones are left out, they are not publications.
        findings: of the checks; a denial-then-admission among them marks the claims that admit, across topics.
    """
    admits = {
        later: finding.claims
        for finding in findings
        if finding.kind == "denial-then-admission" and finding.answer == "yes"
        for later in finding.against
    }
    excluded = _contradicting(findings)
    told: dict[tuple[str, str | None], list[Claim]] = {}
    for claim in claims.all:
        if claim.basis == "stated":
            told.setdefault((claim.source, claim.within), []).append(claim)
    before: dict[str, list[Claim]] = {}
    found: list[Change] = []
    for entry in publications(claims.documents):
        own = sorted(told.get((entry.document, entry.within), ()), key=lambda claim: (claim.start, claim.end, claim.id))
        here: list[Claim] = []
        dated = bool(entry.published or entry.updated)
        for claim in own:
            kind, against = _change(claims, claim, before.get(claim.topic, ()), here)
            if (
                kind == "contradicts"
                and findings
                and not any(frozenset((one.id, claim.id)) in excluded for one in against)
            ):
                kind = "revised" if any(claims.corrects(one, claim) for one in against) else "other"
            if claim.id in admits and kind != "repeated":
                kind, against = "admitted", [*(c for c in claims.all if c.id in admits[claim.id])]
            if kind not in _WITHOUT_ORDER and not (dated and any(claims.earlier(one, claim) for one in against)):
                differ = [one for one in against if relation(one, claim).kind == "different"]
                sure = [
                    one
                    for one in differ
                    if not findings or claims.same_speaker(one, claim) or frozenset((one.id, claim.id)) in excluded
                ]
                kind = "contradicts" if sure else "other"
            ids = tuple(c.id for c in against[-_MOST:])
            voice = claims.voice(claim)
            found.append(
                Change(
                    claim=claim.id,
                    publication=entry.number,
                    voice=voice,
                    kind=kind,
                    against=ids,
                    within=_hours(entry.published, against),
                )
            )
            here.append(claim)
        for claim in here:
            if claim.speaker != "author":
                _keep(claims, before.setdefault(claim.topic, []), claim)
    return tuple(found)


def _contradicting(findings: Sequence[Finding]) -> frozenset[frozenset[str]]:
    """Return the pairs of claims that the checks call a contradiction: the chronology says no other."""
    told = (finding for finding in findings if finding.kind == "contradiction" and finding.answer == "yes")
    return frozenset(frozenset((one, other)) for finding in told for one in finding.claims for other in finding.against)


def _keep(claims: Claims, earlier: list[Claim], claim: Claim) -> None:
    """Add a claim to what was said, unless the same voice said the same before."""
    if len(earlier) < _BACK and not any(_as_said(claims, one) == _as_said(claims, claim) for one in earlier):
        earlier.append(claim)


def _as_said(claims: Claims, claim: Claim) -> tuple[object, ...]:
    return (
        claims.voice(claim),
        claims.origin(claim),
        claim.value,
        claim.polarity,
        claim.modality,
        claim.approximation,
        claim.scope,
        claim.about,
    )


def _change(
    claims: Claims, claim: Claim, earlier: Sequence[Claim], here: Sequence[Claim]
) -> tuple[ChangeKind, list[Claim]]:
    if claim.speaker == "author":
        return "inferred", []
    if any(
        one.topic == claim.topic
        and claims.same_speaker(one, claim)
        and _related(one, claim) == ("equal", "same")
        and one.modality == claim.modality
        for one in here
    ):
        return "repeated", []
    if not earlier:
        return "first", []
    own = [one for one in earlier if claims.same_speaker(one, claim)]
    if claims.past_word(claim):  # the paper says again what was said then: nobody changes a word by that
        same = [one for one in own if _related(one, claim).kind == "equal" and one.polarity == claim.polarity]
        return ("repeated", same) if same else ("other", own)
    return (_of_own(own, claim, here) if own else None) or _of_others(claims, earlier, claim)


def _hours(now: Moment | None, against: Sequence[Claim]) -> int | None:
    """Return the hours, rounded up, within which a claim followed the newest of others; None where no bound is known."""
    if now is None or now.latest is None or not against:
        return None
    before = [one.published.earliest for one in against if one.published and one.published.earliest]
    passed = (now.latest - max(before)).total_seconds() if before else -1
    return ceil(passed / 3600) if passed >= 0 else None


def _related(one: Claim, other: Claim) -> Relation:
    """Return the relation of two claims; the same category told without any item is the same, whatever its topic."""
    how = relation(one, other)
    plain = isinstance(one.value, Category) and one.value == other.value and not one.value.items
    if how.kind == "incomparable" and plain and one.polarity == other.polarity:
        return Relation("equal", "same")
    return how


def _of_own(own: Sequence[Claim], claim: Claim, here: Sequence[Claim]) -> tuple[ChangeKind, list[Claim]] | None:
    """Return how a voice changed its own word since it last spoke of the topic, None where it did not.

    Where it named several figures then (a sum and its parts), the largest is its word, and a smaller figure beside one
    as large is a part.
    """
    then = [one for one in own if (one.source, one.within) == (own[-1].source, own[-1].within)]
    if any(_related(one, claim).kind == "equal" and one.polarity == claim.polarity for one in then):
        return None
    last = max(then, key=_figure) if all(isinstance(one.value, Number) for one in then) else then[-1]
    beside = [one for one in here if one.topic == claim.topic and isinstance(one.value, Number)]
    if isinstance(last.value, Number) and any(_figure(one) >= _figure(last) > _figure(claim) for one in beside):
        return None
    if last.polarity != claim.polarity and _related(last, claim).kind != "incomparable":
        kinds: dict[str, ChangeKind] = {"affirmed": "admitted", "denied": "denied", "not-confirmed": "withdrawn"}
        return kinds[claim.polarity], [last]
    how = _related(last, claim)
    if how.why == "planned-then-actual" and claim.scope != "planned":
        return "happened", [last]
    if how.kind == "different":
        return _direction(last, claim) or "revised", [last]
    return None


def _figure(claim: Claim) -> float:
    return float(claim.value.num) if isinstance(claim.value, Number) else 0.0


def _direction(last: Claim, claim: Claim) -> ChangeKind | None:
    if isinstance(last.value, Number) and isinstance(claim.value, Number):
        return "grew" if claim.value.num > last.value.num else "shrank"
    return None


def _of_others(claims: Claims, earlier: Sequence[Claim], claim: Claim) -> tuple[ChangeKind, list[Claim]]:
    related = [(one, _related(one, claim)) for one in earlier]
    equal = [one for one, how in related if how.kind == "equal"]
    if equal:
        return _again(claims, equal, claim), equal
    compatible = [(one, how.why) for one, how in related if how.kind == "compatible"]
    different = [one for one, how in related if how.kind == "different"]
    open_ = [one for one, why in compatible if why == "not-established"]
    if different:
        return "contradicts", different
    if open_:
        return ("not-confirmed" if claim.polarity == "not-confirmed" else "affirmed"), open_
    near = [one for one, why in compatible if why != "scope"]
    if near:
        return ("sharper" if all(_sharper(claim, one) for one in near) else _agrees(claims, near, claim)), near
    return "other", [one for one, _ in related]


def _again(claims: Claims, equal: Sequence[Claim], claim: Claim) -> ChangeKind:
    """Return what is new in saying the same once more."""
    hedged = all(one.modality in HEDGED for one in equal)
    if hedged and claim.topic.startswith(FAMILIES) and claim.modality == "certain" and claim.polarity == "affirmed":
        return "confirmed" if claims.voice(claim) == "victim" else "hedge-lost"
    if all(_sharper(claim, one) for one in equal):
        return "sharper"
    return _agrees(claims, equal, claim)


def _agrees(claims: Claims, same: Sequence[Claim], claim: Claim) -> ChangeKind:
    return "repeated" if claims.origin(claim) in {claims.origin(one) for one in same} else "agrees"


def _sharper(claim: Claim, than: Claim) -> bool:
    """Return whether a claim tells the same more exactly: a finer figure, a narrower time, an item where none was."""
    if isinstance(claim.value, Number) and isinstance(than.value, Number):
        return granularity(claim.value.num) < granularity(than.value.num)
    if isinstance(claim.value, Date | Interval) and claim.moment and than.moment:
        return _width(claim) < _width(than)
    items = getattr(claim.value, "items", ()), getattr(than.value, "items", ())
    return bool(items[0]) and not items[1]


def _width(claim: Claim) -> float:
    moment = claim.moment
    if moment is None or moment.earliest is None or moment.latest is None:
        return float("inf")
    return (moment.latest - moment.earliest).total_seconds()
