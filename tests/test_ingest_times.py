"""What a person says of a log's year and zone: it holds from then on, for the sources that need it, and is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keii.case.case import Case
from keii.case.settings import parse_settings
from keii.errors import SettingsError, UsageError
from keii.ingest import ingest
from tests import made
from tests.readers.logs.evtx_made import forgetful

YEARLESS = b"""Dec 31 23:30:00 fs1 cron[1]: one
Jan  1 09:30:00 fs1 cron[1]: two
"""
DATED = b"""2023-07-01T10:00:00+00:00 fs1 cron[1]: one
2023-07-01T11:00:00+00:00 fs1 cron[1]: two
"""


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case.create(tmp_path / "case", "test")


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def times(case: Case) -> list[str | None]:
    sql = "SELECT strftime(occurred AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M') FROM generic ORDER BY source, record"
    return [row[0] for row in case.lake().connect(threads=1).execute(sql).fetchall()]


def marks(case: Case) -> set[str | None]:
    found = case.lake().connect(threads=1).execute("SELECT more FROM generic").fetchall()
    return {json.loads(row[0]).get("inferred") for row in found}


def inferred(case: Case) -> dict[str, tuple[str, ...]]:
    return {record.source.name: record.inferred for record in case.catalog.sources()}


def test_without_a_year_there_is_no_time_until_a_person_says_it(case: Case, tmp_path: Path) -> None:
    log = put(tmp_path / "messages", YEARLESS)
    case.add([log])
    ingest(case)
    assert times(case) == [None, None]
    assert inferred(case) == {"messages": ("year-unknown",)}
    case.add([log], year=2020)
    assert ingest(case).events == 2
    assert times(case) == ["2019-12-31 23:30", "2020-01-01 09:30"]
    assert marks(case) == {"year-stated,zone"}
    assert inferred(case) == {"messages": ("year-stated", "zone")}


def test_the_last_statement_holds_and_custody_keeps_all(case: Case, tmp_path: Path) -> None:
    log = put(tmp_path / "messages", YEARLESS)
    case.add([log], year=2020, zone="Asia/Tokyo")
    ingest(case)
    assert times(case) == ["2019-12-31 14:30", "2020-01-01 00:30"]
    case.add([log], zone="America/New_York")  # the year stays as it was said
    ingest(case)
    assert times(case) == ["2020-01-01 04:30", "2020-01-01 14:30"]
    assert marks(case) == {"year-stated,zone-stated"}
    assert [(entry.year, entry.zone) for entry in case.ledger_entries()] == [
        (2020, "Asia/Tokyo"),
        (2020, "America/New_York"),
    ]
    assert case.add([log], zone="America/New_York").added == ()
    assert ingest(case).sources == ()


def test_a_stated_year_stands_above_the_name_and_the_conflict_is_told(case: Case, tmp_path: Path) -> None:
    case.add([put(tmp_path / "messages-20180107", YEARLESS)], year=2020)
    ingest(case)
    assert times(case)[1] == "2020-01-01 09:30"
    assert inferred(case) == {"messages-20180107": ("year-conflict", "year-stated", "zone")}


def test_a_line_with_its_year_stands_above_the_stated_one(case: Case, tmp_path: Path) -> None:
    told = YEARLESS + b"Jan  2 10:00:00 fs1 app[1]: started at 2021-01-02 10:00:00\n"
    case.add([put(tmp_path / "messages", told)], year=2020)
    ingest(case)
    assert times(case)[0] == "2020-12-31 23:30"
    assert inferred(case) == {"messages": ("year", "year-conflict", "zone")}


def test_members_of_archives_get_what_was_said(case: Case, tmp_path: Path) -> None:
    case.add([put(tmp_path / "a.zip", made.zipped({"messages": YEARLESS}))], year=2020, zone="Asia/Tokyo")
    ingest(case)
    assert times(case) == ["2019-12-31 14:30", "2020-01-01 00:30"]


def test_carving_asked_for_later_reads_the_file_again(case: Case, shelf: Path, tmp_path: Path) -> None:
    data, kept, forgotten = forgetful((shelf / "evtx/plaso/System.evtx").read_bytes())
    log = put(tmp_path / "a.zip", made.zipped({"System.evtx": data}))
    case.add([log])
    assert ingest(case).events == len(kept)
    case.add([log], carve=True)
    assert ingest(case).events == len(kept) + len(forgotten)
    told = case.lake().connect(threads=1).execute("SELECT count(*) FROM windows WHERE record < 0").fetchall()
    assert told == [(len(forgotten),)]
    assert case.add([log]).added == ()  # nothing new is said
    assert ingest(case).sources == ()


def test_only_sources_whose_times_need_it_are_read_again(case: Case, tmp_path: Path) -> None:
    dated, bare = put(tmp_path / "dated.log", DATED), put(tmp_path / "bare.log", DATED.replace(b"+00:00", b""))
    case.add([dated, bare])
    ingest(case)
    case.add([dated, bare], year=2023, zone="Asia/Tokyo")
    assert [record.source.name for record in ingest(case).sources] == ["bare.log"]
    assert inferred(case) == {"dated.log": (), "bare.log": ("zone-stated",)}


def test_the_zone_of_the_case_is_below_that_of_a_file(case: Case, tmp_path: Path) -> None:
    case.add([put(tmp_path / "a.log", DATED.replace(b"+00:00", b""))])
    ingest(case)
    assert inferred(case) == {"a.log": ("zone",)}
    settings = case.root / "case.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[logs]\ntime_zone = "Asia/Tokyo"\n', "utf-8")
    case.close()
    with Case.open(case.root) as again:
        assert ingest(again).events == 2
        assert times(again)[0] == "2023-07-01 01:00"
        again.add([tmp_path / "a.log"], zone="America/New_York")
        ingest(again)
        assert times(again)[0] == "2023-07-01 14:00"


def test_the_zone_of_the_report_is_not_that_of_logs(tmp_path: Path) -> None:
    with Case.create(tmp_path / "case", "test", time_zone="Asia/Tokyo") as case:
        case.add([put(tmp_path / "a.log", DATED.replace(b"+00:00", b""))])
        ingest(case)
        assert inferred(case) == {"a.log": ("zone",)}


@pytest.mark.parametrize("said", [{"zone": "Tokyo/Asia"}, {"zone": "../../etc/passwd"}, {"year": 20}, {"year": 0}])
def test_what_is_no_zone_or_year_is_refused(case: Case, tmp_path: Path, said: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        case.add([put(tmp_path / "a.log", DATED)], **said)  # type: ignore[arg-type]
    assert case.entries() == ()


def test_a_zone_of_logs_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError, match="Asia/Tokyo") as refused:
        parse_settings('name = "x"\n[logs]\ntime_zone = "Nowhere"\n')
    assert "logs.time_zone" in str(refused.value.place)


def test_what_is_said_of_a_copy_only_is_told(case: Case, tmp_path: Path) -> None:
    case.add([put(tmp_path / "a.zip", made.zipped({"messages": YEARLESS}))])
    ingest(case)
    log = put(tmp_path / "messages", YEARLESS)
    case.add([log], year=2020)
    ingest(case)
    assert inferred(case)["messages"] == ("year-of-copy",)
    assert times(case) == [None, None]
    case.add([tmp_path / "a.zip"], year=2020)  # now it is said of what was read
    ingest(case)
    assert inferred(case)["messages"] == ()
    assert times(case) == ["2019-12-31 23:30", "2020-01-01 09:30"]
