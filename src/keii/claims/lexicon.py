"""The lexicons of ``data/claims/<lang>/`` compiled once; each is one alternation, so that a sentence is read once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from keii.claims.anchors import Cue, Cues, Scan
from keii.data import load, tables


class Topic(msgspec.Struct, frozen=True):
    """A rule of a file in ``topics``."""

    topic: str
    cat: str
    any: Cue
    also: Cue | None
    never: Cue | None
    sentence: Cue | None
    named: re.Pattern[str] | None
    same: dict[str, str]
    needs_name: bool
    voice: Cue | None = None  # only in the words of such a speaker: an authority tells what was reported to it


class Unit(msgspec.Struct, frozen=True):
    """A row of ``quantities.yaml``."""

    words: re.Pattern[str]
    nearby: Cue | None
    unit: str
    topic: str
    least: float
    within: int | None = None  # characters from the number beyond which ``nearby`` says nothing


@cache
def money() -> tuple[tuple[str, Cue, Cue | None], ...]:
    """Return (topic, pattern of the words nearby, pattern that the sentence must hold too) of the amounts of money."""
    return tuple(
        (row["topic"], either(row["nearby"], "en"), either(row["sentence"], "en") if "sentence" in row else None)
        for row in table("en", "quantities")["money"]
    )


_CUES = {"ja": Cues(0), "en": Cues(re.I)}


def scan(lang: str, text: str) -> Scan:
    """Return where in a text which patterns of a language can fit."""
    load_all(lang)
    return _CUES[lang].scan(text)


@cache
def load_all(lang: str) -> None:
    """Compile every list of a language, so that one scan knows them all."""
    topics(lang)
    for kind, lists in table(lang, "states").items():
        if isinstance(lists, dict):
            states(lang, kind)
        else:
            words(lang, "states", kind)
    for key, lists in table(lang, "times").items():
        if key == "length":
            for topic in lists:
                words(lang, "times", key, topic)
        elif isinstance(lists, dict):
            times(lang, key)
        else:
            words(lang, "times", key)
    words(lang, "quantities", "about")
    words(lang, "quantities", "without_service")


def either(words: Iterable[str], lang: str, *, whole: bool = False) -> Cue:
    """Compile words to one alternation; ``whole`` bounds English ones by word limits."""
    bounded = whole and lang == "en"
    words = [expanded(word, lang) for word in words]
    return _CUES[lang].add(rf"(?<!\w)(?:{word})(?!\w)" if bounded else word for word in words)


_CLASS = re.compile(r"(?<!\(\?)(?<!\(\?P)<([a-z]+)>")  # not the name of a group


def expanded(expression: str, lang: str) -> str:
    """Return an expression with the words of ``words.yaml`` in place of each ``<name>``, those in them too."""

    def told(match: re.Match[str]) -> str:
        return "(?:" + "|".join(expanded(word, lang) for word in table(lang, "words")[match[1]]) + ")"

    return _CLASS.sub(told, expression)


def table(lang: str, name: str) -> Any:
    """Return the content of one lexicon file."""
    return load(f"claims/{lang}/{name}")


@cache
def states(lang: str, kind: str) -> tuple[tuple[str, Cue], ...]:
    """Return (state, pattern) of ``polarity`` or ``modality`` in the order of the file."""
    return tuple((name, either(words, lang)) for name, words in table(lang, "states")[kind].items())


@cache
def topics(lang: str) -> tuple[Topic, ...]:
    """Return the topic rules of ``data/claims/<lang>/topics``, by file and in the order of each."""

    def compiled(rule: dict[str, Any], key: str) -> Cue | None:
        return either(rule[key], lang) if key in rule else None

    return tuple(
        Topic(rule["topic"], rule["cat"], either(rule["any"], lang), compiled(rule, "also"), compiled(rule, "not"),
              compiled(rule, "sentence"),
              re.compile(rule["named"], re.I if lang == "en" else 0) if "named" in rule else None,
              rule.get("same", {}), bool(rule.get("needs_name")), compiled(rule, "voice"))
        for name in tables(f"claims/{lang}/topics")
        for rule in load(name)
    )  # fmt: skip


@cache
def _owners(lang: str) -> tuple[int, dict[int, Topic]]:
    """Return the bits of the words of all topic rules, and which rule each bit belongs to."""
    owners = {
        bit: rule
        for rule in topics(lang)
        for bit in range((rule.any.flags & -rule.any.flags).bit_length(), rule.any.flags.bit_length() + 1)
    }
    every = 0
    for rule in topics(lang):
        every |= rule.any.flags
    return every, owners


def fitting(lang: str, seen: int) -> list[Topic]:
    """Return the topic rules of which some words can fit where the bits ``seen`` are, in the order of the files."""
    every, owners = _owners(lang)
    bits, found = seen & every, []
    while bits:
        rule = owners[(bits & -bits).bit_length()]
        found.append(rule)
        bits &= ~rule.any.flags
    return found


@cache
def times(lang: str, key: str) -> tuple[tuple[str, Cue], ...]:
    """Return (topic, pattern) of ``times.yaml``."""
    return tuple((topic, either(words, lang)) for topic, words in table(lang, "times").get(key, {}).items())


@cache
def qualifiers(lang: str, side: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return (qualifier, pattern) of the words ``before`` or ``after`` a number."""
    end = r"\s*$" if side == "before" else ""
    return tuple(
        (name, re.compile(rf"(?:{'|'.join(listed)}){end}", re.I))
        for name, listed in table(lang, "quantities")[side].items()
    )


