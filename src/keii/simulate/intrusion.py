"""The intrusion: way in, beacon, steps to the shared server, reading, staging, exfiltration, erased logs.

The days are drawn from the seed; the order is that of the story. What is done here is also written to the truth.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from keii.simulate.acts import Network, Story, connect, iso, logon, request, tell, utc
from keii.simulate.company import Company, Host, at, is_workday, rng, sessions
from keii.simulate.windows import AUDIT, NETBIOS, SERVICES, SYSMON, file_events, quoted

C2_NAME, C2_ADDRESS = "status.metric-relay.example", "203.0.113.77"
DROP_NAME, DROP_ADDRESS = "files.quiet-harbor.example", "203.0.113.140"
LOADER_SHA256 = "5f1d7a4c0b8e9362a1c4d7f0e3b6895c2d8f417a6093be5c7d21f8a4e06b9c3d"  # of an invented file
LOADER = r"C:\Users\Public\Libraries\winupd.dll"
EVENTLOG = "Microsoft-Windows-Eventlog"
SERVICE_USER = "svc-cad"  # a service account whose password lay in the memory of the foothold


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who, where and when, drawn from the seed. Days are offsets of ``company.FIRST_DAY``."""

    entry: Host
    foothold: Host
    second: Host
    staging: Host
    server: Host
    entry_day: int
    foothold_day: int
    second_day: int
    nights: tuple[int, ...]
    staging_day: int
    exfil_days: tuple[int, ...]
    clear_day: int
    erased_from_day: int
    stolen_user: str


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from the usual course.

    ``workdays`` from one request for orders to the next, 0 for about an hour; ``entry``, a machine that comes in from
    outside, None for a PC of the subsidiary by mail.
    """

    workdays: int = 0
    entry: Host | None = None


def supplier() -> Host:
    """Return the notebook of a firm that looks after machines, at the address that the VPN server gives it."""
    return Host(
        name="KOWA-NB02", address="10.99.0.14", mac="02:00:5e:99:00:0e", site="vpn", role="supplier", user="kowa.maint",
        sid="", diligence=0.0,
    )  # fmt: skip


class Intrusion(msgspec.Struct, frozen=True, kw_only=True):
    """The intrusion's own events, to be merged into the ordinary ones, and its truth.

    Attributes:
        network: day → name of the log → rows; windows: host → events.
        erased: host → channel → (from, until) in microseconds: events of that channel in between are gone.
        truth: what happened, as plain values for ``truth.json``.
    """

    plan: Plan
    network: Network
    windows: Story
    erased: dict[str, dict[str, tuple[int, int]]]
    truth: dict[str, Any]


def plan(seed: int, people: Company, course: Course = Course()) -> Plan:  # noqa: B008 (frozen)
    """Return the plan of a seed."""
    dice = rng(seed, 10)
    branch = [host for host in people.pcs if host.site == "subsidiary"]
    hq = [host for host in people.pcs if host.site == "hq"]
    entry = branch[int(dice.integers(0, len(branch)))]
    foothold, second, staging = (hq[n] for n in dice.choice(len(hq), 3, replace=False))
    server = next(host for host in people.hosts if host.name == "HQ-FS02")
    work = [day for day in range(92) if is_workday(day)]

    def workday(after: int) -> int:
        return next(day for day in work if day >= after)

    start = workday(5 + int(dice.integers(0, 4)))
    foothold_day = workday(start + 6 + int(dice.integers(0, 4)))
    second_day = workday(foothold_day + 4 + int(dice.integers(0, 4)))
    first_night = workday(second_day + 3)
    nights = tuple(sorted({workday(first_night + step) for step in (0, 5, 9, 14)}))
    staging_day = workday(nights[-1] + 1)
    exfil = tuple(sorted({workday(staging_day + 1), workday(staging_day + 2)}))
    clear = workday(exfil[-1] + 1)
    return Plan(
        entry=course.entry or entry,
        foothold=foothold,
        second=second,
        staging=staging,
        server=server,
        entry_day=start,
        foothold_day=foothold_day,
        second_day=second_day,
        nights=nights,
        staging_day=staging_day,
        exfil_days=exfil,
        clear_day=clear,
        erased_from_day=nights[1] + 1,
        stolen_user=SERVICE_USER,
    )


def intrusion(seed: int, people: Company, paths: list[str], course: Course = Course()) -> Intrusion:  # noqa: B008 (frozen)
    """Return the whole intrusion; ``paths`` are the files of the shared server."""
    p = plan(seed, people, course)
    dice = rng(seed, 11)
    story: Story = {}
    network: Network = {}
    if course.entry is None:
        _entry(p, story)
    _beacons(seed, people, p, dice, network, course.workdays)
    steps = _steps(people, p, dice, network, story)
    files = _reading(p, dice, paths, network, story)
    sent = _exfiltration(people, p, dice, network, story, files["bytes"])
    _erase(p, story)
    cleared = at(p.clear_day, "21:14:07")
    erased = {p.server.name: {"Security": (at(p.erased_from_day, "00:00"), cleared)}}
    visible = [f for night, names in files["by_night"].items() if night < p.erased_from_day for f in names]
    truth = {
        "entry": {
            "host": p.entry.name,
            "address": p.entry.address,
            "at": iso(at(p.entry_day, "10:42:10")),
            "vector": "phishing mail with attachment" if course.entry is None else "VPN account of a supplier",
        },
        "first_host": _own(p)[0][0].name,
        "compromised": [
            {"host": host.name, "address": host.address, "from": iso(when), "c2": c2} for host, when, c2 in _own(p)
        ],
        "c2": [
            {"name": C2_NAME, "address": C2_ADDRESS, "hosts": [h.name for h in _askers(p)]},
            {"name": DROP_NAME, "address": DROP_ADDRESS, "hosts": [p.staging.name]},
        ],
        "edges": steps,
        "files": {
            "server": p.server.name,
            "user": p.stolen_user,
            "distinct": len({f for n in files["by_night"].values() for f in n}),
            "distinct_in_logs": len(set(visible)),
            "nights": [iso(at(n, "22:30")) for n in p.nights],
            "bytes": files["bytes"],
            "in_logs": sorted(set(visible)),
        },
        "exfiltration": {
            "host": p.staging.name,
            "destination": DROP_ADDRESS,
            "bytes": sent,
            "days": [iso(at(d, "23:40")) for d in p.exfil_days],
        },
        "erased": [
            {
                "host": p.server.name,
                "log": "Security",
                "cleared_at": iso(cleared),
                "missing_from": iso(at(p.erased_from_day, "00:00")),
            },
            {
                "host": p.staging.name,
                "log": "System",
                "cleared_at": iso(at(p.clear_day, "21:20:44")),
                "missing_from": None,
            },
        ],
    }
    return Intrusion(plan=p, network=network, windows=story, erased=erased, truth=truth)


def _entry(p: Plan, story: Story) -> None:
    """A mail attachment is opened on a PC of the subsidiary; the document starts a loader."""
    opened = at(p.entry_day, "10:42:10")
    user = f"{NETBIOS}\\{p.entry.user}"
    writer, runner = r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE", r"C:\Windows\System32\rundll32.exe"
    attached = rf"C:\Users\{p.entry.user}\AppData\Local\Temp\quotation-2019.doc"
    tell(
        story,
        p.entry,
        opened,
        SYSMON,
        1,
        UtcTime=utc(opened),
        Image=writer,
        CommandLine=f'"{writer}" "{attached}"',
        ParentImage=r"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE",
        User=user,
    )
    tell(
        story,
        p.entry,
        opened + 9_000_000,
        SYSMON,
        11,
        UtcTime=utc(opened + 9_000_000),
        Image=writer,
        TargetFilename=LOADER,
        User=user,
    )
    tell(
        story,
        p.entry,
        opened + 11_000_000,
        SYSMON,
        1,
        UtcTime=utc(opened + 11_000_000),
        Image=runner,
        CommandLine=f"rundll32.exe {LOADER},Start",
        ParentImage=writer,
        User=user,
        Hashes=f"SHA256={LOADER_SHA256.upper()}",
    )
    tell(
        story,
        p.entry,
        opened + 14_000_000,
        SYSMON,
        3,
        UtcTime=utc(opened + 14_000_000),
        Image=runner,
        User=user,
        Protocol="tcp",
        Initiated="true",
        SourceIp=p.entry.address,
        SourcePort="50771",
        DestinationIp=C2_ADDRESS,
        DestinationPort="80",
        DestinationHostname=C2_NAME,
    )
    tell(
        story,
        p.entry,
        opened + 40_000_000,
        SYSMON,
        13,
        UtcTime=utc(opened + 40_000_000),
        EventType="SetValue",
        Image=runner,
        User=user,
        TargetObject=r"HKU\Software\Microsoft\Windows\CurrentVersion\Run\WinUpd",
        Details=f"rundll32.exe {LOADER},Start",
    )


def _own(p: Plan) -> list[tuple[Host, int, bool]]:
    """Return the company's machines in the intruder's hands: since when, and whether each talks to a server outside."""
    found = (
        (p.entry, at(p.entry_day, "10:42:10"), True),
        (p.foothold, at(p.foothold_day, "14:03:20"), True),
        (p.second, at(p.second_day, "11:20:00"), False),
        (p.server, at(p.nights[0], "22:31:00"), False),
        (p.staging, at(p.staging_day, "19:05:00"), True),
    )
    return [one for one in found if one[0].role != "supplier"]


def _askers(p: Plan) -> list[Host]:
    """Return the machines whose loader asks for orders: a supplier's own notebook has none."""
    return [host for host in (p.entry, p.foothold) if host.role == "pc"]


