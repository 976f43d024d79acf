"""Questions to the lake: a value wherever it stands, a field with its value, a span of time.

Values are looked up in the value index, so that only the files that hold one are read; fields and times are read from
the columns themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from keii.hunt.evidence import Hits, files_sql, find_hits
from keii.hunt.hosts import host_sql, record_id_sql, register_internal
from keii.hunt.targets import only
from keii.lake.index import held_sql, is_digest, strings_sql
from keii.lake.schema import TABLES
from keii.lake.store import Lake, LakeFile, full_schema
from keii.model import Indicator, Locator
from keii.wording import say


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; every part must hold for an event.

    Attributes:
        values: looked for in every column that can hold one.
        fields: (column, text): the whole text, letter case ignored; ``*`` stands for any run of characters.
        since: first instant, None for no limit; ``until`` the first one after it.
    """

    values: tuple[Indicator, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The events of one table that answer, counted; ``rows`` are the earliest of them.

    Attributes:
        table: event table.
        events: how many there are.
        first: time of the earliest, UTC; ``last`` of the latest. None where none has a time.
        hosts: (host, events), most first, at most 20.
        rows: the earliest events, each its columns that hold something.
        locators: where the rows stand, in their order.
    """

    table: str
    events: int
    first: dt.datetime | None
    last: dt.datetime | None
    hosts: tuple[tuple[str | None, int], ...]
    rows: tuple[dict[str, Any], ...]
    locators: tuple[Locator, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and what was searched: ``searched`` are (table, events); ``absent`` tables lack an asked column."""

    found: tuple[Found, ...]
    searched: tuple[tuple[str, int], ...]
    absent: tuple[str, ...]


_HOSTS = 20
_NO_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)
_HIDDEN = frozenset({"source", "record", "lake_file", "file_row_number", "record_id_"})


def search(lake: Lake, query: Query, *, rows: int = 20, internal: Sequence[str] = ()) -> Answer:
    """Return the events for which every part of a query holds.

    Args:
        lake: the events.
        query: the question.
        rows: events shown of each table.
        internal: networks of the victim, as in ``hunt``.

    Raises:
        LakeError: an event file is damaged.
        ValueError: a value is none that events hold.
    """
    hits = _hits(lake, query.values)
    found: list[Found] = []
    searched: list[tuple[str, int]] = []
    absent: list[str] = []
    connection = lake.connect()
    try:
        register_internal(connection, lake, internal)
        for table in TABLES:
            files = lake.of(table)
            if not files:
                continue
            asked = _named(table, query)
            if asked is None:
                absent.append(table)
                continue
            searched.append((table, sum(file.rows for file in files)))
            held = [[one for one in seen if one.table == table] for seen in hits]
            if all(held):
                answer = _of(connection, lake, table, _common(files, held), held, asked, rows)
                found += [answer] if answer else []
    finally:
        connection.close()
    if query.fields and not searched:
        raise ValueError(say("search.no_column", facts={"names": ", ".join(name for name, _ in query.fields)}))
    return Answer(found=tuple(found), searched=tuple(searched), absent=tuple(absent))


def _named(table: str, query: Query) -> Query | None:
    """Return a query with the names of columns as a table writes them (``EventID`` is ``event_id``), None if it has none."""
    columns = {_bare(name): name for name in full_schema(table).names}
    fields = tuple((columns.get(_bare(name), ""), text) for name, text in query.fields)
    return msgspec.structs.replace(query, fields=fields) if all(name for name, _ in fields) else None


def is_column(name: str) -> bool:
    """Tell whether some table has a column of this name, however it is written."""
    return any(_bare(name) in map(_bare, full_schema(table).names) for table in TABLES)


def _bare(name: str) -> str:
    return name.replace("_", "").replace(".", "").lower()


def _hits(lake: Lake, values: Sequence[Indicator]) -> list[list[Hits]]:
    """Return where each value stands, by the index."""
    return [list(find_hits(lake, only(indicator))) for indicator in values]


def _common(files: Sequence[LakeFile], held: Sequence[Sequence[Hits]]) -> list[LakeFile]:
    """Return the files that can hold all values at once."""
    kept = {file.path for file in files}
    for hits in held:
        kept &= {file.path for one in hits for file in one.files}
    return [file for file in files if file.path in kept]


