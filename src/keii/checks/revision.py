"""One voice says something else later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keii.checks.grounds import other_people, other_services, other_things
from keii.checks.headline import adds_up, headline, totals
from keii.checks.interface import Check, Claims, found, is_inference, is_single
from keii.checks.things import things
from keii.checks.values import granularity, is_planned, relation
from keii.model import Claim, Finding, Number

_MOST = 5  # times as large as before; what differs by more counts something else
_OUTCOMES = ("time.", "impact.cost")  # of a plan in other topics many things may come


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per change of one voice's word on one topic, from its last word before to the next."""
    for topic in claims.topics:
        sums = totals(claims, claims.of(topic))
        changed = [
            one
            for said in _by_voice(claims, headline(claims, claims.of(topic)))
            for one in _changes(claims, topic, said)
            if not _summed(claims, sums, one, said)
        ]
        yield from changed
        told = {later for one in changed for later in one.against}
        for said in _by_voice(claims, claims.of(topic)):
            yield from _recounts(claims, said, told, sums)
        yield from _corrections(claims, topic)
        yield from _outcomes(claims, topic)


def _by_voice(claims: Claims, told: Iterable[Claim]) -> Iterable[list[Claim]]:
    voices: dict[str, list[Claim]] = {}
    for claim in told:
        if claim.basis == "stated":
            voices.setdefault(claims.origins.voice(claim), []).append(claim)
    return voices.values()


def _changes(claims: Claims, topic: str, said: list[Claim]) -> Iterator[Finding]:
    for at, later in enumerate(said):
        for earlier in reversed(said[:at]):
            told = relation(earlier, later)
            plan = told.why == "planned-then-actual" or is_planned(later)
            if not claims.said_before(earlier, later) or (plan and other_services(earlier, later)):
                continue
            if told.why == "planned-then-actual" or (told.kind == "different" and is_planned(later)):
                yield found("revision", "revision", claims, [earlier], "planned", against=[later])
            elif told.kind == "different" and (is_single(topic) or told.why == "polarity"):
                yield found("revision", "revision", claims, [earlier], "changed", against=[later])
            break  # only against its last word before


def _recounts(
    claims: Claims, said: list[Claim], told: set[str], sums: dict[tuple[str, str], float]
) -> Iterator[Finding]:
    """Yield the counts of one voice that another count of the same things later took the place of.

    What was only possible, or was a sum so far, may be told as certain with another figure: no contradiction, but not
    the same number either. Parts, what is new, and counts of other things or people are held against nothing.
    """
    counts = [one for one in said if _is_count(one)]
    for later in counts:
        before = [one for one in counts if claims.said_before(one, later) and _one_sort(one, later)]
        if not before or any(_same_figure(one, later) for one in before):
            continue
        now = [one for one in counts if _published_with(claims, one, later) and _one_sort(one, later)]
        if later.id in told or any(_is_part(later, one) for one in now):
            continue
        last = [one for one in before if _published_with(claims, one, before[-1])]
        changed = [one for one in last if not any(_same_figure(one, other) for other in now)]
        if changed and not any(_adds_up(claims, sums, one, later) for one in last):
            earlier = min(changed, key=lambda one: abs(_figure(one) - _figure(later)))
            if _MOST > _figure(later) / _figure(earlier) > 1 / _MOST:
                yield found("revision", "revision", claims, [earlier], "changed", against=[later])


def _summed(claims: Claims, sums: dict[tuple[str, str], float], change: Finding, said: list[Claim]) -> bool:
    """Return whether a change is only that of parts told once and their sum told then, or the other way round."""
    by_id = {claim.id: claim for claim in said}
    return any(
        _adds_up(claims, sums, by_id[earlier], by_id[later]) for earlier in change.claims for later in change.against
    )


def _adds_up(claims: Claims, sums: dict[tuple[str, str], float], one: Claim, other: Claim) -> bool:
    """Return whether one is a part of the other in another publication; who itself tells parts anew has counted again."""
    apart = claims.teller(one) != claims.teller(other)
    return apart and any(adds_up(claims, sums, *pair) for pair in ((one, other), (other, one)))


def _is_part(count: Claim, of: Claim) -> bool:
    """Return whether a count is a part of another beside it: smaller, and the other is of the same things or of all."""
    named = things(of.quote)
    return _figure(count) < _figure(of) and count.scope != "cumulative" and (not named or named == things(count.quote))


def _is_count(claim: Claim) -> bool:
    return (
        claim.topic.startswith("affected.")
        and isinstance(claim.value, Number)
        and claim.value.num > 0
        and claim.polarity == "affirmed"
        and claim.scope not in ("part", "new", "planned")
        and claim.speaker != "author"
    )


def _one_sort(one: Claim, other: Claim) -> bool:
    """Return whether two counts are of the same things and people, as far as their words tell."""
    units = {claim.value.unit for claim in (one, other) if isinstance(claim.value, Number)}
    return (
        len(units) == 1 and one.about == other.about and not other_people(one, other) and not other_things(one, other)
    )


def _published_with(claims: Claims, one: Claim, other: Claim) -> bool:
    place = (one.source, one.within) == (other.source, other.within)
    return place and claims.past_word(one) == claims.past_word(other)


def _figure(claim: Claim) -> float:
    return float(claim.value.num) if isinstance(claim.value, Number) else 0.0


def _same_figure(one: Claim, other: Claim) -> bool:
    first, second = _figure(one), _figure(other)
    return abs(first - second) < max(granularity(first), granularity(second))


def _corrections(claims: Claims, topic: str) -> Iterator[Finding]:
    """Yield what newly came to light, whoever tells it, against what other voices had said before."""
    told = [one for one in headline(claims, claims.of(topic)) if one.basis == "stated" and not is_inference(one)]
    put_right: dict[str, tuple[list[Claim], list[Claim]]] = {}
    for later in told:
        before = [
            one
            for one in told
            if not claims.same_speaker(one, later)
            and claims.corrects(one, later)
            and (made := relation(one, later)).kind == "different"
            and (is_single(topic) or made.why == "polarity")
        ]
        if before:
            left, right = put_right.setdefault(repr((later.polarity, later.value)), ([], []))
            left.extend(before)
            right.append(later)
    for left, right in put_right.values():
        yield found("revision", "revision", claims, left, "corrected", against=right)


def _outcomes(claims: Claims, topic: str) -> Iterator[Finding]:
    """Yield plans with what others later tell to have happened, once per plan."""
    if not topic.startswith(_OUTCOMES):
        return
    told = [one for one in claims.of(topic) if one.basis == "stated" and not is_inference(one)]
    for plan in dict.fromkeys(one for one in told if is_planned(one) and one.polarity == "affirmed"):
        came = [
            one
            for one in told
            if not claims.same_speaker(plan, one)
            and claims.earlier(plan, one)
            and not other_services(plan, one)
            and (
                (made := relation(plan, one)).why == "planned-then-actual"
                or (made.kind == "different" and is_planned(one))
            )
        ]
        if came:
            yield found("revision", "revision", claims, [plan], "planned", against=came)


CHECK = Check(id="revision", asks="Who changed their word?", run=run)
