"""How two claims about one topic relate: equal, compatible, different or not comparable."""

from __future__ import annotations

from typing import Literal, NamedTuple

from keii.checks.origins import normal_name
from keii.checks.things import things
from keii.data import load
from keii.model import ELSEWHERE, Category, Claim, Date, Interval, Number, Value

Kind = Literal["equal", "compatible", "different", "incomparable"]


class Relation(NamedTuple):
    """The relation of two claims and why (``rounding``, ``precision``, ``scope`` …)."""

    kind: Kind
    why: str


def granularity(number: float) -> float:
    """Return one unit in the last digit that is not a trailing zero: 28000 → 1000, 27445 → 1, 0.25 → 0.01."""
    if number == 0:
        return 1
    if number != int(number):
        digits = f"{number:.10f}".rstrip("0").split(".")[1]
        return float(10 ** -len(digits))
    step, rest = 1, int(abs(number))
    while rest % 10 == 0:
        rest //= 10
        step *= 10
    return step


def relation(one: Claim, other: Claim) -> Relation:
    """Return how two claims about one topic relate.

    Numbers are equal after rounding (up, down or to the nearest) to the coarser of the two; times are compatible if
    some instant fits both; a denial differs from an assertion; what was only not confirmed differs from nothing.
    """
    if one.topic != other.topic:
        return Relation("incomparable", "topic")
    if ELSEWHERE in (one.about, other.about):  # two «other incidents» need not be one
        return Relation("incomparable", "other-event")
    both_stated = one.basis == other.basis == "stated"  # what a log claim is about is a machine or a login
    if both_stated and one.about and other.about and normal_name(one.about) != normal_name(other.about):
        return Relation("incomparable", "other-event")
    if _plan_and_outcome(one, other):
        return Relation("compatible", "planned-then-actual")
    polarity = _polarity(one, other)
    if polarity is not None:
        return polarity
    if isinstance(one.value, Number) and isinstance(other.value, Number):
        return _numbers(one, one.value, other, other.value)
    if isinstance(one.value, Date | Interval) and isinstance(other.value, Date | Interval):
        return _times(one, other)
    if isinstance(one.value, Category) and isinstance(other.value, Category):
        return _categories(one.topic, one.value, other.value)
    if one.value == other.value:
        return Relation("equal", "same")
    return (
        Relation("incomparable", "type") if type(one.value) is not type(other.value) else Relation("different", "value")
    )


def is_planned(claim: Claim) -> bool:
    """Return whether a claim tells a plan: it says so, or its time lies after the day on which it was said."""
    if claim.scope == "planned":
        return True
    said, told = claim.published, claim.moment
    if claim.basis != "stated" or said is None or said.latest is None or told is None:
        return False
    begins = told.earliest if told.earliest is not None else told.latest
    return begins is not None and begins > said.latest


def _plan_and_outcome(one: Claim, other: Claim) -> bool:
    """Return whether one tells a plan and the other what came of it; what is called a plan goes before what is inferred."""
    if one.polarity == other.polarity == "denied":
        return False  # «will not pay» and «did not pay» say the same
    if "planned" in (one.scope, other.scope):
        return one.scope != other.scope
    return is_planned(one) != is_planned(other)


def _polarity(one: Claim, other: Claim) -> Relation | None:
    """Return the relation where polarity alone decides it, None where the values must be compared."""
    kinds = {one.polarity, other.polarity}
    if kinds == {"affirmed"}:
        return None
    if len(kinds) == 1:
        same = one.value == other.value or _one_thing(one.value, other.value)
        return Relation("equal", "same") if same else Relation("incomparable", "value")
    if "not-confirmed" in kinds:
        return Relation("compatible", "not-established")
    if isinstance(one.value, Category) and isinstance(other.value, Category):
        if one.value.cat != other.value.cat:
            return Relation("incomparable", "category")
        if one.value.items and other.value.items and not set(one.value.items) & set(other.value.items):
            return Relation("incomparable", "items")
        denied, affirmed = (one, other) if one.polarity == "denied" else (other, one)
        if affirmed.modality == "possible" and affirmed.basis == "stated":
            return Relation("compatible", "hedged")
        if _narrower(denied.value, affirmed.value) and not things(denied.quote) & things(affirmed.quote):
            return Relation("incomparable", "items")  # «no card data leaked» does not deny that data leaked
        return Relation("different", "polarity")
    return Relation("different", "polarity") if one.value == other.value else Relation("incomparable", "value")


