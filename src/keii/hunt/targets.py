"""Which indicators are hunted, by which keys, and which are only told, with the reason."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from keii.data import load
from keii.lake import index_keys as keys
from keii.model import Indicator
from keii.wording import say

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value to look for, with every indicator that asks for it.

    ``prefix``: bits of a network, None for exact. ``of_url``: the host of a URL, looked for where a log shows no paths.
    """

    kind: str
    form: str
    key: bytes
    prefix: int | None
    indicators: tuple[Indicator, ...]
    of_url: bool = False


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """What is hunted; ``indicators`` counts it by kind, ``not_hunted`` the rest by reason."""

    targets: tuple[Target, ...]
    indicators: dict[str, int]
    not_hunted: dict[str, int]


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that a case names as its own. Raises ValueError for text that is none."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def choose(indicators: Sequence[Indicator], internal: Sequence[str]) -> Targets:
    """Tell what is hunted from what is not; the same value asked for twice is one target."""
    own = networks(internal)
    found: dict[_What, Indicator] = {}
    again: dict[_What, list[Indicator]] = {}
    refused: Counter[str] = Counter()
    hunted: Counter[str] = Counter()
    for indicator in indicators:
        key = _key(indicator, own)
        if isinstance(key, str):
            refused[_told(key, indicator)] += 1
            continue
        hunted[indicator.kind] += 1
        asked: list[_What] = [(indicator.kind, key[0], key[1], key[2] or 0, False)]
        if indicator.kind == "url" and (host := _host_of_url(indicator.value, own)):
            asked.append(host)
        for what in asked:
            if found.setdefault(what, indicator) is not indicator:
                again.setdefault(what, []).append(indicator)
    targets = tuple(
        Target(
            kind=what[0],
            form=what[1],
            key=what[2],
            prefix=what[3] or None,
            indicators=_asking([found[what], *again[what]]) if what in again else (found[what],),
            of_url=what[4],
        )
        for what in sorted(found)
        if not (what[4] and (*what[:4], False) in found)
    )
    return Targets(targets=targets, indicators=dict(sorted(hunted.items())), not_hunted=dict(sorted(refused.items())))


_What = tuple[str, str, bytes, int, bool]  # kind, form, key, bits of a network (0 for none), whether the host of a URL


def _host_of_url(url: str, own: Sequence[Network]) -> _What | None:
    """Return the host of a URL as something to look for; None for private addresses and sites that everybody visits."""
    parts = keys.url_parts(url)
    key = keys.host_key(parts[1]) if parts else None
    if parts is None or key is None:
        return None
    if key[0] == "ip":
        address = ipaddress.ip_address(key[1])
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        return None if is_private(address) or any(address in network for network in own) else ("ip", *key, 0, True)
    labels = parts[1].partition(":")[0].split(".")
    usual = load("intel/not_hunted")
    sites = {*usual["with_subdomains"], *usual["but_not"], *usual["shared_sites"]}
    return None if any(".".join(labels[at:]) in sites for at in range(len(labels))) else ("domain", *key, 0, True)


def _asking(indicators: Sequence[Indicator]) -> tuple[Indicator, ...]:
    """Return the first of those of one source and spelling, by source."""
    once: dict[tuple[str, str], Indicator] = {}
    for indicator in indicators:
        once.setdefault((indicator.source, indicator.value), indicator)
    return tuple(once[place] for place in sorted(once))


def _told(reason: str, indicator: Indicator) -> str:
    """Return why an indicator is not hunted; what its reader found says more than that it is only told."""
    _, found, why = indicator.note.partition("not hunted: ")
    return f"{say(reason)}: {why}" if reason == "hunt.told_only" and found else say(reason)


def key_of(indicator: Indicator) -> tuple[str, bytes, int | None]:
    """Return (form, key, prefix) under which an index holds a value, private addresses included.

    Raises ValueError for what no event holds or what would stand in most of them.
    """
    if indicator.kind in ("ip", "cidr"):
        network = ipaddress.ip_network(indicator.value.strip().strip("[]"), strict=False)
        key = keys.address(str(network.network_address))
        if key is None:
            raise ValueError(say("hunt.invalid"))
        bits = network.prefixlen + (96 if network.version == 4 else 0)
        return "ip", key, None if bits == 128 else bits
    found = _key(msgspec.structs.replace(indicator, hunted=True), ())
    if isinstance(found, str):
        raise ValueError(say(found))
    return found