def _beacons(seed: int, people: Company, p: Plan, dice: np.random.Generator, network: Network, workdays: int) -> None:
    """The loader asks its server for orders about once an hour while the PC is on, or once in some workdays."""
    order = {host.name: number for number, host in enumerate(people.pcs)}
    since_day = {p.entry.name: p.entry_day, p.foothold.name: p.foothold_day}
    begins = {p.entry.name: "10:42:24", p.foothold.name: "14:05:00"}
    for host in _askers(p):
        since, passed = since_day[host.name], 0
        for day in range(since, 92):
            who, start, end = sessions(seed, people, day)
            on = np.flatnonzero(who == order[host.name])
            if not len(on):
                continue
            first = max(int(start[on[0]]) + 120_000_000, at(day, begins[host.name]) if day == since else 0)
            steps = np.cumsum(3_600_000_000 * (1 + dice.uniform(-0.12, 0.12, 14)).astype(float)).astype(np.int64)
            ts = np.concatenate([[first], first + steps])
            if workdays:
                due, passed = passed % workdays == 0, passed + is_workday(day)
                ts = first + dice.integers(0, 5_400_000_000, 1) if due and is_workday(day) else ts[:0]
            ts = ts[ts < end[on[0]]]
            if len(ts):
                request(
                    people,
                    dice,
                    network,
                    day,
                    host,
                    ts,
                    C2_NAME,
                    C2_ADDRESS,
                    np.full(len(ts), 310),
                    dice.integers(180, 420, len(ts)),
                    secure=False,
                )


