"""The analyst's own ratings in ``case.toml``: ``[reliability]``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from keii.errors import SettingsError


def check_ratings(ratings: Mapping[str, str], place: str) -> None:
    """Raise SettingsError unless every source has a letter A to F and every claim (``c-…``) a digit 1 to 6."""
    for key, rating in ratings.items():
        is_claim = re.fullmatch(r"c-[0-9a-f]{12}", key) is not None
        if not re.fullmatch("[1-6]" if is_claim else "[A-F]", rating):
            wanted = "a digit 1 to 6" if is_claim else "a letter A to F"
            raise SettingsError(f"expected {wanted}, found {rating!r}", place=f"{place}.{key}")
