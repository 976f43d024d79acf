"""Documents as a reader would give them."""

from __future__ import annotations

import datetime as dt

from keii.model import Document, Moment


def moment(written: str) -> Moment:
    """Return a publication time with its zone."""
    clock = dt.datetime.fromisoformat(written)
    start = clock.astimezone(dt.UTC)
    zone = clock.strftime("%z")
    return Moment(edtf=written, earliest=start, latest=start + dt.timedelta(minutes=1), zone=f"{zone[:3]}:{zone[3:5]}")


def document(
    text: str, lang: str, publisher: str = "Paper", published: str = "2020-06-15T12:00+09:00", kind: str = "news"
) -> Document:
    """Return a document as a reader would give it."""
    return Document(source="s", name="text", text=text, lang=lang, publisher=publisher, published=moment(published), kind=kind)  # type: ignore[arg-type]  # fmt: skip
