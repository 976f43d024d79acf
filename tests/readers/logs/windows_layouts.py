"""One made event in every layout, and how tests read streams."""

from __future__ import annotations

import io
import json
from typing import Any

from keii.model import Skipped, Source
from keii.readers.logs import LogReader

SOURCE = Source(id="s-0000000000000000", name="made", sha256="")

LOGON = {
    "SubjectUserSid": "S-1-5-18",
    "SubjectUserName": "FS01$",
    "TargetUserName": "sato",
    "TargetDomainName": "EXAMPLE",
    "LogonType": "3",
    "LogonGuid": "{5aa13a44-d441-68fc-e330-000000004002}",
    "WorkstationName": "-",
    "IpAddress": "192.0.2.17",
    "IpPort": "49211",
    "ProcessId": "0x2a4",
    "ProcessName": "",
}
PROVIDER, CHANNEL, HOST = "Microsoft-Windows-Security-Auditing", "Security", "fs01.corp.example"
TIME, TIME_UTC = "2020-06-10T02:50:54.6310000Z", "2020-06-10 02:50:54.631000+00:00"


def dump_json(data: dict[str, Any] = LOGON) -> bytes:
    """Return the event as evtx_dump writes it: typed numbers, GUIDs bare and in upper case."""
    fields = {**data, "LogonType": 3, "LogonGuid": "5AA13A44-D441-68FC-E330-000000004002", "ProcessName": None}
    event = {"#attributes": {"xmlns": "x"}, "System": _system_dump(), "EventData": fields}
    return json.dumps({"Event": event}).encode() + b"\n"


def _system_dump() -> dict[str, Any]:
    return {
        "Provider": {"#attributes": {"Name": PROVIDER, "Guid": "54849625-5478-4994-A5BA-3E3B0328C30D"}},
        "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 4624},
        "Level": 0,
        "TimeCreated": {"#attributes": {"SystemTime": TIME}},
        "EventRecordID": 881,
        "Execution": {"#attributes": {"ProcessID": 640, "ThreadID": 700}},
        "Channel": CHANNEL,
        "Computer": HOST,
        "Security": None,
    }


def nxlog(data: dict[str, str] = LOGON) -> bytes:
    """Return the event as NXLog writes it, through a collector that added its own times and name."""
    record = {
        "EventTime": TIME, "Hostname": HOST, "SourceName": PROVIDER, "Channel": CHANNEL, "EventID": 4624,
        "RecordNumber": 881, "Level": "0", "ExecutionProcessID": 640, "ThreadID": 700, "EventReceivedTime":
        "2020-06-10 02:50:56", "@timestamp": "2020-06-10T02:50:57.000Z", "host": "collector.corp.example", **data,
    }  # fmt: skip
    return json.dumps(record).encode() + b"\n"


def winlogbeat(data: dict[str, str] = LOGON) -> bytes:
    """Return the event as winlogbeat 7 writes it."""
    record = {
        "@timestamp": TIME,
        "host": {"name": "fs01"},
        "event": {"code": "4624", "created": "2020-06-10T02:50:59.000Z", "provider": PROVIDER},
        "log": {"level": "information"},
        "winlog": {
            "provider_name": PROVIDER, "channel": CHANNEL, "event_id": 4624, "record_id": "881", "level": 0,
            "computer_name": HOST, "process": {"pid": 640, "thread": {"id": 700}}, "event_data": data,
        },
    }  # fmt: skip
    return json.dumps(record).encode() + b"\n"


def xml(data: dict[str, str] = LOGON, *, provider: str = PROVIDER) -> bytes:
    """Return the event as the event viewer exports it."""
    fields = "".join(f"<Data Name='{name}'>{value}</Data>" for name, value in data.items())
    return (
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>"
        f"<Provider Name='{provider}' Guid='{{54849625-5478-4994-a5ba-3e3b0328c30d}}'/><EventID>4624</EventID>"
        f"<Level>0</Level><TimeCreated SystemTime='{TIME}'/><EventRecordID>881</EventRecordID><Correlation/>"
        f"<Execution ProcessID='640' ThreadID='700'/><Channel>{CHANNEL}</Channel><Computer>{HOST}</Computer>"
        f"<Security/></System><EventData>{fields}</EventData></Event>\n"
    ).encode()


def rows(reader: LogReader, data: bytes) -> tuple[list[dict[str, Any]], list[Skipped]]:
    """Return the rows, nulls left out and in order of the source, and the skips."""
    found: list[dict[str, Any]] = []
    skipped: list[Skipped] = []
    for item in reader.read(io.BytesIO(data), SOURCE):
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            found += [{k: v for k, v in row.items() if v is not None} for row in item.rows.to_pylist()]
    return sorted(found, key=lambda row: row["record"]), skipped
