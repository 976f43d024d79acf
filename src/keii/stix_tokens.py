"""The words of a STIX pattern (STIX 2.1, part 9), for all who read one."""

from __future__ import annotations

import re

from keii.errors import RuleError

MAX_TOKENS = 20_000
_TOKEN = re.compile(
    r"\s+|(?P<text>[hbt]?'(?:[^'\\]|\\.)*')|(?P<path>[a-zA-Z][\w-]*:(?:'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[\w.*\-])+)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w-]*)|(?P<sign><=|>=|!=|<>|==|=|<|>|[()\[\],])"
)


def tokens_of(pattern: str) -> list[tuple[str, str]]:
    """Return kind (text, path, number, word, sign) and words of each token. Raises RuleError with the place of what is none."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            raise RuleError(f"character {at + 1} ({pattern[at : at + 12]!r}) is not of a pattern")
        if match.lastgroup:
            tokens.append((match.lastgroup, match[0]))
        if len(tokens) > MAX_TOKENS:
            raise RuleError(f"the pattern has more than {MAX_TOKENS:,} words")
        at = match.end()
    return tokens
