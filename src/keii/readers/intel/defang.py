"""Defanged indicators in running text: found, made whole again, with the place of what was written."""

from __future__ import annotations

import bisect
import ipaddress
import re
from collections.abc import Iterator

import msgspec

from keii.data import load
from keii.readers.intel.digests import kind_by_words
from keii.readers.intel.values import Value, address, classify, top_levels, url

# Ways to write a dot so that nobody clicks on it: [.] (.) {.} <.> ［.］ [dot] (dot) {dot} <dot> [.  .] \. and " . " or " dot ".
# One that ends a line goes on in the next: a narrow cell of a table.
_DOT = r"(?:(?:\[\.\]|\(\.\)|\[dot\])[ \t]*\n[ \t]*(?=[A-Za-z0-9])|\[\s?\.\s?\]?|\(\s?\.\s?\)|\{\s?\.\s?\}|<\.>|［\s?[.．]\s?］|\.\]|\\\.|\s?[\[({<［]\s?(?:dot|DOT|Dot|ドット)\s?[\])}>］]\s?|\[punkt\]|[．。]\]|\u2024|\uff0e)"
_SPACED = r"(?:(?<=[\w\]]) \. (?=\w)|(?<=\w) (?:dot|DOT) (?=\w))"
_AT = r"(?:@|\[@\]|\(@\)|\{@\}|\s?[\[({](?:at|AT)[\])}]\s?|＠)"
_SCHEME = re.compile(
    r"\b(?P<scheme>h(?:xx|tt|\*\*|XX|TT|__)ps?|fxp|ftp|sftp|hxxp|wss?|tcp|udp|dns|meows?)(?:\[?:\]?//|\[://\]|:\\\\|\[:\]//|\(:\)//|:\[//\]|\[:/\]/|__)",
    re.IGNORECASE,
)
_LONGEST = 4_096  # characters of an address
_LONG_WASTE = 1_024  # characters of what is no address after all: what begins inside is not tried again
_TRANSPORTS = {"tcp", "udp", "dns"}
_HOSTCHAR = r"[\w\-\u00a1-\uffff]"
_HOST = re.compile(
    rf"(?<![\w.@/\\%$&=-])(?:\*(?:\.|{_DOT}))?(?P<host>[A-Za-z0-9_\u00c0-\u024f\u0400-\u04ff\u3041-\u9fff](?:[\w\-]{{0,62}})(?:(?:\.|{_DOT}|{_SPACED})[\w\-]{{1,63}}){{1,12}})"
    r"(?P<port>(?::|\[:\])\d{1,5}(?!\d|:))?(?P<path>/[^\s|<>\"'`、。（）「」]*)?(?P<mask>)"
)
_URL_TAIL = re.compile(r"[^\s|<>\"`、。（）「」『』{}]*(?:[{(]\.[)}][^\s|<>\"`]*)*")
_EMAIL = re.compile(
    rf"(?<![\w.%+-])[\w.%+-]{{1,64}}{_AT}(?:[\w-]{{1,63}}(?:\.|{_DOT})){{1,6}}[A-Za-z]{{2,24}}(?![\w-])"
)
_HEX = re.compile(r"(?<![0-9A-Za-z_])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9A-Za-z_])")
_SPLIT = re.compile(r"(?<![0-9A-Za-z_])[0-9a-fA-F]{8,63}(?:[ \t]*\n[ \t]*[0-9a-fA-F]{4,56}){1,3}(?![0-9A-Za-z_])")
_SHA256 = re.compile(r"\bsha-?256\b", re.IGNORECASE)
_FOUR = rf"\d{{1,3}}(?:(?:\.|{_DOT})\d{{1,3}}){{3}}"
_RANGE = re.compile(rf"(?<![\w.\]])(?P<first>{_FOUR})[ \t]?(?:-|–|~|〜|～|から|to)[ \t]?(?P<last>{_FOUR})(?![\w])")
_MOST_NETWORKS = 16  # that a range is told as; one with more is no range of anybody's servers
_V6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}(?::|\[:\])){2,7}[0-9a-fA-F]{0,4}(?:/\d{1,3})?(?![\w:])")
_ANY_DOT = re.compile(rf"{_DOT}|{_SPACED}")
_END = ".,;:!?)]}>'\"*+”’"


class Seen(msgspec.Struct, frozen=True):
    """A value in a text: its range, the words as written, the value, and whether it was defanged."""

    start: int
    end: int
    written: str
    value: Value
    defanged: bool


def refang(words: str) -> str:
    """Return ``words`` with every way of defanging undone."""
    whole = _ANY_DOT.sub(".", words)
    whole = re.sub(_AT, "@", whole) if re.search(r"[\[({](?:@|at|AT)[\])}]|＠", whole) else whole
    whole = (
        whole.replace("[:]", ":").replace("[/]", "/").replace("[://]", "://").replace("[://", "://").replace("[-]", "-")
    )
    match = _SCHEME.match(whole)
    if match:
        scheme = match["scheme"].lower()
        plain = "https" if (scheme.startswith("h") and scheme.endswith("s")) or scheme == "meows" else "http"
        scheme = plain if scheme[0] in "hm" else "ftp" if scheme == "fxp" else scheme
        whole = f"{scheme}://{whole[match.end() :]}"
    return re.sub(r"\.\[(\w+)\]$", r".\1", whole)


def find(text: str) -> list[Seen]:
    """Return the addresses, names, URLs, hashes and e-mail addresses of ``text``, in order, without overlap."""
    found = _apart([*_urls(text), *_mails(text), *_split_hashes(text), *_hashes(text), *_wide(text)])
    found = sorted([*found, *_ranges(text)], key=lambda seen: (seen.start, seen.end))
    starts = [seen.start for seen in found]
    names = []
    for match in _HOST.finditer(text):
        at = bisect.bisect_right(starts, match.start())
        near = found[max(0, at - 1) : at + 1]
        if not any(seen.start < match.end() and match.start() < seen.end for seen in near):
            host = _host(text, match)
            if host is not None:
                names.append(host)
    return sorted([*found, *names], key=lambda seen: (seen.start, seen.end))


