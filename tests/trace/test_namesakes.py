"""Two machines of one short name stay two; one machine under two spellings stays one."""

from __future__ import annotations

from typing import Any

from keii.model import Tampering
from keii.trace.clocks import apply_clocks
from keii.trace.coverage import coverage
from keii.trace.hosts import Names, identities
from keii.trace.namesakes import namesakes
from keii.trace.tampering import tampering
from tests.trace.conftest import MakeLake

SECURITY = {"channel": "Security", "provider": "Microsoft-Windows-Security-Auditing", "event_id": 4624}
CLEARED = {"channel": "Security", "provider": "Microsoft-Windows-Eventlog", "event_id": 1102}
NORTH, SOUTH = "PC01.north.corp.example", "pc01.south.corp.example."


def told(make_lake: MakeLake, rows: list[dict[str, Any]]) -> tuple[tuple[Tampering, ...], set[str], dict[str, str]]:
    """Return the signs of tampering, the machines that coverage knows, and the namesakes."""
    connection = make_lake(windows=rows)
    apply_clocks(connection, ())
    signs = tampering(connection)
    return signs, {cell.host for cell in coverage(connection, signs)}, namesakes(connection)


def test_machines_of_one_short_name_are_told_apart(make_lake: MakeLake) -> None:
    rows = [
        SECURITY | {"host": NORTH, "occurred": "2031-03-04T08:00:00", "record_id": 1},
        CLEARED | {"host": SOUTH, "occurred": "2031-03-04T09:00:00", "record_id": 1},
    ]
    signs, machines, known = told(make_lake, rows)
    assert [one.host for one in signs] == ["PC01.SOUTH.CORP.EXAMPLE"]
    assert machines == {"PC01.NORTH.CORP.EXAMPLE", "PC01.SOUTH.CORP.EXAMPLE"}
    assert known == {"PC01.NORTH.CORP.EXAMPLE": "PC01", "PC01.SOUTH.CORP.EXAMPLE": "PC01"}


def test_a_record_that_tells_only_the_short_name_belongs_to_neither(make_lake: MakeLake) -> None:
    rows = [
        SECURITY | {"host": NORTH, "occurred": "2031-03-04T08:00:00"},
        SECURITY | {"host": SOUTH, "occurred": "2031-03-04T08:00:00"},
        CLEARED | {"host": "PC01", "occurred": "2031-03-04T09:00:00"},
    ]
    assert [one.host for one in told(make_lake, rows)[0]] == ["PC01"]


def test_spellings_of_one_full_name_are_one_machine(make_lake: MakeLake) -> None:
    rows = [
        SECURITY | {"host": name, "occurred": "2031-03-04T08:00:00"}
        for name in ("PC01", NORTH, NORTH.upper(), NORTH + ".")
    ]
    assert told(make_lake, rows)[1:] == ({"PC01"}, {})


def test_addresses_belong_to_the_full_name(make_lake: MakeLake) -> None:
    own = {"channel": "Microsoft-Windows-Sysmon/Operational", "provider": "Microsoft-Windows-Sysmon", "event_id": 3,
           "Initiated": "true", "occurred": "2031-03-04T08:00:00"}  # fmt: skip
    connection = make_lake(
        windows=[own | {"host": NORTH, "SourceIp": "10.1.0.5"}, own | {"host": SOUTH, "SourceIp": "10.2.0.5"}]
    )
    apply_clocks(connection, ())
    names = Names(identities(connection), namesakes(connection))
    assert names.name_of("10.1.0.5") == "PC01.NORTH.CORP.EXAMPLE" == names.name_of(NORTH)
    assert names.addresses_of(SOUTH) == ("10.2.0.5",)
    assert names.name_of("PC02.north.corp.example") == "PC02"
