"""Files touched: one entry per file whatever log tells of it."""

from __future__ import annotations

from typing import Any

from keii.model import FileTouch
from keii.trace.clocks import apply_clocks
from keii.trace.files import Suspect, files
from tests.trace.conftest import MakeLake

SHARE = {"host": "FS01.corp.example", "channel": "Security", "event_id": 5145, "SubjectUserName": "alice", "IpAddress": "10.1.2.3",
         "ShareName": "\\\\*\\Plans", "ShareLocalPath": "\\??\\D:\\Data\\Plans", "ObjectType": "File"}  # fmt: skip
LOCAL = {
    "host": "FS01.corp.example",
    "channel": "Security",
    "event_id": 4663,
    "SubjectUserName": "alice",
    "ObjectType": "File",
}
WIRE = {"src_ip": "10.1.2.3", "dst_ip": "10.1.1.9", "share": "\\\\FS01\\Plans", "action": "open"}
ALICE = Suspect(
    host="PC01",
    addresses=("10.1.2.3",),
    user="alice",
    first="2031-03-04T00:00:00+00:00",
    last="2031-03-05T00:00:00+00:00",
)


def run(
    make: MakeLake, suspects: tuple[Suspect, ...] = (ALICE,), **tables: list[dict[str, Any]]
) -> tuple[FileTouch, ...]:
    connection = make(**tables)
    apply_clocks(connection, ())
    return files(connection, suspects)


def test_share_path_local_path_and_wire_are_one_file(make_lake: MakeLake) -> None:
    windows = [
        SHARE | {"occurred": "2031-03-04T10:00:00", "RelativeTargetName": "2031\\bid.docx", "AccessMask": "0x120089"},
        LOCAL
        | {"occurred": "2031-03-04T10:00:01", "ObjectName": "D:\\Data\\Plans\\2031\\bid.docx", "AccessMask": "0x1"},
    ]
    wire = [WIRE | {"occurred": "2031-03-04T10:00:00", "path": "2031\\bid.docx", "size": 4096}]
    (one,) = run(make_lake, windows=windows, smb=wire)
    assert (one.server, one.path.lower(), one.bytes) == ("FS01", "d:\\data\\plans\\2031\\bid.docx", 4096)
    assert set(one.operations) == {"opened", "read"}
    assert one.events == 3


def test_access_masks_say_how_a_file_was_touched(make_lake: MakeLake) -> None:
    masks = {"a.txt": "0x1", "b.txt": "0x2", "c.txt": "0x10000", "d.txt": "0x80"}
    rows = [
        SHARE | {"occurred": "2031-03-04T10:00:00", "RelativeTargetName": name, "AccessMask": mask}
        for name, mask in masks.items()
    ]
    found = {one.path.rsplit("\\", 1)[-1]: one.operations for one in run(make_lake, windows=rows)}
    assert found == {"a.txt": ("read",), "b.txt": ("written",), "c.txt": ("deleted",), "d.txt": ("listed",)}


def test_other_users_and_other_times_do_not_count(make_lake: MakeLake) -> None:
    row = SHARE | {"RelativeTargetName": "x.pdf", "AccessMask": "0x1"}
    rows = [row | {"occurred": "2031-03-06T10:00:00"}, row | {"occurred": "2031-03-04T10:00:00", "SubjectUserName": "bob"},
            row | {"occurred": "2031-03-04T10:00:00", "IpAddress": "10.9.9.9"}]  # fmt: skip
    assert run(make_lake, windows=rows) == ()


def test_a_server_addressed_by_number_keeps_its_address(make_lake: MakeLake) -> None:
    wire = WIRE | {"occurred": "2031-03-04T10:00:00", "share": "\\\\10.1.1.9\\Plans", "path": "x.pdf"}
    (one,) = run(make_lake, (Suspect(host="PC01", addresses=("10.1.2.3",)),), smb=[wire])
    assert one.server == "10.1.1.9"


def test_reading_one_file_often_is_one_file(make_lake: MakeLake) -> None:
    row = SHARE | {"RelativeTargetName": "X.pdf", "AccessMask": "0x1"}
    rows = [row | {"occurred": f"2031-03-04T10:00:{n:02}"} for n in range(30)] + [
        row | {"occurred": "2031-03-04T11:00:00", "RelativeTargetName": "x.PDF"}
    ]
    (one,) = run(make_lake, windows=rows)
    assert (one.events, one.first, one.last) == (
        31,
        "2031-03-04T10:00:00.000000+00:00",
        "2031-03-04T11:00:00.000000+00:00",
    )


def test_no_suspect_no_files(make_lake: MakeLake) -> None:
    assert (
        run(
            make_lake,
            (),
            windows=[SHARE | {"occurred": "2031-03-04T10:00:00", "RelativeTargetName": "x.pdf", "AccessMask": "0x1"}],
        )
        == ()
    )
