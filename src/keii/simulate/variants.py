"""Variants of the made breach: what erased, lost, copied or badly timed logs do to the same story.

Each variant changes the written files line by line, draws from the seed only, and tells in the truth what it did:
``erased`` gains the periods whose records are gone, ``variant`` the name and its values.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keii.errors import UsageError
from keii.simulate.churn import churned
from keii.simulate.company import DOMAIN
from keii.simulate.stories import COURSES, STORIES

Truth = dict[str, Any]
Keep = Callable[[str], str | None]  # a line → the line to write, None where it is gone

_NUMBER = re.compile(r'"RecordNumber":(\d+)')
_STAMP = re.compile(r'"TimeCreated":"([^"]{19})')


def vary(out: Path, name: str, seed: int, truth: Truth) -> Truth:
    """Change the logs in ``out`` as variant ``name`` and return the truth with what was done.

    Raises:
        UsageError: there is no such variant.
    """
    if name not in VARIANTS:
        raise UsageError(f"variant is one of {', '.join(sorted(VARIANTS))}, not {name!r}")
    told: Truth = {"name": name}
    truth = {**truth, "erased": list(truth["erased"]), "variant": told}
    VARIANTS[name](out / "logs", seed, truth)
    return truth


def _rewrite(path: Path, keep: Keep) -> None:
    """Write a file of lines anew; a line that ``keep`` gives no answer to is gone."""
    fresh = path.with_name(path.name + ".new")
    with path.open(encoding="utf-8", newline="") as old, fresh.open("w", encoding="utf-8", newline="") as new:
        for line in old:
            kept = keep(line)
            if kept is not None:
                new.write(kept)
    fresh.replace(path)


def _log(out: Path, host: str) -> Path:
    return out / "windows" / f"{host}.json"


def _time(line: str) -> str:
    found = _STAMP.search(line)
    return found[1] if found else ""


def _day(text: str, days: int) -> str:
    moment = dt.datetime.fromisoformat(text[:19]) + dt.timedelta(days=days)
    return moment.isoformat(timespec="seconds")


def _gone(truth: Truth, host: str, log: str, since: str, until: str, *, how: str) -> None:
    truth["erased"].append(
        {
            "host": host,
            "log": log,
            "cleared_at": None,
            "missing_from": f"{since}.000000Z",
            "missing_until": f"{until}.000000Z",
            "how": how,
        }
    )


def _renumbered(line: str, less: int) -> str:
    return _NUMBER.sub(lambda found: f'"RecordNumber":{int(found[1]) - less}', line, count=1)


def _base(_out: Path, _seed: int, _truth: Truth) -> None:
    """Leave the breach as it is."""


def _sysmon_deleted(out: Path, _seed: int, truth: Truth) -> None:
    """Sysmon's channel on the first machine is deleted: nothing before the day of the clear is left of it."""
    host, until = truth["first_host"], truth["erased"][0]["cleared_at"][:19]
    lost = 0

    def keep(line: str) -> str | None:
        nonlocal lost
        if '"Channel":"Microsoft-Windows-Sysmon' not in line:
            return line
        if _time(line) < until:
            lost += 1
            return None
        return _renumbered(line, lost)  # a channel that is made anew counts from one

    _rewrite(_log(out, host), keep)
    _gone(truth, host, "Microsoft-Windows-Sysmon/Operational", "2019-02-24T15:00:00", until, how="channel deleted")


def _sensor_stopped(out: Path, _seed: int, truth: Truth) -> None:
    """The sensor on the machine that sent the copies is stopped a day before they are packed, and stays so."""
    host = truth["exfiltration"]["host"]
    since = _day(next(one["from"] for one in truth["compromised"] if one["host"] == host), -1)
    _rewrite(_log(out, host), lambda line: None if "Sysmon" in line and _time(line) >= since else line)
    _gone(truth, host, "Microsoft-Windows-Sysmon/Operational", since, "2019-05-29T00:00:00", how="sensor stopped")


