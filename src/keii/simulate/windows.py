"""Ordinary Windows events of one machine: sessions, processes, services, the domain controller, file audit."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keii.data import lines
from keii.simulate.columns import iso, join, merged, pick, table, text
from keii.simulate.company import DAYS, DOMAIN, Company, Host, at, rng, sessions

AUDIT = "Microsoft-Windows-Security-Auditing"
SYSMON = "Microsoft-Windows-Sysmon"
SERVICES = "Service Control Manager"
_CHANNELS = {AUDIT: "Security", SYSMON: "Microsoft-Windows-Sysmon/Operational"}
NETBIOS = "HOSHIZORA"

_PROGRAMS = (
    (
        r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
        r'"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE" /n',
        r"C:\Windows\explorer.exe",
    ),
    (
        r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE",
        r'"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE" /dde',
        r"C:\Windows\explorer.exe",
    ),
    (
        r"C:\Program Files\Browser\browser.exe",
        r'"C:\Program Files\Browser\browser.exe" --type=renderer',
        r"C:\Program Files\Browser\browser.exe",
    ),
    (
        r"C:\Windows\System32\svchost.exe",
        r"C:\Windows\System32\svchost.exe -k netsvcs -p",
        r"C:\Windows\System32\services.exe",
    ),
    (r"C:\Windows\System32\taskhostw.exe", r"taskhostw.exe", r"C:\Windows\System32\svchost.exe"),
    (
        r"C:\Windows\System32\conhost.exe",
        r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1",
        r"C:\Windows\System32\cmd.exe",
    ),
    (
        r"C:\Windows\System32\SearchProtocolHost.exe",
        r'"C:\Windows\system32\SearchProtocolHost.exe" Global',
        r"C:\Windows\System32\SearchIndexer.exe",
    ),
    (
        r"C:\Program Files\AVShield\avscan.exe",
        r'"C:\Program Files\AVShield\avscan.exe" /quick',
        r"C:\Program Files\AVShield\avsvc.exe",
    ),
)
_SERVICES = ("Windows Update", "Software Protection", "Windows Search", "AVShield Engine", "Print Spooler", "BITS")
_SUBJECTS = lines("simulate/parts.txt")
_PAPERS = (
    "drawing",
    "estimate",
    "minutes",
    "note",
    "plan",
    "procedure",
    "proposal",
    "report",
    "schedule",
    "test-result",
)
_ENDINGS = ("pdf", "docx", "xlsx", "dwg", "pptx")


def quoted(value: str) -> str:
    """Return a text as the inside of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def catalogue(seed: int, server: str, count: int) -> list[str]:
    """Return the paths of the files on a server, relative to its share: invented papers on invented parts."""
    dice = rng(seed, 4, sum(server.encode()))
    rows = zip(
        dice.integers(0, len(_SUBJECTS), count),
        dice.integers(0, len(_PAPERS), count),
        dice.integers(0, len(_ENDINGS), count),
        dice.integers(2014, 2019, count),
        strict=True,
    )
    return [
        f"{_SUBJECTS[a]}\\{year}\\{_SUBJECTS[a]}-{_PAPERS[b]}-{number:05d}.{_ENDINGS[c]}"
        for number, (a, b, c, year) in enumerate(rows)
    ]


def events(ts: np.ndarray, provider: str, event_id: int, body: pa.Array, channel: str = "") -> pa.Table:
    """Return events of one kind: ``ts``, ``channel``, ``provider``, ``id``, ``body`` (the inside of a JSON object)."""
    rows = len(ts)
    return table(
        {
            "ts": ts,
            "channel": channel or _CHANNELS.get(provider, "System"),
            "provider": provider,
            "id": np.full(rows, event_id),
            "body": body if rows else pa.array([], pa.string()),
        }
    )


