"""Whom «同社», «当社», «the company» and «it» mean: the organisation named last that fits."""

# ruff: noqa: E501 - a pattern or a table reads best on one line

from __future__ import annotations

import re
from functools import cache

import msgspec

from keii.claims.anchors import Cue
from keii.claims.lexicon import either, table
from keii.claims.sentences import Sentence

_BEFORE = re.compile(r"^.*(?:大手|メーカー|機関|運営する)(?:の)?「?")  # what kind of organisation, before its name
_TITLE = r"(?:[A-Z][a-z]+ )?(?:[Mm]inister|[Ss]ecretary|[Pp]rincipal|[Pp]rofessor|Prof|[Pp]resident|[Cc]hairman|[Cc]hairwoman|[Cc]hief [Ee]xecutive(?: [Oo]fficer)?|[Cc]hief (?:[A-Z]?[a-z]+ ){1,3}[Oo]fficer|[Tt]reasurer|[Vv]ice-[Cc]hancellor|[Cc]hancellor|[Pp]rovost|[Ss]heriff|[Cc]ouncillor|Cllr|[Rr]epresentative|Rep|CTO|COO|CEO|CFO|CIO|CISO|Dr|Mr|Mrs|Ms|[Ss]enator|Sen|Gov|[Gg]overnor|[Mm]ayor|[Cc]ommissioner|[Dd]irector|[Ss]uperintendent|[Dd]etective|[Ii]nspector|Sir|Dame|Lord|[Jj]udge|[Ss]pokes(?:man|woman|person)|[Aa]ttorney [Gg]eneral)"
_TITLES = re.compile(rf"^(?:{_TITLE}\.? )+(?=[A-Z])")
_TITLED = rf"\b((?:{_TITLE}\.? )+)([A-Z][a-z'-]+ (?:[A-Z]\.? )?[A-Z][\w'-]+)"
_OF_PLACE = re.compile(r"^[A-Z]\w+'s (?=[A-Z])")
_SHORTENED = re.compile(r"\b(?:Inc|Corp|Co|Ltd|Jr|Sr|Bros|[A-Z])\.$")
_SAME_SOURCES = re.compile(r"anonymous:(?:[Tt]he|[Tt]hese|[Tt]hose) (?:sources?|officials?|people|persons?)")
_GENERIC = frozenset((
    "health", "services", "trust", "group", "bank", "university", "hospital", "council", "network", "systems", "holdings", "agency",
))  # fmt: skip
_KEEP = 8  # names remembered of one source


class _Known(msgspec.Struct, frozen=True):
    """Expressions of ``speakers.yaml``; as cues those that few sentences can fit."""

    own: re.Pattern[str]
    pronoun: re.Pattern[str]
    kind: re.Pattern[str]
    organisation: Cue
    subject: re.Pattern[str]
    victim: Cue
    self_named: Cue
    titled: Cue
    attackers: re.Pattern[str]
    no_ends: re.Pattern[str]
    not_names: frozenset[str]


@cache
def known(lang: str) -> _Known:
    """Return the expressions of a language; to be called once before its first scan."""
    listed = table(lang, "speakers")

    def cue(expression: str) -> Cue:
        return either([f"(?-i:{expression})" if lang == "en" else expression], lang)

    return _Known(
        own=re.compile(listed["own"], re.I),
        pronoun=re.compile(listed["pronoun"]),
        kind=re.compile(listed["kind"], re.I),
        organisation=cue(listed["organisation"]),
        subject=re.compile(listed["subject"]),
        victim=cue(listed["victim"]),
        self_named=cue(listed["self_name"]),
        titled=cue(_TITLED if lang == "en" else "(?!)x"),
        attackers=re.compile(listed["attackers"]),
        no_ends=re.compile(listed["no_ends"], re.I),
        not_names=frozenset(listed["not_names"]),
    )


