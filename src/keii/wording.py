"""Every sentence that keii says to a person, in English and Japanese, kept in ``data/text/*.yaml``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from keii.data import load

Lang = Literal["en", "ja"]


@cache
def _sentences() -> dict[str, dict[str, str]]:
    folder = files("keii.data").joinpath("text")
    found: dict[str, dict[str, str]] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            found.update(load(f"text/{entry.name.removesuffix('.yaml')}") or {})
    return found


class _Fact(str):
    """A fact that a sentence may count: ``{hosts:machine|machines}`` says «1 machine» or «3 machines»."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        return f"{self} {one if self == '1' else many}" if bar else super().__format__(spec)


def say(key: str, lang: Lang = "en", facts: Mapping[str, object] | None = None) -> str:
    """Return the sentence ``key`` with its ``{places}`` filled; ``{count:file|files}`` is a number with its noun.

    An unknown key or fact raises KeyError.
    """
    return _sentences()[key][lang].format_map({name: _Fact(fact) for name, fact in (facts or {}).items()})


def language(asked: str | None = None) -> Lang:
    """Return the language to speak: the one asked for, else that of the locale, else English."""
    wanted = asked or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return "ja" if wanted.lower().startswith("ja") else "en"
