"""Addresses that move: from a moment on, the PCs of one site have each other's addresses, in every log."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

from keii.simulate.company import rng

_ADDRESS = re.compile(r"\b10\.20\.1[0-9]\.\d{1,3}\b")
_OWN = re.compile(r'"TimeCreated":"([^"]{19})')


def churned(out: Path, seed: int, names: list[str], since: str) -> int:
    """Rewrite the logs in ``out`` and return how many machines moved.

    Args:
        out: folder of the logs.
        seed: how far each machine moves.
        names: the machines of the site.
        since: first instant (UTC, without zone) at which they have the new addresses.
    """
    addresses = sorted(_addresses(out), key=lambda one: tuple(map(int, one.split("."))))
    step = 1 + int(rng(seed, 23).integers(0, max(1, len(addresses) - 1)))
    moved = {one: addresses[(at + step) % len(addresses)] for at, one in enumerate(addresses)}
    epoch = dt.datetime.fromisoformat(since).replace(tzinfo=dt.UTC).timestamp()

    def fresh(line: str) -> str:
        return _ADDRESS.sub(lambda found: moved.get(found[0], found[0]), line)

    for path in sorted((out / "windows").glob("*.json")):
        _rewrite(path, lambda line: fresh(line) if (_time(line) or "") >= since else line)
    for path in sorted([*out.glob("zeek/*/*.log"), *out.glob("squid/*/access.log")]):
        _rewrite(path, lambda line: line if line.startswith("#") or _epoch(line) < epoch else fresh(line))
    return len(moved) if names else 0


def _addresses(out: Path) -> set[str]:
    """Return the addresses that leases gave to PCs of the site."""
    found: set[str] = set()
    for path in out.glob("zeek/*/dhcp.log"):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                found.update(_ADDRESS.findall(line))
    return found


def _time(line: str) -> str | None:
    found = _OWN.search(line)
    return found[1] if found else None


def _epoch(line: str) -> float:
    return float(re.split(r"[ \t]", line, maxsplit=1)[0])


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    new = path.with_name(path.name + ".new")
    with path.open(encoding="utf-8", newline="") as old, new.open("w", encoding="utf-8", newline="") as out:
        out.writelines(change(line) for line in old)
    new.replace(path)
