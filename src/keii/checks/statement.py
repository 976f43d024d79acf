"""Is each sentence of a statement supported, contradicted, or merely not disproved because the log is gone?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from keii.checks.interface import Claims
from keii.checks.values import relation
from keii.data import load
from keii.model import Claim, Document, Verdict

_END = re.compile(r"[。！？!?]+[」』）)\]]*|\.(?=[\s」』）)]|$)|\n")
_GOES_ON = re.compile(r"[とのなはがをもでに、]")
_NUMERAL = re.compile(
    r"\s*[(（]?(?:\d{1,2}|[A-Za-z]|[ivx]{1,4})[)）]?[.．]"
)  # «2. …»: the mark of an item, no sentence
_ABBREVIATION = re.compile(
    r"\b(?:Inc|Co|Corp|Ltd|Mr|Ms|Dr|No|St|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|a\.m|p\.m|U\.S|e\.g|i\.e)\.$"
)


class _Sides(msgspec.Struct, frozen=True):
    """The claims for and against one claim of a statement, and what the logs cannot say."""

    supporting: tuple[Claim, ...]
    contradicting: tuple[Claim, ...]
    limits: tuple[tuple[str, dict[str, str]], ...]


class _Weighed(msgspec.Struct, frozen=True):
    """What the evidence says of one claim: the verdict, why, the claims for and against, and what limits it."""

    verdict: str
    why: str
    supporting: tuple[Claim, ...] = ()
    contradicting: tuple[Claim, ...] = ()
    limits: tuple[tuple[str, dict[str, str]], ...] = ()


def check_statement(document: Document, claims: Claims) -> tuple[Verdict, ...]:
    """Return a verdict for every sentence of a statement, in order; of a document that quotes one, for the words quoted.

    The statement's own claims are those of ``claims`` that stand in it; every other claim of another voice, observed or
    stated, is evidence. Observed claims outweigh stated ones.
    """
    if document.kind == "statement":
        return tuple(_verdicts(document, None, ((0, len(document.text)),), claims))
    quoted = [one for one in document.embedded if one.kind == "statement"]
    return tuple(verdict for one in quoted for verdict in _verdicts(document, one.id, one.spans, claims))


def holds_statement(document: Document) -> bool:
    """Return whether a document is an official statement or quotes one."""
    return document.kind == "statement" or any(one.kind == "statement" for one in document.embedded)


def _verdicts(
    document: Document, within: str | None, spans: Sequence[tuple[int, int]], claims: Claims
) -> Iterator[Verdict]:
    own = [claim for claim in claims.all if claim.source == document.name and claim.within == within]
    voice = {claims.origins.voice(claim) for claim in own}
    evidence = [
        claim
        for claim in claims.all
        if (claim.source, claim.within) != (document.name, within) and claims.origins.voice(claim) not in voice
    ]
    told: set[str] = set()
    for first, last in spans:
        for start, end in sentences(document.text[first:last]):
            words = document.text[first + start : first + end]
            if within is not None and words in told:
                continue  # an article quotes it again
            told.add(words)
            here = [claim for claim in own if first + start <= claim.start < first + end]
            yield _sentence(document, first + start, first + end, here, claims, evidence)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every sentence without the white space around it.

    A full stop inside a Japanese quotation, a number or a known abbreviation ends nothing; a line break always does.
    """
    start = 0
    for stop in _END.finditer(text):
        if stop.group() != "\n":
            piece = text[start : stop.end()]
            if piece.count("「") > piece.count("」") or _ABBREVIATION.search(piece[-8:]) or _NUMERAL.fullmatch(piece):
                continue
            if piece.endswith("」") and _GOES_ON.match(text, stop.end()):
                continue
        yield from _trimmed(text, start, stop.end())
        start = stop.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if piece.strip():
        yield start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _sentence(
    document: Document, start: int, end: int, own: Sequence[Claim], claims: Claims, evidence: Sequence[Claim]
) -> Verdict:
    weighed = [_weigh(claim, claims, evidence) for claim in own]
    order = ("contradicted", "not-verifiable", "unsupported", "supported", "not-checkable")
    worst = min(weighed, key=lambda one: order.index(one.verdict), default=_Weighed("not-checkable", "no-claim"))
    if worst.verdict == "not-checkable" and own:
        worst = msgspec.structs.replace(worst, why="no-evidence")
    if worst.verdict == "supported" and worst.why == "by-logs":
        if any(one.verdict == "not-checkable" for one in weighed):
            worst = msgspec.structs.replace(worst, why="in-part")
        elif any("at-least" in claim.approximation for one in weighed for claim in one.supporting):
            worst = msgspec.structs.replace(worst, why="at-least")
    return Verdict(
        source=document.name,
        sentence=document.text[start:end],
        start=start,
        end=end,
        verdict=worst.verdict,  # type: ignore[arg-type]
        claims=tuple(claim.id for claim in own),
        supporting=_ids(claim for one in weighed for claim in one.supporting),
        contradicting=_ids(claim for one in weighed for claim in one.contradicting),
        limits=tuple(
            msgspec.json.decode(text)
            for text in dict.fromkeys(_limit(limit) for one in weighed for limit in one.limits)
        ),
        why=f"verdict.{worst.verdict}.{worst.why}",
        facts={
            "for": str(sum(len(o.supporting) for o in weighed)),
            "against": str(sum(len(o.contradicting) for o in weighed)),
        },
        leaves_open=tuple(dict.fromkeys(f"leaves-open.{word}" for claim in own for word in _leaves_open(claim))),
    )


