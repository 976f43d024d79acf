"""Windows events as JSON."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keii.errors import UnreadableError
from keii.readers.logs import Head, windows_form, windows_json
from keii.readers.logs.windows_json import READER
from tests.readers.logs import windows_layouts as made


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist() if not name.endswith("/"))
    else:
        with tarfile.open(path) as archive:
            for member in archive:
                if (handle := archive.extractfile(member)) is not None:
                    yield member.name, handle.read()


def accepted(path: Path) -> bytes:
    (data,) = [data for name, data in members(path) if READER.accepts(Head(data[:65536], "x"))]
    return data


@pytest.mark.parametrize("data", [made.dump_json(), made.nxlog(), made.winlogbeat(), b"[" + made.nxlog() + b"]"])
def test_accepts_by_content(data: bytes) -> None:
    assert READER.accepts(Head(data, "x.bin")) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"ts":1,"uid":"C1","id.orig_h":"192.0.2.1"}',
        b'{"event_type":"dns","timestamp":"x"}',
        b"<Event>",
        b"\0\0",
    ],
)
def test_leaves_others_alone(data: bytes) -> None:
    assert READER.accepts(Head(data, "Security.json")) == 0


def test_good_and_skipped_is_all() -> None:
    data = (
        made.nxlog()
        + b"no json\n\n[1]\n"
        + b'{"a":1}\n'
        + b"[" * 5000
        + b"\n"
        + made.nxlog()[:-40]
        + b"\n"
        + made.winlogbeat()
    )
    rows, skipped = made.rows(READER, data)
    assert [row["record"] for row in rows] == [1, 8]
    assert [item.place for item in skipped] == ["line 2", "line 4", "line 5", "line 6", "line 7"]
    assert [item.record for item in skipped] == [2, 4, 5, 6, 7]


@pytest.mark.parametrize("indent", [None, 2])
def test_array_and_pretty(indent: int | None) -> None:
    events = [json.loads(made.nxlog()), json.loads(made.dump_json())]
    rows, skipped = made.rows(READER, json.dumps(events, indent=indent).encode())
    assert ([row["event_id"] for row in rows], skipped) == ([4624, 4624], [])


def test_cut_array_tells() -> None:
    whole = json.dumps([json.loads(made.nxlog())] * 3).encode()
    rows, skipped = made.rows(READER, whole[:-50])
    assert len(rows) == 2
    assert [item.reason for item in skipped] == ["cut: the file ends inside it"]


def test_utf16() -> None:
    data = made.nxlog().decode().encode("utf-16")
    assert READER.accepts(Head(data, "x")) == 0.9
    assert len(made.rows(READER, data * 1)[0]) == 1


def test_nested_too_deep_is_skipped() -> None:
    deep = '{"EventID":1,"Channel":"x","EventData":' + '{"a":' * 60 + "1" + "}" * 60 + "}\n"
    listed = '{"EventID":1,"Channel":"x","a":' + "[" * 60 + "]" * 60 + "}\n"
    rows, skipped = made.rows(READER, (deep + listed).encode())
    assert not rows
    assert {item.reason for item in skipped} == {"nested deeper than 16 levels"}


def test_an_event_of_ten_thousand_fields_is_read_and_one_of_far_more_told(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"EventID": 4624, "Channel": "Security", "Hostname": "PC01", **{f"odd{n}": "x" for n in range(10_000)}}
    (row,), skipped = made.rows(READER, json.dumps(event).encode() + b"\n")
    assert (row["event_id"], row["host"], skipped) == (4624, "PC01", [])
    assert json.loads(row["more"])["odd9999"] == "x"
    monkeypatch.setattr(windows_form, "MAX_NAMES", 100)
    rows, (skip,) = made.rows(READER, json.dumps(event).encode() + b"\n")
    assert (rows, skip.reason) == ([], "not a Windows event: has more than 100 fields")


def test_long_line_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_json, "MAX_LINE", 2000)
    rows, skipped = made.rows(READER, made.nxlog() + b"{" + b" " * 9000 + b"}\n" + made.nxlog())
    assert [row["record"] for row in rows] == [1, 3]
    assert [(item.place, item.reason) for item in skipped] == [("line 2", "longer than 2000 bytes")]


def test_wrong_types_are_kept_beside() -> None:
    line = b'{"EventID":"many","Channel":["a"],"RecordNumber":-4,"Hostname":7,"IpAddress":{"v":1},"Level":true}\n'
    (row,), skipped = made.rows(READER, line)
    assert not skipped
    assert (row["channel"], row["host"]) == ('["a"]', "7")
    kept = json.loads(row["more"])
    assert (kept["event_id"], kept["record_id"], kept["level"]) == ("many", -4, True)


def test_lone_surrogates_and_nul() -> None:
    line = b'{"EventID":1,"Channel":"x","CommandLine":"a\\ud83db\\u0000c","Other":"\\udc00"}\n'
    (row,), skipped = made.rows(READER, line)
    assert not skipped
    assert row["CommandLine"] == "a?b\0c"


def test_empty_is_unreadable() -> None:
    with pytest.raises(UnreadableError):
        list(READER.read(io.BytesIO(b""), made.SOURCE))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 2))
def test_any_bytes(noise: bytes, cut: int, kind: int) -> None:
    whole = (made.nxlog(), made.winlogbeat(), b"[" + made.dump_json() + b"]")[kind]
    data = whole[:cut] + noise + whole[cut:]
    READER.accepts(Head(data, "x"))
    try:
        made.rows(READER, data)
    except UnreadableError:
        assert not data.strip()


def test_zone_of_winlogbeat_and_host_of_forwarder(shelf: Path) -> None:
    rows, skipped = made.rows(
        READER, accepted(shelf / "windows-json/otrf-atomic/defense_evasion/empire_enable_rdp.tar.gz")
    )
    assert (len(rows), skipped) == (2668, [])
    assert {row["logged_on"] for row in rows} == {"WECserver"}


@pytest.mark.parametrize("group", ["discovery", "persistence", "execution"])
def test_captures_have_their_counts(shelf: Path, group: str) -> None:
    truth = json.loads((shelf / "windows-json/otrf-atomic-dev.truth.json").read_text())
    cases = [case for case in truth["cases"] if case["file"].startswith(group)]
    assert cases
    for case in cases:
        check(shelf / "windows-json/otrf-atomic" / case["file"], case)


@pytest.mark.slow
def test_every_capture_has_its_count(shelf: Path) -> None:
    for case in json.loads((shelf / "windows-json/otrf-atomic-dev.truth.json").read_text())["cases"]:
        check(shelf / "windows-json/otrf-atomic" / case["file"], case)


def check(path: Path, case: dict) -> None:
    """Compare records, hosts and log clears with the truth of a capture."""
    records, clears, hosts = 0, 0, set()
    for item in READER.read(io.BytesIO(accepted(path)), made.SOURCE):
        assert hasattr(item, "rows"), item
        records += item.rows.num_rows
        hosts.update(item.rows["host"].to_pylist())
        wanted = ("event_id", "provider")
        for event_id, provider in zip(*(item.rows[name].to_pylist() for name in wanted), strict=True):
            clears += event_id in (104, 1102) and provider == "Microsoft-Windows-Eventlog"
    expected = sum(item["event_id"] in (104, 1102) for item in case["log_tampering"])
    assert (case["file"], records, clears) == (case["file"], case["records"], expected)
    # The truth names the collector where the old winlogbeat layout was used.
    assert hosts == set(case["hosts"]) or set(case["hosts"]) == {"WECserver"}
