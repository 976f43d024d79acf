"""The keys of usual indicators by whole columns: addresses, names, URLs, hashes and agents as lists write them.

What counts as usual is written narrowly; all else goes through ``targets`` value by value, and a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.hunt.target_list import Positions
from keii.lake import index_keys as keys
from keii.lake.index_columns import dotted, fixed, others, parted_urls, reversed_labels

Mask = npt.NDArray[np.bool_]


def usual_keys(kind: str, values: pa.Array) -> tuple[str, pa.Array, Positions]:
    """Return (form, keys, places) of the values of a kind of indicator that are usual and hunted as they stand."""
    form = keys.FORM_OF_KIND[kind]
    match form:
        case "ip":
            found, at = public_addresses(values)
        case "name":
            found, at = _names(values)
        case "url":
            parts, at = parted_urls(values)
            told = np.flatnonzero(~_flags(pc.match_substring(values.take(pa.array(at)), "*")))
            found, at = pc.binary_join_element_wise(*parts, "").take(pa.array(told)), at[told]
        case "hex":
            found, at = _matching(pc.ascii_lower(values), r"^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$")
        case "text":
            found, at = _matching(values, r"^[!-)+-~][ -)+-~]*[!-)+-~]$")
            told = np.flatnonzero(~_flags(pc.match_substring_regex(found, r"^(?i:mozilla/[45]\.0)$")))
            found, at = found.take(pa.array(told)), at[told]
        case _:
            found, at = pa.array([], pa.binary()), np.empty(0, np.int64)
    return form, found.cast(pa.binary()), at


def _flags(mask: pa.Array) -> Mask:
    return np.asarray(mask.to_numpy(zero_copy_only=False), np.bool_)


def _matching(values: pa.Array, pattern: str) -> tuple[pa.Array, Positions]:
    at = np.flatnonzero(_flags(pc.match_substring_regex(values, pattern)))
    return values.take(pa.array(at)), at


# First and last of the ranges of IPv4 that are told or asked about one by one.
_TOLD = [(0x00000000, 0x00000000), (0x0A000000, 0x0AFFFFFF), (0x64400000, 0x647FFFFF), (0x7F000000, 0x7FFFFFFF),
         (0xA9FE0000, 0xA9FEFFFF), (0xAC100000, 0xAC1FFFFF), (0xC0A80000, 0xC0A8FFFF), (0xE0000000, 0xEFFFFFFF)]  # fmt: skip


def public_addresses(values: pa.Array) -> tuple[pa.Array, Positions]:
    """Return the keys of public IPv4 addresses in their usual spelling, and their places."""
    numbers, mask = dotted(values)
    for first, last in _TOLD:
        mask &= (numbers < first) | (numbers > last)
    at = np.flatnonzero(mask)
    raw = np.empty((len(at), 16), np.uint8)
    raw[:, :12] = np.frombuffer(keys.MAPPED, np.uint8)
    raw[:, 12:] = numbers[at].astype(">u4").view(np.uint8).reshape(-1, 4)
    return fixed(raw), at


def _names(values: pa.Array) -> tuple[pa.Array, Positions]:
    """Return the keys of names in ASCII that are no public suffix."""
    lower, at = _matching(pc.ascii_lower(values), r"^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z0-9_-]*[a-z_-][a-z0-9_-]*$")
    labels = "|".join(re.escape(one) for one in load("hunt")["registry_labels"])
    kept = ~_flags(pc.match_substring_regex(lower, rf"^(?:{labels})\.[^.]{{2}}$"))
    kept &= pc.binary_length(lower).to_numpy(zero_copy_only=False) <= 253
    places = np.flatnonzero(kept)
    return reversed_labels(lower.take(pa.array(places))), at[places]


def url_hosts(values: pa.Array) -> tuple[list[tuple[str, pa.Array, Positions]], Positions]:
    """Return the hosts of usual URLs to look for as (form, keys, places), and the places of URLs that are not told here.

    Left out are hosts that stand among the sites that everybody visits.
    """
    (host, _, _), at = parted_urls(values)
    coded = host.dictionary_encode()
    hosts, which = coded.dictionary, coded.indices.to_numpy()
    state = np.zeros(len(hosts), np.int64)  # 0 not told here, 1 a name to look for, 2 none
    named = _flags(pc.match_substring_regex(hosts, r"^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$"))
    named &= _flags(pc.match_substring_regex(hosts, r"(?:^|\.)[a-z0-9_-]*[a-z_-][a-z0-9_-]*$"))
    named &= pc.binary_length(hosts).to_numpy(zero_copy_only=False) <= 253
    state[named] = 1
    state[named & _flags(pc.match_substring_regex(hosts, _everybodys()))] = 2
    mine = np.flatnonzero(state == 1)
    place = np.full(len(hosts), -1, np.int64)
    place[mine] = np.arange(len(mine))
    rows = np.flatnonzero(place[which] >= 0)
    turned = reversed_labels(hosts.take(pa.array(mine))).take(pa.array(place[which[rows]]))
    left = others(len(values), at[state[which] > 0])
    return [("name", turned, at[rows])], left


@lru_cache(1)
def _everybodys() -> str:
    return r"(?:^|\.)(?:" + "|".join(re.escape(site) for site in sorted(everybodys_sites())) + ")$"


@lru_cache(1)
def everybodys_sites() -> frozenset[str]:
    """Return the sites whose host says nothing of who was visited, and those where anybody can put a file."""
    usual = load("intel/not_hunted")
    return frozenset({*usual["with_subdomains"], *usual["but_not"], *usual["shared_sites"]})


def texts(values: Sequence[str]) -> tuple[pa.Array, Positions]:
    """Return texts as a column, and the places of those that cannot stand in one (lone surrogates)."""
    try:
        return pa.array(values, pa.string()), np.empty(0, np.int64)
    except UnicodeEncodeError:
        broken = [at for at, value in enumerate(values) if not value.isascii() and _is_broken(value)]
        held = list(values)
        for at in broken:
            held[at] = ""
        return pa.array(held, pa.string()), np.array(broken, np.int64)


def _is_broken(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False
