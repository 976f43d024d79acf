"""The table of all log readers, as ``docs/logs.md`` shows it."""

from __future__ import annotations

from keii.readers.logs import READERS

FIRST = "| id | what it reads | tables | times |"


def listing() -> str:
    """Return a Markdown table of the readers in the order in which they are asked."""
    lines = [FIRST, "|---|---|---|---|"]
    lines += [f"| `{one.id}` | {one.title} | {', '.join(one.tables)} | {one.times} |" for one in READERS]
    return "\n".join(lines) + "\n"
