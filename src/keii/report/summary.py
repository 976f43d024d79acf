"""The summary: what happened, how far, what left, what was erased, who says what; each sentence with its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keii.model.report import Sentence
from keii.model.trace import Reason
from keii.report.wording import day_or_minute, size

if TYPE_CHECKING:
    from keii.report import Parts


def summary(parts: Parts) -> tuple[Sentence, ...]:
    """Return the sentences of the summary in reading order."""
    return (
        *_hit(parts),
        *_rules(parts),
        *_path(parts),
        *_files(parts),
        *_left(parts),
        *_erased(parts),
        *_public(parts),
        *_statement(parts),
    )


def _tell(why: str, *cites: str, **facts: str) -> Sentence:
    return Sentence(what=Reason(why=f"summary.{why}", facts=facts), cites=tuple(dict.fromkeys(cites))[:20])


def _hit(parts: Parts) -> Iterator[Sentence]:
    infections = parts.trace.infections
    if infections:
        first = min(i.first or "~" for i in infections)
        last = max(i.last or "" for i in infections)
        yield _tell(
            "hit",
            *(m for i in infections for m in i.matches),
            *(c.id for c in parts.claims if c.basis == "observed" and c.topic == "affected.hosts"),
            hosts=str(len(infections)),
            names=", ".join(i.host for i in infections[:6]) + (" …" if len(infections) > 6 else ""),
            first=day_or_minute(first, parts.zone),
            last=day_or_minute(last, parts.zone),
        )
    elif parts.hunt is not None:
        events = sum(s.events for s in parts.hunt.searched)
        days = sum(s.host_days for s in parts.hunt.searched)
        missing = len(parts.hunt.not_searchable)
        indicators = sum(parts.hunt.indicators.values())
        if not events and not missing:  # a zero without anything searched is no answer
            yield _tell("no-logs", indicators=str(indicators)) if indicators else _tell("nothing-hunted")
            return
        if not indicators and parts.rules is not None:
            return  # rules were asked: they tell what they found
        given = parts.hunt.not_hunted or any(
            source.kind == "intel" and source.status == "read" for source in parts.sources
        )
        if not indicators and not given:
            yield _tell("no-intel", events=f"{events:,}", host_days=f"{days:,}")
            return
        yield _tell(
            "no-hit",
            indicators=str(indicators),
            events=f"{events:,}",
            host_days=f"{days:,}",
            missing=str(missing),
        )


def _rules(parts: Parts) -> Iterator[Sentence]:
    if parts.rules is None:
        return
    matched = [one for one in parts.rules.outcomes if one.status == "matched"]
    yield _tell(
        "rules",
        rules=f"{len(parts.rules.outcomes):,}",
        matched=f"{len(matched):,}",
        serious=str(sum(one.rule.level in ("high", "critical") for one in matched)),
        applicable=f"{sum(one.status in ('matched', 'no-match') for one in parts.rules.outcomes):,}",
    )


def _path(parts: Parts) -> Iterator[Sentence]:
    if parts.trace.first_hosts:
        best = parts.trace.first_hosts[0]
        cites = [
            c.id for c in parts.claims if c.basis == "observed" and c.topic in ("entry.point", "time.intrusion_start")
        ]
        yield _tell(
            "first",
            *cites,
            host=best.host,
            at=day_or_minute(best.earliest, parts.zone),
            against=str(len(best.speaks_against)),
        )
    hops = parts.trace.hops
    if hops:
        lateral = [c.id for c in parts.claims if c.basis == "observed" and c.topic == "intrusion.lateral"]
        reached = sorted({h.target_host for h in hops})
        yield _tell(
            "path", *lateral, hops=str(len(hops)), reached=", ".join(reached[:6]) + (" …" if len(reached) > 6 else "")
        )


def _files(parts: Parts) -> Iterator[Sentence]:
    files = parts.trace.files
    if files:
        servers = Counter(file.server for file in files)
        cites = [c.id for c in parts.claims if c.basis == "observed" and c.topic == "affected.files"]
        yield _tell(
            "files", *cites, files=f"{len(files):,}", servers=", ".join(name for name, _ in servers.most_common(3))
        )
        for user in sorted({hop.user for hop in parts.trace.hops if hop.user}):
            own = [file for file in files if user.lower() in (name.lower() for name in file.users)]
            if own:
                yield _tell("files-user", *cites, user=user, files=f"{len(own):,}")


def _left(parts: Parts) -> Iterator[Sentence]:
    transfers = parts.trace.transfers
    if transfers:
        out = sum(t.bytes_out for t in transfers)
        destinations = sorted({t.destination for t in transfers})
        cites = [c.id for c in parts.claims if c.basis == "observed" and c.topic in ("data.volume", "leak.occurred")]
        yield _tell(
            "left",
            *cites,
            bytes=size(out),
            destinations=", ".join(destinations[:3]) + (" …" if len(destinations) > 3 else ""),
        )


def _erased(parts: Parts) -> Iterator[Sentence]:
    cleared = [t for t in parts.trace.tampering if t.kind == "cleared"]
    if cleared:
        where = sorted({f"{t.host} ({t.log})" for t in cleared})
        cites = [c.id for c in parts.claims if c.basis == "observed" and c.topic in ("log.erased", "log.gap")]
        yield _tell(
            "erased", *cites, where=", ".join(where[:4]) + (" …" if len(where) > 4 else ""), count=str(len(cleared))
        )


def _public(parts: Parts) -> Iterator[Sentence]:
    publications = len(parts.documents) + sum(len(d.embedded) for d in parts.documents)
    if publications:
        kinds = Counter(finding.kind for finding in parts.findings if finding.answer == "yes")
        told = ("contradiction", "denial-then-admission", "revision")
        shown = [f.id for f in parts.findings if f.answer == "yes" and f.kind in told]
        yield _tell(
            "public",
            *shown,
            publications=str(publications),
            claims=str(sum(c.basis == "stated" for c in parts.claims)),
            contradictions=str(kinds["contradiction"]),
            revisions=str(kinds["revision"] + kinds["denial-then-admission"]),
            single=str(kinds["single-source"]),
        )


def _statement(parts: Parts) -> Iterator[Sentence]:
    if parts.verdicts:
        kinds = Counter(verdict.verdict for verdict in parts.verdicts)
        yield _tell(
            "statement",
            *(c for v in parts.verdicts for c in v.claims),
            sentences=str(sum(count for kind, count in kinds.items() if kind != "not-checkable")),
            supported=str(kinds["supported"]),
            contradicted=str(kinds["contradicted"]),
            unverifiable=str(kinds["not-verifiable"] + kinds["unsupported"]),
        )
