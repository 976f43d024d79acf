"""Proposals: an optional model may propose claims; what stands in the text is kept, marked, and apart from all else.

Off unless ``case.toml`` names an endpoint (``[llm]``) and ``keii claims CASE --propose`` asks for it.
"""

from keii.proposals.endpoint import Endpoint
from keii.proposals.prompt import prompt_hash
from keii.proposals.proposing import Failure, Proposed, cut, propose

__all__ = ["Endpoint", "Failure", "Proposed", "cut", "prompt_hash", "propose"]
