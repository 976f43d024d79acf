"""Documents: the text of a public source, its times, and the sources it quotes."""

from __future__ import annotations

from typing import Literal

import msgspec

from keii.model.moment import Moment

# Characters of a text, from its beginning, from which claims and quoted sources are read: a report of some thousand pages. A longer
# text is kept whole, and its document says that it was read in part.
READ = 2_000_000


# Characters of a text, from its beginning, from which claims and quoted sources are read: a report of a thousand pages. A
# longer text is kept whole, and its notes say that it was read in part.
READ = 2_000_000
_TO_A_STOP = 2_000  # characters before that bound in which a line or a sentence ends


class RejectedDate(msgspec.Struct, frozen=True, kw_only=True):
    """A date found in a page that was not taken for the publication date, and why."""

    as_text: str
    place: str
    reason: str


class Embedded(msgspec.Struct, frozen=True, kw_only=True):
    """A source quoted inside a document: another paper's article, a company's statement.

    Attributes:
        id: ``e1``, ``e2`` … in order of appearance.
        publisher: as written.
        title: headline where given, else empty.
        published: its own time, None where not given.
        updated: time of an update where given.
        spans: the character ranges of the document that hold its words, ascending; may be empty for one that is only
            named.
        kind: news, statement, blog, government or other.
    """

    id: str
    publisher: str
    title: str = ""
    published: Moment | None = None
    updated: Moment | None = None
    spans: tuple[tuple[int, int], ...] = ()
    kind: str = "news"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    r"""The extracted text of a source and what it says of itself.

    Attributes:
        source: id of the source; ``name`` is its file name.
        text: the extracted text. Every offset of every claim points into it. ``\\n`` ends a line.
        lang: ``ja`` or ``en``.
        publisher, title, url, author: as stated, empty where not.
        kind: news, statement, government, blog, report or other.
        published: publication time with its time of day and zone where stated; ``updated`` likewise.
        rejected: other dates of the page, with the reason.
        embedded: sources quoted inside.
        pages: offset at which each page starts (paged documents), else empty.
        headings: character ranges of title and headings.
        notes: what the reader had to do or could not do (encoding guessed, ruby removed, image without text).
    """

    source: str
    name: str
    text: str
    lang: Literal["ja", "en"] = "en"
    publisher: str = ""
    title: str = ""
    url: str = ""
    author: str = ""
    kind: str = "other"
    published: Moment | None = None
    updated: Moment | None = None
    rejected: tuple[RejectedDate, ...] = ()
    embedded: tuple[Embedded, ...] = ()
    pages: tuple[int, ...] = ()
    headings: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The text as far as claims are read from it: whole, or up to the last line or sentence before ``READ`` characters."""
        if len(self.text) <= READ:
            return self.text
        near = max(0, READ - _TO_A_STOP)
        stops = [at + len(end) for end in ("\n", "。", ". ") if (at := self.text.rfind(end, near, READ)) >= 0]
        return self.text[: max(stops, default=READ)]
