"""What a new version of the same intel adds and withdraws."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from keii.model import Indicator, Match, Source
from keii.model.intel import IntelRevision
from keii.model.rule import IntelRule


def revisions(
    sources: Sequence[Source], indicators: Sequence[Indicator], rules: Sequence[IntelRule], matches: Sequence[Match]
) -> tuple[IntelRevision, ...]:
    """Return the differences between versions of intel that were added under one name, each against the one before.

    Args:
        sources: intel, in the order in which it was added. A later version has a piece of its hash in its name.
        indicators: of all sources.
        rules: likewise; the file of a Sigma rule counts as the rule.
        matches: of the hunt, to tell how often what is new was seen.

    Returns:
        One value per later version, also where it differs in nothing.
    """
    told: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for indicator in indicators:
        told[indicator.source][(indicator.kind, indicator.value)] = f"{indicator.kind} {indicator.value}"
    for rule in rules:
        told[rule.source][(rule.language, rule.text)] = f"{rule.language} {rule.id or rule.title or rule.text[:80]}"
    seen = {(match.indicator.kind, match.indicator.value) for match in matches if match.indicator}
    versions: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        versions[_name(source)].append(source)
    found = []
    for known in versions.values():
        for before, after in pairwise(known):
            old, new = told[before.id], told[after.id]
            found.append(
                IntelRevision(
                    source=after.id,
                    source_name=after.name,
                    before=before.name,
                    added=tuple(new[key] for key in sorted(new.keys() - old.keys())),
                    withdrawn=tuple(old[key] for key in sorted(old.keys() - new.keys())),
                    seen=len((new.keys() - old.keys()) & seen),
                )
            )
    return tuple(found)


def _name(source: Source) -> str:
    """Return the name under which a source was given, without the piece of its hash that tells versions apart."""
    return re.sub(rf"~{re.escape(source.sha256[:8])}(?=\.|$)", "", source.name) if source.sha256 else source.name
