"""Which indicators are hunted, by which keys, and which are only told, with the reason."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
import pyarrow as pa

from keii.data import load
from keii.hunt import usual
from keii.hunt.target_list import Block, Positions, TargetList, What
from keii.lake import index_keys as keys
from keii.lake.index_columns import others
from keii.model import Indicator
from keii.wording import say

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """What is hunted; ``indicators`` counts it by kind, ``not_hunted`` the rest by reason."""

    targets: TargetList
    indicators: dict[str, int]
    not_hunted: dict[str, int]


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks that a case names as its own. Raises ValueError for text that is none."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def choose(indicators: Sequence[Indicator], internal: Sequence[str]) -> Targets:
    """Tell what is hunted from what is not; the same value asked for twice is one target."""
    asked = _Asked(networks(internal))
    by_kind: dict[str, list[int]] = {}
    for place, indicator in enumerate(indicators):
        by_kind.setdefault(indicator.kind, []).append(place)
    for kind, places in by_kind.items():
        asked.take(kind, [indicators[place] for place in places], np.array(places, np.int64))
    return Targets(
        targets=TargetList(indicators, asked.blocks()),
        indicators=dict(sorted(asked.hunted.items())),
        not_hunted=dict(sorted(asked.refused.items())),
    )


class _Asked:
    """Keys and places of indicators as they are gathered: usual ones by column, the others one by one."""

    def __init__(self, own: tuple[Network, ...]) -> None:
        self.own = own
        self.hunted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._exact: dict[What, list[tuple[pa.Array, Positions]]] = {}
        self._networks: dict[What, list[tuple[bytes, int, int]]] = {}

    def take(self, kind: str, indicators: Sequence[Indicator], places: Positions) -> None:
        """Gather the indicators of one kind."""
        values, broken = usual.texts([indicator.value for indicator in indicators])
        told = np.array([not indicator.hunted for indicator in indicators], np.bool_)
        told[broken] = True  # one by one
        quick = np.flatnonzero(~told)
        form, found, at = usual.usual_keys(kind, values.take(pa.array(quick)))
        at = quick[at]
        self._add((kind, form, False), found, places[at])
        if len(at):
            self.hunted[kind] += len(at)
        if kind == "url":
            self._hosts(indicators, values, places, at)
        for place in others(len(indicators), at).tolist():
            self._one(indicators[place], int(places[place]))

    def _hosts(self, indicators: Sequence[Indicator], values: pa.Array, places: Positions, at: Positions) -> None:
        """Gather the hosts of usual URLs."""
        hosts, left = usual.url_hosts(values.take(pa.array(at)))
        for form, found, which in hosts:
            self._add(("domain", form, True), found, places[at[which]])
        for place in at[left].tolist():
            self._host(indicators[place].value, int(places[place]))

    def _one(self, indicator: Indicator, place: int) -> None:
        key = _key(indicator, self.own)
        if isinstance(key, str):
            self.refused[_told(key, indicator)] += 1
            return
        self.hunted[indicator.kind] += 1
        form, found, bits = key
        if bits:
            self._networks.setdefault((indicator.kind, form, False), []).append((found, bits, place))
        else:
            self._add((indicator.kind, form, False), pa.array([found], pa.binary()), np.array([place], np.int64))
        if indicator.kind == "url":
            self._host(indicator.value, place)

    def _host(self, url: str, place: int) -> None:
        if host := _host_of_url(url, self.own):
            kind, form, key = host
            self._add((kind, form, True), pa.array([key], pa.binary()), np.array([place], np.int64))

    def _add(self, what: What, found: pa.Array, places: Positions) -> None:
        self._exact.setdefault(what, []).append((found, places))

    def blocks(self) -> list[Block]:
        """Return what was gathered, by kind and form; the host of a URL that is asked for itself is left out."""
        exact = {
            what: Block.of_keys(
                what, pa.concat_arrays([keys for keys, _ in parts]), np.concatenate([places for _, places in parts])
            )
            for what, parts in sorted(self._exact.items())
        }
        for what in exact:
            if what[2] and (same := exact.get((what[0], what[1], False))):
                exact[what] = exact[what].without(same.keys)
        return [*exact.values(), *(Block.of_networks(what, self._networks[what]) for what in sorted(self._networks))]


def _host_of_url(url: str, own: Sequence[Network]) -> tuple[str, str, bytes] | None:
    """Return (kind, form, key) of a URL's host; None for private addresses and sites that everybody visits."""
    parts = keys.url_parts(url)
    key = keys.host_key(parts[1]) if parts else None
    if parts is None or key is None:
        return None
    if key[0] == "ip":
        address = ipaddress.ip_address(key[1])
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        return None if is_private(address) or any(address in network for network in own) else ("ip", *key)
    labels = parts[1].partition(":")[0].split(".")
    sites = usual.everybodys_sites()
    return None if any(".".join(labels[at:]) in sites for at in range(len(labels))) else ("domain", *key)


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


def only(indicator: Indicator) -> TargetList:
    """Return one value as what is looked for. Raises ValueError as ``key_of`` does."""
    form, key, bits = key_of(indicator)
    what = (indicator.kind, form, False)
    if bits:
        return TargetList([indicator], [Block.of_networks(what, [(key, bits, 0)])])
    return TargetList([indicator], [Block.of_keys(what, pa.array([key], pa.binary()), np.zeros(1, np.int64))])


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
    if not key or (form == "hex" and not _HEX.fullmatch(key) and not _is_serial(indicator.kind, key)):
        return "hunt.invalid"
    if form == "registry" and key.count(b"\\") < 3:
        return "hunt.too_broad"
    return form, key, None


_HEX = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
_SERIAL = re.compile(rb"[0-9a-f]{8,42}")  # RFC 5280 allows 20 octets; below four any certificate could have it


def _is_serial(kind: str, key: bytes) -> bool:
    return kind == "certificate" and _SERIAL.fullmatch(key) is not None


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


PRIVATE = networks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))


def is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """True for addresses of private networks (RFC 1918, RFC 6598, RFC 4193); documentation ranges are not."""
    return any(address in network for network in PRIVATE if network.version == address.version)


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
