"""Who tells a claim, who says it, and whom it goes back to. Origins are counted, never pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from keii.checks.copies import agencies, copies
from keii.data import load
from keii.model import Claim, Document

_FORM = re.compile(
    r"(株式会社|有限会社|合同会社|\(株\)|㈱|\b(inc|corp|corporation|co|ltd|llc|plc|gmbh)\b\.?|\bnewspaper$|電子版|朝刊|夕刊|オンライン)",
    re.I,
)
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}")
_ALIKE = 3  # characters with which names of one house begin alike («Toto Denki», «Toto Group»)
_SPACE = re.compile(r"[\s,.・()]+")


def normal_name(name: str) -> str:
    """Return a name without its article, legal form, edition, the word newspaper, width and case, for comparison."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return _SPACE.sub("", _FORM.sub("", text.removeprefix("the ")))


def _listed(publisher: str, table: str) -> bool:
    """Return whether a publisher is an office that speaks of others (``names``) or writes for whom it acts (``counsel``)."""
    return any(re.search(name, publisher, re.I) for name in load("checks/authorities")[table])


def _speaking(documents: Sequence[Document]) -> Iterator[str]:
    """Yield who speaks for itself: publishers of statements, quoted ones included, and offices that write of their own."""
    for document in documents:
        if document.kind in ("statement", "government"):
            yield document.publisher
        yield from (one.publisher for one in document.embedded if one.kind == "statement")


def other_parties(documents: Sequence[Document], statements: Sequence[str], known: AbstractSet[str]) -> frozenset[str]:
    """Return the normal names of publishers of statements that are not the victim: a supplier, a customer, a city.

    Whose name stands in the statement of another is not that other. The victim is the one that most of the other
    publications name, of equals the one that spoke first; a name that the user gave is always the victim.
    """
    names = {normal_name(name) for name in statements} - {""}
    texts: dict[str, str] = {}
    for document in documents:
        name = normal_name(document.publisher)
        texts[name] = texts.get(name, "") + normal_name(document.text) + "\n"
    told = {name: sum(name in text for by, text in texts.items() if by != name) for name in names}
    first = {
        name: min((_said(one) for one in documents if normal_name(one.publisher) == name), default="~")
        for name in names
    }
    ranked = sorted(names, key=lambda name: (name not in known, -told[name], first[name], name))
    others: set[str] = set()
    for at, name in enumerate(ranked):
        before = [one for one in ranked[:at] if one not in others]
        apart = any(
            one in texts.get(name, "") or name in texts.get(one, "") or _unlike(one, name)
            for one in before
            if not _akin(one, name)
        )
        if name not in known and apart and not any(_akin(one, name) for one in before):
            others.add(name)
    return frozenset(others)


def _said(document: Document) -> str:
    moment = document.published
    return "~" if moment is None or moment.earliest is None else moment.earliest.isoformat()


def _akin(one: str, other: str) -> bool:
    """Return whether one name holds the other: a company and its longer name, or the domain of its mail."""
    first, second = (name.partition(".")[0] if _DOMAIN.fullmatch(name) else name for name in (one, other))
    return first in second or second in first


def _unlike(one: str, other: str) -> bool:
    """Return whether two normal names in one script begin otherwise: two organisations, not one in two languages."""
    return one.isascii() == other.isascii() and one[:_ALIKE] != other[:_ALIKE]


class Origins:
    """Voices and origins of claims over a set of documents."""

    def __init__(self, documents: Sequence[Document], names: Iterable[str] = ()) -> None:
        self._documents = {document.name: document for document in documents}
        self._victim = {normal_name(name) for name in names if name}
        self.statements = tuple(
            sorted(
                {
                    name
                    for name in _speaking(documents)
                    if name and not _listed(name, "names") and not _listed(name, "counsel")
                }
            )
        )
        self._others = other_parties(documents, self.statements, self._victim)
        self._victim.update(normal_name(name) for name in self.statements if normal_name(name) not in self._others)
        self._victim.update(normal_name(name) for name in _speaking(documents) if _listed(name, "counsel"))
        self._victim.discard("")
        self._alias: dict[str, str] = {}
        self._copies = copies(documents, normal_name)

    def teller(self, claim: Claim) -> str:
        """Return the publication that the words of a claim stand in, or ``logs``."""
        if claim.basis == "observed":
            return "logs"
        document = self._documents.get(claim.source)
        if document is None:
            return claim.via[-1] if claim.via else claim.source
        for embedded in document.embedded:
            if embedded.id == claim.within:
                return embedded.publisher or document.name
        return document.publisher or document.name

    def voice(self, claim: Claim) -> str:
        """Return who says it, as a name for comparison: the victim under any of its names is one voice."""
        if claim.basis == "observed":
            return "logs"
        speaker = claim.speaker or self.teller(claim)
        if speaker == "author" or speaker.startswith("anonymous:"):
            return f"{speaker}@{normal_name(self.teller(claim))}"
        return self.voice_of(speaker)

    def other_party(self, claim: Claim) -> str:
        """Return the party beside the victim whose word a claim is or in whose publication it stands, "" for none."""
        for name in (self.voice(claim), normal_name(self.teller(claim))):
            if name in self._others:
                return name
        return ""

    def apart(self, name: str) -> None:
        """Take a voice for that of another house than the victim's: it speaks of its own incident."""
        self._others |= {normal_name(name)}

    def same(self, one: str, other: str) -> None:
        """Take two names of a speaker for one voice (a company in Japanese and in English)."""
        first, second = (self._alias.get(normal_name(name), normal_name(name)) for name in (one, other))
        keep = second if second in self._victim else first
        for name in {first, second, *(name for name, kept in self._alias.items() if kept in (first, second))}:
            self._alias[name] = keep

    def shown(self, told: Sequence[Claim]) -> str:
        """Return the name of the origin that claims go back to, as it is written: never that of a page that retells it."""
        origin = self.origin(told[0])
        own = [self.teller(claim) for claim in told if self.teller(claim) == (claim.speaker or self.teller(claim))]
        speakers = [claim.speaker for claim in told if claim.speaker and "anonymous:" not in claim.speaker]
        chain = [name for claim in told for name in claim.via]
        publishers = [document.publisher for document in self._documents.values()]
        named = (*own, *speakers, *publishers, *chain, *agencies())
        for name in sorted(named, key=lambda name: _DOMAIN.fullmatch(name.lower()) is not None):
            if name and self.voice_of(name) == origin:
                return name
        return self.teller(told[0]) if "@" not in origin else origin.partition("@")[2]

    def voice_of(self, name: str) -> str:
        """Return a name for comparison: the victim under any of its names is one voice."""
        known = self._alias.get(normal_name(name), normal_name(name))
        return "victim" if known in self._victim else known

    def origin(self, claim: Claim) -> str:
        """Return whom a claim goes back to.

        A named speaker is the origin whoever repeats it; an anonymous one belongs to the first publication of the
        chain; publications whose texts are copies of each other (wire stories, translations that say so, updates and
        archived copies of a page) are one.
        """
        if claim.basis == "observed":
            return "logs"
        voice = self.voice(claim)
        first = normal_name(claim.via[0]) if claim.via else ""
        if "@" not in voice and voice != normal_name(self.teller(claim)):
            return voice
        if claim.within is None and claim.source in self._copies:
            return self._copies[claim.source]
        if first and "@" in voice:
            return first
        return normal_name(self.teller(claim))
