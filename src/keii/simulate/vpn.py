"""The log of the VPN server through which a supplier comes in: its ordinary visits, and those of the intruder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keii.simulate.company import DAYS, at, is_workday, rng
from keii.simulate.intrusion import Intrusion

_USUAL, _STRANGE = "198.51.100.66", "203.0.113.88"  # the supplier's office, and where the intruder sits


def write_sessions(logs: Path, seed: int, breach: Intrusion) -> int:
    """Write ``vpn/openvpn.log`` (UTC, with the year) and return how many lines it has."""
    plan, dice = breach.plan, rng(seed, 22)
    host = plan.entry
    visits = [(at(day, "09:30"), 3_600_000_000, _USUAL) for day in range(3, DAYS, 7) if is_workday(day)]
    visits += [(at(plan.entry_day, "10:41:00"), 2_400_000_000, _STRANGE)]
    visits += [(at(plan.foothold_day, "13:58:00"), 5_400_000_000, _STRANGE)]
    lines = []
    for start, length, source in sorted(visits):
        port = int(dice.integers(40_000, 60_000))
        place, name = f"{source}:{port}", f"{host.user}/{source}:{port}"
        said = (
            (0, f"{place} [{host.user}] Peer Connection Initiated with [AF_INET]{place}"),
            (400_000, f"{name} MULTI: Learn: {host.address} -> {name}"),
            (450_000, f"{name} MULTI: primary virtual IP for {name}: {host.address}"),
            (length, f"{name} SIGTERM[soft,remote-exit] received, client-instance exiting"),
        )
        lines += [(start + late, text) for late, text in said]
    path = logs / "vpn" / "openvpn.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        for moment, text in sorted(lines):
            stamp = str(np.datetime64(moment, "us").astype("datetime64[s]")) + "Z"
            out.write(f"{stamp} HQ-VPN01 openvpn[812]: {text}\n")
    return len(lines)
