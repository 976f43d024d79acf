"""What the analyst writes of a hypothesis in ``case.toml``: what it expects to be found, and what it excludes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Literal

import msgspec

from keii.data import load
from keii.errors import SettingsError
from keii.model.claim import Polarity
from keii.model.moment import Moment

Weight = Literal["CC", "C", "N", "I", "II"]
Confidence = Literal["low", "moderate", "high"]
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One kind of claim that a hypothesis expects or excludes. What is left out matches everything.

    Attributes:
        topic: an id of ``data/topics.yaml``, or a family (``leak.*``).
        value: the category (``subsidiary``) of the claim.
        item: words that one of the items named by the source holds, whatever their width and case.
        polarity: how the claim stands.
        before, after: for times: ``2019``, ``2019-03`` or ``2019-03-08``; strictly before its first, or after its last
            instant (UTC).
        at_least, at_most: for counts; ``unit`` as in the claims (``file``).
    """

    topic: str
    value: str = ""
    item: str = ""
    polarity: Polarity = "affirmed"
    before: str = ""
    after: str = ""
    at_least: float | int | None = None
    at_most: float | int | None = None
    unit: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The analyst's own weight for one claim: ``CC``, ``C``, ``N``, ``I`` or ``II``; it replaces what keii suggests."""

    claim: str
    weight: Weight
    note: str = ""


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hypothesis that the analyst entered.

    Attributes:
        id: short name, shown as a column.
        text: the hypothesis in a sentence.
        expects: what should be found if it is true; expectations on one topic are alternatives.
        excludes: what cannot be true together with it.
        evidence: the analyst's own weights.
        likelihood: the analyst's own judgement, a term of ``data/checks/likelihood.yaml``; keii computes none.
        confidence: the analyst's confidence in that judgement.
    """

    id: str
    text: str = ""
    expects: tuple[Expectation, ...] = ()
    excludes: tuple[Expectation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    likelihood: str = ""
    confidence: Confidence | None = None


def check_hypotheses(hypotheses: tuple[Hypothesis, ...], place: str) -> None:
    """Raise SettingsError for a topic, category, date or likelihood that does not exist, or an id used twice."""
    seen: set[str] = set()
    for number, hypothesis in enumerate(hypotheses):
        where = f"{place}, hypothesis[{number}]"
        if not hypothesis.id or hypothesis.id in seen:
            raise SettingsError(f"expected an id of its own, found {hypothesis.id!r}", place=f"{where}.id")
        seen.add(hypothesis.id)
        if hypothesis.likelihood and band_of(hypothesis.likelihood) is None:
            terms = ", ".join(band["terms"][0] for band in load("checks/likelihood")["bands"])
            raise SettingsError(
                f"expected one of {terms}, found {hypothesis.likelihood!r}", place=f"{where}.likelihood"
            )
        for name, several in (("expects", hypothesis.expects), ("excludes", hypothesis.excludes)):
            for at, one in enumerate(several):
                _check(one, f"{where}.{name}[{at}]")


def band_of(term: str) -> dict[str, Any] | None:
    """Return the band of ``data/checks/likelihood.yaml`` that a term names, None for no such term."""
    wanted = " ".join(term.casefold().replace("-", " ").split())
    for band in load("checks/likelihood")["bands"]:
        if wanted == band["id"].replace("-", " ") or wanted in band["terms"] or wanted in band["ja"]:
            found: dict[str, Any] = band
            return found
    return None


def instant(text: str) -> Moment | None:
    """Return the day, month or year written ``2019-03-08``, ``2019-03`` or ``2019`` with its bounds in UTC."""
    if not _DATE.fullmatch(text):
        return None
    year, month, day = [*map(int, text.split("-")), 0, 0][:3]
    try:
        first = dt.datetime(year, month or 1, day or 1, tzinfo=dt.UTC)
        if day:
            last = first + dt.timedelta(days=1)
        elif month:
            last = dt.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=dt.UTC)
        else:
            last = dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    return Moment(edtf=text, earliest=first, latest=last)


def _check(one: Expectation, place: str) -> None:
    topics = load("topics")
    if one.topic.endswith(".*"):
        covered = [topic for topic in topics if topic.startswith(one.topic[:-1])]
    else:
        covered = [one.topic] if one.topic in topics else []
    if not covered:
        family = sorted({topic for topic in topics if topic.split(".")[0] == one.topic.split(".")[0]})
        listed = ", ".join(family or sorted({f"{topic.split('.')[0]}.*" for topic in topics if "." in topic}))
        raise SettingsError(f"expected a topic ({listed}), found {one.topic!r}", place=f"{place}.topic")
    closed = [topics[topic].get("cats") for topic in covered]
    if one.value and all(closed) and not any(one.value in cats for cats in closed):
        listed = ", ".join(sorted({cat for cats in closed for cat in cats}))
        raise SettingsError(f"expected one of {listed}, found {one.value!r}", place=f"{place}.value")
    for name in ("before", "after"):
        text = getattr(one, name)
        if text and instant(text) is None:
            raise SettingsError(f"expected a date such as 2019-03-08 or 2019, found {text!r}", place=f"{place}.{name}")
