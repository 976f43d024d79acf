"""Decoys: honest work that looks like an intrusion: a scanner, an admin's scripts, a program that updates itself, a cloud backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from keii.simulate.acts import connect, logon, request, tell, utc
from keii.simulate.company import DAYS, Company, Host, at, is_workday, rng, sessions
from keii.simulate.intrusion import Intrusion
from keii.simulate.windows import AUDIT, NETBIOS, SERVICES, SYSMON

_SYNC_AGENT, _BACKUP_AGENT = "DeskNoteSync/5.2", "VaultCopy/3.1"
_SYNC = ("sync.desk-note.example", "192.0.2.253")
_VAULT = ("vault.cloud-copy.example", "192.0.2.252")
_SCANNED = ((445, "smb"), (3389, "rdp"), (22, "ssh"), (80, "http"))


def decoys(seed: int, people: Company, breach: Intrusion) -> Intrusion:
    """Return the breach with the honest work of four kinds beside it; the truth names all of it under ``decoys``."""
    part = {one["host"] for one in breach.truth["compromised"]}
    spare = [host for host in people.pcs if host.name not in part and host.site == "hq"]
    dice = rng(seed, 20)
    told = [
        _backup(people, dice, breach),
        _updates(seed, people, dice, breach, [spare[n] for n in dice.choice(len(spare), 4, replace=False)]),
        _scanner(people, dice, breach),
        _admin(people, dice, breach, spare),
    ]
    return msgspec.structs.replace(breach, truth={**breach.truth, "decoys": told})


def _backup(people: Company, dice: np.random.Generator, breach: Intrusion) -> dict[str, Any]:
    """Every night the backup server copies what is new to a rented vault: regular, large, from one machine."""
    host = people.with_role("backup")
    for day in range(DAYS):
        times = at(day, "04:00") + np.arange(3) * 1_200_000_000 + dice.integers(0, 20_000_000, 3)
        sizes = dice.normal(1.1e9 if is_workday(day) else 2e8, 5e7, 3).astype(np.int64)
        into = np.full(3, 48_000)
        request(people, dice, breach.network, day, host, times, *_VAULT, sizes, into, secure=True, agent=_BACKUP_AGENT)
    return {"kind": "backup", "hosts": [host.name], "destination": _VAULT[0]}


def _updates(
    seed: int, people: Company, dice: np.random.Generator, breach: Intrusion, chosen: Sequence[Host]
) -> dict[str, Any]:
    """A program in the folder of four people asks its maker every half hour, and starts itself after each logon."""
    order = {host.name: number for number, host in enumerate(people.pcs)}
    for host in chosen:
        image = rf"C:\Users\{host.user}\AppData\Local\DeskNote\desknote.exe"
        for day in range(DAYS):
            who, start, end = sessions(seed, people, day)
            on = np.flatnonzero(who == order[host.name])
            if not len(on):
                continue
            first = int(start[on[0]]) + 180_000_000
            times = np.arange(first, int(end[on[0]]), 1_800_000_000)
            if not len(times):
                continue
            out, into = np.full(len(times), 540), np.full(len(times), 1_210)
            request(people, dice, breach.network, day, host, times, *_SYNC, out, into, secure=True, agent=_SYNC_AGENT)
            tell(
                breach.windows, host, first, SYSMON, 1, UtcTime=utc(first), Image=image,
                CommandLine=f'"{image}" --background', ParentImage=r"C:\Windows\explorer.exe", User=f"{NETBIOS}\\{host.user}",
            )  # fmt: skip
    return {"kind": "updates", "hosts": [host.name for host in chosen], "destination": _SYNC[0]}


def _scanner(people: Company, dice: np.random.Generator, breach: Intrusion) -> dict[str, Any]:
    """Every second Wednesday the monitor tries the ports of every machine and logs on where it may."""
    host = people.with_role("monitor")
    days = [day for day in range(2, DAYS, 14) if is_workday(day)]
    for day in days:
        for number, target in enumerate(h for h in people.hosts if h is not host):
            ts = at(day, "12:10") + number * 4_000_000
            for step, (port, service) in enumerate(_SCANNED):
                connect(breach.network, dice, day, ts + step * 300_000, host, target, port, 900, 1_400, service)
            if target.role == "pc" or target.role == "file-server":
                logon(breach.windows, target, ts + 400_000, "svc-scan", host, "3")
    return {"kind": "scanner", "hosts": [host.name], "user": "svc-scan"}


def _admin(people: Company, dice: np.random.Generator, breach: Intrusion, spare: Sequence[Host]) -> dict[str, Any]:
    """An administrator starts a script on some PCs through a service, and looks after the servers by remote desktop."""
    desk, rest = spare[-1], spare[:-1]
    targets = [rest[n] for n in dice.choice(len(rest), 6, replace=False)]
    for day in (day for day in range(8, DAYS, 21) if is_workday(day)):
        for number, target in enumerate(targets):
            ts = at(day, "15:05") + number * 90_000_000
            connect(breach.network, dice, day, ts - 300_000, desk, target, 445, 410_000, 22_000, "smb")
            logon(breach.windows, target, ts, "adm-desk", desk, "3")
            tell(
                breach.windows, target, ts + 900_000, SERVICES, 7045, ServiceName="PSEXESVC",
                ImagePath=r"%SystemRoot%\PSEXESVC.exe", ServiceType="user mode service", StartType="demand start",
                AccountName="LocalSystem",
            )  # fmt: skip
            tell(
                breach.windows, target, ts + 400_000, AUDIT, 5140, SubjectUserName="adm-desk", SubjectDomainName=NETBIOS,
                IpAddress=desk.address, IpPort="50811", ShareName=r"\\*\ADMIN$", AccessMask="0x1",
            )  # fmt: skip
    for day in (day for day in range(4, DAYS, 7) if is_workday(day)):
        for number, target in enumerate(h for h in people.hosts if h.role == "file-server"):
            ts = at(day, "17:20") + number * 900_000_000
            connect(breach.network, dice, day, ts - 300_000, desk, target, 3389, 3_100_000, 9_000_000, "rdp")
            logon(breach.windows, target, ts, "adm-desk", desk, "10")
    return {"kind": "admin", "hosts": [desk.name], "user": "adm-desk", "targets": [host.name for host in targets]}
