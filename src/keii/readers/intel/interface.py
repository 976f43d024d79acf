"""The shape of an intel reader: bytes in, indicators, patterns, rules and skips out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from keii.model import Indicator, IntelPattern, Skipped, Source
from keii.model.rule import IntelRule

Found = Indicator | IntelPattern | IntelRule | Skipped


class IntelReader(msgspec.Struct, frozen=True, kw_only=True):
    """A reader of one intel format.

    Attributes:
        id: stable id, also the file name (``stix``).
        title: what a person calls it.
        accepts: how surely the first 64 KiB are this format, 0 to 1.
        read: the whole file's bytes and its source to indicators, patterns, rules and skips; raises ``UnreadableError``.
    """

    id: str
    title: str
    accepts: Callable[[bytes, str], float]
    read: Callable[[bytes, Source], Iterator[Found]]
