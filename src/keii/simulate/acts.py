"""Single acts of somebody in the made company, as every log that sees them tells them: a request, a connection, a logon."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from keii.simulate.columns import merged, pick, table, uids
from keii.simulate.company import Company, Host
from keii.simulate.network import conn_rows, split_requests
from keii.simulate.windows import AUDIT, NETBIOS, events, fields

AGENT = "Mozilla/4.0 (compatible; MSIE 8.0; WinUpd 7.1)"
Story = dict[str, list[pa.Table]]  # host → events
Network = dict[int, dict[str, list[pa.Table]]]  # day → name of the log → rows


def iso(ts: int) -> str:
    """Return microseconds as the truth tells instants."""
    return str(np.datetime64(ts, "us")) + "Z"


def utc(ts: int) -> str:
    """Return microseconds as the sensor's own time."""
    return str(np.datetime64(ts // 1000, "ms")).replace("T", " ")


def tell(story: Story, host: Host, ts: int, provider: str, event_id: int, channel: str = "", **values: str) -> None:
    """Add one event of a machine."""
    story.setdefault(host.name, []).append(events(np.array([ts]), provider, event_id, fields(**values), channel))


def request(
    people: Company,
    dice: np.random.Generator,
    network: Network,
    day: int,
    host: Host,
    ts: np.ndarray,
    name: str,
    address: str,
    out: np.ndarray,
    into: np.ndarray,
    *,
    secure: bool,
    agent: str = AGENT,
) -> None:
    """Add requests of the intruder as every log sees them."""
    rows = len(ts)
    requests = table(
        {
            "ts": ts,
            "uid": uids(dice, rows),
            "src": host.address,
            "sport": dice.integers(49152, 65535, rows),
            "name": name,
            "address": address,
            "in": into,
            "out": out,
            "seconds": np.round(dice.uniform(0.2, 1.4, rows) + out / 5e6, 6),
            "secure": np.full(rows, secure),
            "hq": np.full(rows, host.site == "hq"),
            "path": pick(
                [f"/api/v2/status?id={n:08x}" for n in dice.integers(0, 2**31, 64)], dice.integers(0, 64, rows)
            ),
            "agent": agent,
            "user": host.user,
        }
    )
    found = split_requests(
        requests, dice, people.with_role("proxy").address, people.with_role("dc").address, through=1.0
    )
    found["conn"] = merged([found["conn"], found.pop("direct")])
    for log, part in found.items():
        if part.num_rows:
            network.setdefault(day, {}).setdefault(log, []).append(part)


def connect(
    network: Network,
    dice: np.random.Generator,
    day: int,
    ts: int,
    source: Host,
    target: Host,
    port: int,
    out: int,
    into: int,
    service: str,
) -> None:
    """Add one connection between two machines."""
    one = table(
        {
            "ts": np.array([ts]),
            "uid": uids(dice, 1),
            "src": source.address,
            "sport": dice.integers(49152, 65535, 1),
            "out": np.array([out]),
            "in": np.array([into]),
            "seconds": np.array([42.5]),
        }
    )
    network.setdefault(day, {}).setdefault("conn", []).append(conn_rows(one, target.address, port, "tcp", service))


def logon(story: Story, target: Host, ts: int, user: str, source: Host, kind: str) -> None:
    """Add the target's record of a logon of that type."""
    tell(
        story,
        target,
        ts,
        AUDIT,
        4624,
        TargetUserName=user,
        TargetDomainName=NETBIOS,
        LogonType=kind,
        WorkstationName=source.name,
        LogonProcessName="NtLmSsp " if kind == "3" else "User32 ",
        AuthenticationPackageName="NTLM" if kind == "3" else "Negotiate",
        IpAddress=source.address,
        IpPort="50922",
        TargetLogonId="0x5a77c1",
    )
