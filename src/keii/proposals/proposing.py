"""Ask a model for further claims and keep those that hold against the text, apart from what rules and logs tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from keii.errors import EndpointError
from keii.model import Claim, Document
from keii.proposals.endpoint import Endpoint
from keii.proposals.holding import Listed, decoded, held, known
from keii.proposals.prompt import Piece, message, pieces, prompt, prompt_hash

_GIVE_UP = 3  # pieces in a row without an answer: the endpoint is not there
_MOST = 200  # claims listed for one piece; more is no reading of it


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document without a usable answer: characters ``start`` to ``end``, and why."""

    document: str
    start: int
    end: int
    reason: str


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking.

    Attributes:
        claims: the proposals that hold, in order of document and place, each with ``proposed`` set.
        refused: why others were not kept, with how many (``quote``, ``value-not-in-quote`` …).
        failures: pieces without a usable answer.
        pieces: how many were to be asked; ``characters`` how many they hold.
        unasked: of them, how many were not sent because the endpoint had stopped answering.
    """

    claims: tuple[Claim, ...]
    refused: dict[str, int]
    failures: tuple[Failure, ...]
    pieces: int
    characters: int
    unasked: int = 0


def cut(documents: Sequence[Document], most: int) -> list[tuple[Document, Piece]]:
    """Return every piece of every document that would be sent."""
    return [(document, piece) for document in documents for piece in pieces(document, most)]


def propose(
    documents: Sequence[Document],
    told: Sequence[Claim],
    endpoint: Endpoint,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Proposed:
    """Return the proposals of a model for these documents.

    Args:
        documents: whose text is sent, piece by piece.
        told: the claims of rules; a proposal that says the same at the same place is dropped as ``known``.
        endpoint: whom to ask.
        progress: called with what is done, how many pieces, of how many.
    """
    todo = cut(documents, endpoint.settings.piece)
    name = f"{endpoint.settings.model}, prompt {prompt_hash()[:12]}"
    by_document: dict[str, list[Claim]] = {}
    for claim in told:
        by_document.setdefault(claim.source, []).append(claim)
    kept: list[Claim] = []
    refused: Counter[str] = Counter()
    failures: list[Failure] = []
    silent, asked = 0, 0
    for document, piece in todo:
        progress("propose", asked, len(todo))
        asked += 1
        try:
            answer = endpoint.ask(prompt(), message(piece, document))
            silent = 0
            listed = _listed(answer)
        except EndpointError as error:
            end = piece.start + len(piece.text)
            failures.append(Failure(document=document.name, start=piece.start, end=end, reason=error.message))
            silent += not isinstance(error, _BadAnswerError)
            if silent == _GIVE_UP:
                break
            continue
        near = by_document.setdefault(document.name, [])
        for raw in listed:
            judged = _judged(raw, piece, document, name, near)
            if isinstance(judged, Claim):
                near.append(judged)
                kept.append(judged)
            else:
                refused[judged] += 1
    order = {document.name: number for number, document in enumerate(documents)}
    return Proposed(
        claims=tuple(sorted(kept, key=lambda c: (order[c.source], c.start, c.end, c.topic, c.id))),
        refused=dict(sorted(refused.items())),
        failures=tuple(failures),
        pieces=len(todo),
        characters=sum(len(piece.text) for _, piece in todo),
        unasked=len(todo) - asked,
    )


class _BadAnswerError(EndpointError):
    """The endpoint is there; what the model wrote cannot be used."""


def _listed(answer: str) -> tuple[msgspec.Raw, ...]:
    try:
        listed = msgspec.json.decode(answer, type=Listed).claims
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _BadAnswerError(f'expected one JSON object {{"claims": […]}}, found something else ({error})') from error
    if len(listed) > _MOST:
        raise _BadAnswerError(f"{len(listed):,} claims for one piece, at most {_MOST} are read")
    return listed


def _judged(raw: msgspec.Raw, piece: Piece, document: Document, name: str, near: list[Claim]) -> Claim | str:
    proposal = decoded(raw)
    if isinstance(proposal, str):
        return proposal
    claim = held(proposal, piece, document, name)
    if isinstance(claim, Claim) and known(claim, near):
        return "known"
    return claim