def _key(indicator: Indicator, own: Sequence[Network]) -> tuple[str, bytes, int | None] | str:
    """Return (form, key, prefix), or the id of the reason why the indicator is not hunted."""
    if indicator.kind in ("ip", "cidr"):
        address = keys.address(indicator.value) if "%" not in indicator.value else None
        if address is not None and _is_usual(address[:14]) and address != keys.MAPPED + bytes(4):
            return ("ip", address, None) if indicator.hunted else "hunt.told_only"
        return _network(indicator, own)
    if not indicator.hunted:
        return "hunt.told_only"
    value = indicator.value.strip()
    if indicator.kind == "domain":
        return _name(value)
    if "*" in value:
        return "hunt.wildcard"
    if len(value) < 2 or (indicator.kind == "user-agent" and value.lower() in ("mozilla/5.0", "mozilla/4.0")):
        return "hunt.too_broad"
    form = keys.FORM_OF_KIND[indicator.kind]
    key = _exact(form, value)
    if not key or (form == "hex" and not re.fullmatch(rb"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", key)):
        return "hunt.invalid"
    if form == "registry" and key.count(b"\\") < 3:
        return "hunt.too_broad"
    return form, key, None


def _exact(form: str, value: str) -> bytes | None:
    match form:
        case "url":
            return keys.url_key(value)
        case "hex":
            return keys.hex_key(value)
        case "email":
            return value.lower().encode("utf-8", "surrogatepass")
        case "file":
            return keys.file_key(value)
        case "path":
            return keys.path_key(value)
        case "registry":
            return keys.registry_key(value)
        case "pipe":
            return keys.pipe_key(value)
    return value.encode("utf-8", "surrogatepass")


def _network(indicator: Indicator, own: Sequence[Network]) -> tuple[str, bytes, int | None] | str:
    try:
        network = ipaddress.ip_network(indicator.value.strip().strip("[]"), strict=False)
    except ValueError:
        return "hunt.invalid"
    if isinstance(network, ipaddress.IPv6Network) and (mapped := network.network_address.ipv4_mapped) is not None:
        if network.prefixlen < 96:
            return "hunt.too_broad"
        network = ipaddress.ip_network((mapped, network.prefixlen - 96), strict=False)
    if network.prefixlen < load("hunt")["shortest_prefix"]["v4" if network.version == 4 else "v6"]:
        return "hunt.too_broad"
    first = network.network_address
    if first.is_unspecified or first.is_loopback or first.is_multicast or first.is_link_local:
        return "hunt.no_host"
    # A private address is hunted only where the case names its networks and this one lies outside of them.
    private = is_private(first)
    if private and (not own or any(network.overlaps(other) for other in own if other.version == network.version)):
        return "hunt.private"
    if not private and not indicator.hunted:
        return "hunt.told_only"
    key = keys.address(str(first))
    if key is None:
        return "hunt.invalid"
    bits = network.prefixlen + (96 if network.version == 4 else 0)
    return "ip", key, None if bits == 128 else bits


_PRIVATE = networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))


def is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """True for addresses of private networks (RFC 1918, RFC 6598, RFC 4193); documentation ranges are not."""
    return any(address in network for network in _PRIVATE if network.version == address.version)


@lru_cache(65_536)
def _is_usual(beginning: bytes) -> bool:
    """True for the first 14 of 16 bytes of IPv4 addresses that are public and no network's own: most of a list."""
    if not beginning.startswith(keys.MAPPED):
        return False
    first = ipaddress.IPv4Address(beginning[12:] + bytes(2))
    # Each of these ranges begins and ends with such a block, but for 0.0.0.0 alone.
    return not (is_private(first) or first.is_loopback or first.is_multicast or first.is_link_local)


_MAY_BE_ADDRESS = re.compile(r"[:%\[\]]")


def _name(value: str) -> tuple[str, bytes, int | None] | str:
    bare = value.removeprefix("*.").strip(".").lower()
    if "*" in bare or not bare:
        return "hunt.wildcard"
    labels = bare.split(".")
    if len(labels) < 2 or (len(labels) == 2 and len(labels[1]) == 2 and labels[0] in load("hunt")["registry_labels"]):
        return "hunt.too_broad"
    if not _MAY_BE_ADDRESS.search(bare) and not labels[-1].isdecimal():  # no address, with a port or without
        named = keys.name(bare)
        return ("name", named, None) if named else "hunt.invalid"
    key = keys.host_key(bare)
    return (key[0], key[1], None) if key and key[0] == "name" else "hunt.invalid"
