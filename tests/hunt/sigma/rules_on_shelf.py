"""The rules of the shelf, read from their archive."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

from keii.hunt.sigma.loading import RuleFile, load
from keii.hunt.sigma.rules import RuleSet

CURRENT = ("rules/", "rules-emerging-threats/", "rules-threat-hunting/", "rules-compliance/", "rules-placeholder/")


@cache
def current_files(shelf: Path) -> tuple[RuleFile, ...]:
    """Return the 3,780 current rule files."""
    with zipfile.ZipFile(shelf / "sigma" / "sigma-rules.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith(CURRENT) and name.endswith(".yml")]
        return tuple(RuleFile(name, archive.read(name)) for name in names)


@cache
def current_rules(shelf: Path) -> RuleSet:
    """Return the current rules, loaded."""
    return load(current_files(shelf))
