"""A second intruder at the same time, who has nothing to do with the first: own way in, own tool, own server, one step further."""

from __future__ import annotations

import msgspec
import numpy as np

from keii.simulate.acts import connect, iso, logon, request, tell, utc
from keii.simulate.company import DAYS, Company, Host, at, is_workday, rng, sessions
from keii.simulate.intrusion import Intrusion
from keii.simulate.windows import AUDIT, NETBIOS, SERVICES, SYSMON

_SERVER = ("cdn-sync.amber-lot.example", "203.0.113.201")  # in no report
_AGENT = "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/533.7 LotSync/2"
_SCRIPT = r"C:\ProgramData\lot\update.js"
_TOOL = r"C:\ProgramData\lot\lotsvc.exe"


def second(seed: int, people: Company, breach: Intrusion) -> Intrusion:
    """Return the breach with the second intruder's machines, server and step; ``intruders`` tells whose each machine is."""
    part = {one["host"] for one in breach.truth["compromised"]}
    spare = [host for host in people.pcs if host.name not in part and host.site == "hq"]
    dice = rng(seed, 21)
    first, other = (spare[n] for n in dice.choice(len(spare), 2, replace=False))
    start = next(day for day in range(breach.plan.entry_day + 9, DAYS) if is_workday(day))
    onward = next(day for day in range(start + 8, DAYS) if is_workday(day))
    opened, moved = at(start, "13:20:31"), at(onward, "16:44:12")
    _way_in(breach, first, opened)
    _step(people, dice, breach, first, other, onward, moved)
    for host, since in ((first, opened + 20_000_000), (other, moved + 60_000_000)):
        _asking(seed, people, dice, breach, host, since)
    truth = breach.truth
    own = [
        {"host": host.name, "address": host.address, "from": iso(when), "c2": True}
        for host, when in ((first, opened), (other, moved))
    ]
    edge = {"from": first.name, "to": other.name, "user": "adm-print", "how": "psexec", "at": iso(moved)}
    server = {"name": _SERVER[0], "address": _SERVER[1], "hosts": [first.name, other.name]}
    return msgspec.structs.replace(
        breach,
        truth={
            **truth,
            "compromised": [*truth["compromised"], *own],
            "c2": [*truth["c2"], server],
            "edges": [*truth["edges"], edge],
            "intruders": [sorted(part), [first.name, other.name]],
        },
    )


def _way_in(breach: Intrusion, host: Host, opened: int) -> None:
    """A script from a download is started by hand, asks its server and puts itself into the autostart."""
    user, runner = f"{NETBIOS}\\{host.user}", r"C:\Windows\System32\wscript.exe"
    tell(
        breach.windows, host, opened, SYSMON, 1, UtcTime=utc(opened), Image=runner,
        CommandLine=rf'wscript.exe "C:\Users\{host.user}\Downloads\meeting-notes.js"',
        ParentImage=r"C:\Windows\explorer.exe", User=user,
    )  # fmt: skip
    tell(
        breach.windows, host, opened + 6_000_000, SYSMON, 11, UtcTime=utc(opened + 6_000_000), Image=runner,
        TargetFilename=_TOOL, User=user,
    )  # fmt: skip
    tell(
        breach.windows, host, opened + 8_000_000, SYSMON, 1, UtcTime=utc(opened + 8_000_000), Image=_TOOL,
        CommandLine=f'"{_TOOL}" -k', ParentImage=runner, User=user,
    )  # fmt: skip
    tell(
        breach.windows, host, opened + 12_000_000, SYSMON, 3, UtcTime=utc(opened + 12_000_000), Image=_TOOL, User=user,
        Protocol="tcp", Initiated="true", SourceIp=host.address, SourcePort="51233", DestinationIp=_SERVER[1],
        DestinationPort="443", DestinationHostname=_SERVER[0],
    )  # fmt: skip
    tell(
        breach.windows, host, opened + 30_000_000, SYSMON, 13, UtcTime=utc(opened + 30_000_000), EventType="SetValue",
        Image=_TOOL, User=user, TargetObject=r"HKU\Software\Microsoft\Windows\CurrentVersion\Run\LotSync",
        Details=f'wscript.exe "{_SCRIPT}"',
    )  # fmt: skip


def _step(
    people: Company, dice: np.random.Generator, breach: Intrusion, source: Host, target: Host, day: int, ts: int
) -> None:
    """To one more machine by a remote service, with the login of a print administrator."""
    user = "adm-print"
    connect(breach.network, dice, day, ts - 300_000, source, target, 445, 640_000, 18_000, "smb")
    tell(
        breach.windows, people.with_role("dc"), ts - 150_000, AUDIT, 4776, TargetUserName=user, Workstation=source.name,
        Status="0x0", PackageName="MICROSOFT_AUTHENTICATION_PACKAGE_V1_0",
    )  # fmt: skip
    logon(breach.windows, target, ts, user, source, "3")
    tell(
        breach.windows, target, ts + 400_000, AUDIT, 5140, SubjectUserName=user, SubjectDomainName=NETBIOS,
        IpAddress=source.address, IpPort="50922", ShareName=r"\\*\ADMIN$", AccessMask="0x1",
    )  # fmt: skip
    tell(
        breach.windows, target, ts + 900_000, SERVICES, 7045, ServiceName="LotSvc", ImagePath=rf"{_TOOL} -s",
        ServiceType="user mode service", StartType="auto start", AccountName="LocalSystem",
    )  # fmt: skip


def _asking(seed: int, people: Company, dice: np.random.Generator, breach: Intrusion, host: Host, since: int) -> None:
    """The tool asks its server every quarter of an hour, less or more, while the machine is on."""
    number = people.pcs.index(host)
    for day in range(DAYS):
        who, start, end = sessions(seed, people, day)
        on = np.flatnonzero(who == number)
        if not len(on) or end[on[0]] < since:
            continue
        first = max(since, int(start[on[0]]) + 90_000_000)
        steps = np.cumsum(900e6 * (1 + dice.uniform(-0.2, 0.2, 60))).astype(np.int64)
        times = first + steps
        times = times[times < end[on[0]]]
        if len(times):
            out, into = np.full(len(times), 420), dice.integers(150, 260, len(times))
            request(people, dice, breach.network, day, host, times, *_SERVER, out, into, secure=True, agent=_AGENT)
