"""The events behind a hit, summed by host: read only from the files and for the values that hit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keii.hunt.hosts import host_sql, record_id_sql
from keii.hunt.matcher import Matcher
from keii.hunt.target_list import TargetList
from keii.lake.index import held_sql, is_digest, strings_sql
from keii.lake.index_groups import Group, looked_up
from keii.lake.index_keys import unquoted
from keii.lake.schema import TABLES
from keii.lake.store import Lake, LakeFile
from keii.model import Locator

MOST = 20  # locators and values that a match carries

_HOSTS = frozenset({"ip", "domain", "answer"})  # kinds of column that hold a host and nothing else
_HTTP_WITH_HOST = frozenset({"ip", "cidr", "domain"})


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """The values of one column that targets hold for, and the files that have them."""

    table: str
    column: str
    files: tuple[LakeFile, ...]
    values: tuple[str, ...]
    targets: tuple[int, ...]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What one target, or one pattern, holds for on one host. ``query``: the DNS query that was answered."""

    table: str
    column: str
    target: int
    host: str | None
    events: int
    first: str | None
    last: str | None
    values: tuple[str, ...]
    locators: tuple[Locator, ...]
    query: str | None = None


def find_hits(lake: Lake, targets: TargetList) -> Iterator[Hits]:
    """Match every distinct value of every file and yield the hits by table and column."""
    matcher, of_url = Matcher(targets), targets.of_url()

    def take(group: Group) -> list[tuple[str, tuple[LakeFile, ...], list[tuple[str, int]]]]:
        row, target = matcher.match(group.form, group.kind, group.keys)
        if group.kind not in _HOSTS:
            kept = ~of_url[target]
            row, target = row[kept], target[kept]
        if not len(row):
            return []
        rows, which = np.unique(row, return_inverse=True)
        there, files = group.files(rows)
        held = there[which]
        values = group.values(rows)
        pairs = [(values[at], number) for at, number in zip(which[held].tolist(), target[held].tolist(), strict=True)]
        return [(group.column, files, pairs)] if pairs else []

    for table in TABLES:
        found: dict[str, dict[tuple[str, int], None]] = {}
        files: dict[str, set[str]] = {}
        here = {file.path: file for file in sorted(lake.of(table), key=lambda file: file.path)}
        for column, having, pairs in looked_up(lake.root, list(here.values()), matcher.asks, take):
            found.setdefault(column, {}).update(dict.fromkeys(pairs))
            files.setdefault(column, set()).update(file.path for file in having)
        for column in sorted(found):
            told = sorted(found[column])
            yield Hits(
                table=table,
                column=column,
                files=tuple(here[path] for path in sorted(files[column])),
                values=tuple(value for value, _ in told),
                targets=tuple(number for _, number in told),
            )


def collect(connection: duckdb.DuckDBPyConnection, root: Path, hits: Hits, targets: TargetList) -> list[Seen]:
    """Return the events of the hits, summed by target and host. Every row counts once, however many values hit."""
    numbers = np.array(hits.targets, np.int64)
    named = [hits.column == "url" and targets[n].kind in _HTTP_WITH_HOST for n in hits.targets]
    connection.register(
        "hit",
        pa.table(
            {
                "value": pa.array(hits.values, pa.string()),
                "target": numbers,
                "named": pa.array(named, pa.bool_()),
                "of_url": pa.array([targets[n].of_url for n in hits.targets], pa.bool_()),
            }
        ),
    )
    source, present = files_sql(root, hits.table, hits.files)
    value = _value_sql(hits.table, hits.column)
    query = {"answers": '"query"', "QueryResults": '"QueryName"'}.get(hits.column, "")
    query = query if query.strip('"') in present else "NULL::VARCHAR"
    # The host of a request stands in ``hostname`` and is told from there; the URL speaks for it where that is empty.
    spoken = "(NOT hit.named OR rows.hostname IS NULL)" if "hostname" in present else "true"
    hostname = "hostname, " if "hostname" in present else ""
    if hits.table == "http":  # what shows a path is asked for the whole URL; a tunnel through a proxy shows none
        path, method = (f"coalesce({name}, '')" if name in present else "''" for name in ("path", "method"))
        spoken += " AND (NOT hit.of_url OR rows.no_path)"
        hostname += f"({path} = '' OR upper({method}) = 'CONNECT') AS no_path, "
    inner = (
        f"SELECT {value} AS value, {hostname}{host_sql(hits.table, hits.column)} AS internal, "
        "occurred, source, record, "
        f"{record_id_sql(hits.table, present)} AS record_id, {query} AS query, lake_file, file_row_number "
        f"FROM {source}"
    )
    once = (
        "SELECT hit.target, internal, occurred, source, record, record_id, lake_file, file_row_number, "
        "list(DISTINCT rows.value) AS found, min(query) AS query "
        f"FROM ({inner}) rows JOIN hit ON {_same_value(hits)} = hit.value WHERE {spoken} "
        "GROUP BY ALL"
    )
    return summed(connection, once, hits.table, hits.column)


def _value_sql(table: str, column: str) -> str:
    """Return the SQL of the values of a column, a row for each."""
    if column == "more":
        return f"unnest({strings_sql(column)})"
    return f'unnest("{column}")' if pa.types.is_list(_type_of(table, column)) else f'"{column}"'


def _same_value(hits: Hits) -> str:
    """Return the SQL of a row's value as hits hold it: itself, where none is long, since only that is sought quickly."""
    return held_sql("rows.value") if any(is_digest(value) for value in hits.values) else "rows.value"


def summed(connection: duckdb.DuckDBPyConnection, rows: str, table: str, column: str) -> list[Seen]:
    """Sum rows (target, internal, occurred, source, record, record_id, found, query) by target and host."""
    answer = connection.execute(
        "SELECT target, internal, count(*), strftime(min(occurred), '%Y-%m-%dT%H:%M:%S.%f'), "
        "strftime(max(occurred), '%Y-%m-%dT%H:%M:%S.%f'), list_sort(list_distinct(flatten(list(found))))[:?], "
        "min({'late': occurred IS NULL, 'at': occurred, 's': source, 'r': record, 'i': record_id}, ?), min(query) "
        f"FROM ({rows}) GROUP BY target, internal ORDER BY target, internal NULLS FIRST",
        [MOST, MOST],
    ).fetchall()
    return [
        Seen(
            table=table,
            column=column,
            target=target,
            host=host,
            events=events,
            first=f"{first}+00:00" if first else None,
            last=f"{last}+00:00" if last else None,
            values=tuple((unquoted(value) or value) if column == "more" else value for value in values),
            locators=tuple(Locator(source=p["s"], record=p["r"], record_id=p["i"]) for p in places),
            query=query,
        )
        for target, host, events, first, last, values, places, query in answer
    ]


def files_sql(root: Path, table: str, files: Sequence[LakeFile]) -> tuple[str, frozenset[str]]:
    """Return the FROM expression over lake files and the columns that some of them has.

    Columns of the table's schema that none has are there as NULL, since expressions name them.
    """
    paths = [str(root / file.path) for file in files]
    present = frozenset(name for path in paths for name in pq.read_schema(path).names)
    quoted = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    absent = "".join(
        f', NULL::VARCHAR AS "{field.name}"'
        for field in TABLES[table]
        if field.name not in present and pa.types.is_string(field.type)
    )
    return (
        f"(SELECT *{absent} FROM read_parquet([{quoted}], union_by_name=true, filename='lake_file', file_row_number=true))",
        present,
    )


def _type_of(table: str, column: str) -> pa.DataType:
    schema = TABLES[table]
    return schema.field(column).type if column in schema.names else pa.string()