def _steps(people: Company, p: Plan, dice: np.random.Generator, network: Network, story: Story) -> list[dict[str, str]]:
    """From the subsidiary to head office by a remote service, on by remote desktop, to the server by its share."""
    dc = people.with_role("dc")
    edges = []

    def edge(day: int, clock: str, source: Host, target: Host, user: str, how: str, port: int, out: int) -> int:
        ts = at(day, clock)
        connect(network, dice, day, ts - 300_000, source, target, port, out, 20_000, "rdp" if port == 3389 else "smb")
        tell(
            story,
            dc,
            ts - 150_000,
            AUDIT,
            4776,
            TargetUserName=user,
            Workstation=source.name,
            Status="0x0",
            PackageName="MICROSOFT_AUTHENTICATION_PACKAGE_V1_0",
        )
        logon(story, target, ts, user, source, "10" if how == "rdp" else "3")
        edges.append({"from": source.name, "to": target.name, "user": user, "how": how, "at": iso(ts)})
        return ts

    admin = "adm-kts"
    ts = edge(p.foothold_day, "14:03:20", p.entry, p.foothold, admin, "psexec", 445, 812_000)
    tell(
        story,
        p.entry,
        ts - 2_000_000,
        AUDIT,
        4648,
        SubjectUserName=p.entry.user,
        SubjectDomainName=NETBIOS,
        TargetUserName=admin,
        TargetDomainName=NETBIOS,
        TargetServerName=p.foothold.name,
        ProcessName=r"C:\Users\Public\Libraries\px.exe",
        IpAddress="-",
        IpPort="-",
    )
    for name in ("ADMIN$", "IPC$"):
        tell(
            story,
            p.foothold,
            ts + 400_000,
            AUDIT,
            5140,
            SubjectUserName=admin,
            SubjectDomainName=NETBIOS,
            IpAddress=p.entry.address,
            IpPort="50922",
            ShareName=rf"\\*\{name}",
            AccessMask="0x1",
        )
    tell(
        story,
        p.foothold,
        ts + 700_000,
        AUDIT,
        5145,
        SubjectUserName=admin,
        SubjectDomainName=NETBIOS,
        IpAddress=p.entry.address,
        IpPort="50922",
        ShareName=r"\\*\IPC$",
        RelativeTargetName="svcctl",
        AccessMask="0x12019f",
    )
    image = r"%SystemRoot%\wupdsvc.exe"
    tell(
        story,
        p.foothold,
        ts + 900_000,
        SERVICES,
        7045,
        ServiceName="WUpdSvc",
        ImagePath=image,
        ServiceType="user mode service",
        StartType="demand start",
        AccountName="LocalSystem",
    )
    tell(
        story,
        p.foothold,
        ts + 950_000,
        AUDIT,
        4697,
        SubjectUserName=admin,
        SubjectDomainName=NETBIOS,
        ServiceName="WUpdSvc",
        ServiceFileName=image,
    )
    tell(
        story,
        p.foothold,
        ts + 30_000_000,
        SYSMON,
        10,
        UtcTime=utc(ts + 30_000_000),
        SourceImage=r"C:\Windows\wupdsvc.exe",
        TargetImage=r"C:\Windows\System32\lsass.exe",
        GrantedAccess="0x1010",
        CallTrace="C:\\Windows\\SYSTEM32\\ntdll.dll+9c534",
    )
    ts = edge(p.second_day, "11:20:00", p.foothold, p.second, p.stolen_user, "rdp", 3389, 2_400_000)
    for night in p.nights:
        edge(night, "22:31:00", p.second, p.server, p.stolen_user, "smb", 445, 300_000)
    edge(p.staging_day, "19:05:00", p.second, p.staging, p.stolen_user, "rdp", 3389, 9_800_000)
    return edges


