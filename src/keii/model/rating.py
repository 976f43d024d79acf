"""Ratings by the Admiralty system (NATO AJP-2.1): reliability of a source, credibility of a claim; never averaged."""

from __future__ import annotations

import msgspec

from keii.model.trace import Reason


class SourceRating(msgspec.Struct, frozen=True, kw_only=True):
    """How far a source can be relied on, whatever it says.

    Attributes:
        document: file name; ``within`` the id of the source quoted inside it.
        letter: A reliable, B usually, C fairly, D not usually, E unreliable, F cannot be judged.
        by: ``rule``, ``user`` (``[reliability]`` in case.toml) or ``none`` where no rule holds: the letter is then F.
        why: the rule in words.
    """

    document: str
    within: str | None
    letter: str
    by: str
    why: Reason


class ClaimRating(msgspec.Struct, frozen=True, kw_only=True):
    """Who says a claim, and how far other origins bear it out.

    Attributes:
        claim: id.
        letter: reliability of its source; F where the speaker is not named.
        digit: 1 confirmed by independent origins, 2 probably true, 3 possibly true, 4 doubtful, 5 improbable,
            6 cannot be judged.
        by: ``rule`` or ``user``, for the digit.
        why: what the digit rests on, in words.
        supports, against: ids of the claims of other origins that were weighed, at most 5 each.
    """

    claim: str
    letter: str
    digit: int
    by: str
    why: Reason
    supports: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Letter and digit side by side: ``C2``."""
        return f"{self.letter}{self.digit}"


class Ratings(msgspec.Struct, frozen=True, kw_only=True):
    """All ratings of a case. ``unmatched``: keys of ``[reliability]`` that name no source and no claim here."""

    sources: tuple[SourceRating, ...] = ()
    claims: tuple[ClaimRating, ...] = ()
    unmatched: tuple[str, ...] = ()
