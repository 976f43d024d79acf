"""Addresses of pages that a case knows of and has not fetched: recorded in the ledger as words, never looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from keii.case.case import AddReport, Case
from keii.case.custody import Entry, Ledger
from keii.case.intake import Refused
from keii.errors import UsageError

KIND = "url"  # of the ledger's entry
NOTE = "an address only: not fetched"
MAX_LIST = 16 * 1024 * 1024  # bytes of a list
MAX_LINES = 100_000
MAX_ADDRESS = 2_000  # characters
_ODD = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069<>\"]")


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a list in its order, each once, and the lines that hold none, with their number."""

    addresses: tuple[str, ...]
    refused: tuple[Refused, ...]


def read_list(path: Path) -> Listed:
    """Return what a list of addresses holds: one a line; blank lines and those that begin with ``#`` are passed over.

    Raises UsageError for a list that cannot be read, is not UTF-8 text, or is longer than ``MAX_LINES``.
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_LIST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", place=str(path)) from error
    except UnicodeDecodeError as error:
        at = data[: error.start].count(b"\n") + 1
        raise UsageError(f"expected a list in UTF-8, found other bytes in line {at}", place=str(path)) from error
    lines = text.splitlines()
    if len(data) > MAX_LIST or len(lines) > MAX_LINES:
        raise UsageError(f"a list may hold {MAX_LINES:,} lines and {MAX_LIST:,} bytes", place=str(path))
    found: dict[str, None] = {}
    refused = []
    for number, line in enumerate(lines, start=1):
        address = line.strip()
        if not address or address.startswith("#"):
            continue
        if why := _wrong(address):
            refused.append(Refused(path=f"{path.name}, line {number}", reason=why))
        else:
            found.setdefault(address)
    return Listed(addresses=tuple(found), refused=tuple(refused))


def _wrong(address: str) -> str:
    """Return why a line is no address of a page, empty where it is one."""
    if len(address) > MAX_ADDRESS:
        return f"longer than {MAX_ADDRESS:,} characters"
    if _ODD.search(address):
        return "a blank, control or direction character in it"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"no address ({error})"
    if parts.scheme.lower() not in {"http", "https"}:
        return "expected http:// or https:// at its start"
    if parts.username is not None or parts.password is not None:
        return "it carries a login, which does not belong into a case"
    return "" if host else "no host in it"


def record(case: Case, listed: Listed) -> AddReport:
    """Write the addresses that the case does not know yet to its ledger; nothing is fetched."""
    with case.writing():
        ledger = Ledger.open(case.ledger_path)
        known = {entry.origin for entry in ledger.entries if entry.kind == KIND}
        added, already = list[Entry](), list[tuple[str, str]]()
        for address in listed.addresses:
            if address in known:
                already.append((address, address))
            else:
                added.append(ledger.append("noted", origin=address, kind=KIND, note=NOTE))
    return AddReport(added=tuple(added), already=tuple(already), refused=listed.refused)


def not_fetched(case: Case, have: Iterable[str]) -> tuple[Entry, ...]:
    """Return the recorded addresses under which no document of the case stands (``have``), in order of the ledger."""
    there = {_same(address) for address in have if address}
    return tuple(entry for entry in case.ledger_entries() if entry.kind == KIND and _same(entry.origin) not in there)


def _same(address: str) -> str:
    """Return an address for comparison: without its scheme, ``www.``, fragment and closing slash."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.netloc.lower().removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}"
