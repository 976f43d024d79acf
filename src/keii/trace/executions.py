"""Remote execution that shows by itself: steps for which no machine needs to be suspect before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb

from keii.data import load
from keii.model import Hop, HostIdentity, Infection
from keii.trace.edges import Edge, Records, edges, records
from keii.trace.walk import Round

_AROUND = dt.timedelta(hours=1)  # a hop of the walk between the same machines within this is the same step


def executions(
    connection: duckdb.DuckDBPyConnection,
    known: Sequence[HostIdentity],
    infections: Sequence[Infection],
    hops: Sequence[Hop],
) -> tuple[tuple[Hop, ...], tuple[Round, ...]]:
    """Return remote executions that the walk did not tell, in order of time, by the weights of ``data/trace/lateral.yaml``.

    The second part are administrators' rounds that were left out, where machines with signs exist: they are told, not lost.

    A service, task, WMI or WinRM process that a remote session started weighs most; what the same login did on earlier days weighs
    less. Beside suspect machines that it does not touch a step must weigh more, so that an administrator's work is not told as part of
    the intrusion. Needs the view ``windows_true``.
    """
    table = load("trace/lateral")
    signs = {i.host: dt.datetime.fromisoformat(i.first) for i in infections if i.first}
    found = [
        edge
        for edge in edges(connection, known, table["least"] - table["several_ways"])
        if edge.base >= table["least"]
        and not _covered(edge, hops)
        and _weight(edge, signs, table) >= _bar(edge, signs, table)
    ]
    left_out = rounds(found, signs, table) if signs else {}
    found = [edge for edge in found if _key(edge) not in left_out]
    told = tuple(_hop(edge, kept, signs) for edge, kept in zip(found, records(connection, found), strict=True))
    return told, tuple(sorted(set(left_out.values())))


_Key = tuple[str, str, str | None, str, dt.datetime]


def _key(edge: Edge) -> _Key:
    return edge.source, edge.target, edge.login, edge.how, edge.first


def rounds(found: Sequence[Edge], signs: dict[str, dt.datetime], table: dict[str, Any]) -> dict[_Key, Round]:
    """Return the steps that belong to a round over many machines, or to a timetable, with the round that is told instead."""
    alike: dict[tuple[str, str | None, str], list[Edge]] = {}
    for edge in sorted(found, key=lambda edge: (edge.first, edge.target)):
        if not _source_suspect(edge, signs):
            alike.setdefault((edge.source, edge.login, edge.how), []).append(edge)
    left_out: dict[_Key, Round] = {}
    for own in alike.values():
        for together in (*_within(own, table), *_timetable(own, signs, table)):
            targets = {edge.target for edge in together}
            hit = {edge.target for edge in together if _target_after(edge, signs, table)}
            if len(hit) <= table["round_hit"] * len(targets):
                first = together[0]
                told = Round(
                    source_host=first.source,
                    family=first.how,
                    day=first.first.date().isoformat(),
                    machines=len(targets),
                    hit=len(hit),
                )
                left_out |= {_key(edge): told for edge in together}
    return left_out


def _within(own: Sequence[Edge], table: dict[str, Any]) -> Iterator[list[Edge]]:
    """Yield stretches of steps that reach enough machines, each step within ``round_seconds`` of the one before."""
    reach = dt.timedelta(seconds=table["round_seconds"])
    stretch: list[Edge] = []
    for edge in [*own, None]:
        if stretch and (edge is None or edge.first - stretch[-1].first > reach):
            if len({one.target for one in stretch}) >= table["round_targets"]:
                yield stretch
            stretch = []
        if edge is not None:
            stretch.append(edge)


def _timetable(own: Sequence[Edge], signs: dict[str, dt.datetime], table: dict[str, Any]) -> Iterator[list[Edge]]:
    """Yield the steps into one machine without signs that come back at the same time of day on enough days."""
    by_target: dict[str, list[Edge]] = {}
    for edge in own:
        if edge.target not in signs:
            by_target.setdefault(edge.target, []).append(edge)
    for steps in by_target.values():
        seconds = [edge.first.hour * 3600 + edge.first.minute * 60 + edge.first.second for edge in steps]
        days = {edge.first.date() for edge in steps}
        if len(days) >= table["timetable_days"] and max(seconds) - min(seconds) <= table["timetable_seconds"]:
            yield steps


def _weight(edge: Edge, signs: dict[str, dt.datetime], table: dict[str, Any]) -> float:
    modifiers: dict[str, float] = table["modifiers"]
    weight = edge.base
    weight += modifiers["source_infected"] if _source_suspect(edge, signs) else 0
    weight += modifiers["target_infected_after"] if _target_after(edge, signs, table) else 0
    weight += modifiers["new_pair"] if edge.fresh else 0
    weight += modifiers["few_clients"] if edge.clients <= table["few_clients"] else 0
    weight += modifiers["usual"] if edge.earlier_days >= table["usual_days"] else 0
    return round(weight, 6)


def _bar(edge: Edge, signs: dict[str, dt.datetime], table: dict[str, Any]) -> float:
    """Return what the step must weigh."""
    if _source_suspect(edge, signs) or _target_after(edge, signs, table):
        return float(table["told"])
    return float(table["beside"] if signs else table["unconnected"])


def _source_suspect(edge: Edge, signs: dict[str, dt.datetime]) -> bool:
    return edge.source in signs and signs[edge.source] <= edge.last


def _target_after(edge: Edge, signs: dict[str, dt.datetime], table: dict[str, Any]) -> bool:
    within = dt.timedelta(seconds=float(table["target_infected_within"]))
    return edge.target in signs and edge.first <= signs[edge.target] <= edge.first + within


def _covered(edge: Edge, hops: Sequence[Hop]) -> bool:
    return any(
        (hop.source_host, hop.target_host) == (edge.source, edge.target)
        and dt.datetime.fromisoformat(hop.first) - _AROUND <= edge.last
        and edge.first <= dt.datetime.fromisoformat(hop.last) + _AROUND
        for hop in hops
    )


def _hop(edge: Edge, kept: Records, signs: dict[str, dt.datetime]) -> Hop:
    return Hop(
        source_host=edge.source,
        target_host=edge.target,
        user=edge.login,
        how=edge.how,
        technique=edge.technique,
        first=edge.first.isoformat(timespec="microseconds"),
        last=edge.last.isoformat(timespec="microseconds"),
        events=edge.events,
        source_records=kept.source,
        target_records=kept.target,
        network_records=kept.network,
        missing=tuple(end for end, there in (("source", kept.source), ("target", kept.target)) if not there),
        direction="forward" if _source_suspect(edge, signs) else "backward",
    )
