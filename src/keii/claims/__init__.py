"""Extract: claims from the text of public documents."""

from keii.claims.extracting import extract
from keii.claims.shape import to_json

__all__ = ["extract", "to_json"]
