"""What a machine's own records show of an intruder's work, without any intelligence, by ``data/trace/conduct.yaml``.

One command proves nothing: deeds of several kinds and tactics must stand close together, and what is rolled out to many
machines, or done on this one for weeks, does not count. The same idea as adding up signs of a destination (``destinations.py``).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb
import msgspec

from keii.data import load
from keii.lake.schema import windows_fields
from keii.model import Infection, Locator, Step

_MOST = 20_000  # deeds of one kind; of what is done more often the first ones say enough
_TEXT = 4_000  # characters of a command or script that are looked at
_TOLD = 400  # characters of it that are told
_NAME = re.compile(
    r"(?<![\w@.\\/-])(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,18}))(?![\w\\-])"
)


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """A record that shows one kind of an intruder's work.

    Attributes:
        machine: short name in upper case; ``at`` UTC, corrected by the clock of the machine.
        kind, tactic, technique, weight: of ``conduct.yaml``.
        user: who did it, as written; ``what`` the command, script or value.
        parent: what started it, where the record tells.
    """

    machine: str
    at: dt.datetime
    kind: str
    tactic: str
    technique: str
    weight: float
    user: str | None
    what: str
    parent: str | None
    locator: Locator


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """A machine whose own records tell by themselves: its deeds in order of time and the destinations that they name."""

    machine: str
    deeds: tuple[Deed, ...]
    named: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of its deeds in the order in which they were first seen."""
        return tuple(dict.fromkeys(deed.kind for deed in self.deeds))


def deeds(connection: duckdb.DuckDBPyConnection) -> tuple[Deed, ...]:
    """Return every deed that is neither rolled out nor a habit, in order of machine and time. Needs ``windows_true``."""
    table = load("trace/conduct")
    _gather(connection)
    found = [
        deed
        for kind, spec in table["kinds"].items()
        for deed in _distinct(_usual(_of(connection, kind, spec, table), table), spec)
    ]
    return tuple(sorted(found, key=lambda d: (d.machine, d.at, d.kind, d.locator.source, d.locator.record or 0)))


def conducts(connection: duckdb.DuckDBPyConnection, found: Sequence[Deed]) -> tuple[Conduct, ...]:
    """Return the machines that are told by their deeds alone."""
    table = load("trace/conduct")
    by_machine: dict[str, list[Deed]] = {}
    for deed in found:
        by_machine.setdefault(deed.machine, []).append(deed)
    told = []
    for machine, own in sorted(by_machine.items()):
        inside = _inside(own, table)
        if inside:
            named = _named(connection, machine, inside, table)
            told.append(Conduct(machine=machine, deeds=tuple(inside), named=named))
    return tuple(told)


def steps_of(found: Iterable[Deed], infections: Sequence[Infection], known: Iterable[Step]) -> tuple[Step, ...]:
    """Return the deeds on machines with signs, from a day before the first sign on, that are not told as a step already."""
    since = {i.host: dt.datetime.fromisoformat(i.first) - dt.timedelta(days=1) if i.first else None for i in infections}
    taken = {(place.source, place.record) for step in known for place in step.locators}
    steps: dict[tuple[str, str, str], Step] = {}
    for deed in found:
        begin = since.get(deed.machine)
        place = (deed.locator.source, deed.locator.record)
        if deed.machine not in since or (begin is not None and deed.at < begin) or place in taken:
            continue
        step = Step(
            host=deed.machine, at=deed.at.isoformat(timespec="microseconds"), kind=deed.kind, technique=deed.technique,
            user=deed.user, what=deed.what, locators=(deed.locator,),
        )  # fmt: skip
        steps.setdefault((deed.machine, deed.kind, deed.what), step)
    return tuple(steps.values())