def _reading(p: Plan, dice: np.random.Generator, paths: list[str], network: Network, story: Story) -> dict[str, Any]:
    """On four nights the share between two divisions is read, project by project."""
    wanted = dice.choice(len(paths), int(dice.integers(2_300, 3_200)), replace=False)
    sizes = dice.lognormal(12.2, 0.9, len(wanted)).astype(np.int64)
    parts = np.array_split(wanted, len(p.nights))
    safe = [quoted(path) for path in paths]
    by_night: dict[int, list[str]] = {}
    for night, part in zip(p.nights, parts, strict=True):
        again = dice.choice(part, len(part) // 6)  # some are read twice: events are not files
        order = np.concatenate([part, again])
        ts = at(night, "22:32:00") + np.sort(dice.integers(0, 5_400_000_000, len(order)))
        story.setdefault(p.server.name, []).append(
            file_events(
                "middle",
                safe,
                order,
                ts,
                pa.repeat(pa.scalar(p.stolen_user), len(order)),
                pa.repeat(pa.scalar(p.second.address), len(order)),
                dice,
            )
        )
        by_night[night] = [paths[n] for n in part]
        connect(
            network,
            dice,
            night,
            at(night, "22:31:40"),
            p.second,
            p.server,
            445,
            4_000_000,
            int(sizes[np.isin(wanted, part)].sum()),
            "smb",
        )
    return {"by_night": by_night, "bytes": int(sizes.sum())}


def _exfiltration(
    people: Company,
    p: Plan,
    dice: np.random.Generator,
    network: Network,
    story: Story,
    size: int,
) -> int:
    """The copies are packed on a PC with weaker protection and sent out in parts on two evenings."""
    packed = at(p.staging_day, "20:10:00")
    tool = r"C:\Users\Public\Libraries\r.exe"
    volume = r"C:\Users\Public\Libraries\lib.part{}.rar"
    connect(network, dice, p.staging_day, at(p.staging_day, "19:40:00"), p.second, p.staging, 445, size, 90_000, "smb")
    tell(
        story,
        p.staging,
        packed,
        SYSMON,
        1,
        UtcTime=utc(packed),
        Image=tool,
        CommandLine=r"r.exe a -v200m -hp C:\Users\Public\Libraries\lib.rar D:\work\m",
        ParentImage=r"C:\Windows\System32\cmd.exe",
        User=f"{NETBIOS}\\{p.stolen_user}",
    )
    for number in (1, 2, 3):
        ts = packed + number * 240_000_000
        tell(
            story,
            p.staging,
            ts,
            SYSMON,
            11,
            UtcTime=utc(ts),
            Image=tool,
            TargetFilename=volume.format(number),
            User=f"{NETBIOS}\\{p.stolen_user}",
        )
    total = int(size * 0.82)
    portions = np.array_split(np.full(6, total // 6), len(p.exfil_days))
    for day, portion in zip(p.exfil_days, portions, strict=True):
        times = at(day, "23:40:00") + np.arange(len(portion)) * 420_000_000
        request(
            people,
            dice,
            network,
            day,
            p.staging,
            times,
            DROP_NAME,
            DROP_ADDRESS,
            portion,
            np.full(len(portion), 5_200),
            secure=True,
        )
    return int(sum(int(portion.sum()) for portion in portions))


def _erase(p: Plan, story: Story) -> None:
    """The Security log of the server and the System log of the staging PC are cleared."""
    ts = at(p.clear_day, "21:14:07")
    tell(
        story,
        p.server,
        ts,
        EVENTLOG,
        1102,
        "Security",
        SubjectUserName=p.stolen_user,
        SubjectDomainName=NETBIOS,
        SubjectLogonId="0x5a77c1",
    )
    ts = at(p.clear_day, "21:20:44")
    tell(
        story,
        p.staging,
        ts,
        EVENTLOG,
        104,
        "System",
        SubjectUserName=p.stolen_user,
        SubjectDomainName=NETBIOS,
        Channel="System",
        BackupPath="",
    )
