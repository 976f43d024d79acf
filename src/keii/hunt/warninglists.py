"""Indicators that a warninglist of the case names: they are told and not hunted.

The five types of MISP's warninglists: ``string`` the whole value, ``hostname`` a name and all below it, ``cidr`` the addresses of a
network, ``substring`` any part, ``regex`` a pattern (RE2, so that no pattern takes long). ``matching_attributes`` names the MISP types
that a list is for; without it, all kinds.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.lake.index_keys import url_parts
from keii.model import Indicator
from keii.model.rule import IntelRule
from keii.wording import say

_MOST = 1_000_000  # entries of a list
_SLASHED = re.compile(r"^/(.*)/([a-z]*)$", re.S)


class _List(msgspec.Struct, frozen=True):
    """One list ready to be asked; ``kinds`` of indicators that it is for, empty for all."""

    name: str
    kinds: frozenset[str]
    holds: Callable[[Sequence[str]], list[bool]]


def withheld(rules: Iterable[IntelRule], indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
    """Return the indicators, those that a warninglist among the rules names as not hunted, with the list's name in the note."""
    found = list(indicators)
    for rule in rules:
        if rule.language != "warninglist":
            continue
        one = _ready(rule)
        at = [n for n, each in enumerate(found) if each.hunted and (not one.kinds or each.kind in one.kinds)]
        for place, named in zip(at, one.holds([_value(found[n]) for n in at]), strict=True):
            if named:
                old = found[place]
                why = f"not hunted: {say('hunt.on_list', facts={'name': one.name})}"
                note = "; ".join(part for part in (old.note, why) if part)
                found[place] = msgspec.structs.replace(old, hunted=False, note=note)
    return tuple(found)


def _value(indicator: Indicator) -> str:
    return indicator.value.lower()


def _ready(rule: IntelRule) -> _List:
    told: dict[str, Any] = msgspec.json.decode(rule.text)
    entries = [entry.strip().lower() for entry in told["list"][:_MOST] if isinstance(entry, str) and entry.strip()]
    kinds = frozenset(kind for name in told.get("matching_attributes") or () for kind in _kinds(str(name)))
    make = {"hostname": _hostname, "cidr": _networks, "substring": _parts, "regex": _patterns}
    holds = make.get(told.get("type", "string"), _whole)(entries)
    return _List(rule.title or rule.source_name, kinds, holds)


def _kinds(name: str) -> Iterator[str]:
    """Yield the kinds of indicators that a MISP type stands for (``domain|ip`` for two)."""
    types = load("intel/misp_types")
    for part in name.split("|"):
        if part == "ip" or part.startswith("ip-"):
            yield from ("ip", "cidr")
        else:
            wanted = types.get(part)
            yield from (kind for kind in (wanted if isinstance(wanted, list) else [wanted]) if kind)


def _whole(entries: Sequence[str]) -> Callable[[Sequence[str]], list[bool]]:
    known = frozenset(entries)
    return lambda values: [value in known for value in values]


def _hostname(entries: Sequence[str]) -> Callable[[Sequence[str]], list[bool]]:
    known = frozenset(entry.strip(".") for entry in entries)

    def below(value: str) -> bool:
        parts = url_parts(value) if "/" in value else None
        labels = (parts[1].partition(":")[0] if parts else value).strip(".").split(".")
        return any(".".join(labels[at:]) in known for at in range(len(labels)))

    return lambda values: [below(value) for value in values]


def _networks(entries: Sequence[str]) -> Callable[[Sequence[str]], list[bool]]:
    known: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for entry in entries:
        try:
            known.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            continue
    by_length: dict[tuple[int, int], set[int]] = {}
    for network in known:
        shift = network.max_prefixlen - network.prefixlen
        by_length.setdefault((network.version, shift), set()).add(int(network.network_address) >> shift)

    def inside(value: str) -> bool:
        try:
            own = ipaddress.ip_network(value.strip("[]"), strict=False)
        except ValueError:
            return False
        free = own.max_prefixlen - own.prefixlen
        return any(
            version == own.version and shift >= free and int(own.network_address) >> shift in bases
            for (version, shift), bases in by_length.items()
        )

    return lambda values: [inside(value) for value in values]


def _parts(entries: Sequence[str]) -> Callable[[Sequence[str]], list[bool]]:
    return _matching("|".join(re.escape(entry) for entry in entries))


def _patterns(entries: Sequence[str]) -> Callable[[Sequence[str]], list[bool]]:
    bare = [found[1] if (found := _SLASHED.match(entry)) else entry for entry in entries]
    return _matching("|".join(f"(?:{pattern})" for pattern in bare if _is_pattern(pattern)))


def _is_pattern(text: str) -> bool:
    try:
        pc.match_substring_regex(pa.array([""]), text)
    except pa.ArrowInvalid:
        return False
    return True


def _matching(pattern: str) -> Callable[[Sequence[str]], list[bool]]:
    def holds(values: Sequence[str]) -> list[bool]:
        if not pattern or not values:
            return [False] * len(values)
        return [bool(one) for one in pc.match_substring_regex(pa.array(values, pa.string()), pattern).to_pylist()]

    return holds
