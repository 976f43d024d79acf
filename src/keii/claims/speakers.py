"""Who says a sentence: named, anonymous, the attacker, the author, or the publication itself."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from keii.claims.lexicon import table
from keii.claims.sentences import Sentence
from keii.model import Document, Embedded, Moment


class Voice(msgspec.Struct, frozen=True):
    """Whose words a place holds: speaker, chain, embedded source and when it was said."""

    speaker: str | None
    via: tuple[str, ...]
    within: str | None
    published: Moment | None
    author: bool = False
    alleged: bool = False


class _Patterns(msgspec.Struct, frozen=True):
    anonymous: re.Pattern[str]
    named: re.Pattern[str]
    revealed: re.Pattern[str]
    continued: re.Pattern[str]
    attacker: re.Pattern[str]


@cache
def _patterns(lang: str) -> _Patterns:
    t = table(lang, "speakers")
    attacker = re.compile("|".join(t["attacker"]), re.I)
    if lang == "ja":
        return _Patterns(
            re.compile(rf"({t['anonymous']}){t['according']}|({t['names']}){t['according']}"),
            re.compile(rf"({t['names']})(?:は|も)"),
            re.compile(rf"({t['anonymous']}){t['revealed']}"),
            re.compile(t["continued"]),
            attacker,
        )
    named = rf"({t['names']}) (?:also |later |further )?{t['verbs']}\b"
    return _Patterns(
        re.compile(rf"\b({t['anonymous']})(?: (?:said|told|say|says)|,)", re.I),
        re.compile(named),
        re.compile(rf"[Aa]ccording to ((?:{t['names']})|(?i:{t['anonymous']}))"),
        re.compile(r"(?!)"),
        attacker,
    )


@cache
def _verbs() -> re.Pattern[str]:
    return re.compile(table("ja", "speakers")["verbs"])


def base_voice(document: Document, embedded: Embedded | None) -> Voice:
    """Return the voice of a place before its sentence hands the word to somebody."""
    if embedded is not None:
        published = embedded.published or (document.published if embedded.kind == "statement" else None)
        return Voice(embedded.publisher or None, (), embedded.id, published)
    if document.kind == "blog":
        return Voice(
            "author", (document.publisher,) if document.publisher else (), None, document.published, author=True
        )
    return Voice(document.publisher or document.author or None, (), None, document.published)


def spoken(text: str, sentence: Sentence, lang: str, carried: str | None) -> tuple[str | None, tuple[int, int]]:
    """Return who is given the word in a sentence and the range of their words; (None, whole) where nobody is."""
    whole = (sentence.start, sentence.end)
    found = (_japanese if lang == "ja" else _english)(text, sentence)
    if found is not None:
        return found
    if (
        lang == "ja"
        and carried
        and _patterns("ja").continued.search(text, max(sentence.start, sentence.end - 12), sentence.end)
    ):
        return carried, whole
    return None, whole


def revealed(text: str, sentence: Sentence, lang: str) -> str | None:
    """Return who a sentence names as the source of the ones before it (政府筋など複数の関係者が明らかにした)."""
    if lang != "ja":
        return None
    match = _patterns("ja").revealed.search(text, sentence.start, sentence.end)
    return f"anonymous:{match[1]}" if match else None


@cache
def _no_ends() -> re.Pattern[str]:
    return re.compile(table("ja", "speakers")["no_ends"])


def _is_name(word: str, forbidden: list[str]) -> bool:
    return word not in forbidden and _no_ends().search(word) is None


def _japanese(text: str, sentence: Sentence) -> tuple[str, tuple[int, int]] | None:
    patterns, forbidden = _patterns("ja"), table("ja", "speakers")["not_names"]
    opened = text.find("「", sentence.start, sentence.end)
    while opened >= 0:
        closed = text.find("」", opened, sentence.end)
        if closed < 0:
            break
        if closed - opened > 12 and _verbs().match(text, closed + 1):
            names = [
                m[1]
                for m in patterns.named.finditer(text, max(sentence.start, opened - 60), opened)
                if _is_name(m[1], forbidden)
            ]
            if names:
                return names[-1], (opened, closed + 1)
        opened = text.find("「", closed, sentence.end)
    told = patterns.anonymous.search(text, sentence.start, sentence.end)
    if told:
        if told[1]:
            return f"anonymous:{told[1]}", (sentence.start, sentence.end)
        if _is_name(told[2], forbidden):
            return told[2], (sentence.start, sentence.end)
    tail = re.compile(
        r"(?:と(?:し(?:て(?:いる|います)|た)|回答し|説明し|発表し|公表し|コメントし|述べ|話し|強調し|主張し)|否定し(?:た|て)|(?:を|と)明らかにし|を(?:発表|公表)し)"
    )
    if tail.search(text, max(sentence.start, sentence.end - 24), sentence.end):
        for match in patterns.named.finditer(text, sentence.start, sentence.end):
            if _is_name(match[1], forbidden):
                attacker = patterns.attacker.search(match[1])
                return ("attacker:" + match[1] if attacker else match[1]), (sentence.start, sentence.end)
    return None


def _english(text: str, sentence: Sentence) -> tuple[str, tuple[int, int]] | None:
    patterns = _patterns("en")
    whole = (sentence.start, sentence.end)
    told = patterns.anonymous.search(text, sentence.start, sentence.end)
    if told:
        return f"anonymous:{told[1]}", whole
    according = patterns.revealed.search(text, sentence.start, sentence.end)
    if according:
        anonymous = re.fullmatch(table("en", "speakers")["anonymous_alone"], according[1], re.I)
        return (f"anonymous:{according[1]}" if anonymous else according[1]), whole
    named = patterns.named.search(text, sentence.start, sentence.end)
    if named:
        return named[1], whole
    return None
