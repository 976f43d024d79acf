"""Pieces of work over made traffic: gzip to the lake, the index, hunts with and without it, and what stands beside them.

``KEII_BENCH_ROWS`` sets the rows of the lake that is hunted over (3 million without it).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import traffic
from bench.asked import indicators
from bench.measure import timed, told, work

ROWS = int(os.environ.get("KEII_BENCH_ROWS", "3000000"))
CONN = 2_000_000  # rows of the gzip log


def prepare(folder: Path, *, scale: float = 1.0) -> None:
    """Make the log and the lake in ``folder``."""
    traffic.zeek_conn(folder / "conn.log.gz", int(CONN * scale))
    traffic.fill(folder / "traffic", int(ROWS * scale), 8, 45)


def _lake(folder: Path) -> object:
    from keii.lake.store import Lake

    return Lake.of_folder(folder / "traffic")


@work("zeek conn.log.gz to lake with index")
def zeek_gzip(folder: Path) -> None:
    """Add one packed log to a new case and ingest it, on both cores."""
    from keii.case.case import Case
    from keii.ingest import Quiet, ingest

    shutil.rmtree(folder / "gzip-case", ignore_errors=True)
    case = Case.create(folder / "gzip-case", "bench")
    case.add([folder / "conn.log.gz"], link=True)
    start = time.perf_counter()
    report = ingest(case, Quiet())  # type: ignore[arg-type]
    timed(start, report.events)


@work("zcat, DuckDB read_csv to Parquet")
def zcat_duckdb(folder: Path) -> None:
    """Unpack the same log with zcat into DuckDB's CSV reader and write it as Parquet: no index, nothing sorted."""
    import duckdb

    kinds = zip(traffic.FIELDS.split(), traffic.KINDS.split(), strict=True)
    columns = ", ".join(f"'{name}': '{_TYPES.get(kind, 'VARCHAR')}'" for name, kind in kinds)
    # Nothing is left to detection: it would eat the beginning of the pipe.
    read = (
        "read_csv(?, delim = '\t', quote = '', escape = '', skip = 7, header = false, nullstr = '-', "
        f"auto_detect = false, columns = {{{columns}}})"
    )
    connection = duckdb.connect()
    start = time.perf_counter()
    with subprocess.Popen(["zcat", folder / "conn.log.gz"], stdout=subprocess.PIPE) as unpacked:
        assert unpacked.stdout is not None
        source = f"/dev/fd/{unpacked.stdout.fileno()}"
        write = f"COPY (SELECT * FROM {read}) TO '{folder}/duckdb.parquet' (COMPRESSION zstd)"
        rows = connection.execute(write, [source]).fetchall()[0][0]
    timed(start, rows)


_TYPES = {"time": "DOUBLE", "interval": "DOUBLE", "count": "BIGINT", "port": "BIGINT"}


@work("index of made traffic, CPU")
def index_cpu(folder: Path) -> None:
    """Build the index of every file of the lake from its rows; rows per second of CPU time."""
    import pyarrow.parquet as pq

    from keii.lake import index

    spent, rows = 0.0, 0
    lake = _lake(folder)
    for file in lake.files:  # type: ignore[attr-defined]
        table = pq.read_table(lake.root / file.path)  # type: ignore[attr-defined]
        start = time.process_time()
        index.build(lake.root, file, table)  # type: ignore[attr-defined]
        spent, rows = spent + time.process_time() - start, rows + file.rows
    told(rows, spent)


@work("DuckDB distinct values, CPU")
def distinct_cpu(folder: Path) -> None:
    """Write the sorted distinct values of the same columns of every file as Parquet: no keys, no names turned."""
    import duckdb

    from keii.lake import index

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    spent, rows = 0.0, 0
    for file in _lake(folder).files:  # type: ignore[attr-defined]
        present = [
            row[0] for row in connection.execute("SELECT name FROM parquet_schema(?)", [_path(folder, file)]).fetchall()
        ]
        start = time.process_time()
        parts = [
            f"SELECT DISTINCT '{column}' AS c, {_value(column)} AS value FROM read_parquet('{_path(folder, file)}')"
            for column in index.column_kinds(file.table)
            if column in present
        ]
        connection.execute(
            f"COPY (SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY c, value) TO '{folder}/distinct.parquet' "
            "(COMPRESSION zstd)"
        )
        spent, rows = spent + time.process_time() - start, rows + file.rows
    told(rows, spent)


def _path(folder: Path, file: object) -> str:
    return str(folder / "traffic" / file.path)  # type: ignore[attr-defined]


def _value(column: str) -> str:
    return f"unnest({column})" if column == "answers" else column


@contextlib.contextmanager
def _without_index(folder: Path) -> Iterator[None]:
    """Put the index away for a while."""
    (folder / "traffic" / "index").rename(folder / "away")
    try:
        yield
    finally:
        (folder / "away").rename(folder / "traffic" / "index")


