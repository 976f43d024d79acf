"""Who tells a claim, who says it, and whom it goes back to. Origins are counted, never pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from keii.model import Claim, Document

_FORM = re.compile(
    r"(株式会社|有限会社|合同会社|\(株\)|㈱|\b(inc|corp|corporation|co|ltd|llc|plc|gmbh)\b\.?|電子版|朝刊|夕刊|オンライン)",
    re.I,
)
_SPACE = re.compile(r"[\s,.・()]+")
_SHINGLE = 12  # characters: long enough that two writers do not meet by chance, short enough to survive light editing
_COPY = 0.6  # share of the shorter text's shingles found in the longer one, above which they are one text


def normal_name(name: str) -> str:
    """Return a name without its legal form, edition, width and case, for comparison."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return _SPACE.sub("", _FORM.sub("", text))


class Origins:
    """Voices and origins of claims over a set of documents."""

    def __init__(self, documents: Sequence[Document], names: Iterable[str] = ()) -> None:
        self._documents = {document.name: document for document in documents}
        self._victim = {normal_name(name) for name in names if name}
        self._victim.update(normal_name(d.publisher) for d in documents if d.kind == "statement" and d.publisher)
        self._victim.update(
            normal_name(e.publisher) for d in documents for e in d.embedded if e.kind == "statement" and e.publisher
        )
        self._victim.discard("")
        self._copies = _copies(documents)

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
        name = normal_name(speaker)
        return "victim" if name in self._victim else name

    def origin(self, claim: Claim) -> str:
        """Return whom a claim goes back to.

        A named speaker is the origin whoever repeats it; an anonymous one belongs to the first publication of the
        chain; publications whose texts are copies of each other are one.
        """
        if claim.basis == "observed":
            return "logs"
        voice = self.voice(claim)
        first = normal_name(claim.via[0]) if claim.via else ""
        if "@" not in voice and voice != normal_name(self.teller(claim)):
            return voice
        if first:
            return first
        if claim.within is None and claim.source in self._copies:
            return self._copies[claim.source]
        return normal_name(self.teller(claim))


def _shingles(text: str) -> set[str]:
    dense = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:50_000]))
    return {dense[at : at + _SHINGLE] for at in range(max(0, len(dense) - _SHINGLE + 1))}


def _copies(documents: Sequence[Document]) -> dict[str, str]:
    """Return document name → its origin for texts that are copies; the earliest published one is the origin."""
    dated = sorted(documents, key=lambda d: (d.published.edtf if d.published else "~", d.name))
    shingles = {document.name: _shingles(document.text) for document in dated}
    origin: dict[str, str] = {}
    for at, document in enumerate(dated):
        for earlier in dated[:at]:
            one, other = shingles[document.name], shingles[earlier.name]
            shorter = min(len(one), len(other))
            if shorter >= 100 and len(one & other) / shorter >= _COPY and document.lang == earlier.lang:
                origin[document.name] = origin.get(earlier.name, normal_name(earlier.publisher or earlier.name))
                break
    return origin