def _audit_off(out: Path, _seed: int, truth: Truth) -> None:
    """The file server's audit of files was never on: no list of files can be told."""
    never = 0

    def keep(line: str) -> str | None:
        nonlocal never
        if '"EventID":5145' in line or '"EventID":4663' in line:
            never += 1
            return None
        return _renumbered(line, never) if '"Channel":"Security"' in line else line

    _rewrite(_log(out, truth["files"]["server"]), keep)
    truth["files"] = {**truth["files"], "in_logs": [], "distinct_in_logs": 0, "distinct_from_host_in_logs": 0}


def _retention(out: Path, _seed: int, truth: Truth) -> None:
    """Windows logs and proxy logs reach back only to the day after the way in."""
    since = _day(truth["entry"]["at"], 1)
    for path in sorted((out / "windows").glob("*.json")):
        _rewrite(path, lambda line: line if _time(line) >= since else None)
    epoch = dt.datetime.fromisoformat(since).replace(tzinfo=dt.UTC).timestamp()
    for path in sorted((out / "squid").rglob("access.log")):
        _rewrite(path, lambda line: line if float(line.split(" ", 1)[0]) >= epoch else None)
    truth["variant"]["kept_from"] = f"{since}.000000Z"


def _proxy_deleted(out: Path, _seed: int, truth: Truth) -> None:
    """The proxy's log lacks the days on which the copies were sent."""
    first, last = (truth["exfiltration"]["days"][at] for at in (0, -1))
    since, until = (
        dt.datetime.fromisoformat(_day(text, step)).replace(tzinfo=dt.UTC).timestamp()
        for text, step in ((first, -1), (last, 1))
    )
    for path in sorted((out / "squid").rglob("access.log")):
        _rewrite(path, lambda line: None if since <= float(line.split(" ", 1)[0]) < until else line)
    truth["variant"] |= {"missing_from": _day(first, -1), "missing_until": _day(last, 1), "log": "squid"}


def _shifted(line: str, shift: Callable[[dt.datetime], dt.timedelta]) -> str:
    """Return a Windows event as a wrong clock wrote it; Sysmon's own UtcTime goes with it."""
    stamp = _time(line)
    if not stamp:
        return line
    moment = dt.datetime.fromisoformat(stamp)
    late = moment + shift(moment)
    line = line.replace(stamp, late.isoformat(timespec="seconds"), 1)
    return line.replace(f'"UtcTime":"{moment}', f'"UtcTime":"{late.replace(microsecond=0)}', 1)


def _clock_offset(out: Path, seed: int, truth: Truth) -> None:
    """The clock of the foothold is wrong by 7 to 43 minutes, the same on every day."""
    host, offset = truth["compromised"][1]["host"], dt.timedelta(minutes=7 + seed * 7 % 37)
    _rewrite(_log(out, host), lambda line: _shifted(line, lambda _moment: offset))
    truth["variant"] |= {"host": host, "seconds_fast": offset.total_seconds()}


def _clock_drift(out: Path, _seed: int, truth: Truth) -> None:
    """The clock of the foothold gains five seconds a day."""
    host, first = truth["compromised"][1]["host"], dt.datetime(2019, 2, 25)  # noqa: DTZ001 (log times carry no zone)
    _rewrite(_log(out, host), lambda line: _shifted(line, lambda m: dt.timedelta(seconds=5 * (m - first).days)))
    truth["variant"] |= {"host": host, "seconds_a_day": 5}


def _local_time(out: Path, _seed: int, truth: Truth) -> None:
    """The foothold writes local time (nine hours ahead) and calls it UTC."""
    host = truth["compromised"][1]["host"]
    _rewrite(_log(out, host), lambda line: _shifted(line, lambda _moment: dt.timedelta(hours=9)))
    truth["variant"] |= {"host": host, "seconds_fast": 32_400}


def _copies(out: Path, _seed: int, truth: Truth) -> None:
    """Every Windows event lies a second time in a second archive: the counts must not double."""
    second = out / "windows-archive"
    second.mkdir()
    for path in sorted((out / "windows").glob("*.json")):
        (second / path.name).write_bytes(path.read_bytes() + b"\n")
    truth["variant"]["copies"] = 2


