"""What a value of a column can be found by: the normal forms shared by the index, the scan and the indicators.

A key has a *form* (``ip``, ``name``, ``url``, ``hex``, ``text``, ``email``, ``file``, ``path``, ``registry``, ``pipe``)
and bytes. Addresses are 16 bytes (IPv4 as IPv4-mapped IPv6), so that a CIDR is a range; names have their labels
reversed with a dot after each (``example.evil.``), and registry keys a backslash after each part, so that everything
below is a range.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

Key = tuple[str, bytes]

FORM_OF_KIND = {
    "ip": "ip", "cidr": "ip", "domain": "name", "url": "url", "md5": "hex", "sha1": "hex", "sha256": "hex",
    "ja3": "hex", "certificate": "hex", "ja4": "text", "user-agent": "text", "mutex": "text", "email": "email",
    "file-name": "file", "file-path": "path", "registry-key": "registry", "named-pipe": "pipe",
}  # fmt: skip

_ALL = frozenset(FORM_OF_KIND)
_ADDRESS = frozenset({"ip", "cidr"})
_HASHES = frozenset({"md5", "sha1", "sha256"})
# Which kinds of indicator a column of a kind (metadata of ``lake.schema``) can hold.
HELD: dict[str, frozenset[str]] = {
    "ip": _ADDRESS, "domain": _ADDRESS | {"domain"}, "answer": _ADDRESS | {"domain"},
    "url": _ADDRESS | {"domain", "url"}, "user-agent": frozenset({"user-agent"}), "ja3": frozenset({"ja3"}),
    "ja4": frozenset({"ja4"}), "certificate": frozenset({"certificate"}), "serial": frozenset({"certificate"}), "md5": frozenset({"md5"}),
    "sha1": frozenset({"sha1"}), "sha256": frozenset({"sha256"}), "hashes": _HASHES,
    "file-name": frozenset({"file-name", "file-path"}),
    "file-path": frozenset({"file-name", "file-path", "registry-key", "named-pipe"}),
    "registry-key": frozenset({"registry-key"}), "named-pipe": frozenset({"named-pipe"}),
    "command": _ALL, "any": _ALL, "json": _ALL,
}  # fmt: skip

MAPPED = b"\x00" * 10 + b"\xff\xff"  # what stands before an IPv4 address
MOST_TEXT = 65_536  # characters of one value that are taken apart; Windows splits script blocks far below that
_HEX_LENGTHS = (32, 40, 64)


def address(text: str) -> bytes | None:
    """Return an IPv4 or IPv6 address as 16 bytes, None where the text is none. Brackets and zone ids are left off."""
    text = text.strip().strip("[]").partition("%")[0]
    try:
        if ":" in text:
            return socket.inet_pton(socket.AF_INET6, text)
        return MAPPED + socket.inet_pton(socket.AF_INET, text) if text.count(".") == 3 else None
    except (OSError, ValueError):  # ValueError: an embedded NUL
        return None


_NO_NAME = re.compile("[ /\\\\:@,;\"'\n\t]")


def name(text: str) -> bytes | None:
    """Return a host name as reversed labels, each with a dot after it; None where the text cannot be one."""
    text = text.strip().lower().strip(".")
    if not text or len(text) > 253 or _NO_NAME.search(text):
        return None
    if not text.isascii():
        try:
            text = text.encode("idna").decode()
        except UnicodeError:
            return None
    labels = text.split(".")
    return (".".join(reversed(labels)) + ".").encode() if all(labels) else None


def host_key(text: str) -> Key | None:
    """Return the key of a host, which is an address or a name, perhaps with a port."""
    text = text.strip()
    if (found := address(text)) is not None:
        return "ip", found
    bare = re.sub(r":\d{1,5}$", "", text)
    if (found := address(bare)) is not None:
        return "ip", found
    named = name(bare)
    return ("name", named) if named else None


_URL = re.compile(
    r"^(?:([a-z][a-z0-9+.-]*):)?(?://)?(?:[^/?#@]*@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d*))?([^?#]*)(\?[^#]*)?", re.I
)
_PORTS = {"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443"}


def url_parts(text: str) -> tuple[str, str, str, str] | None:
    """Return (scheme, host with any unusual port, path, query) of a URL in normal form; None where it has no host.

    Scheme and host are lower case, the default port and the fragment are left off, and so is a slash at the end of the
    path: ``http://h``, ``http://h/`` and ``HTTP://H:80/`` are one. The scheme is empty where the text has none.
    """
    text = text.strip()
    scheme, rest = "", text
    if (cut := text.find("://")) > 0 and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", text[:cut]):
        scheme, rest = text[:cut].lower(), text[cut + 3 :]
    found = _URL.match("//" + rest)
    if found is None or not found[2]:
        return None
    host = found[2].lower().rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    port = found[3] or ""
    usual = {_PORTS[scheme]} if scheme in _PORTS else ({"80", "443"} if not scheme else set())
    if port and port not in usual:
        host += f":{port}"
    return scheme, host, found[4].rstrip("/"), found[5] or ""


def url_key(text: str) -> bytes | None:
    """Return the key of a URL: host, path and query without the scheme."""
    parts = url_parts(text)
    return (parts[1] + (parts[2] or "/") + parts[3]).encode("utf-8", "surrogatepass") if parts else None


def path_key(text: str) -> bytes:
    """Return a file path in normal form: lower case, backslashes, without the prefix for long paths and quotes."""
    plain = text.strip().strip("\"'").replace("/", "\\").lower()
    return plain.removeprefix("\\\\?\\").removeprefix("\\??\\").encode("utf-8", "surrogatepass")


def file_key(text: str) -> bytes:
    """Return the last part of a path in lower case."""
    return path_key(text).rstrip(b"\\").rpartition(b"\\")[2]


_HIVES = (
    (re.compile(r"^(hkey_local_machine|\\?registry\\machine)(?=\\|$)"), "hklm"),
    (re.compile(r"^(hkey_users|\\?registry\\user)(?=\\|$)"), "hku"),
    (re.compile(r"^hkey_current_user(?=\\|$)"), "hkcu"),
    (re.compile(r"^hkey_classes_root(?=\\|$)"), "hkcr"),
    (re.compile(r"^hku\\s-1-5-21-[0-9-]+(?=\\|$)"), "hkcu"),
    (re.compile(r"(?<=^hklm\\system\\)controlset\d{3}(?=\\|$)"), "currentcontrolset"),
)


def registry_key(text: str) -> bytes | None:
    """Return a registry path in normal form with a backslash after each part, None where it names no hive."""
    plain = text.strip().strip("\"'").replace("/", "\\").lower().replace(":\\", "\\", 1).rstrip("\\")
    for pattern, short in _HIVES:
        plain = pattern.sub(short, plain)
    return (
        (plain + "\\").encode("utf-8", "surrogatepass") if plain.startswith(("hklm", "hku", "hkcu", "hkcr")) else None
    )


def pipe_key(text: str) -> bytes:
    """Return the name of a pipe in lower case, without the folder of pipes before it."""
    plain = text.strip().strip("\"'").replace("/", "\\").lower()
    return re.sub(r"^(\\\\[^\\]+\\)?\\?(pipe\\)?\\?", "", plain).encode("utf-8", "surrogatepass")


def _text(value: str) -> bytes:
    return value.strip().encode("utf-8", "surrogatepass")


def hex_key(value: str) -> bytes:
    """Return a hash or fingerprint in lower case without colons, blanks and prefixes."""
    return value.strip().lower().replace(":", "").replace(" ", "").encode("utf-8", "surrogatepass")


def _url_keys(value: str) -> Iterator[Key]:
    parts = url_parts(value)
    if parts is None:
        return
    _, host, path, query = parts
    base = host + (path or "/")
    yield "url", (base + query).encode("utf-8", "surrogatepass")
    if query:
        yield "url", base.encode("utf-8", "surrogatepass")
    if (key := host_key(host)) is not None:
        yield key


def _host_keys(value: str) -> Iterator[Key]:
    if (key := host_key(value)) is not None:
        yield key


def _answer_keys(value: str) -> Iterator[Key]:
    # Sysmon writes "type:  5 alias.example;::ffff:192.0.2.1;"
    for part in value.split(";"):
        part = re.sub(r"^\s*type:\s*\d+\s*", "", part).strip()
        if part and (key := host_key(part)) is not None:
            yield key


def _address_keys(value: str) -> Iterator[Key]:
    if (found := address(value)) is not None:
        yield "ip", found


def _serial_keys(value: str) -> Iterator[Key]:
    """A serial number is a number: it is written with and without the zeros that fill its first byte and set its sign."""
    number = hex_key(value).lstrip(b"0")
    if number:
        whole = number if len(number) % 2 == 0 else b"0" + number
        yield from (("hex", key) for key in {number, whole, b"00" + whole})


def _hash_list_keys(value: str) -> Iterator[Key]:
    for part in re.split(r"[,;\s]+", value):
        label, _, digest = part.rpartition("=")
        if label.lower() != "imphash" and len(digest) in _HEX_LENGTHS:
            yield "hex", hex_key(digest)


def _path_keys(value: str) -> Iterator[Key]:
    path = path_key(value)
    yield "path", path
    if last := file_key(value):
        yield "file", last
    if path.startswith((b"\\registry\\", b"registry\\")) and (key := registry_key(value)):
        yield "registry", key
    if (pipe := pipe_key(value)) and b"\\" not in pipe:
        yield "pipe", pipe


def _file_keys(value: str) -> Iterator[Key]:
    yield "path", path_key(value)
    if last := file_key(value):
        yield "file", last


def _registry_keys(value: str) -> Iterator[Key]:
    if (key := registry_key(value)) is not None:
        yield "registry", key


_QUOTED = re.compile(r"\"([^\"]{1,4096})\"|'([^']{1,4096})'")
_WORD = re.compile(r"[^\s\"'`,;|<>()\[\]{}=]+")
_IN_PATHS = re.compile(r"[./\\]")
_SHORT = 40  # characters of a word whose keys are remembered
_INSIDE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'`<>|)\]},;]+")
_INSIDE_NAME = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63})+(?![\w-])")
_INSIDE_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])")
_INSIDE_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
_INSIDE_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def _word_keys(word: str) -> Iterator[Key]:
    yield "text", _text(word)
    yield from _path_keys(word)
    yield from _registry_keys(word)


@lru_cache(maxsize=32_768)
def _known_word(word: str) -> tuple[Key, ...]:
    """Return the keys of a short word: scripts and commands repeat theirs."""
    return tuple(_word_keys(word))


def _free_keys(value: str, *, prose: bool = True) -> Iterator[Key]:
    """Yield what free text holds: the whole value, its quoted parts, its words, and names, addresses, hashes inside.

    Without ``prose`` words are left out that are no path and no file.
    """
    text = value[:MOST_TEXT]
    yield "text", _text(value)
    yield from _path_keys(value[:4096])
    for found in _QUOTED.finditer(text):
        part = found[1] or found[2]
        yield "text", _text(part)
        yield from _path_keys(part)
        yield from _registry_keys(part)
    for word in set(_WORD.findall(text)):
        if not prose and not _IN_PATHS.search(word):
            continue
        yield from _known_word(word) if len(word) <= _SHORT else _word_keys(word)
    yield from _registry_keys(value[:4096])
    for found in _INSIDE_URL.finditer(text):
        yield from _url_keys(found[0])
    if (bare := url_key(value[:4096])) is not None and " " not in value:
        yield "url", bare
    for found in _INSIDE_NAME.finditer(text):
        yield from _host_keys(found[0])
    for found in _INSIDE_IPV6.finditer(text):
        yield from _address_keys(found[0])
    for found in _INSIDE_HEX.finditer(text):
        yield "hex", found[0].lower().encode()
    if (whole := hex_key(value)) and len(whole) in _HEX_LENGTHS:
        yield "hex", whole
    for found in _INSIDE_EMAIL.finditer(text):
        yield "email", found[0].lower().encode()


# Most texts of event logs that have no column are ids and times: nothing of them is a name, a path or an address.
_GUID_OR_TIME = re.compile(
    r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
)


def _json_keys(value: str) -> Iterator[Key]:
    """Yield what a JSON string holds, as it is written with its quotation marks and escapes."""
    text = unquoted(value)
    if text and _GUID_OR_TIME.fullmatch(text):
        yield "text", text.encode()
    elif text:
        yield from _free_keys(text, prose=False)  # their prose would make the index as large as the events


def unquoted(token: str) -> str | None:
    """Return the text of a JSON string, None where it is none."""
    try:
        text = msgspec.json.decode(token)
    except msgspec.MsgspecError:
        return None
    return text if isinstance(text, str) else None


def _one(form: str, normal: Callable[[str], bytes]) -> Callable[[str], Iterator[Key]]:
    def keys(value: str) -> Iterator[Key]:
        if key := normal(value):
            yield form, key

    return keys


_KEYS: dict[str, Callable[[str], Iterator[Key]]] = {
    "ip": _address_keys, "domain": _host_keys, "answer": _answer_keys, "url": _url_keys,
    "user-agent": _one("text", _text), "ja3": _one("hex", hex_key), "ja4": _one("text", lambda v: _text(v.lower())),
    "certificate": _one("hex", hex_key), "serial": _serial_keys, "md5": _one("hex", hex_key), "sha1": _one("hex", hex_key),
    "sha256": _one("hex", hex_key), "hashes": _hash_list_keys, "file-name": _file_keys, "file-path": _path_keys,
    "registry-key": _registry_keys, "named-pipe": _one("pipe", pipe_key), "command": _free_keys, "any": _free_keys,
    "json": _json_keys,
}  # fmt: skip


def keys_of(column_kind: str, value: str) -> set[Key]:
    """Return every key by which a value of a column of that kind is found."""
    return set(_KEYS[column_kind](value))
