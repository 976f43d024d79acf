"""What contents and expressions ask of one buffer, as expressions of the rule engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from keii.errors import RuleError
from keii.hunt.sigma.compile import join_all, join_any, regex_of
from keii.hunt.sigma.expression import Empty, Expression, Not, Text

_LONGEST = 1_000  # repetitions that RE2 takes


class UnheldError(RuleError):
    """A rule needs what no log holds; ``message`` is the keyword."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A text that must, or with ``negated`` must not, stand in the buffer; places in bytes, None where any will do."""

    text: str
    negated: bool = False
    nocase: bool = False
    begins: bool = False
    ends: bool = False
    offset: int | None = None
    depth: int | None = None
    distance: int | None = None
    within: int | None = None

    @property
    def relative(self) -> bool:
        """Whether it is looked for behind the one before."""
        return self.distance is not None or self.within is not None


class Pcre(msgspec.Struct, frozen=True, kw_only=True):
    """A regular expression; ``relative`` to the end of the match before."""

    expression: str
    flags: str = ""
    negated: bool = False
    relative: bool = False


class Buffer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a rule asks of one buffer; ``least`` and ``most`` bytes long; ``dotted``: a dot stands before it."""

    field: str
    uncased: bool = False
    dotted: bool = False
    least: int = 0
    most: int | None = None
    items: tuple[Content | Pcre, ...] = ()


def text_of(written: str) -> tuple[bool, str]:
    """Return whether a content is negated, and its text with hexadecimal parts and escapes resolved.

    Raises RuleError where it is broken, UnheldError for bytes that are no text.
    """
    match = re.fullmatch(r'(!?)\s*"(.*)"', written.strip(), re.DOTALL)
    if match is None:
        raise RuleError(f"{written[:40]!r} is no text in quotation marks")
    found = b""
    for number, part in enumerate(re.split(r"(?<!\\)\|", match[2])):
        if number % 2:
            try:
                found += bytes.fromhex(part)
            except ValueError:
                raise RuleError(f"|{part[:40]}| is not hexadecimal") from None
        else:
            if re.search(r'(?<!\\)(?:\\\\)*"', part):
                raise RuleError("a quotation mark inside of a content is not escaped")
            found += re.sub(r'\\([\\";:|])', r"\1", part).encode()
    if match[2].replace("\\|", "").count("|") % 2:
        raise RuleError("a | is not closed")
    try:
        text = found.decode()
    except UnicodeDecodeError:
        raise UnheldError("content (bytes that are no text)") from None
    if not text:
        raise RuleError("a content is empty")
    return bool(match[1]), text


def compile_buffer(buffer: Buffer) -> Expression:
    """Return what a buffer must be. Raises RuleError, UnheldError where places cannot be expressed."""
    asked: list[Expression] = []
    sized = buffer.least > 0 or buffer.most is not None
    for chain in _chains(buffer.items):
        if sized and buffer.least == buffer.most and _fills(chain, buffer):
            asked.append(_plain(msgspec.structs.replace(chain[0], begins=True, ends=True), buffer))  # type: ignore[arg-type]
            sized = False
        elif len(chain) == 1 and isinstance(chain[0], Content) and chain[0].offset is None and chain[0].depth is None:
            asked.append(_plain(chain[0], buffer))
        else:
            asked.append(_chained(chain, buffer))
    if sized:
        if max(buffer.least, buffer.most or 0) > _LONGEST:
            raise UnheldError(f"bsize of more than {_LONGEST}")
        asked.append(
            regex_of(buffer.field, f"(?s)\\A.{{{buffer.least},{'' if buffer.most is None else buffer.most}}}\\z")
        )
    return join_all(asked) if asked else Not(Empty(buffer.field))


def _chains(items: Sequence[Content | Pcre]) -> list[list[Content | Pcre]]:
    found: list[list[Content | Pcre]] = []
    for item in items:
        if item.relative and found:
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _fills(chain: Sequence[Content | Pcre], buffer: Buffer) -> bool:
    one = chain[0]
    return (
        len(chain) == 1 and isinstance(one, Content) and not one.negated and one.offset in (None, 0)
        and len(one.text.encode()) == buffer.most and not buffer.dotted
    )  # fmt: skip


def _plain(one: Content, buffer: Buffer) -> Expression:
    cased = not (one.nocase or buffer.uncased)
    text = one.text if cased else one.text.lower()
    mode = "is" if one.begins and one.ends else "starts" if one.begins else "ends" if one.ends else "has"
    found: Expression = Text(buffer.field, mode, (text,), cased)  # type: ignore[arg-type]
    if buffer.dotted and text.startswith("."):
        behind = {"is": "is", "starts": "starts", "ends": "is", "has": "starts"}[mode]
        if not text[1:]:
            found = Not(Empty(buffer.field))
        else:
            own = Text(buffer.field, behind, (text[1:],), cased)  # type: ignore[arg-type]
            found = own if one.begins else join_any([found, own])
    elif buffer.dotted and one.begins:
        raise RuleError("what begins a buffer behind dotprefix must begin with a dot")
    return join_all([Not(found), Not(Empty(buffer.field))]) if one.negated else found


def _chained(chain: Sequence[Content | Pcre], buffer: Buffer) -> Expression:
    """Return contents that follow one another as one regular expression: one of the ways to bind them must do."""
    if buffer.dotted:
        raise UnheldError("dotprefix with places inside of the buffer")
    if any(item.negated for item in chain) and len(chain) > 1:
        raise UnheldError("a negated content relative to another")
    pattern = ""
    for number, item in enumerate(chain):
        flags = "i" if buffer.uncased or (isinstance(item, Content) and item.nocase) else ""
        if isinstance(item, Pcre):
            flags = "".join(sorted({*item.flags, *flags}))
            behind = number > 0 and item.expression.startswith("^")  # the end of the match before is where it begins
            expression = item.expression[1:] if behind else item.expression
            gap = "(?s:.*?)" if number and not behind else ""
            pattern += gap + (f"(?{flags}:{expression})" if flags else f"(?:{expression})")
            continue
        gap = _gap_behind(item) if number else _gap_before(item)
        literal = re.escape(item.text)
        pattern += gap + (f"(?i:{literal})" if flags else literal) + ("\\z" if item.ends else "")
    found = regex_of(buffer.field, pattern)
    return join_all([Not(found), Not(Empty(buffer.field))]) if chain[0].negated else found


def _gap_before(item: Content) -> str:
    if item.begins:
        return "\\A"
    if item.offset is None and item.depth is None:
        return ""
    offset = item.offset or 0
    last = None if item.depth is None else offset + item.depth - len(item.text.encode())
    return "\\A" + _run(offset, last)


def _gap_behind(item: Content) -> str:
    distance = item.distance or 0
    if distance < 0:
        raise UnheldError("distance (negative)")
    last = None if item.within is None else distance + item.within - len(item.text.encode())
    return _run(distance, last)


def _run(least: int, most: int | None) -> str:
    if most is not None and most < least:
        raise RuleError("a content does not fit into its depth or within")
    if max(least, most or 0) > _LONGEST:
        raise UnheldError(f"places beyond {_LONGEST} bytes")
    if most is None:
        return f"(?s:.{{{least},}})" if least else "(?s:.*)"
    return f"(?s:.{{{least},{most}}})" if most else ""
