"""The shape of a check: claims in, findings out, one question per file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from keii.checks.aliases import same_voices, short_names
from keii.checks.origins import Origins, normal_name
from keii.checks.unsigned import domain_voices, strangers, unsigned_voices
from keii.data import load
from keii.model import Claim, Document, Finding, Moment, finding_id
from keii.model.publication import Publication, publications

_MOST_COMPARED = 300  # claims of one text on one topic; real ones hold some dozens
_OF_ONE_VOICE = ("revision", "denial-then-admission")


class Claims:
    """All claims of a case with who tells them and when, in order of time.

    Args:
        claims: observed and stated ones, in any order.
        documents: the documents that the stated ones come from.
        names: names under which the victim speaks (``("NEC", "日本電気")``); those of official statements are added.
    """

    def __init__(self, claims: Iterable[Claim], documents: Iterable[Document] = (), names: Iterable[str] = ()) -> None:
        self.documents = tuple(documents)
        names = tuple(names)
        self.origins = Origins(self.documents, names)
        self._origin_of: dict[str, str] = {}
        self._voice_of: dict[str, str] = {}
        self._versions = _versions(self.documents)
        self._texts = {document.name: document.text for document in self.documents}
        claims = tuple(claims)
        speakers = [claim.speaker for claim in claims if claim.speaker and ":" not in claim.speaker]
        pairs = (
            *short_names(speakers, (*self.origins.statements, *names)),
            *same_voices(claims, self.documents),
            *domain_voices(document.publisher for document in self.documents),
        )
        inferred = tuple(unsigned_voices(claims, self.documents))
        for one, other in (*pairs, *inferred):
            self.origins.same(one, other)
        self._inferred = frozenset(document for _, document in inferred)
        for document in strangers(self.documents, self._inferred):
            self.origins.apart(document)
        self.all = tuple(sorted(claims, key=lambda claim: (self.when(claim), claim.source, claim.start, claim.id)))

    @cached_property
    def _by_topic(self) -> dict[str, tuple[Claim, ...]]:
        found: dict[str, list[Claim]] = {}
        for claim in self._compared:
            found.setdefault(claim.topic, []).append(claim)
        return {topic: tuple(claims) for topic, claims in sorted(found.items())}

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that any claim is about, sorted."""
        return tuple(self._by_topic)

    def of(self, topic: str) -> tuple[Claim, ...]:
        """Return the claims about a topic in order of time; ``entry.*`` stands for a family."""
        if not topic.endswith("*"):
            return self._by_topic.get(topic, ())
        return tuple(claim for claim in self._compared if claim.topic.startswith(topic[:-1]))

    @cached_property
    def _compared(self) -> tuple[Claim, ...]:
        """The claims that are compared: of a text that tells hundreds on one topic, each sentence once, and not all of them."""
        many = {place: group for place, group in self._by_place.items() if len(group) > _MOST_COMPARED}
        dropped = {one.id for group in many.values() for one in group}
        dropped -= {one.id for group in many.values() for one in _distinct(group)[:_MOST_COMPARED]}
        return tuple(claim for claim in self.all if claim.id not in dropped)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str, str | None], list[Claim]]:
        told: dict[tuple[str, str, str | None], list[Claim]] = {}
        for claim in self.all:
            told.setdefault((claim.topic, claim.source, claim.within), []).append(claim)
        return told

    @property
    def left_out(self) -> int:
        """How many claims, what a sentence repeats aside, were not compared: one text tells too many on one topic."""
        groups = (group for group in self._by_place.values() if len(group) > _MOST_COMPARED)
        return sum(max(0, len(_distinct(group)) - _MOST_COMPARED) for group in groups)

    def when(self, claim: Claim) -> str:
        """Return when a claim was said, as sortable text: the earliest instant; undated ones and logs come last."""
        said = self.said(claim)
        return "~" if said is None or said.earliest is None else said.earliest.isoformat()

    def said(self, claim: Claim) -> Moment | None:
        """Return when a claim was said: of a page that was published anew, when this version was."""
        return self._versions.get(claim.source, claim.published) if claim.within is None else claim.published

    def statements(self) -> Iterator[tuple[Publication, str]]:
        """Yield official statements in order of publication, quoted ones included, each with its own words."""
        texts: dict[tuple[str, str | None], str] = {}
        for document in self.documents:
            texts[document.name, None] = document.text
            for quoted in document.embedded:
                texts[document.name, quoted.id] = "\n".join(document.text[start:end] for start, end in quoted.spans)
        for entry in publications(self.documents):
            if entry.kind == "statement" or (entry.kind == "government" and entry.publisher in self.origins.statements):
                yield entry, texts[entry.document, entry.within]

    def teller(self, claim: Claim) -> str:
        """Return the publication that a claim stands in, or ``logs``."""
        return self.origins.teller(claim)

    def origin(self, claim: Claim) -> str:
        """Return whom the claim goes back to: claims with one origin do not support each other."""
        if claim.id not in self._origin_of:
            self._origin_of[claim.id] = self.origins.origin(claim)
        return self._origin_of[claim.id]

    def voice(self, claim: Claim) -> str:
        """Return who says it, as a name for comparison: the victim under any of its names is ``victim``."""
        if claim.id not in self._voice_of:
            self._voice_of[claim.id] = self.origins.voice(claim)
        return self._voice_of[claim.id]

    def text_of(self, claim: Claim) -> str:
        """Return the text that a claim stands in; its own words where the document is not at hand."""
        return self._texts.get(claim.source) or claim.quote.rjust(claim.start + len(claim.quote))

    def without_echoes(self, group: Sequence[Claim]) -> list[Claim]:
        """Return claims without what a publication says itself, a headline say, beside the same as the word of another."""
        own = {claim.id for claim in group if self.voice(claim) == normal_name(self.teller(claim))}
        attributed = {(claim.source, claim.within) for claim in group if claim.id not in own}
        return [claim for claim in group if claim.id not in own or (claim.source, claim.within) not in attributed]

    def is_inferred(self, claim: Claim) -> bool:
        """Return whether whose word a claim is was inferred: it stands in a notice that names nobody."""
        return claim.source in self._inferred and claim.within is None and not claim.speaker

    def same_speaker(self, one: Claim, other: Claim) -> bool:
        """Return whether one voice says both."""
        return self.voice(one) == self.voice(other)

    def earlier(self, one: Claim, other: Claim) -> bool:
        """Return whether ``one`` was certainly said before ``other``."""
        first, second = self.said(one), self.said(other)
        if first is None or second is None:
            return False
        if first.before(second):
            return True
        begun = first.earliest is not None and second.earliest is not None and first.earliest < second.earliest
        ended = first.latest is not None and second.latest is not None and first.latest <= second.latest
        return begun and ended  # a day alone is not before a minute of that day

    def said_before(self, one: Claim, other: Claim) -> bool:
        """Return whether ``one`` was said before ``other``: published before, or told in one text as what was said then."""
        if self.earlier(one, other):
            return True
        return one.source == other.source and self.past_word(one) and not self.past_word(other)

    def past_word(self, claim: Claim) -> bool:
        """Return whether a publication tells a claim as what was said before («と説明していた», «had previously said»)."""
        text = self._texts.get(claim.source)
        if text is None:
            return False
        told = load("checks/corrections")
        begin = max(text.rfind(mark, 0, claim.start) for mark in ("。", "\n", ". ", "」"))
        before = text[max(begin + 1, claim.start - 60) : min(claim.end, claim.start + 60)]
        after = text[max(claim.start, claim.end - 40) : claim.end + 30].split("\n")[0]
        return any(re.search(word, before, re.I) for word in told["said_before"]) or any(
            re.search(word, after, re.I) for word in told["told_then"]
        )

    def corrects(self, earlier: Claim, later: Claim) -> bool:
        """Return whether a later claim says of itself that it came to light newly, or puts right what was said."""
        if later.basis != "stated" or not self.earlier(earlier, later):
            return False
        return any(re.search(word, later.quote, re.I) for word in load("checks/corrections")["words"])


