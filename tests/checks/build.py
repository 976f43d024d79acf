"""Claims and documents in short form, so that a test of a check is data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from keii.model import Claim, Document, Embedded, Moment, Value, claim_id


def moment(text: str) -> Moment:
    """Return a moment from ``2020-01-30``, ``2020-01-30T23:56+09:00``, ``2014``, ``2016-12/..`` (bounds in UTC or as zoned)."""
    if text.endswith("/.."):
        start = moment(text[:-3])
        return Moment(edtf=text, earliest=start.earliest, latest=None)
    plain = text.rstrip("~")
    if "T" in plain:
        at = dt.datetime.fromisoformat(plain)
        at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
        return Moment(edtf=text, earliest=at, latest=at + dt.timedelta(minutes=1))
    parts = [int(part) for part in plain.split("-")]
    first = dt.datetime(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1, tzinfo=dt.UTC)
    days = {1: 365, 2: 30, 3: 1}[len(parts)]
    slack = dt.timedelta(days=days // 2 if text.endswith("~") else 0)
    return Moment(edtf=text, earliest=first - slack, latest=first + dt.timedelta(days=days) + slack)


def claim(at: int, short: dict[str, Any]) -> Claim:
    """Return a claim from its short form; ``num``/``unit``, ``date`` or ``cat``/``items`` give the value."""
    fields = dict(short)
    times: Moment | None = None
    value: dict[str, Any]
    if "num" in fields:
        value = {"type": "number", "num": fields.pop("num"), "unit": fields.pop("unit", "file")}
    elif "date" in fields:
        times = moment(fields["date"])
        value = {"type": "date", "edtf": fields.pop("date")}
    else:
        value = {"type": "category", "cat": fields.pop("cat"), "items": tuple(fields.pop("items", ()))}
    published = fields.pop("said", None)
    return Claim(
        id=fields.pop("id", claim_id(at, repr(sorted(short.items(), key=str)))),
        basis=fields.pop("basis", "stated"),
        source=fields.pop("source", f"{at}.txt"),
        value=msgspec.convert(value, Value),
        via=tuple(fields.pop("via", ())),
        moment=times,
        published=moment(published) if published else None,
        start=fields.pop("start", 0),
        end=fields.pop("end", 1),
        **fields,
    )


def document(short: dict[str, Any]) -> Document:
    """Return a document from its short form."""
    fields = dict(short)
    said = fields.pop("said", None)
    embedded = tuple(
        Embedded(
            id=e["id"],
            publisher=e["publisher"],
            kind=e.get("kind", "news"),
            published=moment(e["said"]) if "said" in e else None,
        )
        for e in fields.pop("embedded", ())
    )
    return Document(
        source="s-" + fields["name"],
        text=fields.pop("text", ""),
        published=moment(said) if said else None,
        embedded=embedded,
        **fields,
    )
