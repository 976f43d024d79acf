"""A log file that does not fit its own counts or checksums is a sign, also where its record numbers tell nothing."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest

from keii.lake.store import Lake
from keii.model import Skipped, Tampering
from keii.readers.logs.evtx import CHUNK, HEADER, READER
from keii.trace import TraceSettings, trace
from keii.trace.clocks import apply_clocks
from keii.trace.damage import file_damage
from tests.readers.logs import windows_layouts as made
from tests.trace.conftest import MakeLake

ROWS = [
    {"host": "FS01.corp.example", "channel": "Security", "provider": "Microsoft-Windows-Security-Auditing", "event_id": 4624,
     "record": n, "record_id": n, "occurred": f"2031-03-04T08:0{n}:00"} for n in (1, 2, 4, 5)
]  # fmt: skip


def signs(make_lake: MakeLake, *places: tuple[str, Skipped]) -> list[Tampering]:
    connection = make_lake(windows=ROWS)
    apply_clocks(connection, ())
    return list(file_damage(connection, places))


def damaged(count: int = 0, record: int | None = None) -> Skipped:
    return Skipped(place="chunk 0 at byte 4096", reason="made", count=count, record=record, damage=True)


def test_damage_is_told_between_the_records_beside_it(make_lake: MakeLake) -> None:
    (one,) = signs(make_lake, ("s-made", damaged(1, 3)), ("s-made", damaged(0, 3)))
    assert (one.kind, one.host, one.log, one.count) == ("file-damaged", "FS01", "Security", 1)
    assert (one.at, one.until) == ("2031-03-04T08:02:00.000000+00:00", "2031-03-04T08:04:00.000000+00:00")
    assert [(place.source, place.record) for place in one.locators] == [("s-made", 3)]


def test_damage_without_a_place_among_the_records_has_no_time(make_lake: MakeLake) -> None:
    (one,) = signs(make_lake, ("s-made", damaged()))
    assert (one.at, one.until, one.count) == (None, None, None)


def test_a_file_without_any_event_left_is_told_elsewhere(make_lake: MakeLake) -> None:
    assert signs(make_lake, ("s-other", damaged(7))) == []


@pytest.mark.parametrize("again", [False, True], ids=["sums as they were", "sums made anew"])
def test_a_record_hidden_inside_the_one_before_it_is_a_sign(shelf: Path, *, again: bool) -> None:
    """The way of known tools: the record before is made to end where the hidden one ends."""
    data = bytearray((shelf / "evtx/plaso/System.evtx").read_bytes())
    at = HEADER + 512
    (size,) = struct.unpack_from("<I", data, at + 4)
    (following,) = struct.unpack_from("<I", data, at + size + 4)
    struct.pack_into("<I", data, at + 4, size + following)
    struct.pack_into("<I", data, at + size + following - 4, size + following)
    if again:
        (free,) = struct.unpack_from("<I", data, HEADER + 48)
        struct.pack_into("<I", data, HEADER + 52, zlib.crc32(memoryview(data)[HEADER + 512 : HEADER + free]))
        head = bytes(data[HEADER : HEADER + 120] + data[HEADER + 128 : HEADER + 512])
        struct.pack_into("<I", data, HEADER + 124, zlib.crc32(head))
    found = [one for one in READER.read(io.BytesIO(data[: HEADER + CHUNK]), made.SOURCE) if isinstance(one, Skipped)]
    assert any(one.damage and one.count == 1 for one in found)


def test_the_trace_has_it_among_the_signs_of_tampering(make_lake: MakeLake, tmp_path: Path) -> None:
    make_lake(windows=ROWS)
    found = trace(Lake.of_folder(tmp_path), (), TraceSettings(), [("s-made", damaged(1, 3))])
    assert [one.kind for one in found.tampering] == ["file-damaged"]