def fields(**values: object) -> pa.Array:
    """Return the inside of a JSON object from constants (quoted here) and arrays of ready JSON-safe text."""
    parts: list[object] = []
    for name, value in values.items():
        lead = f'{"," if parts else ""}"{name}":"'
        if isinstance(value, str):
            parts.append(f'{lead}{quoted(value)}"')
        else:
            parts += [lead, text(value), '"']
    if all(isinstance(part, str) for part in parts):
        return pa.array(["".join(map(str, parts))])
    return join(*parts)


def as_lines(host: Host, happened: pa.Table, first_record: int = 1) -> tuple[pa.Table, pa.Array]:
    """Return the events in order of time with their record numbers, and each as a JSON line."""
    whole = merged([happened])
    channels = whole["channel"].to_numpy(zero_copy_only=False)
    number = np.zeros(len(channels), np.int64)
    for channel in sorted(set(channels)):
        own = channels == channel
        number[own] = np.arange(first_record, first_record + int(own.sum()))
    whole = whole.append_column("record", pa.array(number))
    head = join(
        '{"TimeCreated":"',
        iso(whole["ts"].combine_chunks()),
        f'","Hostname":"{host.name}.{DOMAIN}","Channel":"',
        whole["channel"].combine_chunks(),
        '","SourceName":"',
        whole["provider"].combine_chunks(),
        '","EventID":',
        whole["id"].combine_chunks(),
        ',"RecordNumber":',
        whole["record"].combine_chunks(),
        ",",
        whole["body"].combine_chunks(),
        "}",
    )
    return whole, head


