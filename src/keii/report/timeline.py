"""The timeline of the breach: what was observed and what was stated, with uncertain times as ranges."""

from __future__ import annotations

from collections.abc import Sequence

from keii.model import Claim, Trace
from keii.model.report import TimelineItem
from keii.model.trace import Reason
from keii.report.wording import size
from keii.telling import by_kind

_MOST = 400  # items; a picture with more tells nothing


def timeline(claims: Sequence[Claim], trace: Trace) -> tuple[TimelineItem, ...]:
    """Return the items of both lanes in order of their earliest instant."""
    items = [item for claim in claims if (item := _of_claim(claim)) is not None]
    items += _of_trace(trace)
    order = sorted(items, key=lambda item: (item.earliest or item.latest or "~", item.lane, item.topic, item.what.why))
    return tuple(order[:_MOST])


def _of_claim(claim: Claim) -> TimelineItem | None:
    moment = claim.moment
    if not claim.topic.startswith("time.") or moment is None or claim.polarity != "affirmed":
        return None
    return TimelineItem(
        lane=claim.basis,
        topic=claim.topic,
        earliest=moment.earliest.isoformat() if moment.earliest else None,
        latest=moment.latest.isoformat() if moment.latest else None,
        what=Reason(
            why="timeline.claim",
            facts={"topic": claim.topic, "edtf": moment.edtf, "who": claim.speaker or claim.source},
        ),
        certain=claim.modality == "certain",
        claims=(claim.id,),
    )


def _of_trace(trace: Trace) -> list[TimelineItem]:
    items = [_span("infected", infection.first, infection.last, host=infection.host) for infection in trace.infections]
    for hop in trace.hops:
        facts = {"from": hop.source_host, "to": hop.target_host, "how": hop.how, "user": hop.user or "?"}
        items.append(_span("hop", hop.first, hop.last, **facts))
    items += _steps(trace)
    items += [
        _span(f"tamper.{tamper.kind}", tamper.at, tamper.until or tamper.at, host=tamper.host, log=tamper.log)
        for tamper in trace.tampering
        if tamper.at
    ]
    for transfer in trace.transfers:
        facts = {"host": transfer.host, "to": transfer.destination, "size": size(transfer.bytes_out)}
        items.append(_span("transfer", transfer.first, transfer.last, **facts))
    touched = [file for file in trace.files if file.first]
    if touched:
        first, last = min(f.first or "" for f in touched), max(f.last or f.first or "" for f in touched)
        servers = ", ".join(sorted({file.server for file in touched}))
        items.append(_span("files", first, last, files=f"{len(touched):,}", server=servers))
    return items


def _steps(trace: Trace) -> list[TimelineItem]:
    """Return what was done on machines, a kind of a machine once from its first to its last."""
    return [_span("step", own[0].at, own[-1].at, host=own[0].host, deeds=own[0].kind) for own in by_kind(trace.steps)]


def _span(kind: str, first: str | None, last: str | None, **facts: str) -> TimelineItem:
    return TimelineItem(
        lane="observed",
        topic=kind,
        earliest=first,
        latest=last,
        what=Reason(why=f"timeline.{kind}", facts=facts),
        certain=True,
    )
