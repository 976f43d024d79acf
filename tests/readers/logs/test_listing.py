"""``docs/logs.md`` shows the registry as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keii.lake.schema import TABLES
from keii.readers.logs import READERS, LogReader
from keii.readers.logs.dialects import DIALECTS
from keii.readers.logs.interface import TIMES
from keii.readers.logs.listing import listing
from keii.wording import say

PAGE = Path(__file__).parents[3] / "docs" / "logs.md"


def test_the_page_has_the_table_of_the_registry() -> None:
    assert listing() in PAGE.read_text("utf-8"), "renew the table: listing() of keii.readers.logs.listing makes it"


@pytest.mark.parametrize("reader", READERS, ids=[reader.id for reader in READERS])
def test_each_reader_says_its_tables_and_times(reader: LogReader) -> None:
    order = list(TABLES)
    assert list(reader.tables) == sorted(reader.tables, key=order.index) != []
    assert reader.times in TIMES


def test_dialects_go_where_they_say() -> None:
    specs = {dialect.id: __import__(f"keii.readers.logs.{dialect.id}", fromlist=["x"]) for dialect in DIALECTS}
    for dialect in DIALECTS:
        module = specs[dialect.id]
        made = getattr(module, "_SPECS", None)
        forms = getattr(module, "_FORMS", None)
        if made is not None:
            assert {spec.table for spec in made.values()} == set(dialect.tables)
        elif forms is not None:
            assert {spec.table for _, spec in forms} == set(dialect.tables)


def test_every_mark_of_the_page_has_its_sentence() -> None:
    marks = re.findall(
        r"`((?:zone|year|day)[a-z-]*)`", "".join(re.findall(r"^\| (`[^|]*) \|", PAGE.read_text("utf-8"), re.MULTILINE))
    )
    assert len(marks) == 12
    for mark in marks:
        for lang in ("en", "ja"):
            assert "a.log" in say(f"cli.times.{mark}", lang, {"count": 1, "name": "a.log"})  # type: ignore[arg-type]
