"""The JSON that others may rely on (``docs/json.md``): plain objects made from the nouns."""

from __future__ import annotations

from collections.abc import Mapping

from keii import names
from keii.model import Claim, Document, Finding, Moment


def _time(moment: Moment | None) -> dict[str, object] | None:
    if moment is None:
        return None
    shape: dict[str, object] = {"edtf": moment.edtf, "as_text": moment.as_text}
    if moment.zone is not None:
        shape |= {"zone": moment.zone, "zone_inferred": moment.zone_inferred}
    return shape


def source_entry(document: Document) -> dict[str, object]:
    """Return a document as ``keii sources --json`` tells it."""
    return {
        "id": document.source,
        "name": document.name,
        "publisher": document.publisher,
        "title": document.title,
        "url": document.url,
        "author": document.author,
        "kind": document.kind,
        "lang": document.lang,
        "published": _time(document.published),
        "updated": _time(document.updated),
        "rejected": [{"as_text": r.as_text, "place": r.place, "reason": r.reason} for r in document.rejected],
        "embedded": [
            {
                "id": quoted.id,
                "publisher": quoted.publisher,
                "title": quoted.title,
                "kind": quoted.kind,
                "published": _time(quoted.published),
                "updated": _time(quoted.updated),
                "spans": [list(span) for span in quoted.spans],
            }
            for quoted in document.embedded
        ],
        "notes": list(document.notes),
    }


def comparison(finding: Finding, claims: Mapping[str, Claim]) -> dict[str, object]:
    """Return a finding as ``keii compare --json`` tells it."""
    ids = (*finding.claims, *finding.against)
    return {
        "id": finding.id,
        "kind": finding.kind,
        "check": finding.check,
        "topic": finding.topic,
        "sources": list(finding.sources),
        "documents": list(dict.fromkeys(claims[i].source for i in ids if i in claims)),
        "claims": list(finding.claims),
        "against": list(finding.against),
        "why": finding.why.split(".", 2)[2],
        "says": names.why(finding, "en"),
        "facts": finding.facts,
    }
