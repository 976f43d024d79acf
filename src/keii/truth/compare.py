"""An investigation beside the truth file of a made breach: one answer per question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from keii.model import Trace

_MINUTE = dt.timedelta(minutes=1)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one question.

    Attributes:
        question: what was asked.
        right: things that are true and were found; ``told`` all things found; ``true`` all true things.
        missed, wrong: the first 20 true things not found, and the first 20 found things that are not true.
    """

    question: str
    right: int
    told: int
    true: int
    missed: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def compare(truth: dict[str, Any], trace: Trace) -> tuple[Answer, ...]:
    """Return the answers to all questions, in a fixed order. ``truth`` is the content of ``truth.json``."""
    return tuple(ask(truth, trace) for ask in _QUESTIONS)


def _sets(question: str, true: Iterable[str], told: Iterable[str]) -> Answer:
    is_so, said = set(true), set(told)
    return Answer(
        question=question,
        right=len(is_so & said),
        told=len(said),
        true=len(is_so),
        missed=tuple(sorted(is_so - said)[:20]),
        wrong=tuple(sorted(said - is_so)[:20]),
    )


def _name(truth: dict[str, Any], host: str) -> str:
    """Return the short name of a machine, in capitals; an address of a compromised machine becomes its name."""
    known = {one["address"]: one["host"] for one in truth["compromised"]}
    if host in known:
        return str(known[host])
    return host if host.replace(".", "").isdigit() else host.split(".")[0].upper()


def _hosts(truth: dict[str, Any], trace: Trace) -> Answer:
    told = (_name(truth, one.host) for one in trace.infections)
    return _sets("hosts compromised", (one["host"] for one in truth["compromised"]), told)


def _first(truth: dict[str, Any], trace: Trace) -> Answer:
    """Only the candidate that is ranked first counts; where the true one stands is told beside it."""
    ranked = [_name(truth, one.host) for one in trace.first_hosts]
    true = truth["first_host"]
    place = ranked.index(true) + 1 if true in ranked else 0
    good = place == 1
    missed = () if good else (f"{true}: rank {place or 'none'}",)
    return Answer(
        question="first host",
        right=int(good),
        told=min(1, len(ranked)),
        true=1,
        missed=missed,
        wrong=() if good else tuple(ranked[:1]),
    )


def _edges(truth: dict[str, Any], trace: Trace) -> Answer:
    """From, to, user and minute must agree; what is told beyond the true pairs of machines is wrong."""
    hops = [
        (
            _name(truth, h.source_host),
            _name(truth, h.target_host),
            _user(h.user),
            _moment(h.first) - _MINUTE,
            _moment(h.last) + _MINUTE,
        )
        for h in trace.hops
    ]
    wanted = {(e["from"], e["to"], e["user"].lower(), e["at"]) for e in truth["edges"]}
    found = {e for e in wanted if any(h[:3] == e[:3] and h[3] <= _moment(e[3]) <= h[4] for h in hops)}
    pairs = {e[:2] for e in wanted}
    wrong = sorted({f"{h[0]} > {h[1]} {h[2]}" for h in hops if h[:2] not in pairs})
    return Answer(
        question="edges",
        right=len(found),
        told=len(found) + len(wrong),
        true=len(wanted),
        missed=tuple(" ".join(e) for e in sorted(wanted - found)[:20]),
        wrong=tuple(wrong[:20]),
    )


def _user(user: str | None) -> str:
    return (user or "").split("\\")[-1].split("@")[0].lower()


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _files(truth: dict[str, Any], trace: Trace) -> Answer:
    """Only what the stolen login touched on its server: that is the set which the truth names."""
    files = truth["files"]
    told = (
        touch.path.split(":\\")[-1].lower()
        for touch in trace.files
        if _name(truth, touch.server) == files["server"]
        and files["user"] in {_user(user) for user in touch.users}
        and set(touch.operations) != {"listed"}
    )
    bare = (path.removeprefix("middle\\") for path in told)
    return _sets("files touched", (path.lower() for path in files["in_logs"]), bare)


