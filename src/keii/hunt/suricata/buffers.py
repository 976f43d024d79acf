"""The options of a rule, from left to right, as what is asked of each buffer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from keii.data import load
from keii.errors import RuleError
from keii.hunt.suricata.content import Buffer, Content, Pcre, UnheldError, text_of
from keii.hunt.suricata.rule import Option

_CONTENT = re.compile(r'(?P<text>!?\s*"(?:[^"\\]|\\.)*")\s*(?:,(?P<more>.*))?', re.DOTALL)
_PCRE = re.compile(r'(?P<not>!?)\s*"?/(?P<expression>.*)/(?P<flags>\w*)"?(?P<taken>\s*,.*)?', re.DOTALL)
_MODIFIERS = frozenset({"http_uri", "http_raw_uri", "http_host", "http_raw_host", "http_method", "http_user_agent",
                        "http_referer", "http_stat_code"})  # fmt: skip


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule asks besides its header: buffers by table, and whose packets it is about."""

    buffers: tuple[tuple[str, Buffer], ...]
    of_answer: bool
    flow: frozenset[str]


class Collector:
    """Reads options; the keyword that needs what no log holds is raised as UnheldError."""

    def __init__(self) -> None:
        self._table: dict[str, Any] = load("intel/suricata_keywords")
        self._items: dict[str, list[Content | Pcre]] = {}
        self._sizes: dict[str, tuple[int, int | None]] = {}
        self._dotted: set[str] = set()
        self._lowered: set[str] = set()
        self._sticky: str | None = None
        self._last: str | None = None  # the buffer of the last content; "" for the packet
        self._flow: set[str] = set()
        self._own: dict[str, Callable[[str], None]] = {
            "content": self._content, "uricontent": self._uricontent, "pcre": self._pcre, "bsize": self._bsize,
            "urilen": self._urilen, "flow": self._set_flow, "flowbits": self._flowbits, "threshold": self._threshold,
            "isdataat": self._isdataat,
        }  # fmt: skip

    def take(self, option: Option) -> None:
        """Take the next option."""
        name, value = option.name, option.value
        if name in self._table["ignored"]:
            return
        if name in self._own:
            self._own[name](value or "")
        elif name in self._table["buffers"] and value is None:
            self._buffer(name)
        elif name in ("nocase", "startswith", "endswith", "depth", "offset", "distance", "within"):
            self._modify(name, value)
        elif name in ("dotprefix", "to_lowercase") and self._sticky:
            (self._dotted if name == "dotprefix" else self._lowered).add(self._sticky)
        else:
            raise UnheldError(name)

    def done(self) -> Asked:
        """Return what was asked. Raises UnheldError where contents of the packet are."""
        if self._items.pop("", None):
            raise UnheldError("content (of the packet)")
        found = []
        answers = False
        for name in dict.fromkeys([*self._items, *self._sizes]):
            told = self._table["buffers"][name]
            least, most = self._sizes.get(name, (0, None))
            without = told.get("without", "")
            items = tuple(
                msgspec.structs.replace(item, text=item.text.replace(without, ""))
                if without and isinstance(item, Content)
                else item
                for item in self._items.get(name, ())
            )
            found.append((told["table"], Buffer(
                field=told["column"], uncased=bool(told.get("uncased")) or name in self._lowered,
                dotted=name in self._dotted, least=least, most=most, items=items,
            )))  # fmt: skip
            answers |= bool(told.get("of_answer"))
        return Asked(buffers=tuple(found), of_answer=answers, flow=frozenset(self._flow))

    def _buffer(self, name: str) -> None:
        if name in _MODIFIERS and self._last == "":
            self._items.setdefault(name, []).append(self._items[""].pop())
            self._last = name
        else:
            self._sticky = name
            self._items.setdefault(name, [])

    def _content(self, value: str) -> None:
        match = _CONTENT.fullmatch(value.strip())
        if match is None:
            raise RuleError(f"content:{value[:40]} is no text in quotation marks")
        negated, text = text_of(match["text"])
        self._append(Content(text=text, negated=negated))
        for part in (match["more"] or "").split(","):
            name, _, number = part.strip().partition(" ")
            if name and not name.startswith("fast_pattern"):
                self._modify(name, number.strip() or None)

    def _append(self, item: Content | Pcre, buffer: str | None = None) -> None:
        self._last = (self._sticky or "") if buffer is None else buffer
        self._items.setdefault(self._last, []).append(item)

    def _uricontent(self, value: str) -> None:
        negated, text = text_of(value)
        self._append(Content(text=text, negated=negated), "http.uri")

    def _modify(self, name: str, value: str | None) -> None:
        items = self._items.get(self._last or "", []) if self._last is not None else []
        if not items or not isinstance(items[-1], Content):
            raise RuleError(f"{name} stands behind no content")
        flags: dict[str, dict[str, int]] = {
            "nocase": {"nocase": True}, "startswith": {"begins": True}, "endswith": {"ends": True},
        }  # fmt: skip
        change = flags.get(name, {})
        if not change:
            if name not in ("depth", "offset", "distance", "within"):
                raise UnheldError(name)
            if re.fullmatch(r"-?\d{1,6}", value or "") is None:
                raise UnheldError(f"{name} (of a variable)")
            change = {name: int(value or 0)}
        items[-1] = msgspec.structs.replace(items[-1], **change)

    def _pcre(self, value: str) -> None:
        match = _PCRE.fullmatch(value.strip())
        if match is None:
            raise RuleError(f"pcre:{value[:40]} is no expression between slashes")
        if match["taken"]:
            raise UnheldError("pcre that takes out values")
        buffer = None
        flags = ""
        relative = False
        for letter in match["flags"]:
            if letter in "ismx":
                flags += letter
            elif letter == "R":
                relative = True
            elif letter in self._table["pcre_buffers"]:
                buffer = self._table["pcre_buffers"][letter]
            else:
                raise UnheldError(f"pcre with the flag {letter}")
        if "x" in flags:
            raise UnheldError("pcre with the flag x")
        self._append(
            Pcre(expression=match["expression"], flags=flags, negated=bool(match["not"]), relative=relative), buffer
        )

    def _bsize(self, value: str) -> None:
        if not self._sticky:
            raise UnheldError("bsize (of the packet)")
        self._sizes[self._sticky] = _range(value)

    def _urilen(self, value: str) -> None:
        self._sizes["http.uri"] = _range(value.partition(",")[0])

    def _set_flow(self, value: str) -> None:
        self._flow |= {word.strip() for word in value.split(",")}

    def _flowbits(self, value: str) -> None:
        word = value.partition(",")[0].strip()
        if word not in ("set", "unset", "toggle"):  # these leave a mark for other rules and ask for nothing
            raise UnheldError(f"flowbits:{word}")

    def _threshold(self, value: str) -> None:
        if re.search(r"type\s+limit\b", value) is None:  # a limit only says how often Suricata tells
            raise UnheldError("threshold (that counts)")

    def _isdataat(self, value: str) -> None:
        if re.fullmatch(r"!\s*1\s*,\s*relative", value) is None:
            raise UnheldError("isdataat")
        self._modify("endswith", None)


def _range(value: str) -> tuple[int, int | None]:
    """Return the least and most bytes of ``10``, ``<10``, ``>10``, ``3<>20`` (its ends left out)."""
    text = value.replace(" ", "")
    if match := re.fullmatch(r"(\d{1,6})<>(\d{1,6})", text):
        return int(match[1]) + 1, int(match[2]) - 1
    match = re.fullmatch(r"(<=|>=|<|>|)(\d{1,6})", text)
    if match is None:
        raise UnheldError(f"a size of {value[:40]!r}")
    sign, number = match[1], int(match[2])
    ranges: dict[str, tuple[int, int | None]] = {
        "": (number, number), "<": (0, number - 1), "<=": (0, number), ">": (number + 1, None), ">=": (number, None),
    }  # fmt: skip
    least, most = ranges[sign]
    return least, most
