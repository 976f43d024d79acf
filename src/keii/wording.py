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


def say(key: str, lang: Lang = "en", facts: Mapping[str, object] | None = None) -> str:
    """Return the sentence ``key`` with its ``{places}`` filled. An unknown key or fact raises KeyError."""
    return _sentences()[key][lang].format_map(dict(facts or {}))


def language(asked: str | None = None) -> Lang:
    """Return the language to speak: the one asked for, else that of the locale, else English."""
    wanted = asked or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return "ja" if wanted.lower().startswith("ja") else "en"
