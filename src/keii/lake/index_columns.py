"""The keys of whole columns at once: usual addresses, names and URLs by array, the odd ones by ``index_keys``.

What counts as usual is written narrowly, so that the two can only agree; a test compares them on generated values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.index_keys import MAPPED, keys_of

Places = npt.NDArray[np.int64]


class Keys(msgspec.Struct, frozen=True):
    """Keys of one form. ``at`` says which of the asked values each belongs to."""

    form: str
    keys: pa.Array
    at: Places


def keys_of_values(kind: str, values: pa.Array) -> list[Keys]:
    """Return the keys of distinct values (text, none null) of a column of a kind, as ``keys_of`` gives them singly."""
    usual = _USUAL.get(kind)
    found, odd = usual(values) if usual else ([], np.arange(len(values)))
    return [*found, *_singly(kind, values, odd)]


def _singly(kind: str, values: pa.Array, at: Places) -> Iterator[Keys]:
    by_form: dict[str, tuple[list[bytes], list[int]]] = {}
    for place, value in zip(at.tolist(), values.take(pa.array(at)).to_pylist(), strict=True):
        for form, key in keys_of(kind, value):
            keys, places = by_form.setdefault(form, ([], []))
            keys.append(key)
            places.append(place)
    for form, (keys, places) in by_form.items():
        yield Keys(form, pa.array(keys, pa.binary()), np.array(places, np.int64))


def _where(mask: pa.Array) -> Places:
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False))


def _picked(values: pa.Array, at: Places) -> pa.Array:
    return values if len(at) == len(values) else values.take(pa.array(at))


def _addresses(values: pa.Array) -> tuple[list[Keys], Places]:
    """IPv4 as dotted decimals; anything else is odd."""
    numbers, mask = dotted(values)
    at = np.flatnonzero(mask)
    raw = np.empty((len(at), 16), np.uint8)
    raw[:, :12] = np.frombuffer(MAPPED, np.uint8)
    raw[:, 12:] = numbers[at].astype(">u4").view(np.uint8).reshape(-1, 4)
    return [Keys("ip", fixed(raw), at)], np.flatnonzero(~mask)


def fixed(raw: npt.NDArray[np.uint8]) -> pa.Array:
    """Return the rows of a matrix of bytes as binary values."""
    rows, width = raw.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(
        pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(raw))]
    )


def dotted(values: pa.Array) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """Return the number of each IPv4 address in its only usual spelling, and which values are one."""
    lengths = pc.binary_length(values).to_numpy(zero_copy_only=False)
    dots = pc.count_substring(values, ".").to_numpy(zero_copy_only=False)
    at = np.flatnonzero((lengths >= 7) & (lengths <= 15) & (dots == 3))
    numbers, mask = np.zeros(len(values), np.uint32), np.zeros(len(values), np.bool_)
    if not len(at):
        return numbers, mask
    kept = pa.concat_arrays([_picked(values, at)])  # offsets and bytes of their own
    _, offsets, data = kept.buffers()
    start = np.frombuffer(offsets, np.int32, len(kept) + 1, kept.offset * 4).astype(np.int64)
    text = np.frombuffer(data, np.uint8)[: start[-1]]
    marks = np.flatnonzero(text == ord("."))
    marks = marks[marks >= start[0]].reshape(-1, 3)
    first = np.column_stack([start[:-1], marks + 1])
    size = np.column_stack([marks, start[1:]]) - first
    good = ((size >= 1) & (size <= 3)).all(axis=1)
    first, size = first[good], size[good]
    parts, digits = np.zeros(size.shape, np.uint32), np.ones(size.shape, np.bool_)
    for place in range(3):
        here = size > place
        sign = text[np.minimum(first + place, len(text) - 1)]
        digits &= ~here | ((sign >= ord("0")) & (sign <= ord("9")))
        parts = np.where(here, parts * 10 + (sign - np.uint8(ord("0"))), parts)
    leading = (size > 1) & (text[first] == ord("0"))
    whole = (digits & (parts <= 255) & ~leading).all(axis=1)
    where = at[good][whole]
    numbers[where] = (parts[whole] << np.array([24, 16, 8, 0], np.uint32)).sum(axis=1, dtype=np.uint32)
    mask[where] = True
    return numbers, mask


_NAME = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"


def _names(values: pa.Array) -> tuple[list[Keys], Places]:
    """Host names in ASCII, whatever their letters' case, and IPv4 addresses; anything else is odd."""
    lower = pc.ascii_lower(values)
    mask = pc.match_substring_regex(lower, _NAME).to_numpy(zero_copy_only=False)
    mask &= pc.binary_length(values).to_numpy(zero_copy_only=False) <= 253
    mask &= pc.match_substring_regex(lower, r"[a-z_-]").to_numpy(zero_copy_only=False)
    at, rest = np.flatnonzero(mask), np.flatnonzero(~mask)
    found, odd = _addresses(_picked(values, rest))
    addresses = [Keys(one.form, one.keys, rest[one.at]) for one in found]
    return [Keys("name", reversed_labels(_picked(lower, at)), at), *addresses], rest[odd]


