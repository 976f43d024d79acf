"""What the trace found as observed claims: the same nouns as what documents say, with the records and the coverage."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from keii.model import Category, Claim, Date, HuntCoverage, Locator, Moment, Number, Trace, Value, claim_id

_LARGE = 1_000_000  # bytes out to an adversary's destination that can hold more than a beacon's own traffic


def observed(trace: Trace, hunt: HuntCoverage | None, names: Mapping[str, str]) -> tuple[Claim, ...]:
    """Return the observed claims of a trace; ``names`` maps source ids to names."""
    covers = _covers(hunt)
    teller = _Teller(names, covers)
    return (
        *_signs(trace, teller),
        *_path(trace, teller),
        *_files(trace, teller),
        *_volume(trace, teller),
        *_logs(trace, teller),
    )


def _covers(hunt: HuntCoverage | None) -> str:
    if hunt is None:
        return ""
    events = sum(table.events for table in hunt.searched)
    days = sum(table.host_days for table in hunt.searched)
    missing = f"; not searchable: {len(hunt.not_searchable)}" if hunt.not_searchable else ""
    return f"{events:,} events in {len(hunt.searched)} tables, {days:,} host-days{missing}"


class _Teller:
    """Makes claims; one place for what they share."""

    def __init__(self, names: Mapping[str, str], covers: str) -> None:
        self._names, self._covers = names, covers

    def tell(
        self,
        topic: str,
        value: Value,
        places: Iterable[Locator],
        note: str,
        *,
        evidence: int | None = None,
        about: str | None = None,
        modality: str = "certain",
        approximation: str = "exact",
        moment: Moment | None = None,
    ) -> Claim:
        """Return a claim; the first record names the log that speaks."""
        listed = tuple(dict.fromkeys(places))[:20]
        source = self._names.get(listed[0].source, listed[0].source) if listed else "logs"
        return Claim(
            id=claim_id("observed", topic, repr(value), about, note),
            source=source,
            basis="observed",
            topic=topic,
            value=value,
            approximation=approximation,
            modality=modality,  # type: ignore[arg-type]
            speaker=f"log:{source}",
            about=about,
            moment=moment,
            locators=listed,
            evidence=evidence if evidence is not None else len(listed),
            note=note,
            covers=self._covers,
        )


def _instant(text: str) -> Moment:
    at = dt.datetime.fromisoformat(text)
    return Moment(
        edtf=at.strftime("%Y-%m-%dT%H:%M:%SZ"), earliest=at, latest=at + dt.timedelta(seconds=1), zone="+00:00"
    )


def _signs(trace: Trace, teller: _Teller) -> Iterator[Claim]:
    dated = sorted((i for i in trace.infections if i.first), key=lambda i: (i.first or "", i.host))
    if not dated:
        return
    first, last = dated[0], max(dated, key=lambda i: (i.last or "", i.host))
    start = _instant(first.first or "")
    yield teller.tell(
        "time.intrusion_start",
        Date(edtf=start.edtf),
        first.locators,
        f"earliest sign on any machine, on {first.host}; an earlier one cannot be excluded",
        moment=Moment(edtf=start.edtf, earliest=start.earliest, latest=start.latest, zone=start.zone),
        evidence=1,
    )
    end = _instant(last.last or "")
    yield teller.tell(
        "time.intrusion_end",
        Date(edtf=end.edtf),
        last.locators[-1:],
        f"last sign on any machine, on {last.host}",
        moment=end,
        evidence=1,
    )
    hows = Counter(i.how for i in dated)
    told = ", ".join(f"{count} by {how}" for how, count in sorted(hows.items()))
    yield teller.tell(
        "affected.hosts",
        Number(num=len(dated), unit="host"),
        (place for i in dated for place in i.locators[:2]),
        f"machines with signs, each once: {told}",
        approximation="at-least",
        evidence=sum(i.events for i in dated),
    )
    yield teller.tell(
        "intrusion.occurred",
        Category(cat="unauthorized-access"),
        first.locators,
        "machines with signs of remote control or entry",
        evidence=sum(i.events for i in dated),
    )
    for infection in dated[:50]:
        yield teller.tell(
            "affected.system",
            Category(cat="system", items=(infection.host,)),
            infection.locators,
            f"known by {infection.how}",
            evidence=infection.events,
            about=infection.host,
        )


def _path(trace: Trace, teller: _Teller) -> Iterator[Claim]:
    if trace.first_hosts:
        best = trace.first_hosts[0]
        own = next((i for i in trace.infections if i.host == best.host), None)
        yield teller.tell(
            "entry.point",
            Category(cat="host", items=(best.host,)),
            own.locators if own else (),
            f"ranked first of {len(trace.first_hosts)} machines, score {best.score}; {len(best.speaks_against)} reasons against",
            modality="possible",
        )
    by_vpn = [step for step in trace.steps if step.kind == "vpn-entry"]
    if by_vpn and trace.first_hosts and by_vpn[0].host == trace.first_hosts[0].host:
        yield teller.tell(
            "entry.vector",
            Category(cat="vpn"),
            by_vpn[0].locators,
            f"{by_vpn[0].host} was entered from the address that the VPN gave to {by_vpn[0].user} ({by_vpn[0].what})",
            modality="possible",
        )
    if trace.hops:
        yield teller.tell(
            "intrusion.lateral",
            Category(cat="lateral", items=tuple(dict.fromkeys(h.target_host for h in trace.hops))[:20]),
            (place for h in trace.hops for place in (*h.target_records[:1], *h.network_records[:1])),
            f"{len(trace.hops)} steps from machine to machine, a step a day and pair",
            evidence=sum(h.events for h in trace.hops),
        )


def _files(trace: Trace, teller: _Teller) -> Iterator[Claim]:
    if not trace.files:
        return
    cleared = [
        t
        for t in trace.tampering
        if t.kind in ("cleared", "records-missing") and t.host in {f.server for f in trace.files}
    ]
    bound = "at-least" if cleared else "exact"
    users = Counter(user for f in trace.files for user in f.users)
    taken = {hop.user.lower() for hop in trace.hops if hop.user}
    # A machine's own user goes on working while it is infected: what only that login touched may be ordinary work.
    by_intruder = [f for f in trace.files if not f.users or taken & {user.lower() for user in f.users}]
    for label, chosen, about, modality in (
        *((("touched by logins in the intruder's hands", by_intruder, None, "certain"),) if taken else ()),
        (
            "touched from compromised machines or by logins in the intruder's hands, ordinary work of their users included",
            list(trace.files),
            "with-ordinary-work" if taken else None,
            "possible",
        ),
        *(
            (
                f"touched by {user}",
                [f for f in trace.files if user in f.users],
                f"user:{user}",
                "certain" if user.lower() in taken else "possible",
            )
            for user, _ in sorted(users.items(), key=lambda item: (-item[1], item[0]))[:3]
        ),
    ):
        if not chosen:
            continue
        yield teller.tell(
            "affected.files",
            Number(num=len(chosen), unit="file"),
            (place for f in chosen[:20] for place in f.locators[:1]),
            f"files {label}, each path once"
            + ("; the log of the server was cleared, so there may be more" if cleared else ""),
            approximation=bound,
            evidence=sum(f.events for f in chosen),
            about=about,
            modality=modality,
        )
    counted = by_intruder if taken else trace.files
    for reading, count in sorted(Counter(o for f in counted for o in f.operations).items()):
        chosen = [f for f in counted if reading in f.operations]
        yield teller.tell(
            "affected.files",
            Number(num=count, unit="file"),
            (place for f in chosen[:20] for place in f.locators[:1]),
            f"files {reading}, each path once",
            approximation=bound,
            evidence=sum(f.events for f in chosen),
            about=f"reading:{reading}",
        )


def _volume(trace: Trace, teller: _Teller) -> Iterator[Claim]:
    if not trace.transfers:
        return
    out = sum(t.bytes_out for t in trace.transfers)
    places = [place for t in trace.transfers for place in t.locators[:3]]
    yield teller.tell(
        "data.volume",
        Number(num=out, unit="byte"),
        places,
        f"bytes out to {len({t.destination for t in trace.transfers})} destinations, each flow once",
        approximation="at-least",
        evidence=sum(t.connections for t in trace.transfers),
    )
    large = [t for t in trace.transfers if t.bytes_out >= _LARGE or t.file]
    if large:
        begin = _instant(min(t.first for t in large))
        named = [t.file for t in large if t.file]
        yield teller.tell(
            "leak.occurred",
            Category(cat="data-exfiltration", items=tuple(n for n in named if n)[:10]),
            (p for t in large for p in t.locators[:3]),
            "uploads to destinations of the intruder"
            + ("; a file is named" if named else "; what they held cannot be seen"),
            modality="certain" if named else "possible",
            evidence=sum(t.connections for t in large),
        )
        yield teller.tell(
            "time.exfiltration",
            Date(edtf=begin.edtf),
            (p for t in large for p in t.locators[:1]),
            "first large upload",
            moment=begin,
            evidence=1,
            modality="certain" if named else "possible",
        )


def _logs(trace: Trace, teller: _Teller) -> Iterator[Claim]:
    for tamper in trace.tampering:
        if tamper.kind == "cleared":
            who = f" by {tamper.user}" if tamper.user else ""
            yield teller.tell(
                "log.erased",
                Category(cat="erased", items=(tamper.log,)),
                tamper.locators,
                f"{tamper.log} log cleared at {_short(tamper.at)}{who}",
                about=tamper.host,
            )
        elif tamper.kind == "records-missing":
            yield teller.tell(
                "log.gap",
                Category(cat="gap", items=(tamper.log,)),
                tamper.locators,
                f"{tamper.count:,} records missing between {_short(tamper.at)} and {_short(tamper.until)}",
                about=tamper.host,
            )
    suspects = {i.host for i in trace.infections}
    silent = Counter(
        (c.host, c.log) for c in trace.coverage if c.state == "silent" and c.witness and c.host in suspects
    )
    for (host, log), days in sorted(silent.items())[:20]:
        yield teller.tell(
            "log.gap",
            Category(cat="silent", items=(log,)),
            _any(trace, host),
            f"{days} days without a record while another log saw it alive",
            about=host,
        )


def _any(trace: Trace, host: str) -> Sequence[Locator]:
    return next((i.locators[:1] for i in trace.infections if i.host == host), ())


def _short(instant: str | None) -> str:
    return f"{instant.replace('T', ' ')[:16]} UTC" if instant else "?"
