"""Analysis of competing hypotheses over claims: the analyst writes the hypotheses, keii suggests how the evidence bears."""

from keii.checks.hypotheses.analysis import analyse

__all__ = ["analyse"]
