"""What a zero rests on is the same whether it was kept, brought up to date or counted anew."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from keii.hunt import hunt
from keii.lake import index
from keii.lake.store import Lake, LakeFile, write_file
from keii.model import HuntCoverage, Indicator
from keii.wording import say

START = dt.datetime(2024, 3, 1, 22, tzinfo=dt.UTC)


def put(root: Path, part: int, hours: list[int | None], host: int) -> LakeFile:
    at = [None if shift is None else START + dt.timedelta(hours=shift) for shift in hours]
    rows = pa.record_batch({
        "occurred": pa.array(at, pa.timestamp("us", tz="UTC")),
        "record": pa.array(range(1, len(hours) + 1), pa.int64()),
        "src_ip": [f"10.0.0.{host}"] * len(hours),
        "dst_ip": ["203.0.113.9"] * len(hours),
    })  # fmt: skip
    file = write_file(root, "network", f"s-{part}", 0, [rows])
    index.build(root, file)
    return file


def asked(lake: Lake, *internal: str) -> HuntCoverage:
    wanted = Indicator(kind="ip", value="198.51.100.7", as_written="x", source="s", source_name="s")
    return hunt(lake, [wanted], [], internal=internal).coverage


def told(coverage: HuntCoverage) -> tuple[object, ...]:
    (one,) = coverage.searched
    return one.events, one.host_days, one.first, one.last, coverage.not_searchable


def kept(root: Path) -> list[Path]:
    return sorted((root / "index").rglob("days-*"))


def test_new_files_are_added_to_what_was_kept(tmp_path: Path) -> None:
    first = put(tmp_path, 0, [0, 1, 3], 1)
    assert told(asked(Lake(tmp_path, [first]))) == (
        3, 2, "2024-03-01T22:00:00.000000+00:00", "2024-03-02T01:00:00.000000+00:00", (),
    )  # fmt: skip
    (file,) = kept(tmp_path)
    late = put(tmp_path, 1, [100, None, 1], 2)
    both = Lake(tmp_path, [first, late])
    added = told(asked(both))
    # 1 March 23:00 and 6 March 02:00 of the second machine, and an event of no day.
    assert added[:4] == (6, 4, "2024-03-01T22:00:00.000000+00:00", "2024-03-06T02:00:00.000000+00:00")
    assert added[4] == (
        "network: no events 2024-03-03..2024-03-05",
        say("hunt.no_time", facts={"table": "network", "count": 1}),
    )
    assert kept(tmp_path) == [file]
    file.unlink()
    assert told(asked(both)) == added
    assert told(asked(both)) == added


@pytest.mark.parametrize("damage", [b"", b"PAR1 no longer", None])
def test_what_is_kept_is_never_trusted_where_it_is_damaged_or_of_other_files(
    tmp_path: Path, damage: bytes | None
) -> None:
    files = [put(tmp_path, part, [part * 30, part * 30 + 1], part) for part in range(3)]
    expected = told(asked(Lake(tmp_path, files)))
    (path,) = kept(tmp_path)
    if damage is not None:
        path.write_bytes(damage)
    else:  # a file that is another now, and one that is gone
        files = [put(tmp_path, 1, [500], 7), files[0]]
        expected = (
            3, 2, "2024-03-01T22:00:00.000000+00:00", "2024-03-22T18:00:00.000000+00:00",
            ("network: no events 2024-03-02..2024-03-21",),
        )  # fmt: skip
    assert told(asked(Lake(tmp_path, files))) == expected


def test_other_networks_of_the_victim_are_counted_apart(tmp_path: Path) -> None:
    files = [put(tmp_path, 0, [0, 1], 1), put(tmp_path, 1, [0, 50], 2)]
    lake = Lake(tmp_path, files)
    assert told(asked(lake))[1] == 3
    assert told(asked(lake, "10.0.0.2/32"))[1] == 2
    assert told(asked(lake))[1] == 3
    assert len(kept(tmp_path)) == 2
