"""What each log can say, day by day: present, thin, silent, erased, never collected, unknown."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb

from keii.model import CoverageCell, Tampering
from keii.model.trace import State

_MOST = 400_000  # cells; hosts × logs × days beyond that are told as far as this
_THIN = 0.2  # of what the host's own past leads to expect for that kind of day
_LEAST_PAST = 5  # days of a kind (workday, weekend) on which an expectation can rest


def coverage(connection: duckdb.DuckDBPyConnection, tampering: Sequence[Tampering] = ()) -> tuple[CoverageCell, ...]:
    """Return a cell per machine, log and UTC day of the case's span.

    The expectation is the median of the same log on the same kind of day (workday or weekend). A silent day is told with the other
    log that saw the machine alive, if one did. Days between the last record before a hole or a clear and that clear are
    erased. Days before the first record of a log are unknown: retention may have ended; after its last record likewise.
    """
    counts = _counts(connection)
    days = [day for row in counts.values() for day in row]
    if not days:
        return ()
    first, last = min(days), max(days)
    span = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    alive = _alive(connection)
    erased = _erased(tampering)
    cells: list[CoverageCell] = []
    for (host, log), present in sorted(counts.items()):
        cells += _cells(host, log, present, span, alive.get(host, {}), erased.get((host, log), ()))
        if len(cells) > _MOST:
            break
    return tuple(cells)


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[dt.date, int]]:
    rows = connection.execute(
        """
        SELECT machine, regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', ''), CAST(occurred AS DATE), count(*)
            FROM windows_true WHERE occurred IS NOT NULL AND machine IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'network', CAST(occurred AS DATE), count(*) FROM network WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'dns', CAST(occurred AS DATE), count(*) FROM dns WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'http', CAST(occurred AS DATE), count(*) FROM http WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'tls', CAST(occurred AS DATE), count(*) FROM tls WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'smb', CAST(occurred AS DATE), count(*) FROM smb WHERE occurred IS NOT NULL GROUP BY ALL
        """
    ).fetchall()
    found: dict[tuple[str, str], dict[dt.date, int]] = defaultdict(dict)
    for host, log, day, count in rows:
        found[host, log][day] = count
    return found


def _alive(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[dt.date, dict[str, int]]]:
    """Return host → day → other logs that saw it alive, from leases and logons at other machines."""
    rows = connection.execute(
        """
        SELECT upper(split_part(client_name, '.', 1)), CAST(occurred AS DATE), 'DHCP', count(*) FROM dhcp
            WHERE client_name IS NOT NULL AND occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT machine, CAST(occurred AS DATE), regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', ''), count(*)
            FROM windows_true WHERE occurred IS NOT NULL GROUP BY ALL
        """
    ).fetchall()
    found: dict[str, dict[dt.date, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for host, day, witness, count in rows:
        found[host][day][witness] = count
    return found


def _erased(tampering: Iterable[Tampering]) -> dict[tuple[str, str], list[tuple[dt.date, dt.date]]]:
    """Return (host, log) → spans of days that a hole or a clear took."""
    found: dict[tuple[str, str], list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for one in tampering:
        if one.kind == "records-missing" and one.at and one.until:
            found[one.host, one.log].append((_day(one.at), _day(one.until)))
        if one.kind == "cleared" and one.at:
            found[one.host, one.log].append((dt.date.min, _day(one.at)))
    return found


def _day(instant: str) -> dt.date:
    return dt.datetime.fromisoformat(instant).date()


def _cells(
    host: str,
    log: str,
    present: dict[dt.date, int],
    span: Sequence[dt.date],
    alive: dict[dt.date, dict[str, int]],
    erased: Sequence[tuple[dt.date, dt.date]],
) -> list[CoverageCell]:
    """Return the cells of one log. A clear takes only the run of empty days right before it, never the days it spared."""
    first, last = min(present), max(present)
    usual = {kind: _usual(present, kind) for kind in (False, True)}
    taken = _taken(present, span, erased)
    cells = []
    for day in span:
        events = present.get(day, 0)
        expected = usual[day.weekday() >= 5]
        witness = ", ".join(sorted(name for name in alive.get(day, {}) if name != log))
        if day in taken:
            state: State = "erased"
        elif events:
            state = "thin" if expected and events < _THIN * expected else "present"
        elif day < first or day > last:
            state = "unknown"
        else:
            state = "silent"
        cells.append(
            CoverageCell(
                host=host,
                log=log,
                day=day.isoformat(),
                state=state,
                events=events,
                expected=expected,
                witness="" if events else witness,
            )
        )
    return cells


def _usual(present: dict[dt.date, int], weekend: bool) -> float | None:  # noqa: FBT001 - the kind of day
    own = [count for day, count in present.items() if (day.weekday() >= 5) is weekend]
    return float(statistics.median(own)) if len(own) >= _LEAST_PAST else None


def _taken(
    present: dict[dt.date, int], span: Sequence[dt.date], erased: Sequence[tuple[dt.date, dt.date]]
) -> set[dt.date]:
    """Return the days that were erased: inside a hole, or empty days that run up to a clear."""
    taken: set[dt.date] = set()
    for begin, end in erased:
        if begin != dt.date.min:
            inside = [day for day in span if begin < day < end]
            taken.update(inside)
            continue
        day = end - dt.timedelta(days=1)
        while day >= span[0] and not present.get(day):
            taken.add(day)
            day -= dt.timedelta(days=1)
        if day < span[0]:
            taken.clear()  # nothing is left before the clear: retention and erasure cannot be told apart
    return taken
