"""Windows events as XML."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import UnreadableError
from keii.readers.logs import Head
from keii.readers.logs.windows_xml import READER
from tests.readers.logs import windows_layouts as made

CLEARED = (
    b"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-"
    b"Eventlog'/><EventID Qualifiers='0'>104</EventID><Channel>System</Channel><Computer>ws1</Computer></System>"
    b"<UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'><SubjectUserName>sato"
    b"</SubjectUserName><Channel>Application</Channel><BackupPath></BackupPath></LogFileCleared></UserData></Event>"
)


@pytest.mark.parametrize(
    "data",
    [
        made.xml() * 3,
        b"<?xml version='1.0' encoding='utf-8'?>\r\n<Events>" + made.xml() * 3 + b"</Events>",
        (made.xml() * 3).decode().encode("utf-16"),
        (made.xml() * 3).decode().encode("utf-16-le"),
    ],
)
def test_roots_and_encodings(data: bytes) -> None:
    assert READER.accepts(Head(data[:65536], "x.txt")) == 0.9
    rows, skipped = made.rows(READER, data)
    assert ([row["record"] for row in rows], skipped) == ([1, 2, 3], [])


def test_log_clear_names_its_user_and_log() -> None:
    (row,), _ = made.rows(READER, CLEARED)
    wanted = ("provider", "event_id", "channel", "SubjectUserName", "Data_Channel", "BackupPath")
    assert [row[name] for name in wanted] == ["Microsoft-Windows-Eventlog", 104, "System", "sato", "Application", ""]


def test_unnamed_data() -> None:
    data = made.xml().replace(b"<EventData>", b"<EventData><Data>one</Data><Data>two\r\nlines</Data>")
    (row,), _ = made.rows(READER, data)
    assert (row["param1"], row["param2"]) == ("one", "two\r\nlines")


def test_broken_elements_cost_only_themselves() -> None:
    data = (
        made.xml()
        + made.xml()[:200]
        + made.xml()
        + made.xml().replace(b"</System>", b"")
        + made.xml()
        + made.xml()[:-20]
    )
    rows, skipped = made.rows(READER, data)
    assert [row["record"] for row in rows] == [1, 3, 5]
    assert [item.place for item in skipped] == ["event 2", "event 4", "event 6"]
    assert [item.reason.split(":")[0] for item in skipped] == ["cut", "not well-formed", "cut"]


def test_document_type_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Events>' + made.xml() + b"</Events>"
    with pytest.raises(UnreadableError, match="document type"):
        list(READER.read(io.BytesIO(bomb), made.SOURCE))


def test_entities_are_not_resolved() -> None:
    rows, skipped = made.rows(READER, made.xml().replace(b"192.0.2.17", b"&a;") + made.xml())
    assert ([row["record"] for row in rows], [item.place for item in skipped]) == ([2], ["event 1"])


def test_console_code_page_is_marked() -> None:
    (row,), _ = made.rows(READER, made.xml({"TargetUserName": "佐藤"}).decode().encode("cp932"))
    assert row["TargetUserName"] == "佐藤"
    assert '"encoding_inferred":"cp932"' in row["more"]


def test_empty_is_unreadable() -> None:
    with pytest.raises(UnreadableError):
        list(READER.read(io.BytesIO(b" \n"), made.SOURCE))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1200))
def test_any_bytes(noise: bytes, cut: int) -> None:
    data = made.xml()[:cut] + noise + made.xml()[cut:]
    READER.accepts(Head(data, "x"))
    try:
        made.rows(READER, data)
    except UnreadableError:
        assert not data.strip() or b"<!" in data
