"""A Suricata or Snort rule taken apart: header and options (Suricata user guide, chapter «Rules Format»)."""

from __future__ import annotations

import re

import msgspec

from keii.errors import RuleError

MOST_OPTIONS = 1_000
_ARROWS = ("->", "<>", "=>")
_HEADER = re.compile(r"\s*(?P<action>[\w:,]+)\s+(?P<rest>.*)", re.DOTALL)


class Option(msgspec.Struct, frozen=True):
    """A keyword with its value; None where it has none."""

    name: str
    value: str | None = None


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it is written; addresses and ports of a header that names none are ``any``."""

    action: str
    protocol: str
    source: str = "any"
    source_port: str = "any"
    arrow: str = "->"
    target: str = "any"
    target_port: str = "any"
    options: tuple[Option, ...]

    def first(self, name: str) -> str | None:
        """Return the value of the first option of a name."""
        return next((one.value for one in self.options if one.name == name), None)


def take_apart(text: str) -> Written:
    """Return the parts of a rule. Raises RuleError that says what is not of a rule."""
    head, bracket, rest = text.partition("(")
    rest = rest.rstrip()
    if not bracket or not rest.endswith(")"):
        raise RuleError("its options do not stand in brackets")
    options = tuple(_options(rest[:-1]))
    found = _HEADER.fullmatch(head)
    if found is None:
        raise RuleError("its header names no protocol") if head.strip() else RuleError("it has no header")
    words = _words(found["rest"])
    if len(words) == 1:  # Snort 3 leaves out what is any
        return Written(action=found["action"].lower(), protocol=words[0].lower(), options=options)
    if len(words) != 6 or words[3] not in _ARROWS:
        raise RuleError(f"its header has {len(words) + 1} words; action, protocol, two ends and an arrow are expected")
    protocol, source, source_port, arrow, target, target_port = words
    return Written(
        action=found["action"].lower(), protocol=protocol.lower(), source=source, source_port=source_port, arrow=arrow,
        target=target, target_port=target_port, options=options,
    )  # fmt: skip


def _words(header: str) -> list[str]:
    """Return the words of a header; blanks inside of square brackets part none."""
    words, depth, word = [], 0, ""
    for letter in header:
        depth += (letter == "[") - (letter == "]")
        if depth < 0:
            raise RuleError("a square bracket of its header is closed that was not opened")
        if letter.isspace():
            if depth == 0 and word:
                words.append(word)
                word = ""
        else:
            word += letter
    if depth:
        raise RuleError("a square bracket of its header is not closed")
    return [*words, word] if word else words


def _options(text: str) -> list[Option]:
    found: list[Option] = []
    for part in _parts(text):
        name, colon, value = part.partition(":")
        name = name.strip().lower()
        if not re.fullmatch(r"[a-z0-9_.-]+", name):
            raise RuleError(f"{part.strip()[:40]!r} is no option")
        found.append(Option(name, value.strip() if colon else None))
        if len(found) > MOST_OPTIONS:
            raise RuleError(f"it has more than {MOST_OPTIONS} options")
    if not found:
        raise RuleError("it has no options")
    return found


def _parts(text: str) -> list[str]:
    """Return what stands between semicolons; those inside of quotes or behind a backslash part nothing."""
    parts, begin, at, quoted = [], 0, 0, False
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            parts.append(text[begin:at])
            begin = at + 1
        at += 1
    if quoted:
        raise RuleError("a quotation mark is not closed")
    if text[begin:].strip():
        raise RuleError("its last option does not end with a semicolon")
    return parts