class Days:
    """The sessions of all PCs over the whole span, asked by machine."""

    def __init__(self, seed: int, people: Company) -> None:
        who, start, end, day = [], [], [], []
        for number in range(DAYS):
            pcs, begins, ends = sessions(seed, people, number)
            who.append(pcs)
            start.append(begins)
            end.append(ends)
            day.append(np.full(len(pcs), number))
        self.who, self.start, self.end, self.day = map(np.concatenate, (who, start, end, day))

    def of(self, pc: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (start, end, day) of one PC."""
        own = self.who == pc
        return self.start[own], self.end[own], self.day[own]


def of_pc(seed: int, people: Company, pc: int, days: Days) -> pa.Table:
    """Return the ordinary events of one PC."""
    host = people.pcs[pc]
    dice = rng(seed, 5, pc)
    start, end, _ = days.of(pc)
    proxy = people.with_role("proxy").address
    spread = np.repeat(np.arange(len(start)), dice.poisson(13 * host.diligence, len(start)))
    when = start[spread] + (dice.random(len(spread)) * (end - start)[spread]).astype(np.int64)
    program = dice.integers(0, len(_PROGRAMS), len(spread))
    images, commands, parents = (pick([quoted(row[at]) for row in _PROGRAMS], program) for at in range(3))
    user = quoted(f"{NETBIOS}\\{host.user}")
    calls = dice.random(len(spread)) < 0.5
    return merged(
        [
            events(start, "EventLog", 6005, pa.repeat(fields(EventType="INFO")[0], len(start))),
            events(end, "EventLog", 6006, pa.repeat(fields(EventType="INFO")[0], len(end))),
            events(
                end - 9_000_000,
                "User32",
                1074,
                pa.repeat(fields(param1="explorer.exe", param5="power off")[0], len(end)),
            ),
            events(
                start + 45_000_000,
                AUDIT,
                4624,
                fields(
                    TargetUserName=host.user,
                    TargetDomainName=NETBIOS,
                    TargetUserSid=host.sid,
                    LogonType="2",
                    LogonProcessName="User32 ",
                    AuthenticationPackageName="Negotiate",
                    WorkstationName=host.name,
                    IpAddress="127.0.0.1",
                    IpPort="0",
                    TargetLogonId=join("0x", dice.integers(10**5, 10**7, len(start))),
                ),
            ),
            events(
                end - 5_000_000,
                AUDIT,
                4634,
                fields(
                    TargetUserName=host.user,
                    TargetDomainName=NETBIOS,
                    LogonType="2",
                    TargetLogonId=join("0x", dice.integers(10**5, 10**7, len(end))),
                ),
            ),
            events(
                when,
                SYSMON,
                1,
                fields(
                    UtcTime=_utc(when),
                    ProcessId=dice.integers(400, 20_000, len(when)),
                    Image=images,
                    CommandLine=commands,
                    ParentImage=parents,
                    User=pa.repeat(pa.scalar(user), len(when)),
                ),
            ),
            events(
                when + 700_000,
                AUDIT,
                4688,
                fields(
                    SubjectUserName=host.user,
                    SubjectDomainName=NETBIOS,
                    NewProcessName=images,
                    CommandLine=commands,
                    ParentProcessName=parents,
                ),
            ),
            events(
                when[calls] + 2_000_000,
                SYSMON,
                3,
                fields(
                    UtcTime=_utc(when[calls] + 2_000_000),
                    Image=_PROGRAMS[2][0],
                    User=pa.repeat(pa.scalar(user), int(calls.sum())),
                    Protocol="tcp",
                    Initiated="true",
                    SourceIp=host.address,
                    SourcePort=dice.integers(49152, 65535, int(calls.sum())),
                    DestinationIp=proxy,
                    DestinationPort="3128",
                ),
            ),
            events(
                when[~calls][::3],
                SERVICES,
                7036,
                fields(
                    param1=pick(_SERVICES, dice.integers(0, len(_SERVICES), len(when[~calls][::3]))),
                    param2="running",
                ),
            ),
        ]
    )


def _utc(ts: np.ndarray) -> pa.Array:
    stamp = pc.cast(pa.array(ts), pa.timestamp("us"))
    return pc.utf8_slice_codeunits(pc.strftime(stamp, "%Y-%m-%d %H:%M:%S"), 0, 23)


def of_dc(seed: int, people: Company, days: Days) -> pa.Table:
    """Return the ordinary events of the domain controller: tickets and logons of every session."""
    dice = rng(seed, 6)
    pcs = people.pcs
    servers = [h.name for h in people.hosts if h.role in ("file-server", "dc")]
    spread = np.repeat(np.arange(len(days.who)), 4)
    when = days.start[spread] + (dice.random(len(spread)) ** 2 * (days.end - days.start)[spread]).astype(np.int64)
    pc = days.who[spread]
    names, addresses = [h.user for h in pcs], [f"::ffff:{h.address}" for h in pcs]
    first = days.start + 30_000_000
    return merged(
        [
            events(
                first,
                AUDIT,
                4768,
                fields(
                    TargetUserName=pick(names, days.who),
                    TargetDomainName=NETBIOS,
                    ServiceName="krbtgt",
                    Status="0x0",
                    TicketEncryptionType="0x12",
                    IpAddress=pick(addresses, days.who),
                    IpPort=dice.integers(49152, 65535, len(first)),
                ),
            ),
            events(
                when,
                AUDIT,
                4769,
                fields(
                    TargetUserName=pick([f"{n}@{DOMAIN.upper()}" for n in names], pc),
                    TargetDomainName=DOMAIN.upper(),
                    ServiceName=pick([f"{s}$" for s in servers], dice.integers(0, len(servers), len(when))),
                    Status="0x0",
                    TicketEncryptionType="0x12",
                    IpAddress=pick(addresses, pc),
                    IpPort=dice.integers(49152, 65535, len(when)),
                ),
            ),
            events(when[::4] + 90_000, AUDIT, 4624, _network_logon(dice, people, pc[::4])),
            _backups(),
        ]
    )


def _network_logon(dice: np.random.Generator, people: Company, pc: np.ndarray) -> pa.Array:
    pcs = people.pcs
    return fields(
        TargetUserName=pick([h.user for h in pcs], pc),
        TargetDomainName=NETBIOS,
        TargetUserSid=pick([h.sid for h in pcs], pc),
        LogonType="3",
        LogonProcessName="Kerberos",
        AuthenticationPackageName="Kerberos",
        WorkstationName="-",
        IpAddress=pick([h.address for h in pcs], pc),
        IpPort=dice.integers(49152, 65535, len(pc)),
        TargetLogonId=join("0x", dice.integers(10**5, 10**7, len(pc))),
    )


def of_file_server(seed: int, people: Company, server: Host, paths: Sequence[str], days: Days) -> pa.Table:
    """Return the ordinary events of a file server: everybody reads a few papers of their own subjects."""
    dice = rng(seed, 7, int(server.address.rsplit(".", 1)[1]))
    pcs = people.pcs
    visits = dice.poisson(0.9 * np.array([h.diligence for h in pcs])[days.who])
    spread = np.repeat(np.arange(len(days.who)), visits)
    when = days.start[spread] + (dice.random(len(spread)) * (days.end - days.start)[spread]).astype(np.int64)
    pc = days.who[spread]
    opened = np.repeat(np.arange(len(spread)), dice.poisson(5, len(spread)))
    own = (pc[opened] * 131 + dice.integers(0, 400, len(opened))) % len(paths)
    read_at = when[opened] + dice.integers(1_000_000, 1_800_000_000, len(opened))
    share = share_of(server)
    who = pc[opened]
    return merged(
        [
            events(when, AUDIT, 4624, _network_logon(dice, people, pc)),
            events(
                when + 20_000,
                AUDIT,
                5140,
                fields(
                    SubjectUserName=pick([h.user for h in pcs], pc),
                    SubjectDomainName=NETBIOS,
                    IpAddress=pick([h.address for h in pcs], pc),
                    IpPort=dice.integers(49152, 65535, len(pc)),
                    ShareName=rf"\\*\{share}",
                    ShareLocalPath=rf"\??\D:\{share}",
                    AccessMask="0x1",
                ),
            ),
            file_events(
                share,
                [quoted(p) for p in paths],
                own,
                read_at,
                pick([h.user for h in pcs], who),
                pick([h.address for h in pcs], who),
                dice,
            ),
            _backups(),
        ]
    )


def share_of(server: Host) -> str:
    """Return the name of a server's share."""
    return "middle" if server.name.endswith("2") else "dept"


def file_events(
    share: str,
    paths: Sequence[str],
    path: np.ndarray,
    ts: np.ndarray,
    names: pa.Array,
    addresses: pa.Array,
    dice: np.random.Generator,
) -> pa.Table:
    """Return 5145 and 4663 for files read over the network; ``paths`` are JSON-safe."""
    return merged(
        [
            events(
                ts,
                AUDIT,
                5145,
                fields(
                    SubjectUserName=names,
                    SubjectDomainName=NETBIOS,
                    ObjectType="File",
                    IpAddress=addresses,
                    IpPort=dice.integers(49152, 65535, len(ts)),
                    ShareName=rf"\\*\{share}",
                    ShareLocalPath=rf"\??\D:\{share}",
                    RelativeTargetName=pick(list(paths), path),
                    AccessMask="0x120089",
                ),
            ),
            events(
                ts + 4_000,
                AUDIT,
                4663,
                fields(
                    SubjectUserName=names,
                    SubjectDomainName=NETBIOS,
                    ObjectServer="Security",
                    ObjectType="File",
                    ObjectName=pick([f"D:\\\\{share}\\\\{p}" for p in paths], path),
                    AccessMask="0x1",
                    AccessList="%%4416",
                    ProcessName="",
                ),
            ),
        ]
    )


def _backups() -> pa.Table:

    ts = np.array([at(day, "02:00") for day in range(DAYS)])
    body = fields(
        TargetUserName="svc-backup",
        TargetDomainName=NETBIOS,
        LogonType="3",
        IpAddress="10.20.1.40",
        IpPort="50001",
        WorkstationName="-",
        AuthenticationPackageName="Kerberos",
        LogonProcessName="Kerberos",
    )
    return events(ts, AUDIT, 4624, pa.repeat(body[0], len(ts)))


def of_server() -> pa.Table:
    """Return the ordinary events of any other server: the nightly backup and its services."""
    return _backups()
