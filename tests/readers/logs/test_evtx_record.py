"""Records made flat by parts of their head: the same as decoded whole."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keii.readers.logs.evtx_record import Flattener
from keii.readers.logs.windows_records import flat


def rendered(**changes: Any) -> str:
    """Return a record as the library renders it: no spaces, elements of System in the order of its schema."""
    system = {
        "Provider": {"#attributes": {"Name": "Made Provider", "Guid": "00000000-0000-0000-0000-000000000001"}},
        "EventID": 4688, "Version": 2, "Level": 0, "Keywords": "0x8020000000000000",
        "TimeCreated": {"#attributes": {"SystemTime": "2024-05-01T10:00:00.000001Z"}}, "EventRecordID": 7,
        "Correlation": None, "Execution": {"#attributes": {"ProcessID": 4, "ThreadID": 32}},
        "Channel": "Security", "Computer": "pc.example", "Security": None,
    }  # fmt: skip
    body = changes.pop("body", {"EventData": {"CommandLine": "a.exe", "ProcessId": 4}})
    event = {"#attributes": {"xmlns": "x"}, "System": system | changes} | body
    return json.dumps({"Event": event}, separators=(",", ":"), ensure_ascii=False)


def same(flattener: Flattener, text: str) -> None:
    names, values = flattener.flat(text)
    expected, wanted = flat(orjson.loads(text))
    assert (names, list(values)) == (expected, list(wanted))


@pytest.mark.parametrize(
    "text",
    [
        rendered(),
        rendered(Channel='"Channel":'),
        rendered(Provider={"#attributes": {"Name": '"SystemTime":"1"}},"EventRecordID":9,"Channel":1,"EventData":'}}),
        rendered(Correlation={"#attributes": {"ActivityID": "{1}"}}, Security={"#attributes": {"UserID": "S-1-5-18"}}),
        rendered(EventID={"#attributes": {"Qualifiers": 16384}, "#text": 1004}),
        rendered(TimeCreated={"#attributes": {"SystemTime": None}}),
        rendered(TimeCreated={"#attributes": {"SystemTime": "\\\"x", "More": 1}}),
        rendered(TimeCreated={"#attributes": {"RawTime": "1", "SystemTime": "2"}}),
        rendered(EventRecordID=-1),
        rendered(EventRecordID="7"),
        rendered(EventData={"of": "System"}),
        rendered(body={}),
        rendered(body={"EventData": None}),
        rendered(body={"EventData": {}}),
        rendered(body={"EventData": {"Data": {"#text": ["a", None]}, "Binary": None}}),
        rendered(body={"EventData": {"Data": {"#text": None}}}),
        rendered(body={"EventData": {"#attributes": {"Name": "template"}, "a": 1}}),
        rendered(body={"EventData": {"a": {"b": [1, 2]}}}),
        rendered(body={"UserData": {"Cleared": {"#attributes": {"xmlns": "y"}, "SubjectUserName": "u"}}}),
        rendered(body={"UserData": {"EventData": {"x": 1}}}),
        rendered(body={"EventData": {"a": 1}, "RenderingInfo": {"Message": "m"}}),
        rendered(body={"RenderingInfo": {"Message": "m"}, "EventData": {"a": 1}}),
        '{"Event":{"System":{"EventID":1,"Channel":"x"}}}',
    ],
)  # fmt: skip
def test_same_as_decoded_whole(text: str) -> None:
    flattener = Flattener()
    same(flattener, text)
    same(flattener, text)  # from what was kept
    same(flattener, rendered())
    same(flattener, text)


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(0), st.dictionaries(st.text(), st.none() | st.text()))))
def test_any_values(events: list[tuple[str, str, int, dict[str, str | None]]]) -> None:
    flattener = Flattener()
    for host, channel, number, data in events:
        same(
            flattener, rendered(Computer=host, Channel=channel, EventRecordID=number % 2**63, body={"EventData": data})
        )
