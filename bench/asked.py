"""Lists of indicators against the made traffic of ``bench.traffic``: of all kinds, some of them in it."""

from __future__ import annotations

import numpy as np

from bench import traffic
from keii.model import Indicator

_SHARES = (("ip", 0.4), ("cidr", 0.01), ("domain", 0.4), ("url", 0.14), ("user-agent", 0.04), ("sha256", 0.01))


def indicators(count: int, share: float) -> list[Indicator]:
    """Return about ``count`` indicators of which a share stands in the traffic; nothing twice."""
    random = np.random.default_rng(7)
    found = []
    for kind, part in _SHARES:
        number = max(1, round(count * part))
        there = max(1, round(number * share))
        values = dict.fromkeys([*_there(kind, random, there), *_absent(kind, random, number - there)])
        found += [Indicator(kind=kind, value=v, as_written=v, source="s-i", source_name="list") for v in values]  # type: ignore[arg-type]
    return found


def _there(kind: str, random: np.random.Generator, count: int) -> list[str]:
    number = random.integers(0, traffic.OUTSIDE, count)
    match kind:
        case "ip":
            return list(traffic.address(number).to_pylist())
        case "cidr":
            return [f"198.{part % 256}.{part // 256 % 256}.0/24" for part in number.tolist()]
        case "domain":
            return [f"site{part}.example" for part in (number // 4).tolist()]
        case "url":
            return list(traffic.url(number).to_pylist())
        case "user-agent":
            return [f"Agent/{part}" for part in (number % traffic.AGENTS).tolist()]
    return []


def _absent(kind: str, random: np.random.Generator, count: int) -> list[str]:
    pairs = random.integers(0, 1_000_000, (count, 2)).tolist()
    match kind:
        case "ip":
            return [f"45.{a % 256}.{b % 256}.{(a + b) // 256 % 256}" for a, b in pairs]
        case "cidr":
            return [f"46.{a % 256}.{b % 256}.0/24" for a, b in pairs]
        case "domain":
            return [f"c{a}.absent{b}.test" for a, b in pairs]
        case "url":
            return [f"http://u{a}.test/a{b}" for a, b in pairs]
        case "user-agent":
            return [f"Bad/{a}-{b}" for a, b in pairs]
    return [f"{a:032x}{b:032x}" for a, b in pairs]