def reversed_labels(names: pa.Array) -> pa.Array:
    """``a.b.example`` → ``example.b.a.``, as bytes."""
    labels = pc.split_pattern(names, ".")
    offsets = labels.offsets.to_numpy().astype(np.int64)
    first, size = offsets[:-1], np.diff(offsets)
    place = np.arange(offsets[0], offsets[-1])
    turned = np.repeat(2 * first + size - 1, size) - place
    parts = pc.binary_join_element_wise(labels.values.take(pa.array(turned)), "", ".")
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array((offsets - offsets[0]).astype(np.int32)), parts), "")
    return joined.cast(pa.binary())


_URL = (
    r"^[A-Za-z][A-Za-z0-9+.-]*://(?P<host>(?:[A-Za-z0-9._-]*[A-Za-z0-9_-]))"
    r"(?P<path>(?:/[!\"$->@-~]*)?)(?P<query>(?:\?[!\"$-~]*)?)$"
)


def parted_urls(values: pa.Array) -> tuple[tuple[pa.Array, pa.Array, pa.Array], Places]:
    """Return (host, path, query) of the usual URLs in normal form, and their places; the path is ``/`` where there is none."""
    parts = pc.extract_regex(values, pattern=_URL)
    at = _where(pc.is_valid(parts))
    host, path, query = _picked(parts, at).flatten()
    path = pc.utf8_rtrim(path, "/")
    return (pc.ascii_lower(host), pc.if_else(pc.equal(path, ""), "/", path), query), at


def _urls(values: pa.Array) -> tuple[list[Keys], Places]:
    """URLs in ASCII with a scheme and without user, port and fragment; anything else is odd."""
    (host, path, query), at = parted_urls(values)
    base = pc.binary_join_element_wise(host, path, "")
    asking = _where(pc.not_equal(query, ""))
    whole = pc.binary_join_element_wise(base, query, "")
    found = [Keys("url", whole.cast(pa.binary()), at)]
    if len(asking):
        found.append(Keys("url", base.take(pa.array(asking)).cast(pa.binary()), at[asking]))
    coded = host.dictionary_encode()
    which = coded.indices.to_numpy()
    for one in keys_of_values("domain", coded.dictionary):
        place = np.full(len(coded.dictionary), -1, np.int64)
        place[one.at] = np.arange(len(one.at))
        rows = np.flatnonzero(place[which] >= 0)
        found.append(Keys(one.form, one.keys.take(pa.array(place[which[rows]])), at[rows]))
    return found, others(len(values), at)


def others(count: int, places: Places) -> Places:
    """Return the places below ``count`` that are not among some."""
    left = np.ones(count, np.bool_)
    left[places] = False
    return np.flatnonzero(left)


_PATH = r"^[!#-&(-~](?:[ -~]*[!#-&(-~])?$"  # ASCII without blanks and quotes around it
_OTHER_PATH = r"^(?:[\\/]{2}\?[\\/]|[\\/]\?\?[\\/]|(?i:[\\/]?registry[\\/]))"


