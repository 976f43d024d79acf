"""The invented company: sites, hosts, people, and when they work."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np

from keii.data import lines

FIRST_DAY = dt.date(2019, 2, 25)
DAYS = 92
ZONE_HOURS = 9  # Japan Standard Time: working hours are local, every log is written in UTC
HOLIDAYS = {dt.date(2019, 3, 21), dt.date(2019, 4, 29), dt.date(2019, 4, 30)} | {
    dt.date(2019, 5, day) for day in range(1, 7)
}
DOMAIN = "hoshizora.example"
PER_HOST_DAY = 118  # events that one PC adds on an average day, all logs together; sets the number of PCs for a scale

_FAMILY = lines("simulate/family_names.txt")


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A machine. ``role``: pc, dc, file-server, proxy, backup, monitor; ``site``: hq or subsidiary."""

    name: str
    address: str
    mac: str
    site: str
    role: str
    user: str
    sid: str
    diligence: float  # scales how much its user does in a day


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """All hosts, with those that the story needs by name."""

    hosts: tuple[Host, ...]

    @property
    def pcs(self) -> tuple[Host, ...]:
        """Return the desktop machines."""
        return tuple(host for host in self.hosts if host.role == "pc")

    def named(self, name: str) -> Host:
        """Return the host of that name."""
        return next(host for host in self.hosts if host.name == name)

    def with_role(self, role: str) -> Host:
        """Return the first host of that role."""
        return next(host for host in self.hosts if host.role == role)


def rng(seed: int, *path: int) -> np.random.Generator:
    """Return a generator of its own for every part of the breach, so that parts do not shift each other."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *path])))


def company(seed: int, events: int) -> Company:
    """Return the company whose logs come to about ``events`` events."""
    pcs = max(30, round(events / (PER_HOST_DAY * DAYS)) - 10)
    branch = max(8, pcs // 5)
    dice = rng(seed, 1)
    sid = "S-1-5-21-" + "-".join(str(part) for part in dice.integers(10**8, 10**9, 3))
    servers = (
        ("HQ-DC01", "10.20.1.10", "dc"),
        ("HQ-PROXY01", "10.20.1.20", "proxy"),
        ("HQ-FS01", "10.20.1.31", "file-server"),
        ("HQ-FS02", "10.20.1.32", "file-server"),
        ("HQ-BK01", "10.20.1.40", "backup"),
        ("HQ-MON01", "10.20.1.50", "monitor"),
    )
    hosts = [
        Host(
            name=name,
            address=address,
            mac=_mac(at),
            site="hq",
            role=role,
            user=f"{name}$",
            sid=f"{sid}-{1000 + at}",
            diligence=1.0,
        )
        for at, (name, address, role) in enumerate(servers)
    ]
    effort = dice.gamma(9.0, 1 / 9.0, pcs)
    for at in range(pcs):
        site = "subsidiary" if at >= pcs - branch else "hq"
        number = at + 1 if site == "hq" else at - (pcs - branch) + 1
        block = f"10.60.{number // 200}" if site == "subsidiary" else f"10.20.{10 + number // 200}"
        hosts.append(
            Host(
                name=f"{'KTS' if site == 'subsidiary' else 'HQ'}-PC{number:03d}",
                address=f"{block}.{number % 200 + 21}",
                mac=_mac(100 + at),
                site=site,
                role="pc",
                user=f"{chr(97 + (at * 7) % 26)}.{_FAMILY[at % len(_FAMILY)]}{at // len(_FAMILY) or ''}",
                sid=f"{sid}-{2000 + at}",
                diligence=float(effort[at]),
            )
        )
    return Company(hosts=tuple(hosts))


def _mac(number: int) -> str:
    return f"02:00:5e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def is_workday(day: int) -> bool:
    """Return whether the company works on day ``day`` of the logs."""
    date = FIRST_DAY + dt.timedelta(days=day)
    return date.weekday() < 5 and date not in HOLIDAYS


def midnight(day: int) -> int:
    """Return local midnight of day ``day`` in microseconds UTC."""
    start = dt.datetime.combine(FIRST_DAY, dt.time(), dt.UTC) + dt.timedelta(days=day, hours=-ZONE_HOURS)
    return int(start.timestamp() * 1_000_000)


def at(day: int, clock: str) -> int:
    """Return local ``HH:MM[:SS]`` of day ``day`` in microseconds UTC."""
    parts = [int(part) for part in clock.split(":")] + [0]
    return midnight(day) + (parts[0] * 3600 + parts[1] * 60 + parts[2]) * 1_000_000


def sessions(seed: int, people: Company, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (PC index, start, end) in microseconds for the PCs switched on during a day."""
    dice = rng(seed, 2, day)
    pcs = len(people.pcs)
    present = dice.random(pcs) < (0.93 if is_workday(day) else 0.04)
    who = np.flatnonzero(present)
    start = midnight(day) + (dice.normal(8.75, 0.4, pcs)[who] * 3600e6).astype(np.int64)
    length = np.clip(dice.normal(9.4, 1.1, pcs)[who], 1.0, 14.0) * (1.0 if is_workday(day) else 0.4)
    return who, start, start + (length * 3600e6).astype(np.int64)
