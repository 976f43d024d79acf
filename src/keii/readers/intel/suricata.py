"""Suricata and Snort rule files, one value a rule; the hunt reads what the rules ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keii.errors import LimitError
from keii.model import Skipped, Source
from keii.model.rule import IntelRule
from keii.readers.documents.encoding import decode
from keii.readers.intel.interface import Found, IntelReader

MAX_RULE = 65_536  # characters of one rule
MAX_FILE = 128 * 1024 * 1024  # bytes; the largest public set has 40 MB
_ACTIONS = r"(?:alert|drop|reject|rejectsrc|rejectdst|rejectboth|pass|log|block|sdrop|accept|config)(?::\w+)?(?:,\w+(?::\w+)?)*"
_RULE = re.compile(rf"\s*{_ACTIONS}\s+(?:[\w.:<>-]+\s+)?(?=\S|$)")
_ALONE = re.compile(rf"\s*{_ACTIONS}(?:\s+[\w.:<>-]+)?\s*")
_BEGUN = re.compile(rf"\s*{_ACTIONS}\s+\w+\s+\S+\s+\S")
_ARROW = re.compile(r"->|<>|=>")


def _is_rule(line: str) -> bool:
    """Tell a rule by its action, and by an arrow before its options unless it names no ends (Snort 3)."""
    head, bracket, _ = line.partition("(")
    if not bracket:
        return False
    return _RULE.match(head) is not None and (_ARROW.search(head) or _ALONE.fullmatch(head)) is not None


def _is_disabled(line: str) -> bool:
    rule = line.lstrip().lstrip("#")
    return "sid" in rule and "->" in rule and _is_rule(rule)


def accepts(head: bytes, name: str) -> float:  # noqa: ARG001 - the shape of every reader
    """Tell rules by lines of an action, a header with an arrow, and options in brackets."""
    lines = [line for line in head.decode("utf-8", "replace").lstrip("\ufeff").split("\n")[:500] if line.strip()]
    rules = [line for line in lines if not line.lstrip().startswith("#")]
    if not rules:
        return 1.0 if any(_is_disabled(line) for line in lines) else 0.0
    held = sum(1 for line in rules if _is_rule(line))
    continued = sum(1 for before in rules[:-1] if before.rstrip().endswith("\\"))
    # Beside one whole rule a line that begins like one is a broken rule, to be told as such.
    broken = sum(1 for line in rules if _BEGUN.match(line) and not _is_rule(line))
    return 1.0 if held and held + broken + continued >= 0.8 * len(rules) and "sid" in head.decode("latin-1") else 0.0


def read(data: bytes, source: Source) -> Iterator[Found]:
    """Yield every rule with its line; lines that are none are skipped; rules that are commented out keep their ``#``."""
    if len(data) > MAX_FILE:
        raise LimitError(f"the file has {len(data):,} bytes; at most {MAX_FILE:,} are read", place=source.name)
    text, _ = decode(data)
    for number, line in _lines(text.lstrip("\ufeff")):
        if not line.strip():
            continue
        if line.lstrip().startswith("#") and not _is_disabled(line):
            continue
        if len(line) > MAX_RULE:
            yield Skipped(place=f"line {number}", reason=f"{len(line):,} characters long", record=number)
        elif not _is_rule(line.lstrip(" \t#")):
            yield Skipped(place=f"line {number}", reason=f"{line.strip()[:80]!r} is no rule", record=number)
        else:
            place = f"{source.name}, line {number}"
            yield IntelRule(
                language="suricata", place=place, text=line.strip(), source=source.id, source_name=source.name
            )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their number, those that end in a backslash joined with the next."""
    held, begun = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        begun = begun or number
        bare = line.rstrip("\r")
        if bare.endswith("\\") and not bare.lstrip().startswith("#") and len(held) <= MAX_RULE:
            held += bare[:-1]
            continue
        yield begun, held + bare
        held, begun = "", 0
    if held:
        yield begun, held


READER = IntelReader(id="suricata", title="Suricata and Snort rules", accepts=accepts, read=read)