def _apart(found: list[Seen]) -> list[Seen]:
    """Leave out what lies inside an earlier find (an address inside a URL)."""
    kept: list[Seen] = []
    for seen in sorted(found, key=lambda seen: (seen.start, -seen.end)):
        if not kept or seen.start >= kept[-1].end:
            kept.append(seen)
    return kept


def _urls(text: str) -> Iterator[Seen]:
    until = 0
    for match in _SCHEME.finditer(text):
        if match.start() < until:
            continue  # inside the address before
        tail = _URL_TAIL.match(text, match.end(), match.end() + _LONGEST)
        end = tail.end() if tail else match.end()
        # A bracket after the address is AsciiDoc's link text or Markdown's closing bracket, a defanged dot is not.
        for bracket in re.finditer(r"[\[(]", text[match.end() : end]):
            rest = text[match.end() + bracket.start() : end + 12]
            if not re.match(rf"{_DOT}|\[:\]|\[/\]|\[-\]|\(0-9\)", rest):
                end = match.end() + bracket.start()
                break
        while end > match.end() and text[end - 1] in _END and not re.search(rf"(?:{_DOT})$", text[match.start() : end]):
            end -= 1
        written = text[match.start() : end]
        whole = refang(written)
        bare = match["scheme"].lower() in _TRANSPORTS  # tcp://192.0.2.1:4444: an address, no request
        value = classify(whole.partition("://")[2].rstrip("/")) if bare else url(whole)
        if value is not None or end - match.start() > _LONG_WASTE:
            until = end
        if value is not None:
            plain = (
                match["scheme"].lower() in {"http", "https", "ftp"}
                and match[0].endswith("://")
                and "[:" not in match[0]
            )
            yield Seen(match.start(), end, written, value, not plain or bool(_ANY_DOT.search(written)))


def _mails(text: str) -> Iterator[Seen]:
    for match in _EMAIL.finditer(text):
        whole = refang(match[0])
        value = classify(whole)
        if value is not None:
            yield Seen(match.start(), match.end(), match[0], value, whole != match[0])


def _hashes(text: str) -> Iterator[Seen]:
    for match in _HEX.finditer(text):
        value = classify(match[0])
        if kind_by_words(text, match.start()) != "file":
            continue
        if value is not None and len(set(match[0].lower())) > 4:
            yield Seen(match.start(), match.end(), match[0], value, defanged=True)


def _split_hashes(text: str) -> Iterator[Seen]:
    """Yield hashes broken over lines. Whole MD5s below each other are a list, unless their row says SHA-256."""
    for match in _SPLIT.finditer(text):
        parts = match[0].split()
        value = classify("".join(parts))
        if value is None or len(set(value.value)) <= 4 or value.value.isdigit():
            continue
        row = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if not all(len(part) in {32, 40} for part in parts) or (value.kind == "sha256" and _SHA256.search(row)):
            yield Seen(match.start(), match.end(), match[0], value, defanged=True)


def _ranges(text: str) -> Iterator[Seen]:
    """Yield the networks of each range of addresses."""
    for match in _RANGE.finditer(text):
        try:
            ends = [ipaddress.IPv4Address(refang(match[name])) for name in ("first", "last")]
            networks = list(ipaddress.summarize_address_range(*ends))
        except ValueError:
            continue  # the last stands before the first, or one is no address
        for network in networks if len(networks) <= _MOST_NETWORKS else ():
            value = address(str(network))
            if value is not None:
                yield Seen(match.start(), match.end(), match[0], value, bool(_ANY_DOT.search(match[0])))


def _wide(text: str) -> Iterator[Seen]:
    for match in _V6.finditer(text):
        whole = match[0].replace("[:]", ":")
        value = address(whole) if len(match[0]) > 5 and whole.count(":") >= 2 else None
        if value is not None:
            yield Seen(match.start(), match.end(), match[0], value, whole != match[0])


def _host(text: str, match: re.Match[str]) -> Seen | None:
    start, end = match.start(), match.end()
    while end > start and text[end - 1] in _END and text[end - 1] not in ")]}":
        end -= 1
    written = text[start:end].rstrip()
    end = start + len(written)
    defanged = bool(_ANY_DOT.search(match["host"]))
    network = re.match(r"/\d{1,2}(?![\w.])", match["path"] or "")
    if network and (value := address(refang(match["host"]) + network[0])):
        end = match.end("port") if match["port"] else match.end("host")
        end += len(network[0])
        return Seen(start, end, text[start:end], value, defanged)
    whole = refang(written)
    if re.fullmatch(r"[\d.]+", refang(match["host"])):
        if address(refang(match["host"])) is None:
            return None
    elif not defanged and _is_file(match):
        return None
    value = classify(whole) or (classify(refang(match["host"])) if match["path"] else None)
    if value is None or value.kind in {"file-name", "file-path"}:
        return None
    return Seen(start, end, written, value, defanged)


def _is_file(match: re.Match[str]) -> bool:
    """Say whether a bare word that is written with plain dots is a file name, code or a version, not a domain."""
    table = load("intel/roles")
    last = match["host"].rpartition(".")[2].lower()
    if last not in top_levels():
        return True
    if match["path"] and last not in table["file_extensions"]:
        return False
    return last in table["file_extensions"] and (
        last not in table["ambiguous"] or last not in {"com", "net", "info", "name", "me", "in", "it", "id"}
    )