def _gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table ``doing``: program starts and script blocks, in the words that the expressions are asked of."""
    words = f"replace(lower(left(coalesce({{}}, ''), {_TEXT})), '\"', '')"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE doing AS
        SELECT machine, occurred, {words.format("CommandLine")} AS command,
               {words.format("coalesce(Image, NewProcessName)")} AS image,
               {words.format("coalesce(ParentImage, ParentProcessName)")} AS parent, '' AS script,
               coalesce("User", SubjectUserName) AS who, left(CommandLine, {_TOLD}) AS what,
               coalesce(ParentProcessGuid, machine || ':' || SubjectLogonId) AS started, source, record,
               CAST(record_id AS VARCHAR) AS own
        FROM windows_true WHERE occurred IS NOT NULL
          AND ((event_id = 1 AND lower(provider) = 'microsoft-windows-sysmon') OR (event_id = 4688 AND lower(channel) = 'security'))
        UNION ALL
        SELECT machine, occurred, '', '', '', {words.format("ScriptBlockText")}, "User", left(ScriptBlockText, {_TOLD}), NULL,
               source, record, CAST(record_id AS VARCHAR)
        FROM windows_true WHERE occurred IS NOT NULL AND event_id = 4104 AND ScriptBlockText IS NOT NULL
        """
    )


def _of(connection: duckdb.DuckDBPyConnection, kind: str, spec: dict[str, Any], table: dict[str, Any]) -> list[Deed]:
    """Return the deeds of one kind, each record once; without commands that are rolled out, unless they do harm."""
    asked = [_asked(one) for one in spec["any"]]
    source = " UNION ".join(query for query, _ in asked)
    values = [value for _, listed in asked for value in listed]
    rolled_out = "true"
    if spec["weight"] < 0.5:
        machines = "(SELECT count(DISTINCT machine) FROM windows_true)"
        many = f"greatest({int(table['fleet_least'])}, {float(table['fleet_share'])} * {machines})"
        rolled_out = f"what NOT IN (SELECT what FROM hit GROUP BY what HAVING count(DISTINCT machine) >= {many})"
    rows = connection.execute(
        f"""
        WITH hit AS ({source})
        SELECT machine, occurred, who, what, started, source, record, own FROM hit
        WHERE {rolled_out} ORDER BY occurred, machine, source, record LIMIT {_MOST}
        """,
        values,
    ).fetchall()
    return [
        Deed(
            machine=machine, at=at, kind=kind, tactic=spec["tactic"], technique=spec["technique"], weight=spec["weight"],
            user=who or None, what=what or "", parent=started, locator=Locator(source=source, record=record, record_id=own),
        )
        for machine, at, who, what, started, source, record, own in rows
    ]  # fmt: skip


_DOING = ("command", "image", "parent", "script")


