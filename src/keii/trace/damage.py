"""Event log files that do not fit their own counts or checksums: damaged, by accident or by hand."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

import duckdb

from keii.model import Locator, Reason, Skipped, Tampering

_MOST = 20  # places told one by one for a file


def file_damage(connection: duckdb.DuckDBPyConnection, places: Iterable[tuple[str, Skipped]]) -> Iterator[Tampering]:
    """Yield one sign per file that is damaged, from the last record before the first damaged place to the next after the last.

    ``places`` are sources with what a reader found damaged in them. Host and log are those of most records that the file still
    has; a file without any is told among the unreadable sources. Needs the view ``windows_true``.
    """
    found: dict[str, list[Skipped]] = defaultdict(list)
    for source, skipped in places:
        found[source].append(skipped)
    for source, damaged in sorted(found.items()):
        row = connection.execute(
            "SELECT machine, channel, count(*) FROM windows_true WHERE source = ? AND machine IS NOT NULL AND channel IS NOT NULL "
            "GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT 1",
            [source],
        ).fetchone()
        if row is None:
            continue
        ordinals = [place.record for place in damaged if place.record is not None]
        before, after = _around(connection, source, ordinals)
        lost = sum(place.count for place in damaged)
        facts = {
            "host": row[0],
            "log": row[1],
            "places": str(len(damaged)),
            "place": damaged[0].place,
            "lost": f"{lost:,}",
        }
        yield Tampering(
            kind="file-damaged",
            host=row[0],
            log=row[1].rsplit("/", 1)[0],
            at=before,
            until=after,
            count=lost or None,
            note=Reason(why="tampering.file-damaged", facts=facts),
            locators=tuple(Locator(source=source, record=place) for place in dict.fromkeys(ordinals[:_MOST]))
            or (Locator(source=source),),
        )


def _around(connection: duckdb.DuckDBPyConnection, source: str, ordinals: list[int]) -> tuple[str | None, str | None]:
    """Return the times of the records next to the damaged places; None where no place has an ordinal or nothing is beside."""
    if not ordinals:
        return None, None
    row = connection.execute(
        "SELECT max_by(occurred, record) FILTER (record < ?), min_by(occurred, record) FILTER (record > ?) "
        "FROM windows_true WHERE source = ? AND occurred IS NOT NULL",
        [min(ordinals), max(ordinals), source],
    ).fetchone()
    return (_iso(row[0]), _iso(row[1])) if row else (None, None)


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="microseconds") if moment else None
