"""Claims as the JSON that others rely on (``docs/json.md``)."""

from __future__ import annotations

from typing import Any

import msgspec

from keii.model import Claim


def to_json(claim: Claim) -> dict[str, Any]:
    """Return a claim as plain values: every field of Claim, ``value`` tagged by ``type``, None kept."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(claim))
    return plain
