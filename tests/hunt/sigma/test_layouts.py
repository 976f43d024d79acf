"""The same events in every layout give the same matches."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import pytest

from keii.hunt.sigma.columns import Chunk
from keii.hunt.sigma.matching import Engine
from tests.hunt.sigma.logs_on_shelf import members, read
from tests.hunt.sigma.rules_on_shelf import current_rules

Event = dict[str, Any]


def events(text: str) -> Iterator[Event]:
    """Yield the objects that stand one after another."""
    decoder, at = json.JSONDecoder(), 0
    while (at := len(text) - len(text[at:].lstrip())) < len(text):
        found, at = decoder.raw_decode(text, at)
        yield found["Event"]


def attributes(event: Event, *path: str) -> Event:
    for name in path:
        event = event.get(name) or {}
    return event.get("#attributes", {})


def number(value: Any) -> Any:
    return value["#text"] if isinstance(value, dict) else value


def data(event: Event) -> Event:
    """Return the event's own fields; those of UserData stand one level deeper."""
    found = event.get("EventData") or {}
    if not found and event.get("UserData"):
        (found,) = event["UserData"].values()
    found = {name: value for name, value in found.items() if name != "#attributes"}
    return {name: value for name, value in found.items() if not isinstance(value, dict | list)}


def text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_xml(event: Event) -> str:
    system, inner = event["System"], data(event)
    if event.get("EventData"):
        fields = "".join(f"<Data Name={quoteattr(n)}>{escape(text(v))}</Data>" for n, v in inner.items())
        fields = f"<EventData>{fields}</EventData>"
    else:
        body = "".join(f"<{n}>{escape(text(v))}</{n}>" for n, v in inner.items())
        fields = f"<UserData><Made>{body}</Made></UserData>"
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name={quoteattr(attributes(system, 'Provider')['Name'])}/><EventID>{number(system['EventID'])}</EventID>"
        f"<Level>{system['Level']}</Level><Keywords>{system['Keywords']}</Keywords>"
        f"<TimeCreated SystemTime={quoteattr(attributes(system, 'TimeCreated')['SystemTime'])}/>"
        f"<EventRecordID>{system['EventRecordID']}</EventRecordID><Channel>{escape(system['Channel'])}</Channel>"
        f"<Computer>{system['Computer']}</Computer></System>{fields}</Event>"
    )


def as_nxlog(event: Event) -> str:
    system = event["System"]
    head = {
        "EventTime": attributes(system, "TimeCreated")["SystemTime"], "Hostname": system["Computer"],
        "Keywords": system["Keywords"], "EventID": number(system["EventID"]), "SourceName": attributes(system, "Provider")["Name"],
        "RecordNumber": system["EventRecordID"], "Channel": system["Channel"], "SeverityValue": 2,
    }  # fmt: skip
    # NXLog writes what is not empty, as text.
    return json.dumps({**{n: text(v) for n, v in data(event).items() if text(v)}, **head})


def as_winlogbeat(event: Event) -> str:
    system = event["System"]
    own = {name: text(value) for name, value in data(event).items() if text(value)}
    told = {
        "@timestamp": attributes(system, "TimeCreated")["SystemTime"],
        "winlog": {
            "event_id": str(number(system["EventID"])), "provider_name": attributes(system, "Provider")["Name"],
            "channel": system["Channel"], "record_id": system["EventRecordID"], "computer_name": system["Computer"],
            ("event_data" if event.get("EventData") else "user_data"): own,
        },
        "host": {"name": system["Computer"]},
    }  # fmt: skip
    return json.dumps(told)


def as_dump(event: Event) -> str:
    return json.dumps({"Event": event})


def as_splunk(event: Event) -> dict[str, str]:
    """Return the event as the fields that Splunk's own extractions give it."""
    system = event["System"]
    channel = text(system["Channel"])
    return {name: text(value) for name, value in data(event).items()} | {
        "_time": attributes(system, "TimeCreated")["SystemTime"], "host": system["Computer"], "Computer": system["Computer"],
        "source": f"XmlWinEventLog:{channel}", "sourcetype": "XmlWinEventLog", "Channel": channel,
        "EventCode": text(number(system["EventID"])), "EventID": text(number(system["EventID"])),
        "EventRecordID": text(system["EventRecordID"]), "SourceName": attributes(system, "Provider")["Name"],
        "Keywords": text(system["Keywords"]),
    }  # fmt: skip


def as_csv(told: list[Event]) -> str:
    """Return a table with a column for every field that any of the events has."""
    rows = [as_splunk(event) for event in told]
    names = dict.fromkeys(name for row in rows for name in row)
    table = io.StringIO()
    writer = csv.DictWriter(table, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


LAYOUTS: dict[str, tuple[str, Callable[[Event], str]]] = {
    "windows-json: evtx_dump": ("windows-json", as_dump),
    "windows-json: NXLog": ("windows-json", as_nxlog),
    "windows-json: winlogbeat": ("windows-json", as_winlogbeat),
    "windows-xml": ("windows-xml", as_xml),
}


def counted(shelf: Path, table: pa.Table) -> dict[str, int]:
    rules = current_rules(shelf).rules
    counts: Counter[str] = Counter()
    for hit in Engine(rules).match("windows", Chunk("windows", table)):
        counts[rules[hit.rule].about.id] += len(hit.rows)
    return dict(counts)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_matches_as_evtx(shelf: Path, layout: str) -> None:
    files = members(shelf / "evtx" / "sigma-regression-dev.tar.xz")
    names = sorted(name for name in files if name.endswith(".evtx"))
    binary = pa.concat_tables([read("evtx", files[name]) for name in names], promote_options="default")
    told = [event for name in names for event in events(files[name.replace(".evtx", ".json")].decode())]
    assert len(told) == binary.num_rows
    reader, write = LAYOUTS[layout]
    lines = "\n".join(write(event) for event in told)
    table = read(reader, (f"<Events>{lines}</Events>" if reader == "windows-xml" else lines).encode())
    assert table.num_rows == binary.num_rows
    assert counted(shelf, table) == counted(shelf, binary)


def test_same_matches_as_a_table_of_splunk(shelf: Path) -> None:
    files = members(shelf / "evtx" / "sigma-regression-dev.tar.xz")
    names = sorted(name for name in files if name.endswith(".evtx"))
    binary = pa.concat_tables([read("evtx", files[name]) for name in names], promote_options="default")
    told = [event for name in names for event in events(files[name.replace(".evtx", ".json")].decode())]
    table = read("windows-csv", as_csv(told).encode())
    assert table.num_rows == binary.num_rows
    assert counted(shelf, table) == counted(shelf, binary)
