"""Truth: what an investigation of a made breach got right and wrong, question by question."""

from keii.truth.compare import Answer, compare

__all__ = ["Answer", "compare"]
