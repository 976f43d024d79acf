"""Simulate: a made breach with its truth, for the demo, the tests and the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keii.errors import UsageError
from keii.simulate import intrusion as story
from keii.simulate import network, windows
from keii.simulate.columns import append_lines, append_tsv, epoch, join, merged
from keii.simulate.company import DAYS, FIRST_DAY, Company, company, midnight
from keii.simulate.stories import COURSES, STORIES
from keii.simulate.texts import write_texts
from keii.simulate.variants import VARIANTS, vary
from keii.simulate.vpn import write_sessions

Progress = Callable[[str, int, int], None]  # what, done, of
SCALES = {"demo": 1_000_000, "1m": 1_000_000, "10m": 10_000_000, "100m": 100_000_000}
_MAX_FILES = 40_000  # papers on the shared server; more add nothing to the story

_TYPES = {
    "id.orig_p": "port",
    "id.resp_p": "port",
    "ts": "time",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "missed_bytes": "count",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "id.orig_h": "addr",
    "id.resp_h": "addr",
    "proto": "enum",
    "trans_depth": "count",
    "request_body_len": "count",
    "response_body_len": "count",
    "status_code": "count",
    "trans_id": "count",
    "answers": "vector[string]",
    "TTLs": "vector[interval]",
    "resumed": "bool",
    "established": "bool",
    "uids": "set[string]",
    "client_addr": "addr",
    "server_addr": "addr",
    "requested_addr": "addr",
    "assigned_addr": "addr",
    "lease_time": "interval",
    "msg_types": "vector[string]",
}


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: the folder, events per log, and the path of the truth."""

    folder: str
    events: dict[str, int]
    truth: str


