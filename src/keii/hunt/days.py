"""Which machine has events on which day: what a zero rests on, counted once per file of events and kept.

``index/<table>/days-<digest>.parquet`` holds the machines and days of one table (columns ``host`` and ``day``, days since year 1;
either may be null) and says of which state of which files they are; the digest is that of the victim's networks, since they
decide which end of a connection is the machine. A hunt asks only files that are new to it. Where nothing can be kept, or what
is kept is damaged or of other files, everything is counted anew, with the same outcome.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keii.hunt.evidence import files_sql
from keii.hunt.hosts import own_host_sql
from keii.lake.index import mark
from keii.lake.store import Lake, LakeFile

VERSION = 1  # raise it when hosts or days are told in another way
_SCHEMA = pa.schema([("host", pa.string()), ("day", pa.int32())])
# Days since year 1, in which no division rounds up; a cast to DATE goes through the time zones and takes four times as long.
_DAY = "((epoch_us(occurred) + 62135596800000000) // 86400000000)::INTEGER"


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's events cover.

    Attributes:
        files: (path, mark) of the files that were counted.
        events: all of them; ``no_time`` those without a time.
        host_days: pairs of a known machine and a day.
        first: ISO 8601 UTC of the earliest event, ``last`` of the latest; None where none has a time.
        spans: runs of days without a gap, each (first, last) in days since year 1.
    """

    version: int = VERSION
    files: tuple[tuple[str, str], ...] = ()
    events: int = 0
    no_time: int = 0
    host_days: int = 0
    first: str | None = None
    last: str | None = None
    spans: tuple[tuple[int, int], ...] = ()


def days_of(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str, own: Sequence[str]) -> Days:
    """Return what the events of a table cover.

    Args:
        connection: of the lake, with ``internal_address``.
        lake: the events.
        table: which of them.
        own: networks by which ``internal_address`` was told.

    Raises:
        LakeError: an event file cannot be read.
    """
    here = {file.path: file for file in lake.of(table)}
    marks = {path: mark(lake.root, file) for path, file in here.items()}
    path = _path(lake.root, table, own)
    days, held = _kept(path, marks)
    counted = dict(days.files)
    fresh = [file for name, file in sorted(here.items()) if name not in counted]
    if fresh:
        days, held = _counted(connection, lake.root, table, fresh, days, held)
        days = msgspec.structs.replace(days, files=tuple(sorted(marks.items())))
        _keep(path, days, held)
    return days


def _path(root: Path, table: str, own: Sequence[str]) -> Path:
    return root / "index" / table / f"days-{hashlib.sha256(msgspec.json.encode(list(own))).hexdigest()[:16]}.parquet"


def _kept(path: Path, marks: dict[str, str]) -> tuple[Days, pa.Table]:
    """Return what was counted before; nothing where it is damaged, or of a file that is another now."""
    with contextlib.suppress(OSError, pa.ArrowInvalid, msgspec.DecodeError, KeyError), pq.ParquetFile(path) as parquet:
        days = msgspec.json.decode(parquet.schema_arrow.metadata[b"keii"], type=Days)
        if days.version == VERSION and all(marks.get(name) == said for name, said in days.files):
            new = len(marks) > len(days.files)
            return days, parquet.read().cast(_SCHEMA) if new else _SCHEMA.empty_table()
    return Days(), _SCHEMA.empty_table()


def _keep(path: Path, days: Days, held: pa.Table) -> None:
    """Write what was counted; a lake that cannot be written to is counted again."""
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {"keii": msgspec.json.encode(days)}
        pq.write_table(held.cast(_SCHEMA).replace_schema_metadata(told), temporary, compression="zstd")
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _counted(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    table: str,
    files: Sequence[LakeFile],
    before: Days,
    held: pa.Table,
) -> tuple[Days, pa.Table]:
    """Count files and add them to what was counted before."""
    source, _ = files_sql(root, table, files)
    form = "'%Y-%m-%dT%H:%M:%S.%f'"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE counted AS "
        f"SELECT {own_host_sql(table)} AS host, {_DAY} AS day, count(*) AS events, "
        f"strftime(min(occurred), {form}) AS first, strftime(max(occurred), {form}) AS last FROM {source} GROUP BY 1, 2"
    )
    connection.register("held", held)
    try:
        events, no_time, first, last = connection.execute(
            "SELECT coalesce(sum(events), 0)::BIGINT, coalesce(sum(events) FILTER (day IS NULL), 0)::BIGINT, "
            "min(first), max(last) FROM counted"
        ).fetchall()[0]
        rows = connection.sql(
            "SELECT host, day FROM counted UNION SELECT host, day FROM held ORDER BY ALL"
        ).to_arrow_table()
    finally:
        connection.unregister("held")
        connection.execute("DROP TABLE counted")
    bounds = [f"{one}+00:00" for one in (first, last) if one]
    days = Days(
        events=before.events + events,
        no_time=before.no_time + no_time,
        host_days=int(pc.sum(pc.and_(pc.is_valid(rows["host"]), pc.is_valid(rows["day"]))).as_py() or 0),
        first=min([*bounds, *([before.first] if before.first else [])], default=None),
        last=max([*bounds, *([before.last] if before.last else [])], default=None),
        spans=_spans(rows["day"]),
    )
    return days, rows


def _spans(column: pa.ChunkedArray) -> tuple[tuple[int, int], ...]:
    """Return the runs of days that follow each other."""
    days = np.sort(column.unique().drop_null().to_numpy())
    if not len(days):
        return ()
    breaks = np.flatnonzero(np.diff(days) > 1)
    return tuple(
        zip(days[np.append(0, breaks + 1)].tolist(), days[np.append(breaks, len(days) - 1)].tolist(), strict=True)
    )
