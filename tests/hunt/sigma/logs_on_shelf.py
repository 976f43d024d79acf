"""Windows events of the shelf as tables, and as events for the slow evaluator."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from keii.hunt.sigma.columns import as_text
from keii.model import Source
from keii.readers.logs import READERS
from keii.readers.logs.interface import Batch


def read(reader: str, data: bytes, name: str = "log") -> pa.Table:
    """Return the rows of ``windows`` that a reader makes of a file."""
    source = Source(id="s-0000000000000000", name=name, sha256="0" * 64)
    (chosen,) = (one for one in READERS if one.id == reader)
    batches = [found.rows for found in chosen.read(io.BytesIO(data), source) if isinstance(found, Batch)]
    return pa.concat_tables([pa.Table.from_batches([one]) for one in batches], promote_options="default")


@cache
def members(archive: Path) -> dict[str, bytes]:
    """Return the files of an archive by name."""
    with tarfile.open(archive) as opened:
        return {one.name.removeprefix("./"): opened.extractfile(one).read() for one in opened if one.isfile()}  # type: ignore[union-attr]


def events(table: pa.Table) -> Iterable[dict[str, Any]]:
    """Yield rows as the slow evaluator takes them: columns as text, and the fields of ``more`` beside them."""
    header = {name.lower() for name in ("channel", "provider", "host", "level", "tag")}
    for row in table.to_pylist():
        event: dict[str, Any] = {}
        for name, value in orjson.loads(row["more"] or "{}").items():
            key = f"data_{name}" if name.lower() in header else name
            event.setdefault(key, as_text(value))
        for name, value in row.items():
            if name not in ("occurred", "source", "record", "more") and value is not None:
                event[name] = as_text(value)
        yield event
