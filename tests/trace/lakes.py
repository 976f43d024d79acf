"""Lakes for the tests of the trace: made from a few rows, from a made breach, or from the shelf's archives."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from keii.case.case import Case
from keii.ingest import Quiet, ingest
from keii.lake.store import Lake, full_schema, write_file
from keii.simulate import simulate

MADE: dict[tuple[Path, int], tuple[Lake, dict[str, Any]]] = {}


def of_rows(root: Path, **tables: Iterable[dict[str, Any]]) -> Lake:
    """Return a lake of the given rows; ``occurred`` may be ISO text."""
    for number, (table, rows) in enumerate(tables.items()):
        listed = [{"record": at + 1, **row} for at, row in enumerate(rows)]
        names = sorted({name for row in listed for name in row})
        schema = full_schema(table)
        columns = []
        for name in names:
            values = [row.get(name) for row in listed]
            if name == "occurred":
                columns.append(pa.array(values, pa.string()).cast(pa.timestamp("us", tz="UTC")))
            else:
                columns.append(pa.array(values, schema.field(name).type))
        write_file(root, table, f"s-{number:04d}", 0, [pa.RecordBatch.from_arrays(columns, names=names)])
    return Lake.of_folder(root)


def made(root: Path, seed: int = 5, scale: str = "250000") -> tuple[Lake, dict[str, Any]]:
    """Return the lake and the truth of a made breach, made once per root and seed."""
    if (root, seed) not in MADE:
        out = root / f"made-{seed}"
        simulate(out, scale=scale, seed=seed)
        case = Case.create(root / f"case-{seed}", "made")
        case.add([out / "logs"], link=True)
        ingest(case, Quiet(), workers=1)
        MADE[root, seed] = (case.lake(), json.loads((out / "truth.json").read_text("utf-8")))
    return MADE[root, seed]


def of_archive(root: Path, *paths: Path) -> Lake:
    """Return the lake of archives or files of the shelf, read the way a case reads them."""
    case = Case.create(root, "shelf")
    case.add(list(paths), link=True)
    ingest(case, Quiet(), workers=1)
    return case.lake()