def _distinct(group: Iterable[Claim]) -> list[Claim]:
    """Return claims without those that the same words told before."""
    found: dict[tuple[object, ...], Claim] = {}
    for one in group:
        found.setdefault((repr(one.value), one.speaker, one.polarity, one.modality, one.quote), one)
    return list(found.values())


def _versions(documents: Iterable[Document]) -> dict[str, Moment]:
    """Return the time of each version of a page of which there are several: its last change, else its publication.

    A page that tells its last change only was out by then.
    """
    pages: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        if document.publisher and (document.url or document.title):
            pages.setdefault((document.publisher, document.url or document.title), []).append(document)
    several = [document for versions in pages.values() if len(versions) > 1 for document in versions]
    several += [document for document in documents if document.published is None and document.updated is not None]
    times = ((document.name, document.updated or document.published) for document in several)
    return {name: moment for name, moment in times if moment is not None}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check and its question.

    Attributes:
        id: the file's name with hyphens.
        asks: the question in English; the sentence ``check.<id>`` asks it in both languages.
        needs: topics (or families ``leak.*``) without any claim of which the answer is unknown.
        run: yields YES and UNKNOWN; the runner adds the rest.
    """

    id: str
    asks: str
    run: Callable[[Claims], Iterator[Finding]]
    needs: tuple[str, ...] = ()


def found(
    check: str,
    kind: str,
    claims: Claims,
    shows: Iterable[Claim],
    why: str,
    *,
    against: Iterable[Claim] = (),
    topic: str | None = None,
    **facts: str,
) -> Finding:
    """Return a YES of ``check`` with the claims that show it, told in order of time."""
    show, contra = tuple(dict.fromkeys(shows)), tuple(dict.fromkeys(against))
    about = topic if topic is not None else (show[0].topic if show else "")
    if kind in _OF_ONE_VOICE and any(map(claims.is_inferred, (*show, *contra))):
        facts = {**facts, "voice": "inferred"}
    return Finding(
        id=finding_id(
            check, kind, about, *(claim.id for claim in show), "/", *(claim.id for claim in contra), *facts.values()
        ),
        check=check,
        kind=kind,
        answer="yes",
        topic=about,
        sources=tuple(dict.fromkeys(claims.teller(claim) for claim in (*show, *contra))),
        claims=tuple(claim.id for claim in show),
        against=tuple(claim.id for claim in contra),
        why=f"finding.{kind}.{why}",
        facts=facts,
    )


def is_inference(claim: Claim) -> bool:
    """Return whether a claim is the author's own conclusion: no source, and no contradiction of one."""
    return claim.speaker == "author" and claim.modality != "certain"


def is_single(topic: str) -> bool:
    """Return whether two different values of a topic cannot both be true for one victim."""
    return bool(load("topics").get(topic, {}).get("single"))