def _one_thing(one: Value, other: Value) -> bool:
    """Return whether two categories told alike speak of one thing: neither names other things than the other."""
    if not (isinstance(one, Category) and isinstance(other, Category)):
        return False
    return not (one.items and other.items) or bool(set(one.items) & set(other.items))


def _narrower(denied: Value, affirmed: Value) -> bool:
    """Return whether a denial speaks of a part only."""
    return isinstance(denied, Category) and isinstance(affirmed, Category) and bool(denied.items) and not affirmed.items


_NEAR_ENOUGH = 0.06  # of the greater one, twice that where one is «about»: 1,200 is no 2,000, though it rounds up to it
_BY_KIND = ("entry.point",)  # told in many words («a unit in Suzhou», «an affiliate in China»): the kind is compared
_UNITS = {"item": "record", "piece": "file", "document": "file", "people": "person", "account": "account"}


def _numbers(one: Claim, a: Number, other: Claim, b: Number) -> Relation:
    if _UNITS.get(a.unit, a.unit) != _UNITS.get(b.unit, b.unit):
        return Relation("incomparable", "unit")
    low_a, high_a = a.num, a.high if a.high is not None else a.num
    low_b, high_b = b.num, b.high if b.high is not None else b.num
    if (low_a, high_a) == (low_b, high_b):
        return Relation("equal", "same")
    if low_a <= high_b and low_b <= high_a:
        return Relation("compatible", "range")
    gap = min(abs(low_a - high_b), abs(low_b - high_a))
    near = (
        _NEAR_ENOUGH * (1 if one.approximation == other.approximation == "exact" else 2) * max(abs(a.num), abs(b.num))
    )
    if gap < max(granularity(a.num), granularity(b.num)) and gap <= near:
        return Relation("equal", "rounding")
    for claim, own, far in ((one, a.num, b.num), (other, b.num, a.num)):
        if ("more-than" in claim.approximation or "at-least" in claim.approximation) and far >= own:
            return Relation("compatible", "bound")
        if "up-to" in claim.approximation and far <= own:
            return Relation("compatible", "bound")
    if {one.modality, other.modality} == {"certain", "possible"}:
        return Relation("compatible", "scope")  # what is certain is counted apart from what is only possible
    scopes = {one.scope, other.scope} - {None, "cumulative"}  # a total may be confirmed or potential
    if len(scopes) == 2 or (scopes & {"new", "part"} and one.scope != other.scope):
        return Relation("compatible", "scope")
    return Relation("different", "number")


def _times(one: Claim, other: Claim) -> Relation:
    if (
        isinstance(one.value, Date | Interval)
        and isinstance(other.value, Date | Interval)
        and (one.value.edtf.rstrip("~?") == other.value.edtf.rstrip("~?"))
    ):
        return Relation("equal", "same")
    if one.moment is None or other.moment is None:
        return Relation("incomparable", "no-bounds")
    if one.moment.overlaps(other.moment):
        return Relation("compatible", "precision")
    return Relation("different", "time")


def _categories(topic: str, a: Category, b: Category) -> Relation:
    """Compare categories: closed ones by their word, open ones by the items that sources name in their own words.

    Two descriptions in other words («a foreign group», «a hacker group») are not a contradiction; two countries are.
    """
    if a.cat != b.cat:
        if any({a.cat, b.cat} <= set(together) for together in load("checks/together").get(topic, ())):
            return Relation("compatible", "together")
        return Relation("different", "category") if _closed(topic) else Relation("incomparable", "category")
    if any(_same_thing(one, other) for one in a.items for other in b.items):
        return Relation("equal", "same")
    places = [{place for item in items for place in _places(item)} for items in (a.items, b.items)]
    if places[0] and places[1]:
        return Relation("equal", "same") if places[0] & places[1] else Relation("different", "items")
    if topic in _BY_KIND:
        return Relation("equal", "same")
    if not _closed(topic) or (a.items and b.items):
        return Relation("incomparable", "items")
    return Relation("equal", "same")


def _closed(topic: str) -> bool:
    return bool(load("topics").get(topic, {}).get("cats"))


def _same_thing(one: str, other: str) -> bool:
    """Return whether one description contains the other."""
    short, long_ = sorted((normal_name(one), normal_name(other)), key=len)
    return len(short) >= 2 and short in long_


def _places(item: str) -> set[str]:
    """Return the countries that a description names, by their common id."""
    text = normal_name(item)
    return {
        place
        for place, words in load("checks/places")["countries"].items()
        if any(normal_name(w) in text for w in words)
    }
