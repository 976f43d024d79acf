"""What the hunt did not look into although it was read: fields without a column, and the far end of very long texts."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from keii.lake.index import column_kinds, is_unusable
from keii.lake.index_keys import MOST_TEXT
from keii.lake.schema import TABLES
from keii.lake.store import Lake
from keii.wording import say


def unsearched(connection: duckdb.DuckDBPyConnection, lake: Lake, table: str) -> Iterator[str]:
    """Yield a sentence per limit that events of the table ran into."""
    if count := sum(is_unusable(lake.root, file) for file in lake.of(table)):
        yield say("hunt.index_unusable", facts={"table": table, "count": count})
    if count := _with_more(lake, table):
        yield say("hunt.more_not_searched", facts={"table": table, "count": count})
    if count := _too_long(connection, table):
        yield say("hunt.text_cut", facts={"table": table, "count": count, "most": MOST_TEXT})


def _with_more(lake: Lake, table: str) -> int:
    """Return how many events have ``more``, by the counts of the Parquet footers: the texts themselves are not read."""
    count = 0
    for file in lake.of(table):
        with pq.ParquetFile(lake.root / file.path) as parquet:
            place = parquet.schema_arrow.get_field_index("more")
            column = parquet.metadata.schema.names.index("more") if place >= 0 else -1
            for group in range(parquet.metadata.num_row_groups if column >= 0 else 0):
                chunk = parquet.metadata.row_group(group).column(column)
                count += chunk.num_values - (chunk.statistics.null_count if chunk.statistics else 0)
    return count


def _too_long(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    schema = TABLES[table]
    tests = []
    for column, kind in column_kinds(table).items():
        if kind not in ("command", "any"):
            continue
        many = column in schema.names and pa.types.is_list(schema.field(column).type)
        length = f'list_max(list_transform("{column}", lambda text: length(text)))' if many else f'length("{column}")'
        tests.append(f"{length} > {MOST_TEXT}")
    if not tests:
        return 0
    row = connection.execute(f'SELECT count(*) FROM "{table}" WHERE {" OR ".join(tests)}').fetchone()
    return int(row[0]) if row else 0
