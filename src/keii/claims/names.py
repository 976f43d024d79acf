"""Whom «同社», «当社», «the company» and «it» mean: the organisation named last that fits."""

from __future__ import annotations

import re
from functools import cache

from keii.claims.lexicon import table
from keii.claims.sentences import Sentence

_BEFORE = re.compile(r"^.*(?:大手|メーカー|機関|運営する)(?:の)?「?")  # what kind of organisation, before its name
_KEEP = 8  # names remembered of one source


@cache
def _patterns(lang: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return what stands for the source itself, for a person, for an organisation, and what names an organisation."""
    listed = table(lang, "speakers")
    return (
        re.compile(listed["own"], re.I),
        re.compile(listed["pronoun"]),
        re.compile(listed["kind"], re.I),
        re.compile(listed["organisation"]),
    )


@cache
def _subject(lang: str) -> re.Pattern[str]:
    """Return what names an organisation as the subject that a sentence begins with."""
    return re.compile(table(lang, "speakers")["subject"])


@cache
def _attackers(lang: str) -> re.Pattern[str]:
    """Return what stands for an attacker named before."""
    return re.compile(table(lang, "speakers")["attackers"])


@cache
def _self_named(lang: str) -> re.Pattern[str]:
    """Return what names an attacker by the name that it gives itself."""
    return re.compile(table(lang, "speakers")["self_name"])


@cache
def _victim(lang: str) -> re.Pattern[str]:
    """Return what names an organisation together with what befell it."""
    return re.compile(table(lang, "speakers")["victim"])


@cache
def _no_ends(lang: str) -> re.Pattern[str]:
    return re.compile(table(lang, "speakers")["no_ends"], re.I)


class Named:
    """The organisations that one source has named so far.

    Args:
        lang: language of the text.
        own: whom «we» and «当社» mean: the speaker of the source.
    """

    def __init__(self, lang: str, own: str | None) -> None:
        self._lang = lang
        self._own = own
        self._names: list[str] = []
        self._attacker: str | None = None

    def resolve(self, speaker: str, last: str | None) -> str:
        """Return the name that a speaker's words stand for; the words themselves where none fits."""
        own, pronoun, kind, _ = _patterns(self._lang)
        if self._attacker and _attackers(self._lang).fullmatch(speaker.removeprefix("attacker:")):
            return "attacker:" + self._attacker
        if self._lang == "en" and speaker.startswith(("The ", "the ")) and speaker[4:5].isupper():
            speaker = speaker[4:]
        if self._own and own.fullmatch(speaker):
            return self._own
        if pronoun.fullmatch(speaker):
            if last and speaker.lower() == "it" and last.startswith(("anonymous:", "attacker:")) and self._names:
                return self._names[-1]
            return last or (self._names[-1] if self._names else speaker)
        match = kind.fullmatch(speaker)
        if match is None:
            return speaker
        listed = table(self._lang, "speakers")
        ends = listed["ends"]
        word = match[1].lower()
        if word in listed.get("offices", ()) and len(speaker.split()) > 2:
            return speaker  # «the data protection authority» is its own name
        for name in reversed(self._names):
            fits = name.lower().endswith(tuple(ends.get(word, [word])))
            if fits or (word in ends["any"] and not name.lower().endswith(tuple(ends["never"]))):
                return name
        return speaker

    def subject(self, text: str, sentence: Sentence) -> bool:
        """Return whether a sentence begins with a subject of its own."""
        found = _subject(self._lang).match(text, sentence.start, sentence.end)
        return found is not None and not _no_ends(self._lang).search(found["name"].strip("「」"))

    def note(self, text: str, sentence: Sentence, speaker: str | None) -> None:
        """Remember the organisations that a sentence names, its speaker last."""
        found = [
            _BEFORE.sub("", match[1]) for match in _patterns(self._lang)[3].finditer(text, sentence.start, sentence.end)
        ]
        itself = _self_named(self._lang).search(text, sentence.start, sentence.end)
        self._attacker = itself[1] if itself else self._attacker
        found += [match[1] for match in _victim(self._lang).finditer(text, sentence.start, sentence.end)]
        listed = table(self._lang, "speakers")
        subject = _subject(self._lang).match(text, sentence.start, sentence.end)
        if subject and not _no_ends(self._lang).search(subject["name"].strip("「」")):
            found.append(subject["name"].strip("「」"))
        names = [name for name in found if name not in listed["not_names"] and len(name) > 1]
        if speaker and not speaker.startswith(("anonymous:", "attacker:")) and speaker != "author":
            names.append(speaker)
        own, pronoun, kind, _ = _patterns(self._lang)
        for name in names:
            if not any(pattern.fullmatch(name) for pattern in (own, pronoun, kind)):
                self._names = [*(one for one in self._names if one != name), name][-_KEEP:]
