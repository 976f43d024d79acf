"""Made traffic in bulk: whole columns of connections, names and requests by numpy alone, the same every time.

A stand-in for years of logs whose values repeat as those of a company do: few machines inside, some hundred thousand
addresses and names outside of which few are met often (a power law), and requests of which many have their own URL.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from keii.lake import index
from keii.lake.index_runs import merge
from keii.lake.schema import TIME
from keii.lake.store import Lake, in_order, write_rows

START, DAY = 1_546_300_800, 86_400  # 2019-01-01; seconds
INSIDE, OUTSIDE, NAMES, PAGES, AGENTS = 3_000, 320_000, 400_000, 1_500_000, 2_000
FILE = 1_000_000  # rows of a file at most, as ingest writes them
_SHARES = {"network": 100 / 150, "dns": 30 / 150, "http": 20 / 150}

Numbers = npt.NDArray[np.int64]


def _text(number: Numbers) -> pa.Array:
    return pc.cast(pa.array(number), pa.string())


def address(number: Numbers) -> pa.Array:
    """Return addresses outside: IPv4, each sixteenth IPv6."""
    four = [_text(part) for part in (198 - number // 65_536, number // 256 % 256, number % 256, number % 250 + 1)]
    six = pc.binary_join_element_wise("2001:db8:", _text(number % 9_999), _text(number // 9_999), ":")
    return pc.if_else(pa.array(number % 16 == 0), six, pc.binary_join_element_wise(*four, "."))


def name(number: Numbers) -> pa.Array:
    """Return host names: some hosts below each of many domains."""
    host, site = (
        pc.binary_join_element_wise(word, _text(part), "") for word, part in (("h", number % 17), ("site", number // 4))
    )
    return pc.binary_join_element_wise(host, site, "example", ".")


def url(number: Numbers) -> pa.Array:
    """Return the URLs of pages."""
    return pc.binary_join_element_wise("http://", name(number % NAMES), "/page", _text(number), "")


def _skewed(random: np.random.Generator, most: int, rows: int) -> Numbers:
    """Return numbers below ``most``, low ones far more often."""
    return (most * random.random(rows) ** 4).astype(np.int64)


def _uid(random: np.random.Generator, rows: int) -> pa.Array:
    signs = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", np.uint8)
    raw = signs[random.integers(0, 62, (rows, 18))]
    raw[:, 0] = ord("C")
    offsets = pa.py_buffer(np.arange(0, 18 * rows + 1, 18, dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), rows, [None, offsets, pa.py_buffer(raw)])


def _common(random: np.random.Generator, first: int, days: int, rows: int) -> dict[str, pa.Array]:
    """Return the columns that every table has, sorted by time."""
    at = np.sort(random.integers(0, days * DAY * 1_000_000, rows)) + (START + first * DAY) * 1_000_000
    inside = random.integers(0, INSIDE, rows)
    return {
        "occurred": pa.array(at).cast(pa.timestamp("us")).cast(TIME),
        "record": pa.array(np.arange(1, rows + 1)),
        "src_ip": pc.binary_join_element_wise("10.20", _text(inside // 250), _text(inside % 250 + 1), "."),
        "src_port": pa.array(random.integers(1_025, 65_536, rows).astype(np.int32)),
        "uid": _uid(random, rows),
    }


def _network(random: np.random.Generator, rows: int) -> dict[str, pa.Array]:
    kind = random.integers(0, 4, rows)
    words = {
        "protocol": ["tcp", "udp", "tcp", "tcp"],
        "service": ["ssl", "dns", "http", None],
        "state": ["SF", "SF", "SF", "S0"],
    }
    return {
        "dst_ip": address(_skewed(random, OUTSIDE, rows)),
        "dst_port": pa.array(np.array([443, 53, 80, 445], np.int32)[kind]),
        "duration": pa.array(np.round(random.exponential(0.5, rows), 6)),
        "bytes_out": pa.array(random.integers(0, 5_000, rows)),
        "bytes_in": pa.array(random.integers(0, 100_000, rows)),
    } | {column: pa.array(texts, pa.string()).take(pa.array(kind)) for column, texts in words.items()}


def _dns(random: np.random.Generator, rows: int) -> dict[str, pa.Array]:
    number = _skewed(random, NAMES, rows)
    answers = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32)), address(number % OUTSIDE))
    return {"dst_ip": pa.repeat("10.20.0.53", rows), "query": name(number), "answers": answers}


def _http(random: np.random.Generator, rows: int) -> dict[str, pa.Array]:
    page = _skewed(random, PAGES, rows)
    agent = pc.binary_join_element_wise("Agent/", _text(_skewed(random, AGENTS, rows)), "")
    return {
        "dst_ip": address(page % OUTSIDE),
        "hostname": name(page % NAMES),
        "url": url(page),
        "user_agent": agent,
        "status": pa.array(np.full(rows, 200, np.int32)),
    }


def rows_of(table: str, part: int, first: int, days: int, rows: int) -> pa.Table:
    """Return rows of a table of the lake over some days; ``part`` makes them others."""
    random = np.random.default_rng([len(table), part])
    own = {"network": _network, "dns": _dns, "http": _http}[table](random, rows)
    return pa.table(_common(random, first, days, rows) | own)


def parts(rows: int, periods: int, days: int) -> Iterator[tuple[str, str, int, pa.Table]]:
    """Yield (table, source, part, rows) of a lake of ``rows`` rows whose sources each cover a period of some days."""
    for period in range(periods):
        for table, share in _SHARES.items():
            left, part = int(rows * share / periods), 0
            while left:
                count = min(left, FILE)
                made = rows_of(table, period * 1_000 + part, period * days, days, count)
                yield table, f"s-{period:04d}", part, in_order(table, f"s-{period:04d}", made.to_batches())
                left, part = left - count, part + 1


def fill(root: Path, rows: int, periods: int, days: int) -> Lake:
    """Write a lake with its index, as ingest does, and return it."""
    files = []
    for table, source, part, made in parts(rows, periods, days):
        file = write_rows(root, table, source, part, made)
        index.build(root, file, made)
        files.append(file)
    merge(root, files)
    return Lake(root, files)


KINDS = "time string addr port addr port enum string interval count count string count string count count count count"
FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state"
FIELDS += " missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes"


def zeek_conn(path: Path, rows: int) -> None:
    """Write a Zeek ``conn.log.gz`` in which connections stand by their ends, as a sensor writes them."""
    made = rows_of("network", 0, 0, 1, rows)
    ended = pc.add(
        pc.cast(made["occurred"], pa.int64()), pc.cast(pc.multiply(made["duration"], 1e6), pa.int64(), safe=False)
    )
    made = made.take(pc.sort_indices(ended))
    micros = pc.cast(made["occurred"], pa.int64())
    seconds = pc.divide(micros, 1_000_000)
    rest = pc.utf8_lpad(pc.cast(pc.subtract(micros, pc.multiply(seconds, 1_000_000)), pa.string()), 6, "0")
    time = pc.binary_join_element_wise(pc.cast(seconds, pa.string()), rest, ".")
    packets = [pc.add(pc.divide(made[name], by), 2) for name, by in (("bytes_out", 900), ("bytes_in", 1_400))]
    sizes = [
        pc.add(made[name], pc.multiply(count, 52))
        for name, count in zip(("bytes_out", "bytes_in"), packets, strict=True)
    ]
    history = pc.if_else(pc.equal(made["state"], "SF"), "ShADadFf", "S")
    columns = [time, made["uid"], made["src_ip"], made["src_port"], made["dst_ip"], made["dst_port"], made["protocol"]]
    columns += [
        pc.fill_null(made["service"], "-"),
        made["duration"],
        made["bytes_out"],
        made["bytes_in"],
        made["state"],
    ]
    columns += [pa.repeat(0, rows), history, packets[0], sizes[0], packets[1], sizes[1]]
    out = io.BytesIO()
    out.write(b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n")
    out.write(("#fields\t" + "\t".join(FIELDS.split()) + "\n#types\t" + "\t".join(KINDS.split()) + "\n").encode())
    plain = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    csv.write_csv(pa.table(columns, names=FIELDS.split()), out, plain)
    path.write_bytes(gzip.compress(out.getvalue(), 4))
