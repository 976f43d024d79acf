"""Values of indicators: what kind one is, its normal form, and whether it may be hunted."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import get_args

import msgspec

from keii.data import lines, load
from keii.model import Indicator, Locator, Moment, Source
from keii.model.intel import IndicatorKind

_HASHES: dict[int, IndicatorKind] = {32: "md5", 40: "sha1", 64: "sha256"}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{1,9})://(?P<rest>\S+)", re.IGNORECASE)
KINDS: frozenset[str] = frozenset(get_args(IndicatorKind))


class Value(msgspec.Struct, frozen=True):
    """A kind, its normal form and how it was normalised."""

    kind: IndicatorKind
    value: str
    note: str = ""


@cache
def top_levels() -> frozenset[str]:
    """Return the top-level domains in ASCII form."""
    return frozenset(lines("intel/tlds.txt"))


def host_name(raw: str) -> str | None:
    """Return the normal form of a domain name (lower case, punycode, no dot at the ends), None where it is none."""
    host = raw.strip().strip(".").lower().removeprefix("*.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or labels[-1] not in top_levels():
        return None
    return host if all(_LABEL.fullmatch(label) for label in labels) else None


def address(raw: str) -> Value | None:
    """Return an address or a network in its shortest form."""
    text = raw.strip().strip("[]")
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            if network.prefixlen == network.max_prefixlen:
                return Value("ip", str(network.network_address))
            return Value("cidr", str(network), "" if str(network) == text else "host bits cleared")
        return Value("ip", str(ipaddress.ip_address(text)))
    except ValueError:
        return None


def url(raw: str) -> Value | None:
    """Return a URL with scheme and host in lower case and its path as written."""
    match = _URL.fullmatch(raw.strip())
    if match is None:
        return None
    head, slash, tail = re.match(r"([^/?#]*)([/?#]?)(.*)", match["rest"], re.DOTALL).groups()  # type: ignore[union-attr]
    user, at, place = head.rpartition("@")
    host, colon, port = place.partition(":") if not place.startswith("[") else (place, "", "")
    shown = host_name(host) or ((found := address(host)) and found.value)
    if not shown or (colon and not re.fullmatch(r"\d{1,5}|\*|", port)):
        return None
    if ":" in shown:
        shown = f"[{shown}]"
    port = f":{port}" if port and port != "*" else ""
    return Value("url", f"{match['scheme'].lower()}://{user}{at}{shown}{port}{slash}{tail}")


def classify(raw: str) -> Value | None:
    """Return the kind and normal form of a bare value, None where it is none that events could hold."""
    text = raw.strip().strip("\"'`")
    if not text or len(text) > 4_096 or "\n" in text:
        return None
    lower = text.lower()
    if re.fullmatch(r"[0-9a-f]+", lower) and len(lower) in _HASHES:
        return Value(_HASHES[len(lower)], lower)
    if found := address(text) or url(text):
        return found
    user, at, host = text.rpartition("@")
    if at and re.fullmatch(r"[\w.+%-]{1,64}", user) and (name := host_name(host)):
        return Value("email", f"{user.lower()}@{name}")
    return _place(text) or _path(text)


def _place(text: str) -> Value | None:
    """Read ``host``, ``host:port`` and ``host/path`` without a scheme."""
    match = re.fullmatch(r"([^/:?#\s]+)(:\d{1,5})?([/?#]\S*)?", text)
    if match is None:
        return None
    name = host_name(match[1])
    found = address(match[1])
    if not name and found is None:
        return None
    if match[3] and len(match[3]) > 1:
        shown = name or (found.value if found else "")
        return Value("url", f"http://{shown}{match[2] or ''}{match[3]}", "written without a scheme; read as http")
    note = f"written with port {match[2][1:]}" if match[2] else ""
    return Value("domain", name, note) if name else Value("ip", found.value if found else "", note)


def _path(text: str) -> Value | None:
    if re.match(r"(?:HKEY_|HKLM\b|HKCU\b|HKU\b|HKCR\b)", text, re.IGNORECASE):
        return Value("registry-key", text)
    if text.lower().startswith("\\\\.\\pipe\\"):
        return Value("named-pipe", text)
    if re.match(r"(?:[A-Za-z]:\\|%\w+%\\|\\\\|~?/(?:\w|\.)[^\s]*/)", text):
        return Value("file-path", text)
    extension = text.rpartition(".")[2].lower()
    if (
        "." in text
        and extension in load("intel/roles")["file_extensions"]
        and not re.search(r"[<>|?*\"/\\]", text)
        and len(text) < 200
    ):
        return Value("file-name", text)
    return None


def refused(value: Value) -> str:
    """Return why a value is told and not hunted, empty where it may be hunted."""
    table = load("intel/not_hunted")
    if value.kind in {"md5", "sha1", "sha256"}:
        return "the hash of an empty file" if value.value in table["empty_hashes"] else ""
    if value.kind in {"ip", "cidr"}:
        return _refused_address(value.value)
    if value.kind in {"registry-key", "file-path"}:
        plain = (
            value.value.lower().rstrip("\\").replace("hkey_local_machine", "hklm").replace("hkey_current_user", "hkcu")
        )
        known = table["everyday_keys" if value.kind == "registry-key" else "everyday_paths"]
        return "what every machine has" if plain in known else ""
    host = {"domain": value.value, "email": "", "url": _host_of(value.value)}.get(value.kind, "")
    if not host:
        return ""
    if address(host):
        return _refused_address(host.strip("[]"))
    if host in table["example_domains"]:
        return "a name of examples"
    if value.kind == "domain":
        if host in top_levels():
            return "a whole top-level domain"
        if re.sub(r"^(?:www|cdn|api|media)\.", "", host) in {*table["shared_sites"], *table["but_not"]}:
            return "a site where anybody can put a file"
        parents = {host.split(".", depth)[-1] for depth in range(host.count(".") + 1)}
        if parents & set(table["with_subdomains"]) and not parents & set(table["but_not"]):
            return "on the warning list: a site that everybody visits"
    return ""


def _host_of(value: str) -> str:
    match = _URL.fullmatch(value)
    if match is None:
        return ""
    place = re.split(r"[/?#]", match["rest"], maxsplit=1)[0].rpartition("@")[2]
    return place if place.startswith("[") else place.partition(":")[0]


@cache
def _networks() -> tuple[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str], ...]:
    return tuple((ipaddress.ip_network(net), why) for net, why in load("intel/not_hunted")["addresses"].items())


def _refused_address(text: str) -> str:
    if text in load("intel/not_hunted")["resolvers"]:
        return "on the warning list: a public resolver"
    network = ipaddress.ip_network(text, strict=False)
    if network.prefixlen < (8 if network.version == 4 else 19):
        return "a network too wide to mean anything"
    for known, why in _networks():
        if known.version == network.version and network.subnet_of(known):  # type: ignore[arg-type]
            return why
    return ""


def make(
    value: Value, source: Source, as_written: str, *, sentence: str = "", role: str | None = None,
    locator: Locator | None = None, since: Moment | None = None, until: Moment | None = None, withheld: str = "",
) -> Indicator:  # fmt: skip
    """Return the indicator of a value; ``withheld`` says why it must not be hunted, besides the warning list."""
    why = withheld or refused(value)
    note = "; ".join(part for part in (value.note, f"not hunted: {why}" if why else "") if part)
    return Indicator(
        kind=value.kind, value=value.value, as_written=as_written, source=source.id, source_name=source.name,
        sentence=sentence, role=role, locator=locator or Locator(source=source.id), valid_from=since, valid_until=until,
        note=note, hunted=not why,
    )  # fmt: skip
