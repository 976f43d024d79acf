"""What the official statement does not say: of what was known before it, and of what such statements should say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from keii.checks.interface import Check, Claims, found
from keii.checks.origins import normal_name
from keii.checks.statement import sentences
from keii.data import load
from keii.model import Claim, Finding, Moment, finding_id
from keii.model.finding import Answer

_FULL_STOP = ("。", "．", ".", "!", "！", ".”", '."', "。」")
_FEW = 10  # sentences of a notice; a longer one is an account of what happened
_LEAST = 4  # sentences; of fewer nothing is expected
_FULL = 0.5  # share of the expected subjects from which on a short notice is an account too


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``data/checks/expected.yaml``: ``expected`` of every statement, or only told where others knew it."""

    id: str
    expected: bool
    topics: tuple[str, ...]
    words: dict[str, tuple[str, ...]]


class _Statement(msgspec.Struct, frozen=True, kw_only=True):
    """An official statement: its own words and claims. ``excerpt`` where only a quotation of it is at hand."""

    id: str
    speaker: str
    text: str
    lang: str
    excerpt: bool
    published: Moment | None
    claims: tuple[Claim, ...]
    before: tuple[Claim, ...]  # what the same voice told in its own earlier statements


def subjects() -> tuple[Subject, ...]:
    """Return the subjects in the order of the file."""
    rows = load("checks/expected")["subjects"]
    return tuple(
        Subject(
            id=name,
            expected=row["expected"],
            topics=tuple(row["topics"]),
            words={lang: tuple(words) for lang, words in row["words"].items()},
        )
        for name, row in rows.items()
    )


def run(claims: Claims) -> Iterator[Finding]:
    """Yield one finding per official statement and subject that it leaves out, with the claims that knew it.

    YES ``known``: others told it before or on that day; YES ``expected``: nobody did, but such statements should.
    UNKNOWN ``mentioned``: its words touch the subject though no claim was read from them; ``excerpt``, ``brief``: nobody
    told it, and of the statement only a quotation is at hand, or it is a few sentences that tell little: the silence shows
    nothing. What nobody told is missed once of a voice, where its next full statement does not miss it too.
    """
    statements = [statement for statement in _statements(claims) if statement.claims]
    for at, statement in enumerate(statements):
        spoken = _spoken(statement)
        brief = _is_brief(statement, spoken)
        voice = claims.origins.voice_of(statement.speaker)
        own = [
            later
            for later in statements[at + 1 :]
            if claims.origins.voice_of(later.speaker) == voice and not later.excerpt
        ]
        after = next((later for later in own if not _is_brief(later, _spoken(later))), None)
        for subject in subjects():
            if not spoken.isdisjoint(subject.topics):
                continue
            missed_again = (
                after is not None and _spoken(after).isdisjoint(subject.topics) and not _touches(after, subject)
            )
            yield from _left_out(claims, statement, subject, brief=brief, missed_again=missed_again)


def _spoken(statement: _Statement) -> frozenset[str]:
    """Return the topics of which a voice has spoken until a statement; «we do not comment on it» says nothing of it."""
    told = (*statement.claims, *statement.before)
    return frozenset(claim.topic for claim in told if claim.state != "declined")


def _touches(statement: _Statement, subject: Subject) -> bool:
    """Return whether the words of a statement touch a subject, though no claim may have been read from them."""
    return any(word in statement.text for word in subject.words.get(statement.lang, ()))


def _statements(claims: Claims) -> Iterator[_Statement]:
    own: dict[tuple[str, str | None], list[Claim]] = {}
    for claim in claims.all:
        own.setdefault((claim.source, claim.within), []).append(claim)
    earlier: dict[str, list[Claim]] = {}
    for entry, text in claims.statements():
        said = tuple(own.get((entry.document, entry.within), ()))
        voice = normal_name(entry.publisher)  # a letter of counsel is held against what its client told, too
        yield _Statement(
            id="#".join(filter(None, (entry.document, entry.within))),
            speaker=entry.publisher,
            text=text,
            lang=entry.lang,
            excerpt=entry.within is not None,
            published=entry.published,
            claims=said,
            before=tuple(earlier.get(voice, ())),
        )
        earlier.setdefault(voice, []).extend(said)


def _left_out(
    claims: Claims, statement: _Statement, subject: Subject, *, brief: bool, missed_again: bool
) -> Iterator[Finding]:
    knew = _known(claims, statement, subject)
    refused = [one for one in statement.claims if one.topic in subject.topics and one.state == "declined"]
    if refused:
        facts = {"subject": subject.id, "statement": statement.speaker}
        yield found("omission", "omission", claims, refused, "declined", against=knew, **facts)
        return
    if _touches(statement, subject):
        if knew or subject.expected:
            yield _finding(statement, subject, "unknown", "mentioned", knew)
    elif knew:
        yield found(
            "omission",
            "omission",
            claims,
            knew,
            "known",
            topic=_most_told(knew),
            subject=subject.id,
            statement=statement.speaker,
            sources=", ".join(dict.fromkeys(claims.teller(claim) for claim in knew)),
        )
    elif subject.expected and not missed_again:
        if statement.excerpt or brief:
            why = "excerpt" if statement.excerpt else "brief"
            yield _finding(statement, subject, "unknown", why, ())
        else:
            yield _finding(statement, subject, "yes", "expected", ())


def _is_brief(statement: _Statement, spoken: AbstractSet[str]) -> bool:
    """Return whether a statement is a few sentences only, headings and names aside, that tell little of what is expected."""
    told = [statement.text[start:end] for start, end in sentences(statement.text)]
    expected = [subject for subject in subjects() if subject.expected]
    touched = sum(not spoken.isdisjoint(subject.topics) for subject in expected)
    count = sum(words.endswith(_FULL_STOP) for words in told)
    return count < _LEAST or (count < _FEW and touched < _FULL * len(expected))


def _known(claims: Claims, statement: _Statement, subject: Subject) -> list[Claim]:
    """Return what others affirmed of a subject before the statement or on its day, and what the logs show of it."""
    own = {claim.id for claim in statement.claims}
    return [
        claim
        for claim in sorted(
            (claim for topic in subject.topics for claim in claims.of(topic)), key=lambda c: (claims.when(c), c.id)
        )
        if claim.id not in own
        and claim.polarity == "affirmed"
        and claim.speaker != "author"
        and not (statement.published and claim.published and statement.published.before(claim.published))
    ]


def _most_told(knew: Sequence[Claim]) -> str:
    """Return the topic that most of the claims are about, the first told of equals."""
    topics = [claim.topic for claim in knew]
    return max(dict.fromkeys(topics), key=topics.count)


def _finding(statement: _Statement, subject: Subject, answer: Answer, why: str, knew: Sequence[Claim]) -> Finding:
    return Finding(
        id=finding_id("omission", statement.id, subject.id, why),
        check="omission",
        kind="omission",
        answer=answer,
        topic=subject.topics[0],
        sources=(statement.speaker,),
        claims=tuple(claim.id for claim in knew),
        why=f"finding.omission.{why}",
        facts={"subject": subject.id, "statement": statement.speaker},
    )


CHECK = Check(id="omission", asks="What does the official statement leave out?", run=run)
