"""What the hunt did not look into although it was read: the far end of very long texts, an index that is not its own."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from keii.hunt.evidence import files_sql
from keii.lake.index import column_kinds, is_unusable, may_have_long, strings_sql
from keii.lake.index_keys import MOST_TEXT
from keii.lake.schema import TABLES
from keii.lake.store import Lake
from keii.wording import say


def unsearched(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str) -> Iterator[str]:
    """Yield a sentence per limit that events of the table ran into."""
    if count := sum(is_unusable(lake.root, file) for file in lake.of(table)):
        yield say("hunt.index_unusable", facts={"table": table, "count": count})
    if count := _too_long(connection, lake, table):
        yield say("hunt.text_cut", facts={"table": table, "count": count, "most": MOST_TEXT})


def _too_long(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str) -> int:
    schema = TABLES[table]
    tests = []
    for column, kind in column_kinds(table).items():
        if kind in ("command", "any"):
            many = column in schema.names and pa.types.is_list(schema.field(column).type)
            longest = f'list_max(list_transform("{column}", lambda text: length(text)))'
            tests.append(f'{longest if many else f"""length("{column}")"""} > {MOST_TEXT}')
    found = _counted(connection, f'"{table}"', tests)
    # Reading all of ``more`` would cost more than a hunt: an index tells where no text of it is long.
    files = [file for file in lake.of(table) if may_have_long(lake.root, file)]
    files = [file for file in files if "more" in pq.read_schema(lake.root / file.path).names]
    if files:
        source, _ = files_sql(lake.root, table, files)
        texts = f"list_max(list_transform({strings_sql('more')}, lambda text: length(text)))"
        found += _counted(connection, source, [f"CASE WHEN length(more) > {MOST_TEXT} THEN {texts} END > {MOST_TEXT}"])
    return found


def _counted(connection: duckdb.DuckDBPyConnection, source: str, tests: list[str]) -> int:
    if not tests:
        return 0
    row = connection.execute(f"SELECT count(*) FROM {source} WHERE {' OR '.join(tests)}").fetchone()
    return int(row[0]) if row else 0