def _volume(truth: dict[str, Any], trace: Trace) -> Answer:
    """Bytes to the drop: right is what both agree on."""
    sent = truth["exfiltration"]
    places = {p for one in truth["c2"] if one["address"] == sent["destination"] for p in (one["name"], one["address"])}
    told = sum(
        one.bytes_out for one in trace.transfers if one.destination in places and _name(truth, one.host) == sent["host"]
    )
    return Answer(question="bytes out", right=min(told, sent["bytes"]), told=told, true=sent["bytes"])


def _c2(truth: dict[str, Any], trace: Trace) -> Answer:
    alias = {one["address"]: one["name"] for one in truth["c2"]}
    told = (alias.get(place, place) for one in trace.infections for place in one.destinations)
    return _sets("C2 destinations", (one["name"] for one in truth["c2"]), told)


def _clears(truth: dict[str, Any], trace: Trace) -> Answer:
    true = (f"{e['host']} {e['log']} {e['cleared_at'][:16]}" for e in truth["erased"] if e.get("cleared_at"))
    told = (
        f"{_name(truth, one.host)} {one.log} {(one.at or '')[:16]}" for one in trace.tampering if one.kind == "cleared"
    )
    return _sets("log clears", true, told)


def _silences(truth: dict[str, Any], trace: Trace) -> Answer:
    """A machine whose event log was suspended: the hours that it is told for."""
    told_of = truth.get("variant", {})
    true = [f"{told_of['host']} {told_of['silent_from'][:16]}"] if "silent_from" in told_of else []
    told = (f"{_name(truth, one.host)} {(one.at or '')[:16]}" for one in trace.tampering if one.kind == "silenced")
    return _sets("silences", true, told)


def _holes(truth: dict[str, Any], trace: Trace) -> Answer:
    """Only cleared logs leave holes in the numbers; a channel that stopped or began anew leaves none."""
    true = (f"{e['host']} {e['log']}" for e in truth["erased"] if e.get("missing_from") and not e.get("how"))
    told = (f"{_name(truth, one.host)} {one.log}" for one in trace.tampering if one.kind == "records-missing")
    return _sets("holes", true, told)


def _called_erased(truth: dict[str, Any], trace: Trace) -> Answer:
    """Days called erased: each must lie in a period whose records the truth says are gone."""
    gone = [
        (e["host"], e["log"], e["missing_from"][:10], (e.get("missing_until") or e["cleared_at"])[:10])
        for e in truth["erased"]
        if e.get("missing_from")
    ]
    told = [(_name(truth, c.host), c.log, c.day) for c in trace.coverage if c.state == "erased"]
    wrong = [
        f"{host} {log} {day}"
        for host, log, day in told
        if not any(host == h and log == own and since <= day <= until for h, own, since, until in gone)
    ]
    good = len(told) - len(wrong)
    return Answer(question="days called erased", right=good, told=len(told), true=good, wrong=tuple(wrong[:20]))


def _lost_days(truth: dict[str, Any], trace: Trace) -> Answer:
    """Whole days whose records are gone, on which the log stood in the coverage as anything but there."""
    true: set[str] = set()
    for one in truth["erased"]:
        if not one.get("missing_from"):
            continue
        day = dt.date.fromisoformat(one["missing_from"][:10]) + dt.timedelta(days=1)
        end = dt.date.fromisoformat((one.get("missing_until") or one["cleared_at"])[:10])
        while day < end:
            true.add(f"{one['host']} {one['log'].split('/')[0]} {day}")
            day += dt.timedelta(days=1)
    lost = [c for c in trace.coverage if c.state not in ("present", "thin")]
    named = {f"{_name(truth, c.host)} {c.log.split('/')[0]} {c.day}" for c in lost}
    return _sets("lost days named", true, named & true)


_QUESTIONS: tuple[Callable[[dict[str, Any], Trace], Answer], ...] = (
    _hosts,
    _first,
    _edges,
    _files,
    _volume,
    _c2,
    _clears,
    _silences,
    _holes,
    _called_erased,
    _lost_days,
)