def _asked(one: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the query for one way in which a kind shows, with its values."""
    columns = "machine, occurred, who, what, started, source, record, own"
    if "event_ids" not in one:
        parts = [(f"regexp_matches({name}, ?)", "|".join(one[name])) for name in _DOING if name in one]
        return f"SELECT {columns} FROM doing WHERE {' AND '.join(p for p, _ in parts)}", [v for _, v in parts]
    known = set(windows_fields())
    clauses, values = ["event_id IN (SELECT unnest(?))", "occurred IS NOT NULL"], [one["event_ids"]]
    if "providers" in one:
        clauses.append("lower(provider) IN (SELECT unnest(?))")
        values.append(one["providers"])
    told = ["coalesce(provider, '')", "CAST(event_id AS VARCHAR)"]
    for names, expressions in one.get("field", {}).items():
        fields = [f'"{name}"' for name in names.split(",") if name in known]
        value = f"coalesce({', '.join(fields)}, '')" if fields else "''"
        clauses.append(f"regexp_matches(lower(left({value}, {_TEXT})), ?)")
        values.append("|".join(expressions))
        told = [value] if told[0].startswith("coalesce(provider") else [*told, value]
    return (
        f"""
        SELECT machine, occurred, coalesce("User", SubjectUserName) AS who, left(concat_ws(' ', {", ".join(told)}), {_TOLD}) AS what,
               CAST(NULL AS VARCHAR) AS started, source, record, CAST(record_id AS VARCHAR) AS own
        FROM windows_true WHERE {" AND ".join(clauses)}
        """,
        values,
    )


def _usual(found: list[Deed], table: dict[str, Any]) -> Iterator[Deed]:
    """Yield the deeds of one kind that are no habit of their machine: seen on few days before, or for a short time."""
    days: dict[str, list[dt.date]] = {}
    for deed in found:
        seen = days.setdefault(deed.machine, [])
        day = deed.at.date()
        habit = len(seen) >= table["habit_days"] and (day - seen[0]).days >= table["habit_span"]
        if not seen or seen[-1] != day:
            seen.append(day)
        if not habit:
            yield deed


def _distinct(found: Iterable[Deed], spec: dict[str, Any]) -> Iterator[Deed]:
    """Yield the deeds of a kind that asks for several different commands within some minutes only where they stand together."""
    least = spec.get("distinct", 1)
    if least == 1:
        yield from found
        return
    reach = dt.timedelta(minutes=spec["within_minutes"])
    by_machine: dict[str, list[Deed]] = {}
    for deed in found:
        by_machine.setdefault(deed.machine, []).append(deed)
    for own in by_machine.values():
        begin = 0
        for at, deed in enumerate(own):
            while deed.at - own[begin].at > reach:
                begin += 1
            if len({one.what.strip().lower() for one in own[max(begin, at - 50) : at + 1]}) >= least:
                yield deed


def _inside(own: list[Deed], table: dict[str, Any]) -> list[Deed]:
    """Return the deeds of a machine from the first window that tells on, while they follow one another within the window."""
    reach = dt.timedelta(hours=table["window_hours"])
    begin = 0
    counts: dict[str, int] = {}
    for at, deed in enumerate(own):
        counts[deed.kind] = counts.get(deed.kind, 0) + 1
        while deed.at - own[begin].at > reach:
            counts[own[begin].kind] -= 1
            begin += 1
        if _tells(own[begin : at + 1] if counts[deed.kind] == 1 else [], table):
            last = at
            while last + 1 < len(own) and own[last + 1].at - own[last].at <= reach:
                last += 1
            return own[begin : last + 1]
    return []


def _tells(window: list[Deed], table: dict[str, Any]) -> bool:
    kinds = {deed.kind: deed for deed in window}
    tactics = {deed.tactic for deed in window}
    weight = sum(deed.weight for _, deed in sorted(kinds.items()))
    several = len(kinds) >= int(table["least_kinds"]) and len(tactics) >= int(table["least_tactics"])
    return several and weight >= float(table["told"]) - 1e-9


def _named(
    connection: duckdb.DuckDBPyConnection, machine: str, inside: list[Deed], table: dict[str, Any]
) -> tuple[str, ...]:
    """Return the names that commands of the same parents ask for or fetch from, first seen first, without everybody's services."""
    parents = sorted({deed.parent for deed in inside if deed.parent})
    rows = connection.execute(
        """
        SELECT command FROM doing
        WHERE machine = ? AND occurred BETWEEN ? AND ? AND started IN (SELECT unnest(?)) AND regexp_matches(command, ?)
        ORDER BY occurred, source, record LIMIT 2000
        """,
        [machine, inside[0].at, inside[-1].at, parents, "|".join(table["contact"])],
    ).fetchall()
    common = load("trace/destinations")
    found: dict[str, None] = {}
    for (command,) in rows:
        for match in _NAME.finditer(command):
            name = match[1]
            if match[2] in table["no_name"] or _everybodys(name, common):
                continue
            found[name] = None
    return tuple(found)


def _everybodys(name: str, common: dict[str, Any]) -> bool:
    def under(suffixes: Iterable[str]) -> bool:
        return any(name == suffix or name.endswith("." + suffix) for suffix in suffixes)

    return under(common["common"]) and not under(common["but_not"])
