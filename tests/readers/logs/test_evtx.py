"""EVTX."""

from __future__ import annotations

import io
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keii.errors import UnreadableError
from keii.model import Skipped
from keii.readers.logs import Head
from keii.readers.logs.evtx import CHUNK, HEADER, READER
from tests.readers.logs import windows_layouts as made
from tests.readers.logs.evtx_made import forgetful, records_at

ALL = 5009  # records of System.evtx: its header's next record number less one


@pytest.fixture(scope="module")
def system(shelf: Path) -> bytes:
    return (shelf / "evtx/plaso/System.evtx").read_bytes()


def count(data: bytes) -> tuple[int, list[Skipped]]:
    rows, skipped = 0, []
    for item in READER.read(io.BytesIO(data), made.SOURCE):
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            rows += item.rows.num_rows
    return rows, skipped


def logs(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as members:
        for member in members:
            handle = members.extractfile(member) if member.isfile() else None
            if handle is not None and READER.accepts(Head(data := handle.read(), "x")):
                yield member.name, data


def test_whole_file(system: bytes) -> None:
    assert READER.accepts(Head(system[:65536], "noname")) == 1
    assert count(system) == (ALL, [])


def test_one_whole_event(system: bytes) -> None:
    row = made.rows(READER, system)[0][0]
    more = json.loads(row.pop("more"))
    assert row.pop("occurred").isoformat() == "2010-11-21T03:55:59.626427+00:00"
    assert row == {
        "record": 1, "record_id": 1, "host": "37L4247F27-26", "channel": "System",
        "provider": "Service Control Manager", "event_id": 7036, "level": 4, "process_id": 492,
        "param1": "Windows Event Log", "param2": "stopped",
        "Binary": "6500760065006E0074006C006F0067002F0031000000", "Keywords": "0x8080000000000000",
    }  # fmt: skip
    assert more["ExecutionThreadID"] == 1188


def test_cut_file_tells_what_is_missing(system: bytes) -> None:
    rows, skipped = count(system[: len(system) * 6 // 10])
    assert rows + sum(item.count for item in skipped) == ALL
    assert rows < ALL
    assert skipped[-1].reason == "cut: the header counts 27 chunks, 20 are there"


def test_cut_between_chunks(system: bytes) -> None:
    rows, (skipped,) = count(system[: HEADER + 5 * CHUNK])
    assert rows + skipped.count == ALL


def test_zeroed_chunks(system: bytes) -> None:
    at = HEADER + 3 * CHUNK
    rows, (skipped,) = count(system[:at] + bytes(2 * CHUNK) + system[at + 2 * CHUNK :])
    assert rows + skipped.count == ALL
    assert (skipped.place, skipped.reason) == ("2 chunks from byte 200704", "zeroed")


def test_zeroed_header(system: bytes) -> None:
    data = bytes(HEADER) + system[HEADER:]
    assert READER.accepts(Head(data[:65536], "x")) == 0.9
    rows, skipped = count(data)
    assert rows == ALL
    assert skipped[0].place == "file header"


def test_changed_byte_is_told(system: bytes) -> None:
    rows, skipped = count(system[:90_000] + bytes([system[90_000] ^ 0xFF]) + system[90_001:])
    assert rows + sum(item.count for item in skipped) == ALL
    assert skipped[0].place.endswith("chunk 1 at byte 69632")


@pytest.mark.parametrize("data", [b"", b"ElfFil", bytes(200_000), b"x" * 200_000])
def test_no_log_at_all(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        count(data)


def test_wrong_size_costs_no_other_record(system: bytes) -> None:
    second = system.index(b"\x2a\x2a\x00\x00", HEADER + 600)
    rows, skipped = count(system[: second + 4] + bytes(4) + system[second + 8 :])
    assert rows == ALL  # only the size was lost, and the next record tells it
    assert "size is wrong" in skipped[0].reason


def test_overwritten_record_is_counted_with_those_that_lean_on_it(system: bytes) -> None:
    found = [at for at in range(HEADER + 512, HEADER + CHUNK, 8) if system.startswith(b"\x2a\x2a\x00\x00", at)]
    at = found[len(found) // 2]
    rows, skipped = count(system[:at] + b"\xee" * 60 + system[at + 60 :])
    # Later records of a chunk point back to the template that an earlier one holds.
    assert rows > ALL - len(found)
    assert rows + sum(item.count for item in skipped) == ALL


def test_old_evt_is_refused_by_name(shelf: Path) -> None:
    data = (shelf / "evtx/plaso/SysEvent.Evt").read_bytes()
    assert READER.accepts(Head(data[:65536], "x")) == 0.9
    with pytest.raises(UnreadableError, match="before Vista"):
        count(data)


def test_header_alone(system: bytes) -> None:
    rows, (skipped,) = count(system[:HEADER])
    assert (rows, skipped.reason) == (0, "cut: the header counts 27 chunks, 0 are there")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3 * CHUNK), st.binary(min_size=1, max_size=200), st.booleans())
def test_any_damage(system: bytes, at: int, noise: bytes, cut: bool) -> None:
    data = system[:at] + noise + (b"" if cut else system[at + len(noise) : HEADER + 3 * CHUNK])
    try:
        count(data)
    except UnreadableError:
        assert at < HEADER + 8


@pytest.mark.parametrize("name", ["evtx-to-mitre-dev", "hayabusa-deepblue-dev", "evtx-attack-samples-dev"])
def test_samples_have_their_counts(shelf: Path, name: str) -> None:
    cases = json.loads((shelf / f"evtx/{name}.truth.json").read_text())["cases"]
    found = dict(logs(shelf / f"evtx/{name}.tar.xz"))
    for case in cases:
        rows, skipped = count(found[case["file"]])
        # The header of one of them counts 704 records more than were saved with it.
        notes = [one.reason for one in skipped if "T1562.010_DowngradeAttack" in case["file"]]
        assert (rows, [one.reason for one in skipped]) == (case["records"], notes), case["file"]
        assert all("the header counts records up to 730" in note for note in notes)


@pytest.mark.parametrize("name", ["benign-rathbun-w10", "belkasoft-insider-w10", "aptsimulator-w10"])
def test_machines_have_their_counts(shelf: Path, name: str) -> None:
    truth = json.loads((shelf / f"evtx/{name}.truth.json").read_text())
    found = {member: count(data) for member, data in logs(shelf / f"evtx/{name}.tar.xz")}
    for log in truth["logs"]:
        assert (log["file"], *found[log["file"]]) == (log["file"], log["records"], [])


def test_odd_files_give_at_least_what_the_library_gives(shelf: Path) -> None:
    cases = json.loads((shelf / "evtx/evtx-odd-dev.truth.json").read_text())["cases"]
    found = dict(logs(shelf / "evtx/evtx-odd-dev.tar.xz"))
    for case in cases:
        rows, skipped = count(found[case["file"]])
        readable = case["records_readable_by_evtx_0_14_0"]
        # Behind a bad record the library gives the file up; chunk by chunk the rest is still read.
        assert rows == readable or (rows > readable and case["record_errors"])
        assert skipped or not case["record_errors"]


def test_every_clear_is_found_and_no_other(shelf: Path) -> None:
    cases = json.loads((shelf / "evtx/evtx-attack-samples-dev.truth.json").read_text())["cases"]
    expected = {
        (case["file"], clear["record_id"])
        for case in cases
        for clear in case["log_tampering"]
        if clear["event_id"] in (104, 1102)
    }
    found = set()
    for name, data in logs(shelf / "evtx/evtx-attack-samples-dev.tar.xz"):
        for row in made.rows(READER, data)[0]:
            if row["event_id"] in (104, 1102) and row["provider"] == "Microsoft-Windows-Eventlog":
                found.add((name, row["record_id"]))
                assert row["SubjectUserName"]
                assert row["event_id"] == 1102 or row["Data_Channel"]
    assert found == expected


@pytest.mark.parametrize(
    ("at", "place", "reason"),
    [
        (8, "file header", "its checksum does not fit: what it counts may be wrong"),  # number of the first chunk
        (HEADER + 24, "chunk 0 at byte 4096",  # identifier of the first record, which nothing here needs
         "the checksum of its header does not fit: the count of its records may be wrong"),
    ],
)  # fmt: skip
def test_changed_header_is_told_and_costs_no_record(system: bytes, at: int, place: str, reason: str) -> None:
    changed = bytearray(system)
    changed[at] ^= 0x40
    rows, (skipped,) = count(bytes(changed))
    assert rows == ALL
    assert (skipped.place, skipped.reason, skipped.count) == (place, reason, 0)


def test_an_altered_value_is_told_also_in_a_log_that_was_not_closed(system: bytes) -> None:
    """Every copy of a running machine is marked as not closed; its chunks' checksums hold all the same."""
    changed = bytearray(system)
    changed[120] |= 1  # not closed
    struct.pack_into("<I", changed, 124, zlib.crc32(memoryview(changed)[:120]))
    assert count(bytes(changed)) == (ALL, [])
    at = changed.index("Windows Event Log".encode("utf-16-le"), HEADER + CHUNK)
    changed[at] ^= 0x20
    rows, (skipped,) = count(bytes(changed))
    assert rows == ALL
    assert skipped.place == f"chunk {(at - HEADER) // CHUNK} at byte {at - (at - HEADER) % CHUNK}"
    assert (skipped.reason, skipped.damage) == ("its checksum does not fit: values in it may be altered", True)


def test_an_end_taken_off_with_a_header_that_fits_is_told_by_the_next_number(system: bytes) -> None:
    kept = bytearray(system[: HEADER + 3 * CHUNK])
    struct.pack_into("<H", kept, 42, 3)  # chunks in use
    struct.pack_into("<I", kept, 124, zlib.crc32(memoryview(kept)[:120]))
    rows, (skipped,) = count(bytes(kept))
    assert skipped.reason == f"the header counts records up to {ALL}, the last one there is {rows}"


def test_what_a_chunk_forgot_is_carved_only_when_asked_for(system: bytes) -> None:
    data, kept, forgotten = forgetful(system)
    whole = made.rows(READER, system[: HEADER + CHUNK])[0]
    plain = made.rows(READER, data)[0]
    assert [row["record_id"] for row in plain] == [row["record_id"] for row in whole[: len(kept)]]
    batches = list(READER.read(io.BytesIO(data), msgspec.structs.replace(made.SOURCE, carve=True)))
    rows = [row for batch in batches if not isinstance(batch, Skipped) for row in batch.rows.to_pylist()]
    live, carved = [row for row in rows if row["record"] > 0], [row for row in rows if row["record"] < 0]
    assert sorted(row["record_id"] for row in live) == [row["record_id"] for row in plain]
    assert sorted(-row["record"] for row in carved) == [HEADER + place for place in forgotten]
    by_number = {row["record_id"]: row for row in whole}
    for row in carved:
        before = by_number[row["record_id"]]
        mark = json.loads(row["more"]).pop("carved")
        assert mark == f"free space of the chunk at byte {HEADER}"
        assert {k: v for k, v in row.items() if k not in ("record", "more") and v is not None} == {
            k: v for k, v in before.items() if k not in ("record", "more") and v is not None
        }


def test_a_record_whose_template_was_overwritten_is_counted_and_not_rendered(system: bytes) -> None:
    chunk = bytearray(system[HEADER : HEADER + CHUNK])
    places = records_at(chunk)
    second = places[1]
    chunk[second - 300 : second - 200] = b"\xff" * 100  # within the first record, which defines the templates
    struct.pack_into("<I", chunk, 48, 512)
    data = system[:HEADER] + bytes(chunk)
    items = list(READER.read(io.BytesIO(data), msgspec.structs.replace(made.SOURCE, carve=True)))
    rows = [row for batch in items if not isinstance(batch, Skipped) for row in batch.rows.to_pylist()]
    known = {row["record_id"]: row["occurred"] for row in made.rows(READER, system)[0]}
    assert all(known.get(row["record_id"]) == row["occurred"] for row in rows)
    (told,) = [item.reason for item in items if isinstance(item, Skipped) and "carved from it" in item.reason]
    taken, lost = (int(word) for word in re.findall(r"\d+", told))
    assert taken == len(rows)
    assert lost > 0
    assert taken + lost == len(places)
