"""How a claim bears on a hypothesis: consistent, inconsistent, neutral or not applicable, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

from keii.case.hypothesis import Expectation, Hypothesis, instant
from keii.checks.interface import is_single
from keii.checks.origins import normal_name
from keii.checks.values import granularity
from keii.data import load
from keii.model import Category, Claim, Date, Interval, Number
from keii.model.hypothesis import Mark

Fit = Literal["meets", "fails", "open", "other"]


class Bearing(NamedTuple):
    """A mark and the end of the id of the sentence that explains it (``hypotheses.why.<why>``)."""

    mark: Mark
    why: str


def bearing(claim: Claim, hypothesis: Hypothesis) -> Bearing:
    """Return how a claim bears on a hypothesis.

    What is excluded weighs before what is expected; expectations on one topic are alternatives. What is only «not
    confirmed» asserts neither, so it never weighs unless the hypothesis names that polarity.
    """
    excluded = [_excluded(claim, one) for one in hypothesis.excludes if covers(one, claim.topic)]
    expected = [_expected(claim, one) for one in hypothesis.expects if covers(one, claim.topic)]
    for several, mark in ((excluded, "I"), (expected, "C"), (expected, "I"), (excluded, "C")):
        told = next((one for one in several if one.mark == mark), None)
        if told is not None:
            return told
    return (
        _implied(claim, hypothesis)
        or next((one for one in (*expected, *excluded) if one.mark == "N"), None)
        or next(iter((*expected, *excluded)), Bearing("-", "silent"))
    )


def covers(expectation: Expectation, topic: str) -> bool:
    """Return whether an expectation is about a topic, by id or family."""
    wanted = expectation.topic
    return topic.startswith(wanted[:-1]) if wanted.endswith(".*") else topic == wanted


def topics_of(hypotheses: Iterable[Hypothesis]) -> list[str]:
    """Return the topics that hypotheses speak of, families and implied topics written out, sorted."""
    implies = load("checks/evidence")["implies"]
    wanted = [one for hypothesis in hypotheses for one in (*hypothesis.expects, *hypothesis.excludes)]
    direct = {topic for topic in load("topics") if any(covers(one, topic) for one in wanted)}
    return sorted(direct | {implied for topic in direct for implied in implies.get(topic, ())})


def _expected(claim: Claim, wanted: Expectation) -> Bearing:
    fit = fits(claim, wanted)
    if fit == "open":
        return Bearing("N", "open")
    if claim.polarity == wanted.polarity == "affirmed" and fit == "fails" and wanted.topic == claim.topic:
        rules_out = is_single(claim.topic) or _ordered(wanted)
        return Bearing("I", "other-value") if rules_out else Bearing("-", "another")
    if fit != "meets":
        return Bearing("-", "another")
    if claim.polarity == wanted.polarity:
        return Bearing("C", "expected")
    if claim.polarity == "affirmed":
        return Bearing("I", "affirmed")
    if (claim.polarity, wanted.polarity) == ("denied", "affirmed"):
        return Bearing("I", "denied")
    return Bearing("N", "not-confirmed" if claim.polarity == "not-confirmed" else "denied-is-not-silence")


def _excluded(claim: Claim, barred: Expectation) -> Bearing:
    fit = fits(claim, barred)
    if fit != "meets":
        return Bearing("N", "open") if fit == "open" else Bearing("-", "another")
    if claim.polarity == barred.polarity:
        return Bearing("I", "excluded")
    if {claim.polarity, barred.polarity} == {"affirmed", "denied"}:
        return Bearing("C", "excluded-denied")
    return Bearing("N", "not-confirmed")


def _implied(claim: Claim, hypothesis: Hypothesis) -> Bearing | None:
    """Return how an affirmed claim bears on a topic that it implies: a time of exfiltration implies a leak."""
    if claim.polarity != "affirmed":
        return None
    implies = load("checks/evidence")["implies"]
    for one, mark in (*((e, "I") for e in hypothesis.excludes), *((e, "C") for e in hypothesis.expects)):
        if claim.topic not in implies.get(one.topic, ()) or one.polarity == "not-confirmed":
            continue
        against = (mark == "I") is (one.polarity == "affirmed")
        return Bearing("I", "implies-against") if against else Bearing("C", "implies")
    return None


def _ordered(wanted: Expectation) -> bool:
    """Return whether the expectation bounds a time or a count."""
    return bool(wanted.before or wanted.after) or wanted.at_least is not None or wanted.at_most is not None


def fits(claim: Claim, wanted: Expectation) -> Fit:
    """Return whether the value of a claim is what an expectation describes.

    ``open`` where the claim leaves it open (a year against a day), ``other`` where it speaks of something else (another
    unit, a value of another type).
    """
    told = [
        *([_category(claim, wanted)] if wanted.value else []),
        *([_item(claim, wanted)] if wanted.item else []),
        *([_before(claim, wanted.before)] if wanted.before else []),
        *([_after(claim, wanted.after)] if wanted.after else []),
        *([_count(claim, wanted)] if wanted.at_least is not None or wanted.at_most is not None or wanted.unit else []),
    ]
    order: tuple[Fit, ...] = ("other", "fails", "open")
    return next((fit for fit in order if fit in told), "meets")


def _category(claim: Claim, wanted: Expectation) -> Fit:
    if not isinstance(claim.value, Category):
        return "other"
    return "meets" if claim.value.cat == wanted.value else "fails"


def _item(claim: Claim, wanted: Expectation) -> Fit:
    if not isinstance(claim.value, Category):
        return "other"
    if not claim.value.items:
        return "open"
    words = normal_name(wanted.item)
    return "meets" if any(words in normal_name(item) for item in claim.value.items) else "fails"


def _before(claim: Claim, date: str) -> Fit:
    if not isinstance(claim.value, Date | Interval):
        return "other"
    bound, told = instant(date), claim.moment
    if bound is None or told is None:
        return "open"
    if told.before(bound):
        return "meets"
    never = told.earliest is not None and bound.earliest is not None and told.earliest >= bound.earliest
    return "fails" if never else "open"


def _after(claim: Claim, date: str) -> Fit:
    if not isinstance(claim.value, Date | Interval):
        return "other"
    bound, told = instant(date), claim.moment
    if bound is None or told is None:
        return "open"
    if bound.before(told):
        return "meets"
    never = told.latest is not None and bound.latest is not None and told.latest <= bound.latest
    return "fails" if never else "open"


def _count(claim: Claim, wanted: Expectation) -> Fit:
    value = claim.value
    if not isinstance(value, Number) or (wanted.unit and value.unit != wanted.unit):
        return "other"
    low, high = _bounds(value, claim.approximation)
    least = -math.inf if wanted.at_least is None else wanted.at_least
    most = math.inf if wanted.at_most is None else wanted.at_most
    if low >= least and high <= most:
        return "meets"
    return "fails" if high < least or low > most else "open"


def _bounds(value: Number, approximation: str) -> tuple[float, float]:
    """Return the least and the most that a count with its qualifiers can mean."""
    low, high = float(value.num), float(value.num if value.high is None else value.high)
    if "about" in approximation:
        slack = granularity(value.num) / 2
        low, high = low - slack, high + slack
    if "more-than" in approximation or "at-least" in approximation:
        high = math.inf
    if "up-to" in approximation:
        low = 0 if high < math.inf else low
    return low, high
