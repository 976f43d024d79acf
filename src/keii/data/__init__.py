"""Tables that people can read and extend: lexicons, topics, event ids, sentences. Never code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def load(name: str) -> Any:
    """Return the content of ``data/<name>.yaml`` (``text/checks`` for a file in a folder); loaded once, do not change it."""
    text = files(__name__).joinpath(*f"{name}.yaml".split("/")).read_text("utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders


@cache
def tables(folder: str) -> tuple[str, ...]:
    """Return the names to ``load`` of the tables in ``data/<folder>``, in order."""
    held = files(__name__).joinpath(*folder.split("/")).iterdir()
    return tuple(sorted(f"{folder}/{one.name.removesuffix('.yaml')}" for one in held if one.name.endswith(".yaml")))


@cache
def lines(name: str) -> tuple[str, ...]:
    """Return the lines of ``data/<name>`` without blank lines and ``#`` comments."""
    text = files(__name__).joinpath(*name.split("/")).read_text("utf-8")
    return tuple(line for raw in text.splitlines() if (line := raw.split("#")[0].strip()))
