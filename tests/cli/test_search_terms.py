"""What the terms of a search ask for."""

from __future__ import annotations

import pytest

from keii.cli.search_commands import _query


@pytest.mark.parametrize(
    ("term", "field"),
    [
        ("FileName=a.exe", ("FileName", "a.exe")),
        ("event_id=4624", ("event_id", "4624")),
        ("query=files.example.org", ("query", "files.example.org")),
        ("dst_ip=203.0.113.*", ("dst_ip", "203.0.113.*")),
    ],
)
def test_a_column_with_its_text_is_a_field_whatever_the_text_looks_like(term: str, field: tuple[str, str]) -> None:
    query = _query((term,), None, None)
    assert (query.fields, query.values) == ((field,), ())


@pytest.mark.parametrize("term", ["203.0.113.9", "https://files.example.org/?a=b.exe", "not-a-column=1.exe"])
def test_what_is_no_column_is_a_value(term: str) -> None:
    query = _query((term,), None, None)
    assert query.fields == ()
    assert [one.as_written for one in query.values] == [term]