def _of(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    table: str,
    files: Sequence[LakeFile],
    held: Sequence[Sequence[Hits]],
    query: Query,
    most: int,
) -> Found | None:
    """Return what answers in one table: all events in one pass over few columns, then the whole of those to be shown."""
    parts, facts = _parts(lake.root, table, files, held, query)
    if not parts:
        return None
    places = " UNION ALL ".join(parts)
    if len(parts) > 1:  # an event that holds a value in two columns is one
        places = (
            f"SELECT lake_file, row, min(occurred) AS occurred, min(record) AS record, min(source) AS source, "
            f"min(internal) AS internal FROM ({places}) GROUP BY lake_file, row"
        )
    found = connection.execute(
        "SELECT internal, count(*), min(occurred), max(occurred), "
        "min({'late': occurred IS NULL, 'at': occurred, 's': source, 'r': record, 'f': lake_file, 'n': row}, ?) "
        f"FROM ({places}) GROUP BY internal",
        [most, *facts],
    ).fetchall()
    if not found:
        return None
    hosts = sorted(
        ((host, count) for host, count, *_ in found), key=lambda one: (-one[1], one[0] is None, one[0] or "")
    )
    earliest = sorted(
        (place for *_, first in found for place in first),
        key=lambda place: (place["late"], place["at"] or _NO_TIME, place["s"], place["r"]),
    )[:most]
    rows = _whole(connection, lake.root, table, files, [(place["f"], place["n"]) for place in earliest])
    return Found(
        table=table,
        events=sum(count for _, count, *_ in found),
        first=min((first for _, _, first, _, _ in found if first), default=None),
        last=max((last for _, _, _, last, _ in found if last), default=None),
        hosts=tuple(hosts[:_HOSTS]),
        rows=tuple({k: v for k, v in row.items() if v is not None and k not in _HIDDEN} for row in rows),
        locators=tuple(
            Locator(source=row["source"], record=row["record"], record_id=row["record_id_"]) for row in rows
        ),
    )


def _parts(
    root: Path, table: str, files: Sequence[LakeFile], held: Sequence[Sequence[Hits]], query: Query
) -> tuple[list[str], list[object]]:
    """Return a SELECT of the places of events for each column that a value stands in, or one where none is asked for.

    The value that stands in the fewest files leads, since a condition on one column alone is what a scan can skip by.
    """
    leads = min(held, key=lambda hits: len({file.path for one in hits for file in one.files})) if held else []
    parts: list[str] = []
    facts: list[object] = []
    each: Sequence[Hits | None] = leads or [None]
    for lead in each:
        kept = {file.path for file in lead.files} if lead else set()
        chosen = [file for file in files if lead is None or file.path in kept]
        if not chosen:
            continue
        source, present = files_sql(root, table, chosen)
        where, asked = _where(table, present, lead, [hits for hits in held if hits is not leads], query)
        if where is None:
            continue
        parts.append(
            f"SELECT lake_file, file_row_number AS row, occurred, record, source, "
            f"{host_sql(table, lead.column if lead else None)} AS internal FROM {source} WHERE {where}"
        )
        facts += asked
    return parts, facts


def _whole(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    table: str,
    files: Sequence[LakeFile],
    places: Sequence[tuple[str, int]],
) -> list[dict[str, Any]]:
    """Return the events at places (file, row) with all their columns, in that order."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for path in sorted({path for path, _ in places}):
        source, present = files_sql(root, table, [file for file in files if str(root / file.path) == path])
        rows = ", ".join(str(row) for name, row in places if name == path)
        cursor = connection.execute(
            f"SELECT *, {record_id_sql(table, present)} AS record_id_ FROM {source} WHERE file_row_number IN ({rows})"
        )
        names = [one[0] for one in cursor.description or ()]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            found[path, row["file_row_number"]] = row
    return [found[place] for place in places]


def _where(
    table: str, present: frozenset[str], lead: Hits | None, others: Sequence[Sequence[Hits]], query: Query
) -> tuple[str | None, list[object]]:
    """Return the condition with its bound facts; None where a field stands in no file."""
    parts: list[str] = []
    facts: list[object] = []
    for hits in [*([[lead]] if lead else []), *others]:
        ways = []
        for one in hits:
            many = one.column == "more" or _is_list(table, one.column)
            cell = strings_sql("more") if one.column == "more" else f'"{one.column}"'
            condition, fact = _holding(cell, one.values, many=many)
            ways.append(condition)
            facts += fact
        parts.append(f"({' OR '.join(ways)})")
    for name, text in query.fields:
        if name not in present:
            return None, []
        cell = f"array_to_string(\"{name}\", ' ')" if _is_list(table, name) else f'"{name}"'
        parts.append(f"CAST({cell} AS VARCHAR) ILIKE ? ESCAPE '\\'")
        facts.append(_like(text))
    for instant, sign in ((query.since, ">="), (query.until, "<")):
        if instant is not None:
            parts.append(f"occurred {sign} ?")
            facts.append(instant)
    return " AND ".join(parts) or "true", facts


_FEW = 1_000  # values that are named one by one, by which a scan skips what holds none


def _holding(name: str, values: Sequence[str], *, many: bool) -> tuple[str, list[object]]:
    """Return the condition that a column holds one of the values, as the index writes them, with its bound facts."""
    long = any(is_digest(value) for value in values)
    if many:
        cell = f"list_transform({name}, lambda text: {held_sql('text')})" if long else name
        return f"list_has_any({cell}, ?)", [list(values)]
    if long or len(values) > _FEW:
        return f"list_contains(?, {held_sql(name) if long else name})", [list(values)]
    return f"{name} IN ({', '.join('?' * len(values))})", list(values)


def _is_list(table: str, column: str) -> bool:
    schema = full_schema(table)
    return column in schema.names and pa.types.is_list(schema.field(column).type)


def _like(text: str) -> str:
    for sign in "\\%_":
        text = text.replace(sign, "\\" + sign)
    return text.replace("*", "%")
