"""Sentences with what their claims share: the source they stand in, who is given the word, their clauses."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from keii.claims.anchors import Cue, Scan
from keii.claims.lexicon import scan
from keii.claims.names import Named
from keii.claims.names import known as expressions
from keii.claims.sentences import Clause, Sentence, clauses, sentences
from keii.claims.speakers import Said, Voice, base_voice, gone_on, patterns, spoken
from keii.model import Document, Embedded, Moment

_CARRY = 400  # characters over which «ということです» goes on with the speaker of an earlier sentence
_NEST = 8  # embedded sources that can stand inside each other


class Where(msgspec.Struct, frozen=True):
    """A sentence with everything that its claims share.

    Attributes:
        document: the document; ``folded`` is its text with narrow digits and the same offsets.
        sentence: the sentence, or the part of it that stands in one source.
        clauses: its clauses in order.
        voice: whose words they are before anybody is given the word.
        words_of: range of the words of ``speaker``.
        speaker: who is given the word in it, None where nobody is.
        via: who passed their words on, nearest to the speaker first.
        seen: bits of the patterns that can fit in the sentence.
        scanned: where in the document which patterns can fit.
    """

    document: Document
    folded: str
    sentence: Sentence
    clauses: list[Clause]
    voice: Voice
    words_of: tuple[int, int]
    speaker: str | None
    via: tuple[str, ...] = ()
    seen: int = -1
    scanned: Scan | None = None

    def seen_in(self, clause: Clause) -> int:
        """Return the bits of the patterns that can fit in a clause."""
        if self.scanned is None or len(self.clauses) == 1:
            return self.seen
        return self.scanned.mask(clause.start, clause.end)

    def find(self, cue: Cue, start: int, end: int) -> re.Match[str] | None:
        """Return the first fit of a list of expressions between two places of the sentence."""
        return cue.find(self.seen, self.folded, start, end) if self.seen & cue.flags else None

    def clause_at(self, position: int) -> Clause:
        """Return the clause that a position stands in."""
        return next((c for c in self.clauses if c.start <= position < c.end), self.clauses[-1])


def places(document: Document, folded: str) -> Iterator[Where]:
    """Yield every sentence of a document, cut where an embedded source begins or ends."""
    spans = sorted((start, end, quoted.id) for quoted in document.embedded for start, end in quoted.spans)
    starts = [span[0] for span in spans]
    by_id = {quoted.id: quoted for quoted in document.embedded}
    named: dict[str | None, Named] = {}
    patterns(document.lang)
    expressions(document.lang)
    scanned = scan(document.lang, folded)
    carried: tuple[int, str | None, str, int] | None = None
    lasting: tuple[int, str, str | None, int | None] | None = (
        None  # until where, who, in which source, in which line only
    )
    for sentence in sentences(document.text, document.lang):
        for piece, quoted in _pieces(sentence, spans, starts, by_id):
            base = base_voice(document, quoted)
            if quoted is not None and quoted.publisher:  # «the newspaper said» in the next sentence means it
                own = named.setdefault(None, Named(document.lang, base_voice(document, None).speaker))
                own.told(quoted.publisher)
            near = carried is not None and carried[1] == base.within and piece.start - carried[0] < _CARRY
            last = carried[2] if carried is not None and near else None
            seen = scanned.mask(piece.start, piece.end)
            said = spoken(document.text, piece, document.lang, last, seen)
            known = named.setdefault(base.within, Named(document.lang, base.speaker))
            known.note(seen, document.text, piece)
            near = lasting is not None and piece.start - lasting[0] < _CARRY and base.within == lasting[2]
            near = near and (lasting is None or lasting[3] is None or lasting[3] == piece.paragraph)
            if said is None and lasting and near and not known.subject(document.text, piece):
                said = Said(lasting[1], (piece.start, piece.end))
            if said is None and carried is not None and carried[1] == base.within and carried[3] == piece.paragraph:
                said = gone_on(document.text, piece, document.lang, carried[2])
            if said:
                said = _resolved(said, known, last)
            if said and known.is_pronoun(said.speaker):
                said = None
            if said:
                carried = (piece.end, base.within, said.speaker, piece.paragraph)
                for teller in (*said.via, said.speaker):
                    known.told(teller)
                goes_on = said.lasting or (lasting is not None and lasting[1] == said.speaker)
                line = piece.paragraph if said.in_line else None
                lasting = (piece.end, said.speaker, base.within, line) if goes_on or said.in_line else None
            parts = clauses(document.text, piece, document.lang)
            words_of = said.words_of if said else (piece.start, piece.end)
            yield Where(
                document, folded, piece, parts, base, words_of, said.speaker if said else None, said.via if said else (),
                seen, scanned,
            )  # fmt: skip


def _resolved(said: Said, known: Named, last: str | None) -> Said:
    """Return who spoke with names for «同社» and «the company», the chain too."""
    via = tuple(known.resolve(one, last) for one in said.via)
    return msgspec.structs.replace(said, speaker=known.resolve(said.speaker, last), via=via)


def _pieces(
    sentence: Sentence, spans: list[tuple[int, int, str]], starts: list[int], by_id: dict[str, Embedded]
) -> Iterator[tuple[Sentence, Embedded | None]]:
    """Cut a sentence where an embedded source begins or ends inside it; the innermost source of a place is its own."""
    last = bisect_right(starts, sentence.end)
    first = max(0, bisect_right(starts, sentence.start) - _NEST)
    inside = [span for span in spans[first:last] if span[1] > sentence.start and span[0] < sentence.end]
    edges = {edge for start, end, _ in inside for edge in (start, end) if sentence.start < edge < sentence.end}
    for start, end in pairwise(sorted({sentence.start, sentence.end, *edges})):
        own = [span for span in inside if span[0] <= start and end <= span[1]]
        best = min(own, key=lambda span: span[1] - span[0], default=None)
        yield Sentence(start, end, sentence.paragraph), by_id[best[2]] if best else None


__all__ = ["Where", "places"]


_NEWS = dt.timedelta(days=4)


def long_before(document: Document, moment: Moment) -> bool:
    """Tell whether an instant lies well before the publication of a document."""
    published = document.published.earliest if document.published else None
    return published is not None and moment.latest is not None and moment.latest < published - _NEWS
