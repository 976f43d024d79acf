"""The things and the people that a text names, by the ids of ``data/checks/grounds.yaml``."""

from __future__ import annotations

import re
from functools import lru_cache

from keii.data import load


def things(text: str) -> frozenset[str]:
    """Return the ids of the things that a text names, of those that data consists of."""
    return named("things", text)


@lru_cache(maxsize=4096)
def named(table: str, text: str) -> frozenset[str]:
    """Return the ids of a table (``things``, ``people``) any of whose words a text holds."""
    kinds = load("checks/grounds")[table]
    return frozenset(kind for kind, words in kinds.items() if any(re.search(word, text, re.I) for word in words))
