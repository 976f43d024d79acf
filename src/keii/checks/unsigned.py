"""Whose a notice is that names nobody: the voice of another notice that it shares its subject with. Inferred, and marked so."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from keii.checks.aliases import exact_values, subject_of
from keii.data import load
from keii.model import Category, Claim, Document

_NAME = {"en": re.compile(r"(?<=[a-z,] )[A-Z][\w-]+(?: [A-Z][\w-]+)+"), "ja": re.compile(r"「([^「」\n]{3,24})」")}
_READ = 20_000  # characters of a notice in which its names are looked for
_TOLD_TOO = 2  # values of a notice in another publication, so that the two speak of one incident
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}")
_LETTERS = 5  # of a domain's label, so that it can stand for a name


def unsigned_voices(claims: Sequence[Claim], documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Yield (name, document) for notices without a publisher whose voice is that of another notice, by its name.

    The name is the other's publisher, or its file name where it names nobody either.
    """
    notices = [document for document in documents if document.kind == "statement"]
    nameless = [document for document in notices if not document.publisher]
    if not nameless:
        return
    own: dict[str, list[Claim]] = {document.name: [] for document in notices}
    for claim in claims:
        if claim.source in own and claim.within is None:
            own[claim.source].append(claim)
    signed = [document for document in notices if document.publisher]
    for document in nameless:
        likely = [(_shared(one, document, own), at, one) for at, one in enumerate(signed)]
        points, _, best = max(likely, key=lambda row: (row[0], -row[1]), default=(0, 0, document))
        if points >= load("checks/unsigned")["enough"]:
            yield best.publisher, document.name
    for one, other in combinations(nameless, 2):
        if _shared(one, other, own) >= load("checks/unsigned")["enough"]:
            yield one.name, other.name
    yield from _spoken_of(claims, nameless, documents)


def strangers(documents: Sequence[Document], inferred: AbstractSet[str]) -> list[str]:
    """Return the notices without a publisher that nothing links to the first of the case: they may be anybody's."""
    notices = [document for document in documents if document.kind == "statement"]
    first = next((one for one in notices if one.publisher), notices[0] if notices else None)
    return [one.name for one in notices if not one.publisher and one is not first and one.name not in inferred]


def _spoken_of(
    claims: Sequence[Claim], nameless: Sequence[Document], documents: Sequence[Document]
) -> Iterator[tuple[str, str]]:
    """Yield whom other publications speak of that tell at least two of a nameless notice's own days and counts."""
    values = {one.name: exact_values(claim for claim in claims if claim.source == one.name) for one in documents}
    for notice in nameless:
        for other in documents:
            shared = other.kind != "statement" and len(values[notice.name] & values[other.name]) >= _TOLD_TOO
            if shared and (name := subject_of(other, claims)):
                yield name, notice.name


def domain_voices(publishers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield names with the mail or web domain that another notice of theirs is known by: Alpha Lane and alphalane.example."""
    named = sorted({name for name in publishers if name})
    for domain in named:
        if not _DOMAIN.fullmatch(domain.lower()):
            continue
        label = re.sub(r"[^a-z0-9]", "", domain.lower().split(".")[0])
        for name in named:
            letters = re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKC", name).lower())
            if "." in name and _DOMAIN.fullmatch(name.lower()):
                continue
            initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", name)).lower()
            begins = letters.startswith(label) or label.startswith(letters)
            if (min(len(label), len(letters)) >= _LETTERS and begins) or (len(label) >= 3 and label == initials):
                yield name, domain


def _shared(one: Document, other: Document, own: dict[str, list[Claim]]) -> int:
    """Return how much speaks for one voice of two notices, in points."""
    points: dict[str, int] = load("checks/unsigned")["points"]
    titles = _stem(one.title), _stem(other.title)
    told = 0
    if titles[0] and titles[0] == titles[1]:
        plain = not re.sub(load("checks/unsigned")["plain"], "", titles[0], flags=re.I).strip()
        told += points["plain_title" if plain else "title"]
    told += points["system"] * len(_systems(one, own[one.name]) & _systems(other, own[other.name]))
    told += points["name"] * len(_names(one) & _names(other))
    return told + points["value"] * len(exact_values(own[one.name]) & exact_values(own[other.name]))


def _stem(title: str) -> str:
    text = unicodedata.normalize("NFKC", title).casefold()
    return " ".join(re.sub(load("checks/unsigned")["title_less"], " ", text, flags=re.I).split())


def _systems(document: Document, claims: Iterable[Claim]) -> set[str]:
    told = (claim.value for claim in claims if claim.topic == "affected.system")
    named = {item.lower() for value in told if isinstance(value, Category) for item in value.items}
    own = re.finditer(load("checks/unsigned")["own_system"][document.lang], document.text[:_READ])
    return named | {match[1].lower() for match in own}


def _names(document: Document) -> set[str]:
    """Return the products, places and people that a notice names."""
    found = {match[match.re.groups] for match in _NAME[document.lang].finditer(document.text[:_READ])}
    return {name for name in found if not re.search(load("checks/unsigned")["names_nothing"], name)}