def simulate(
    out: Path, *, scale: str = "demo", seed: int = 1, variant: str = "base", progress: Progress | None = None
) -> Made:
    """Write a breach of an invented company: ``logs/``, ``intel/``, ``documents/`` and ``truth.json``.

    Args:
        out: folder to make; it must not hold anything.
        scale: ``demo``, ``1m``, ``10m``, ``100m`` or a number of events (at least 200,000).
        seed: the same seed gives the same bytes.
        variant: one of ``VARIANTS``: another story (``STORIES``), or what was done to the logs of the same one; ``events`` counts
            before that.
        progress: called with (what, done, of) as it goes.

    Raises:
        UsageError: the folder exists, or the scale or variant is not understood.
    """
    target = _events(scale)
    if variant not in VARIANTS:
        raise UsageError(f"variant is one of {', '.join(sorted(VARIANTS))}, not {variant!r}")
    if out.exists() and any(out.iterdir()):
        raise UsageError("the folder is not empty", place=str(out))
    tell = progress or (lambda _what, _done, _of: None)
    people = company(seed, target)
    server = people.named("HQ-FS02")
    paths = windows.catalogue(seed, server.name, min(_MAX_FILES, 6_000 + target // 5_000))
    breach = story.intrusion(seed, people, paths, COURSES.get(variant, story.Course()))
    breach = STORIES[variant](seed, people, breach) if variant in STORIES else breach
    counts: dict[str, int] = {}
    for done, (log, rows) in enumerate(_network(out / "logs", seed, people, breach)):
        counts[log] = counts.get(log, 0) + rows
        tell("network", done // 6, DAYS)
    days = windows.Days(seed, people)
    for done, host in enumerate(people.hosts):
        rows = _windows(out / "logs" / "windows", seed, people, breach, paths, days, done)
        counts["windows"] = counts.get("windows", 0) + rows
        tell("windows", done + 1, len(people.hosts))
        if host is breach.plan.server:
            breach.truth["files"]["distinct_from_host_in_logs"] = _touched(out / "logs" / "windows", breach)
    write_texts(out, breach, people)
    if variant == "supplier-vpn":
        counts["vpn"] = write_sessions(out / "logs", seed, breach)
    truth = {"seed": seed, "scale": scale, "events": dict(sorted(counts.items())), **breach.truth}
    truth = vary(out, variant, seed, truth) if variant != "base" else truth
    path = out / "truth.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1))
    return Made(folder=str(out), events=counts, truth=str(path))


def _touched(folder: Path, breach: story.Intrusion) -> int:
    """Return how many files the logs show as read from the intruder's host, its owner's own work included."""
    plan = breach.plan
    since = str(np.datetime64(midnight(plan.second_day), "us"))
    seen = set()
    with (folder / f"{plan.server.name}.json").open(encoding="utf-8") as lines:
        for line in lines:
            if (
                '"EventID":5145' in line
                and f'"IpAddress":"{plan.second.address}"' in line
                and line[16:35] >= since[:19]
            ):
                seen.add(msgspec.json.decode(line)["RelativeTargetName"])
    return len(seen)


def _events(scale: str) -> int:
    try:
        count = SCALES.get(scale) or int(float(scale))
    except ValueError as error:
        raise UsageError(f"scale is one of {', '.join(SCALES)} or a number of events, not {scale!r}") from error
    if count < 200_000:
        raise UsageError("a breach needs at least 200,000 events around it")
    return count


def _network(out: Path, seed: int, people: Company, breach: story.Intrusion) -> Iterator[tuple[str, int]]:
    """Write the network logs of every day; files are monthly."""
    for number in range(DAYS):
        ordinary = msgspec.structs.asdict(network.day(seed, people, number))
        own = breach.network.get(number, {})
        month = str(np.datetime64(FIRST_DAY, "D") + number)[:7]
        for log, rows in ordinary.items():
            whole = merged([rows, *own.get(log, [])]) if rows.num_rows or log in own else rows
            if whole.num_rows and log == "squid":
                append_lines(out / "squid" / month / "access.log", _squid_line(whole))
            elif whole.num_rows:
                stamped = whole.set_column(0, "ts", epoch(whole["ts"].combine_chunks()))
                append_tsv(out / "zeek" / month / f"{log}.log", _header(log, whole.column_names, number), stamped)
            yield ("squid" if log == "squid" else f"zeek-{log}"), whole.num_rows


def _squid_line(rows: pa.Table) -> pa.Array:
    column = {name: rows[name].combine_chunks() for name in rows.column_names}
    stamp = pc.utf8_slice_codeunits(epoch(column["ts"]), 0, 14)
    ms = pc.utf8_lpad(pc.cast(column["ms"], pa.string()), 6, " ")
    return join(
        stamp,
        " ",
        ms,
        " ",
        column["src"],
        " ",
        column["result"],
        " ",
        column["bytes"],
        " ",
        column["method"],
        " ",
        column["url"],
        " ",
        column["user"],
        " ",
        column["peer"],
        " -",
    )


def _header(log: str, names: list[str], number: int) -> str:
    types = "\t".join(_TYPES.get(name, "string") for name in names)
    opened = str(np.datetime64(midnight(number), "us").astype("datetime64[s]")).replace("T", "-").replace(":", "-")
    return (
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
        f"#path\t{log}\n#open\t{opened}\n#fields\t" + "\t".join(names) + f"\n#types\t{types}\n"
    )


def _windows(
    out: Path, seed: int, people: Company, breach: story.Intrusion, paths: list[str], days: windows.Days, number: int
) -> int:
    """Write the events of one machine; what was erased is numbered but not written."""
    host = people.hosts[number]
    if host.role == "pc":
        ordinary = windows.of_pc(seed, people, people.pcs.index(host), days)
    elif host.role == "dc":
        ordinary = windows.of_dc(seed, people, days)
    elif host.role == "file-server":
        own = paths if host.name == breach.plan.server.name else windows.catalogue(seed, host.name, len(paths))
        ordinary = windows.of_file_server(seed, people, host, own, days)
    else:
        ordinary = windows.of_server()
    whole, lines = windows.as_lines(host, merged([ordinary, *breach.windows.get(host.name, [])]))
    for channel, (first, until) in breach.erased.get(host.name, {}).items():
        gone = pc.and_(
            pc.equal(whole["channel"], channel),
            pc.and_(pc.greater_equal(whole["ts"], first), pc.less(whole["ts"], until)),
        )
        keep = pc.invert(gone)
        whole, lines = whole.filter(keep), lines.filter(keep.combine_chunks())
    append_lines(out / f"{host.name}.json", lines)
    return int(whole.num_rows)