@cache
def scopes(lang: str) -> tuple[tuple[str, Cue], ...]:
    """Return (scope, pattern) of the words that tell how a count is meant, in the order of the file."""
    return tuple((name, either(listed, lang)) for name, listed in table(lang, "quantities")["scope"].items())


@cache
def sizes() -> dict[str, tuple[str, int]]:
    """Return what a unit of data or money is in its base unit: ``{"MB": ("byte", 1000000)}``."""
    return {
        word.upper(): (row["unit"], row["scale"])
        for lang in ("ja", "en")
        for row in table(lang, "quantities").get("sizes", ())
        for word in row["words"]
    }


@cache
def units(lang: str) -> tuple[Unit, ...]:
    """Return the units of ``quantities.yaml``."""

    def word(listed: list[str], *, of_persons: bool) -> re.Pattern[str]:
        union = "|".join(f"(?:{one})" for one in listed)
        if lang == "ja":
            return re.compile(union)
        no_verb = "said|says|was|were|had|has|have|is|are|that|who|which|when|from|in|on|at|by|to|for|with"
        no_verb += "|digits?|characters?|hours?|minutes?|days?|weeks?|months?|years?|percent|times?"
        lead = r"(?:(?=[GTM]B\b)|(?:\+| or more)?(?: of (?:its|the|these|those|our|their))?[\s-]"
        lead += rf"(?:(?!(?:{no_verb})\b)[\w.'&-]+ (?:and |or )?){{0,4}}?)"
        thing = (
            r"(?!\s+(?:accounts?|records?|e-?mails?|files?|cards?|data|names|addresses|firms?|companies|organi[sz]ations?|schools?|hospitals?|agencies|councils?|systems?|servers?|devices?|computers?|portals?|databases?|sites?)\b)"
            if of_persons
            else ""
        )
        return re.compile(rf"{lead}(?P<w>{union})\b{thing}", re.I)

    return tuple(
        Unit(word(row["words"], of_persons=row["unit"] == "person"), either(row["nearby"], lang) if "nearby" in row else None,
             row["unit"], row["topic"], row.get("least", 0), row.get("within"))
        for row in table(lang, "quantities")["units"]
    )  # fmt: skip


@cache
def any_unit() -> re.Pattern[str]:
    """Return the words of all Japanese units as one pattern."""
    return re.compile("|".join(row.words.pattern for row in units("ja")))


@cache
def words(lang: str, name: str, *keys: str) -> Cue:
    """Return the word list at ``keys`` of a lexicon file as one pattern."""
    found = table(lang, name)
    for key in keys:
        found = found[key]
    return either(found, lang, whole=name == "quantities")
