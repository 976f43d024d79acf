"""What happened on compromised machines: services, tasks, run keys, memory of LSASS, archives; by ``data/trace/steps.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from keii.data import load
from keii.lake.schema import windows_fields
from keii.model import Infection, Locator, Step

_MOST = 500  # steps of one kind


def steps(connection: duckdb.DuckDBPyConnection, infections: Sequence[Infection]) -> tuple[Step, ...]:
    """Return the steps on infected machines from a day before their first sign on, in order of time."""
    if not infections:
        return ()
    connection.execute("CREATE OR REPLACE TEMP TABLE affected (machine VARCHAR, since TIMESTAMPTZ)")
    connection.executemany(
        "INSERT INTO affected VALUES (?, CAST(? AS TIMESTAMPTZ) - INTERVAL 1 DAY)",
        [[i.host, i.first] for i in infections],
    )
    found = [step for spec in load("trace/steps") for step in _of(connection, spec)]
    return tuple(sorted(found, key=lambda step: (step.at, step.host, step.kind, step.what)))


def _of(connection: duckdb.DuckDBPyConnection, spec: dict[str, Any]) -> Iterator[Step]:
    known = set(windows_fields())
    fields = [name for name in spec["fields"] if name in known]
    what = f"coalesce({', '.join(f'{chr(34)}{name}{chr(34)}' for name in fields)}, '')" if fields else "''"
    clauses = ["event_id IN (SELECT unnest(?))", "(provider IS NULL OR lower(provider) IN (SELECT unnest(?)))"]
    values = [spec["event_ids"], spec["providers"]]
    for field, words, wanted in (
        (f"lower({what})", spec.get("contains"), "> 0"),
        (f"lower({what})", spec.get("not_contains"), "= 0"),
        ("lower(coalesce(ParentImage, ParentProcessName, ''))", spec.get("parent"), "> 0"),
        *((f'lower("{name}")', words, "> 0") for name, words in spec.get("match", {}).items() if name in known),
    ):
        if words:
            clauses.append(f"len(list_filter(?, lambda word: contains({field}, word))) {wanted}")
            values.append(words)
    rows = connection.execute(
        f"""
        SELECT w.machine, w.occurred, coalesce(SubjectUserName, "User", ''), {what}, w.source, w.record, CAST(w.record_id AS VARCHAR)
        FROM windows_true AS w JOIN affected AS a ON w.machine = a.machine AND (a.since IS NULL OR w.occurred >= a.since)
        WHERE {" AND ".join(clauses)} ORDER BY 2, 1, 5, 6 LIMIT {_MOST}
        """,
        values,
    ).fetchall()
    seen: set[tuple[str, str]] = set()
    for machine, at, user, told, source, record, own in rows:
        if (machine, told) in seen or at is None:
            continue
        seen.add((machine, told))
        place = Locator(source=source, record=record, record_id=own)
        yield Step(
            host=machine, at=at.isoformat(timespec="microseconds"), kind=spec["kind"], technique=spec["technique"], user=user or None,
            what=told[:400], locators=(place,),
        )  # fmt: skip