def _limit(limit: tuple[str, dict[str, str]]) -> bytes:
    return msgspec.json.encode(limit, order="sorted")


def _ids(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(claim.id for claim in claims))


def _weigh(claim: Claim, claims: Claims, evidence: Sequence[Claim]) -> _Weighed:
    """Weigh one claim against the evidence: logs first, then other voices, then what the logs could not show."""
    bears = load("checks/evidence")["bears_on"].get(claim.topic, [claim.topic])
    near = [other for other in evidence if other.topic in bears]
    agrees = [other for other in near if other.topic == claim.topic and _agrees(claim, other)]
    against = [other for other in near if _speaks_against(claim, other)]
    limits = _limits(claims) if claim.topic in load("checks/evidence")["logs_can_show"] else ()
    seen_for = [other for other in agrees if other.basis == "observed"]
    seen_against = [other for other in against if other.basis == "observed"]
    sides = _Sides(tuple(agrees), tuple(against), limits)
    if claim.polarity == "affirmed":
        return _affirmed(claim, seen_for, seen_against, sides)
    return _negative(claim, seen_against, sides, claims)


def _weighed(verdict: str, why: str, sides: _Sides) -> _Weighed:
    return _Weighed(verdict, why, sides.supporting, sides.contradicting, sides.limits)


def _affirmed(claim: Claim, seen_for: list[Claim], seen_against: list[Claim], sides: _Sides) -> _Weighed:
    if seen_against and not seen_for:
        return _weighed("contradicted", "by-logs", sides)
    if seen_for:
        return _weighed("supported", "by-logs", sides)
    if sides.contradicting and not sides.supporting:
        return _weighed("contradicted", "by-sources", sides)
    if claim.topic in load("checks/evidence")["logs_can_show"] and sides.limits:
        return _weighed("not-verifiable", "logs-missing", sides)
    if sides.supporting:
        return _weighed("supported", "by-sources", sides)
    return _weighed("not-checkable", "no-evidence", sides)


def _negative(claim: Claim, seen_against: list[Claim], sides: _Sides, claims: Claims) -> _Weighed:
    """Weigh a denial or a «not confirmed»: the absence of evidence counts only where the logs could have shown it."""
    if any(other.modality == "certain" for other in seen_against) and claim.polarity == "denied":
        return _weighed("contradicted", "by-logs", sides)
    if any(other.modality == "certain" for other in seen_against):
        return _weighed("contradicted", "known-by-logs", sides)
    if claim.topic in load("checks/evidence")["logs_can_show"] and (sides.limits or seen_against):
        return _weighed("not-verifiable", "not-disproved", sides)
    if sides.contradicting:
        return _weighed(*_by_sources(claim, sides, claims), sides)
    if claim.topic in load("checks/evidence")["logs_can_show"] and any(o.basis == "observed" for o in claims.all):
        return _weighed("supported", "nothing-found", sides)
    return _weighed("not-checkable", "no-evidence", sides)


def _by_sources(claim: Claim, sides: _Sides, claims: Claims) -> tuple[str, str]:
    """Return verdict and why where other voices say what a negative claim denies or leaves unconfirmed.

    «Not confirmed» is not contradicted by what is only possible, and what came out later did not contradict it then.
    """
    if claim.polarity == "denied":
        return "contradicted", "by-sources"
    sure = [other for other in sides.contradicting if other.modality == "certain" and other.speaker != "author"]
    if not sure:
        return "not-verifiable", "others-suspect"
    if all(claims.earlier(claim, other) for other in sure):
        return "not-verifiable", "later"
    return "contradicted", "by-sources"


def _agrees(claim: Claim, other: Claim) -> bool:
    told = relation(claim, other)
    return told.kind == "equal" or (told.kind == "compatible" and told.why in ("precision", "bound", "range"))


def _speaks_against(claim: Claim, other: Claim) -> bool:
    if claim.polarity == "affirmed":
        return other.topic == claim.topic and relation(claim, other).kind == "different"
    return other.polarity == "affirmed" and _same_matter(claim, other)


def _same_matter(claim: Claim, other: Claim) -> bool:
    """Return whether an affirmed claim speaks to what the negative one denies: same topic, or one that implies it."""
    if other.topic == claim.topic:
        return relation(claim, other).kind in ("different", "compatible")
    return other.topic in load("checks/evidence")["implies"].get(claim.topic, [])


def _limits(claims: Claims) -> tuple[tuple[str, dict[str, str]], ...]:
    """Return what the logs cannot say, from the observed claims on erased logs and gaps."""
    found = [
        (why, {"where": claim.about or claim.source, "note": claim.note, "claim": claim.id})
        for topic, why in (("log.erased", "limit.erased"), ("log.gap", "limit.gap"))
        for claim in claims.of(topic)
        if claim.basis == "observed" and claim.polarity == "affirmed"
    ]
    return tuple(found[:10])


def _leaves_open(claim: Claim) -> tuple[str, ...]:
    """Return the ids of what careful wording leaves open."""
    words = []
    if claim.polarity == "not-confirmed":
        words.append(
            {"under-investigation": "investigating", "declined": "declined"}.get(claim.state or "", "not-established")
        )
    if claim.polarity == "denied" and claim.topic.startswith("data."):
        words.append("only-these")
    if claim.topic in ("intrusion.occurred", "affected.files") and claim.polarity == "affirmed":
        words.append("access-not-leak")
    if "up-to" in claim.approximation or claim.scope == "potential":
        words.append("upper-bound")
    if claim.modality in ("possible", "suspected") and claim.polarity == "affirmed":
        words.append("possible")
    return tuple(words)