def _forwarded(out: Path, _seed: int, truth: Truth) -> None:
    """A collector holds Security events of all servers and of the compromised machines, under its own channel."""
    hosts = sorted({one["host"] for one in truth["compromised"]} | {p.stem for p in out.glob("windows/HQ-[!P]*.json")})
    with (out / "windows" / "HQ-COLLECT01.json").open("w", encoding="utf-8", newline="") as collected:
        for host in hosts:
            with _log(out, host).open(encoding="utf-8", newline="") as lines:
                collected.writelines(
                    line.replace('"Channel":"Security"', '"Channel":"ForwardedEvents"', 1)
                    for line in lines
                    if '"Channel":"Security"' in line
                )
    truth["variant"]["collector"] = "HQ-COLLECT01"


def _reimaged(out: Path, seed: int, truth: Truth) -> None:
    """A PC that has no part in the story is set up anew: same name, new SIDs, record numbers from one."""
    part = {one["host"] for one in truth["compromised"]}
    spare = sorted(path.stem for path in out.glob("windows/HQ-PC*.json") if path.stem not in part)
    host, since, last = spare[seed % len(spare)], "2019-04-08T15:00:00", dict[str, int]()

    def keep(line: str) -> str:
        channel, number = line.split('"Channel":"')[1].split('"')[0], _NUMBER.search(line)
        if _time(line) < since:
            last[channel] = int(number[1]) if number else 0
            return line
        return _renumbered(line, last.get(channel, 0)).replace('"S-1-5-21-', '"S-1-5-21-9')

    _rewrite(_log(out, host), keep)
    truth["variant"] |= {"host": host, "at": f"{since}.000000Z"}


def _churn(out: Path, seed: int, truth: Truth) -> None:
    """In the middle of the intrusion the PCs of head office are given each other's addresses."""
    since = _day(truth["compromised"][2]["from"], 2)[:10] + "T15:00:00"
    names = sorted(path.stem for path in out.glob("windows/HQ-PC*.json"))
    truth["variant"] |= {"at": f"{since}.000000Z", "machines": churned(out, seed, names, since)}


def _threads_killed(out: Path, _seed: int, truth: Truth) -> None:
    """On the workday after the first machine was entered the event log of the file server is suspended for five hours."""
    host = truth["files"]["server"]
    day = next(
        one
        for one in (_day(truth["compromised"][0]["from"], n)[:10] for n in range(1, 8))
        if dt.date.fromisoformat(one).weekday() < 5
    )
    since, until = f"{day}T01:00:00", f"{day}T06:00:00"  # 10 to 15 o'clock in Japan
    lost: dict[str, int] = {}

    def keep(line: str) -> str | None:
        channel = line.split('"Channel":"')[1].split('"')[0]
        if since <= _time(line) < until:
            lost[channel] = lost.get(channel, 0) + 1
            return None
        return _renumbered(line, lost.get(channel, 0))  # what was never written takes no number

    _rewrite(_log(out, host), keep)
    address = next(one["address"] for one in truth["compromised"] if one["host"] == host)
    for path in out.glob("zeek/*/dns.log"):
        _rewrite(path, _named(host, address))
    truth["variant"] |= {"host": host, "silent_from": f"{since}.000000Z", "silent_until": f"{until}.000000Z"}


def _named(host: str, address: str) -> Keep:
    """Every two hundredth look-up is one of the server's name, so that its address is known."""
    seen = 0

    def keep(line: str) -> str:
        nonlocal seen
        parts = line.split("\t")
        seen += not line.startswith("#")
        if line.startswith("#") or seen % 200 or len(parts) < 14:
            return line
        parts[8], parts[12] = f"{host.lower()}.{DOMAIN}", address
        return "\t".join(parts)

    return keep


VARIANTS: dict[str, Callable[[Path, int, Truth], None]] = {
    "base": _base,
    "audit-off": _audit_off,
    "clock-drift": _clock_drift,
    "clock-local-time": _local_time,
    "clock-offset": _clock_offset,
    "copies": _copies,
    "forwarded": _forwarded,
    "proxy-deleted": _proxy_deleted,
    "reimaged": _reimaged,
    "retention": _retention,
    "sensor-stopped": _sensor_stopped,
    "threads-killed": _threads_killed,
    "sysmon-deleted": _sysmon_deleted,
    "dhcp-churn": _churn,
    **dict.fromkeys((*STORIES, *COURSES), _base),
}
