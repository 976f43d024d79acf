"""Rules ready to run, kept beside the case: parsing thousands of them takes seconds, reading the plan a tenth of one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

from keii import __version__
from keii.hunt.sigma.compile import Placeholders
from keii.hunt.sigma.loading import RuleFile, load, rule_files
from keii.hunt.sigma.rules import RuleSet

PLAN_VERSION = "4"  # raise it when the same rules compile to something else
_DIGEST = 32  # bytes of SHA-256 that stand before the plan


def digest(files: Iterable[RuleFile], placeholders: Placeholders) -> str:
    """Return the digest over everything that the plan comes from, 64 hex digits."""
    parts = hashlib.sha256()
    given = sorted((name, list(values)) for name, values in placeholders.items())
    parts.update(msgspec.msgpack.encode([PLAN_VERSION, __version__, version("pysigma"), given]))
    for file in sorted(files, key=lambda one: (one.name, one.data)):
        parts.update(msgspec.msgpack.encode([file.name, hashlib.sha256(file.data).digest()]))
    return parts.hexdigest()


def prepare(paths: Iterable[Path], placeholders: Placeholders | None = None, *, kept_in: Path | None = None) -> RuleSet:
    """Return the rules at the paths, from the kept plan where nothing changed.

    Args:
        paths: rule files, folders and ZIP archives of rules.
        placeholders: values for ``%name%``.
        kept_in: folder for the plan; None to keep none. A damaged plan, or one that cannot be written, is made anew.

    Raises:
        RuleError: a path cannot be read.
    """
    return prepare_files(list(rule_files(paths)), placeholders, kept_in=kept_in)


def prepare_files(
    files: Sequence[RuleFile], placeholders: Placeholders | None = None, *, kept_in: Path | None = None
) -> RuleSet:
    """Return the rules of files that are read already, in the same way."""
    given = placeholders or {}
    if kept_in is None:
        return load(files, given)
    path = kept_in / f"{digest(files, given)}.plan"
    if (kept := _read(path)) is not None:
        return kept
    rules = load(files, given)
    _write(path, rules)
    return rules


def _read(path: Path) -> RuleSet | None:
    try:
        data = path.read_bytes()
        if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
            return None
        return msgspec.msgpack.decode(memoryview(data)[_DIGEST:], type=RuleSet)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(path: Path, rules: RuleSet) -> None:
    data = msgspec.msgpack.encode(rules)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob("*.plan"):
            old.unlink(missing_ok=True)  # of other rules: one plan is kept
        temporary.write_bytes(hashlib.sha256(data).digest() + data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
