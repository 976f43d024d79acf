"""What each log can say, day by day: present, thin, silent, erased, never collected, unknown."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import duckdb
import msgspec

from keii.model import CoverageCell, HostIdentity, Tampering
from keii.model.trace import State
from keii.trace.hosts import Names
from keii.trace.hours import Hours, Place
from keii.trace.namesakes import namesakes

_MOST = 400_000  # cells; hosts × logs × days beyond that are told as far as this
_THIN = 0.2  # of what the host's own past leads to expect for that kind of day
_FAR = 3_660  # days
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LEAST_PAST = 5  # days of a kind (workday, weekend) on which an expectation can rest


def coverage(
    connection: duckdb.DuckDBPyConnection,
    tampering: Sequence[Tampering] = (),
    known: Sequence[HostIdentity] = (),
    silent: Mapping[Place, Hours] | None = None,
) -> tuple[CoverageCell, ...]:
    """Return a cell per machine, log and UTC day of the case's span.

    The expectation is the median of the same log on the same kind of day (workday or weekend), empty days counted. A silent day is
    told with the other log that saw the machine alive, if one did. Days between the last record before a hole or a clear and
    that clear are erased, if another log saw the machine alive, or if it was expected to write on them and no other log of its own,
    which was left alone and writes on such days, is silent too: a machine that was off lost nothing. Days
    before the first record of a log are unknown: retention may have ended; after its last record likewise.
    A machine that leases or logons name, and that has no log of its own while others have, is told as never collected.

    Beyond ``_MOST`` cells, days outside a log's own first and last record are left out, and then present days too.

    Args:
        connection: with the view ``windows_true``.
        tampering: what erased records.
        known: machines by address, so that the network's log can be a witness.
        silent: hours in which a log usually writes and did not (``hours.silences``).
    """
    counts = _plausible(_counts(connection))
    days = [day for row in counts.values() for day in row]
    if not days:
        return ()
    first, last = min(days), max(days)
    span = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    alive = _alive(connection, known)
    erased = _erased(tampering)
    own_span_only = len(counts) * len(span) > _MOST
    cells: list[CoverageCell] = []
    gaps_only = False
    for (host, log), present in sorted(counts.items()):
        days = span[(min(present) - first).days : (max(present) - first).days + 1] if own_span_only else span
        off = _off(host, log, days, counts, erased)
        more = _cells(host, log, present, days, alive.get(host, {}), erased.get((host, log), ()), off)
        if not gaps_only and len(cells) + len(more) > _MOST:
            gaps_only, cells = True, [cell for cell in cells if cell.state != "present"]
        cells += [cell for cell in more if cell.state != "present"] if gaps_only else more
    cells += _never_collected({host for host, _ in counts}, alive)
    return _with_hours(cells, silent or {})


def _with_hours(cells: Sequence[CoverageCell], silent: Mapping[Place, Hours]) -> tuple[CoverageCell, ...]:
    """Return the cells with the hours that are missing on days that have records."""
    by_day: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for (host, log), hours in silent.items():
        for hour in hours.tolist():
            by_day[host, log, (_EPOCH + dt.timedelta(hours=hour)).date().isoformat()].append(hour % 24)
    if not by_day:
        return tuple(cells)
    return tuple(
        msgspec.structs.replace(cell, missing=tuple(missing))
        if cell.events and (missing := by_day.get((cell.host, cell.log, cell.day)))
        else cell
        for cell in cells
    )


def _plausible(counts: dict[tuple[str, str], dict[dt.date, int]]) -> dict[tuple[str, str], dict[dt.date, int]]:
    """Return the counts without stray days: one broken date of 1601 must not make a span of four centuries.

    A day is stray where it lies more than ten years from the day in the middle of all days that have records.
    """
    days = sorted(day for row in counts.values() for day in row)
    if not days:
        return counts
    middle = days[len(days) // 2]
    kept = {key: {day: n for day, n in row.items() if abs((day - middle).days) <= _FAR} for key, row in counts.items()}
    return {key: row for key, row in kept.items() if row}


def _never_collected(logged: set[str], alive: dict[str, dict[dt.date, dict[str, int]]]) -> list[CoverageCell]:
    """Return a cell per day on which a machine without any log of its own was seen, where other machines have logs."""
    if not logged - {"sensor"}:
        return []
    return [
        CoverageCell(
            host=host,
            log="Security",
            day=day.isoformat(),
            state="never-collected",
            witness=", ".join(sorted(witnesses)),
        )
        for host, days in sorted(alive.items())
        if host and host not in logged
        for day, witnesses in sorted(days.items())
    ][:_MOST]


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[dt.date, int]]:
    rows = connection.execute(
        """
        SELECT machine, regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', ''), CAST(occurred AS DATE), count(*)
            FROM windows_true WHERE occurred IS NOT NULL AND machine IS NOT NULL AND record > 0  -- none that was carved
            GROUP BY ALL
        UNION ALL SELECT 'sensor', 'network', CAST(occurred AS DATE), count(*) FROM network WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'dns', CAST(occurred AS DATE), count(*) FROM dns WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', CASE WHEN uid IS NULL AND proxied THEN 'proxy' ELSE 'http' END, CAST(occurred AS DATE), count(*)
            FROM http WHERE occurred IS NOT NULL GROUP BY ALL  -- a proxy's own log, which no sensor's stands for
        UNION ALL SELECT 'sensor', 'tls', CAST(occurred AS DATE), count(*) FROM tls WHERE occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT 'sensor', 'smb', CAST(occurred AS DATE), count(*) FROM smb WHERE occurred IS NOT NULL GROUP BY ALL
        """
    ).fetchall()
    found: dict[tuple[str, str], dict[dt.date, int]] = defaultdict(dict)
    for host, log, day, count in rows:
        found[host, log][day] = count
    return found


def _alive(
    connection: duckdb.DuckDBPyConnection, known: Sequence[HostIdentity]
) -> dict[str, dict[dt.date, dict[str, int]]]:
    """Return host → day → logs that saw it alive: leases, its own other logs, its logons elsewhere, the network."""
    rows = connection.execute(
        """
        SELECT machine_name(client_name), CAST(occurred AS DATE), 'DHCP', count(*) FROM dhcp
            WHERE client_name IS NOT NULL AND occurred IS NOT NULL GROUP BY ALL
        UNION ALL SELECT machine, CAST(occurred AS DATE), regexp_replace(coalesce(channel, 'Windows'), '/[^/]*$', ''), count(*)
            FROM windows_true WHERE occurred IS NOT NULL AND machine IS NOT NULL GROUP BY ALL
        UNION ALL SELECT upper(split_part(split_part(TargetUserName, '$', 1), '.', 1)) AS client, CAST(occurred AS DATE),
                'logons at ' || machine, count(*)
            FROM windows_true WHERE event_id IN (4624, 4768, 4769) AND contains(TargetUserName, '$') AND occurred IS NOT NULL
                AND upper(split_part(split_part(TargetUserName, '$', 1), '.', 1)) <> machine GROUP BY ALL
        """
    ).fetchall()
    found: dict[str, dict[dt.date, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for host, day, witness, count in rows:
        found[host][day][witness] = count
    names = Names(known, namesakes(connection))
    addresses = sorted({identity.address for identity in known})
    seen = connection.execute(
        "SELECT src_ip, CAST(occurred AS DATE) AS day, count(*) FROM network "
        "WHERE occurred IS NOT NULL AND src_ip IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL ORDER BY ALL",
        [addresses],
    ).fetchall()
    for address, day, count in seen if addresses else ():
        host = names.name_of(address, f"{day.isoformat()}T12:00:00")
        found[host][day]["network"] = found[host][day].get("network", 0) + count
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
    off: Callable[[dt.date], bool],
) -> list[CoverageCell]:
    """Return the cells of one log. A clear takes only the run of empty days right before it, never the days it spared."""
    first, last = min(present), max(present)
    usual = {weekend: _usual(present, weekend) for weekend in (False, True)}
    taken = {
        day
        for day in _taken(present, span, erased)
        if any(name != log for name in alive.get(day, {})) or (usual[day.weekday() >= 5] and not off(day))
    }
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


def _off(
    host: str,
    log: str,
    span: Sequence[dt.date],
    counts: dict[tuple[str, str], dict[dt.date, int]],
    erased: dict[tuple[str, str], list[tuple[dt.date, dt.date]]],
) -> Callable[[dt.date], bool]:
    """Return a test of a day on which a log is empty: are the machine's other logs, which usually write then, empty too?

    A log that may have lost that day itself is no witness.
    """
    others = [
        (
            present,
            {weekend: _usual(present, weekend) for weekend in (False, True)},
            _taken(present, span, erased.get((host, name), ())),
        )
        for (machine, name), present in counts.items()
        if machine == host and name != log
    ]

    def off(day: dt.date) -> bool:
        return any(
            min(present) < day < max(present) and usual[day.weekday() >= 5] and not present.get(day) and day not in lost
            for present, usual, lost in others
        )

    return off


def _usual(present: dict[dt.date, int], weekend: bool) -> float | None:  # noqa: FBT001 - the kind of day
    """Return the median count of that kind of day between the log's first and last, None where too few have records."""
    first, last = min(present), max(present)
    kind = [
        day
        for day in (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
        if (day.weekday() >= 5) is weekend
    ]
    if len(kind) < _LEAST_PAST:
        return None
    return float(statistics.median(present.get(day, 0) for day in kind))


def _taken(
    present: dict[dt.date, int], span: Sequence[dt.date], erased: Sequence[tuple[dt.date, dt.date]]
) -> set[dt.date]:
    """Return the days that were erased: inside a hole, or empty days that run up to a clear."""
    taken: set[dt.date] = set()
    for begin, end in erased:
        if begin != dt.date.min:
            taken.update(day for day in span if begin < day < end and not present.get(day))
            continue
        run = []
        day = end - dt.timedelta(days=1)
        while day >= span[0] and not present.get(day):
            run.append(day)
            day -= dt.timedelta(days=1)
        if day >= span[0]:  # else nothing is left before the clear: retention and erasure cannot be told apart
            taken.update(run)
    return taken