def _answer(folder: Path, count: int, share: float) -> None:
    """Tell which values of which columns and files the indicators hold for; rows are those of the lake."""
    from keii.hunt.evidence import find_hits
    from keii.hunt.targets import choose

    lake, asked = _lake(folder), indicators(count, share)
    start = time.perf_counter()
    list(find_hits(lake, choose(asked, ()).targets))  # type: ignore[arg-type]
    timed(start, sum(file.rows for file in lake.files))  # type: ignore[attr-defined]


@work("100,000 indicators by index")
def answer_many(folder: Path) -> None:
    """Ask all kinds at once."""
    _answer(folder, 100_000, 0.01)


@work("100,000 indicators without index")
def answer_scan(folder: Path) -> None:
    """Ask the same of the files themselves."""
    with _without_index(folder):
        _answer(folder, 100_000, 0.01)


@work("1,000,000 indicators by index")
def answer_million(folder: Path) -> None:
    """Ask ten times as many."""
    _answer(folder, 1_000_000, 0.001)


@work("20 indicators by index")
def answer_few(folder: Path) -> None:
    """Ask what a new report names."""
    _answer(folder, 20, 0.9)


@work("20 indicators, all evidence and coverage")
def hunt_few(folder: Path) -> None:
    """Hunt them whole: the events of every host, and what was searched."""
    from keii.hunt import hunt

    lake, asked = _lake(folder), indicators(20, 0.9)
    start = time.perf_counter()
    found = hunt(lake, asked, ())  # type: ignore[arg-type]
    timed(start, sum(table.events for table in found.coverage.searched))


def _per_row(folder: Path, count: int, share: float) -> None:
    """Ask DuckDB with one query a kind and column, each row by itself: joins, parents of every name, ranges."""
    import duckdb
    import pyarrow as pa

    asked = indicators(count, share)
    connection = duckdb.connect()
    for kind in ("ip", "domain", "url", "user-agent"):
        values = [one.value for one in asked if one.kind == kind]
        connection.register(kind.replace("-", "_"), pa.table({"value": pa.array(values, pa.string())}))
    start = time.perf_counter()
    rows = 0
    for table, column, kind in _EXACT:
        source = f"read_parquet('{folder}/traffic/{table}/*.parquet')"
        inner = f"SELECT {_value(column)} AS v FROM {source}"
        connection.execute(f"SELECT v, count(*) FROM ({inner}) JOIN {kind} ON v = value GROUP BY v").fetchall()
    for table, column in (("dns", "query"), ("http", "hostname")):
        source = f"read_parquet('{folder}/traffic/{table}/*.parquet')"
        parents = (
            f"SELECT {column} AS name, unnest([{column}, regexp_replace({column}, '^[^.]*\\.', '')]) AS v FROM {source}"
        )
        connection.execute(f"SELECT name, count(*) FROM ({parents}) JOIN domain ON v = value GROUP BY name").fetchall()
    for table in ("network", "dns", "http"):
        rows += connection.execute(
            f"SELECT count(*) FROM read_parquet('{folder}/traffic/{table}/*.parquet')"
        ).fetchall()[0][0]
    timed(start, rows)


_EXACT = [(table, end, "ip") for table in ("network", "dns", "http") for end in ("src_ip", "dst_ip")]
_EXACT += [("dns", "answers", "ip"), ("http", "url", "url"), ("http", "user_agent", "user_agent")]


@work("one query a kind and row, 100,000")
def per_row_many(folder: Path) -> None:
    """Exact values and names with two parents only: no networks, no normal forms of URLs."""
    _per_row(folder, 100_000, 0.01)


@work("one query a kind and row, 20")
def per_row_few(folder: Path) -> None:
    """Scan everything again for the same few."""
    _per_row(folder, 20, 0.9)


@work("grep -F of a slice, 100,000")
def grep_slice(folder: Path) -> None:
    """Search one file of each table as text for the same values with ripgrep, else grep; start included, networks left out.

    Fixed strings hold anywhere in a line, so that more is found than is there.
    """
    import pyarrow.parquet as pq
    from pyarrow import csv

    lake = _lake(folder)
    text, rows = folder / "slice.tsv", 0
    with text.open("wb") as out:
        for table in ("network", "dns", "http"):
            file = next(file for file in lake.files if file.table == table)  # type: ignore[attr-defined]
            part = pq.read_table(lake.root / file.path, columns=_SEARCHED[table].split())  # type: ignore[attr-defined]
            plain = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
            csv.write_csv(part, out, plain)
            rows += part.num_rows
    values = folder / "values.txt"
    values.write_text("".join(f"{one.value}\n" for one in indicators(100_000, 0.01) if one.kind != "cidr"), "utf-8")
    tool = shutil.which("rg") or "grep"
    start = time.perf_counter()
    subprocess.run([tool, "-F", "-c", "-f", values, text], env={"LC_ALL": "C"}, stdout=subprocess.DEVNULL, check=False)
    timed(start, rows)


_SEARCHED = {
    "network": "occurred src_ip dst_ip",
    "dns": "occurred src_ip dst_ip query",
    "http": "occurred src_ip dst_ip hostname url user_agent",
}


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
