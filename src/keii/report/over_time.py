"""Claims over time: the state of every topic after each publication that speaks of it, and who says what until then."""

from __future__ import annotations

from collections.abc import Sequence, Set

from keii.model import Claim, Document
from keii.model.publication import Change, Standing, TopicHistory, TopicState, publications


def over_time(
    claims: Sequence[Claim], changes: Sequence[Change], documents: Sequence[Document]
) -> tuple[TopicHistory, ...]:
    """Return one history for every topic of a stated claim, in order of first mention.

    Args:
        claims: of the case.
        changes: how each stated claim stands to earlier ones, in order of publication and of the text.
        documents: that they stand in; an undated one tells what a voice said, never what it said last.
    """
    undated = {entry.number for entry in publications(documents) if not (entry.published or entry.updated)}
    topics = {claim.id: claim.topic for claim in claims}
    told: dict[str, dict[int, list[Change]]] = {}
    for change in changes:
        if change.claim in topics:
            told.setdefault(topics[change.claim], {}).setdefault(change.publication, []).append(change)
    return tuple(TopicHistory(topic=topic, states=_states(by_number, undated)) for topic, by_number in told.items())


def _states(by_number: dict[int, list[Change]], undated: Set[int]) -> tuple[TopicState, ...]:
    standing: dict[str, Standing] = {}
    states = []
    for number, told in sorted(by_number.items()):
        said: dict[str, list[str]] = {}
        for change in told:
            said.setdefault(change.voice, []).append(change.claim)
        for voice, ids in said.items():
            if number in undated and voice in standing:
                continue
            standing[voice] = Standing(voice=voice, publication=number, claims=tuple(ids))
        states.append(TopicState(publication=number, told=tuple(told), standing=tuple(standing.values())))
    return tuple(states)