class Named:
    """The organisations that one source has named so far.

    Args:
        lang: language of the text.
        own: whom «we» and «当社» mean: the speaker of the source.
    """

    def __init__(self, lang: str, own: str | None) -> None:
        self._lang = lang
        self._known = known(lang)
        self._own = own
        self._names: list[str] = []
        self._attacker: str | None = None
        self._persons: dict[str, str] = {}  # surname to full name
        self._offices: dict[str, str] = {}  # «minister» to the full name of the one named so
        self._times: dict[str, int] = {}  # how many sentences named it
        self._line_of: dict[str, int] = {}  # the line that named it last
        self._line = -1
        self._unnamed: str | None = None  # who spoke last without a name

    def resolve(self, speaker: str, last: str | None) -> str:
        """Return the name that a speaker's words stand for; the words themselves where none fits."""
        if speaker.endswith(".") and not _SHORTENED.search(speaker):
            speaker = speaker[:-1]
        own, pronoun, kind = self._known.own, self._known.pronoun, self._known.kind
        if self._attacker == speaker:
            return "attacker:" + speaker
        if self._attacker and self._known.attackers.fullmatch(speaker.removeprefix("attacker:")):
            return "attacker:" + self._attacker
        if self._lang == "en":
            speaker = self._person(speaker)
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
        fitting = []
        plain = match.groupdict().get("plain")
        word = ("社" if plain == "会社" else plain) if plain else match[1].lower()
        if word in listed.get("offices", ()) and len(speaker.split()) > 2:
            return speaker  # «the data protection authority» is its own name
        for name in reversed(self._names):
            fits = name.lower().endswith(tuple(ends.get(word, [word])))
            if fits or (word in ends["any"] and not name.lower().endswith(tuple(ends["never"]))):
                fitting.append(name)
        return self._meant(fitting) if fitting else speaker

    def _meant(self, fitting: list[str]) -> str:
        """Return whom «the company» means of those that fit, the last one first: in English the one the text is about.

        Who was named once, in a paragraph before, came in passing (an analyst's broker, a supplier that denied it).
        """
        last = fitting[0]
        if self._lang != "en" or self._line_of.get(last) == self._line or self._times.get(last, 0) > 1:
            return last
        return max(fitting, key=lambda name: self._times.get(name, 0))

    def _person(self, speaker: str) -> str:
        """Return the full name for a surname, an office or «the sources», without titles and articles."""
        if speaker.startswith(("The ", "the ")) and speaker[4:5].isupper():
            speaker = speaker[4:]
        speaker = _OF_PLACE.sub("", speaker)  # «Japan's Toto Seiki»
        bare = _TITLES.sub("", speaker)
        if bare != speaker and " " in bare:
            self._note_person(bare, speaker[: len(speaker) - len(bare)])
            return bare
        if speaker.lower().startswith("the "):
            return self._offices.get(speaker[4:].lower(), speaker)
        if self._unnamed and _SAME_SOURCES.fullmatch(speaker):
            return self._unnamed
        return self._persons.get(speaker, speaker)

    def _note_person(self, name: str, title: str) -> None:
        self._persons[name.split()[-1]] = name
        words = title.lower().replace(".", "").split()
        if words:
            self._offices[words[-1]] = name
            self._offices[" ".join(words[-2:])] = name

    def is_pronoun(self, speaker: str) -> bool:
        """Return whether a speaker is still «it» or «she» after all names were tried: then nobody is named."""
        return self._known.pronoun.fullmatch(speaker) is not None

    def subject(self, text: str, sentence: Sentence) -> str | None:
        """Return the organisation that is the subject with which a sentence begins, None where there is none."""
        found = self._known.subject.match(text, sentence.start, sentence.end)
        name = found["name"].strip("「」") if found else ""
        return name if name and not self._known.no_ends.search(name) else None

    def note(self, seen: int, text: str, sentence: Sentence) -> None:
        """Remember the organisations and the attacker that a sentence names; ``seen`` are the bits of its scan."""
        whole = (sentence.start, sentence.end)
        self._line = sentence.paragraph
        found = [_BEFORE.sub("", match[1]) for match in self._known.organisation.all(seen, text, *whole)]
        itself = self._known.self_named.find(seen, text, *whole)
        self._attacker = itself[1] if itself else self._attacker
        found += [match[1] for match in self._known.victim.all(seen, text, *whole)]
        if self._lang == "en":
            for match in self._known.titled.all(seen, text, *whole):
                self._note_person(match[2], match[1])
        subject = self.subject(text, sentence)
        for name in (*found, *([subject] if subject else ())):
            name = name.removeprefix("The ") if self._lang == "en" else name
            if name not in self._known.not_names and len(name) > 1:
                self._remember(name)
                self._times[name] = self._times.get(name, 0) + 1
                self._line_of[name] = sentence.paragraph

    def told(self, speaker: str) -> None:
        """Remember who spoke last."""
        if speaker.startswith("anonymous:"):
            self._unnamed = speaker
        if not speaker.startswith(("anonymous:", "attacker:")) and speaker != "author":
            self._remember(speaker)

    def _remember(self, name: str) -> None:
        bare = _TITLES.sub("", name) if self._lang == "en" else name
        if name.lower() in _GENERIC or bare in self._persons or bare in self._persons.values():
            return  # the last word of a longer name; a person is no «company»
        if not any(one.fullmatch(name) for one in (self._known.own, self._known.pronoun, self._known.kind)):
            self._names = [*(one for one in self._names if one != name), name][-_KEEP:]