def _files(values: pa.Array) -> tuple[list[Keys], Places]:
    """Paths in ASCII and the names at their end; long paths with a prefix and what may be a registry key are odd."""
    mask = pc.match_substring_regex(values, _PATH).to_numpy(zero_copy_only=False)
    mask = mask & ~pc.match_substring_regex(values, _OTHER_PATH).to_numpy(zero_copy_only=False)
    at = np.flatnonzero(mask)
    path = pc.ascii_lower(pc.replace_substring(_picked(values, at), "/", "\\"))
    last = pc.replace_substring_regex(pc.utf8_rtrim(path, "\\"), r"^.*\\", "")
    named = _where(pc.not_equal(last, ""))
    found = [
        Keys("path", path.cast(pa.binary()), at),
        Keys("file", last.take(pa.array(named)).cast(pa.binary()), at[named]),
    ]
    return found, np.flatnonzero(~mask)


def _paths(values: pa.Array) -> tuple[list[Keys], Places]:
    """As ``_files``, and the names of pipes."""
    found, odd = _files(values)
    path = found[0].keys.cast(pa.string())
    pipe = pc.replace_substring_regex(path, r"^(\\\\[^\\]+\\)?\\?(pipe\\)?\\?", "")
    alone = _where(pc.and_(pc.not_equal(pipe, ""), pc.invert(pc.match_substring(pipe, "\\"))))
    return [*found, Keys("pipe", pipe.take(pa.array(alone)).cast(pa.binary()), found[0].at[alone])], odd


def spelled(form: str, keys: pa.Array) -> pa.Array:
    """Return the usual spelling of the values of keys, null for forms and keys that have none."""
    if form == "ip":
        return _decimals(keys)
    if form == "name":
        return _in_order(keys)
    return pa.nulls(len(keys), pa.string())


def _decimals(keys: pa.Array) -> pa.Array:
    """IPv4 addresses as dotted decimals; null for the others."""
    if not len(keys):
        return pa.array([], pa.string())
    raw = np.frombuffer(keys.buffers()[2], np.uint8, 16 * len(keys), 16 * keys.offset).reshape(-1, 16)
    texts = pa.array([str(number) for number in range(256)])
    parts = [texts.take(pa.array(raw[:, place])) for place in range(12, 16)]
    four = (raw[:, :12] == np.frombuffer(MAPPED, np.uint8)).all(axis=1)
    return pc.if_else(pa.array(four), pc.binary_join_element_wise(*parts, "."), pa.scalar(None, pa.string()))


def _in_order(keys: pa.Array) -> pa.Array:
    """``example.b.a.`` → ``a.b.example``."""
    turned = reversed_labels(pc.binary_slice(keys, 0, -1).cast(pa.string()))
    return pc.binary_slice(turned, 0, -1).cast(pa.string())


def _plain(
    form: str, pattern: str, normal: Callable[[pa.Array], pa.Array]
) -> Callable[[pa.Array], tuple[list[Keys], Places]]:
    """Return how values that a pattern holds for become one key each."""

    def keys(values: pa.Array) -> tuple[list[Keys], Places]:
        mask = pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False)
        at = np.flatnonzero(mask)
        return [Keys(form, normal(_picked(values, at)).cast(pa.binary()), at)], np.flatnonzero(~mask)

    return keys


def _same(values: pa.Array) -> pa.Array:
    return values


_HEX = _plain("hex", "^[0-9A-Fa-f]+$", pc.ascii_lower)
_USUAL: dict[str, Callable[[pa.Array], tuple[list[Keys], Places]]] = {
    "ip": _addresses, "domain": _names, "answer": _names, "url": _urls, "file-name": _files, "file-path": _paths,
    "user-agent": _plain("text", r"^[!-~](?s:.*[!-~])?$", _same), "ja4": _plain("text", "^[a-z0-9_]+$", _same),
    "ja3": _HEX, "certificate": _HEX, "md5": _HEX, "sha1": _HEX, "sha256": _HEX,
}  # fmt: skip
