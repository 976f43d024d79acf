"""Communication patterns of a report, looked for among web requests: all stated parts must fit one request."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb
import msgspec

from keii.hunt.evidence import Seen, files_sql, summed
from keii.hunt.hosts import host_sql, record_id_sql
from keii.hunt.rhythm import rhythms, told
from keii.lake.store import Lake
from keii.model import IntelPattern
from keii.wording import say

# A request through a proxy names its server in the URL; the address is the proxy's then.
_SERVER = "coalesce(hostname, nullif(regexp_extract(url, '^[a-zA-Z]+://([^/:]+)', 1), ''), dst_ip)"


class Requests(Seen, frozen=True, kw_only=True):
    """The requests of one machine that fit a pattern; ``period``: what they say of the stated period, empty without one."""

    period: str = ""


def refusal(pattern: IntelPattern) -> str | None:
    """Return the id of the reason why a pattern is not hunted, None where it is."""
    stated = (pattern.uri or "").strip("*/ ")
    if not stated and not pattern.user_agent and not pattern.method:
        return "hunt.pattern_empty"
    agent = pattern.user_agent if pattern.user_agent not in (None, "Mozilla/5.0", "Mozilla/4.0") else ""
    return None if len(stated) > 1 or agent else "hunt.pattern_broad"


def seek(
    connection: duckdb.DuckDBPyConnection, lake: Lake, patterns: Sequence[IntelPattern]
) -> list[tuple[IntelPattern, Requests]]:
    """Return what each pattern holds for among the events of ``http``, to whatever server."""
    files = lake.of("http")
    if not files:
        return []
    source, present = files_sql(lake.root, "http", files)
    found = []
    for pattern in patterns:
        where, values = _conditions(pattern, present)
        if where is None:
            continue
        shown = "coalesce(url, path)" if pattern.uri else "user_agent"
        rows = (
            f"SELECT 0 AS target, {host_sql('http')} AS internal, occurred, source, record, "
            f"{record_id_sql('http', present)} AS record_id, [{shown}] AS found, NULL::VARCHAR AS query, "
            f"{_SERVER} AS server FROM {source} WHERE {where}"
        )
        connection.execute("CREATE OR REPLACE TEMP TABLE fitting AS " + rows, values)
        column = "path" if pattern.uri else "user_agent"
        sums = summed(connection, "SELECT * EXCLUDE server FROM fitting", "http", column)
        by_host = rhythms(connection, "fitting", pattern.period) if pattern.period and sums else {}
        for seen in sums:
            period = told(pattern.period, by_host.get(seen.host, [])) if pattern.period else ""
            found.append((pattern, Requests(**msgspec.structs.asdict(seen), period=period)))
    return found


def _conditions(pattern: IntelPattern, present: frozenset[str]) -> tuple[str | None, list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if pattern.uri:
        # A request to a proxy has the whole URL where others have the path.
        asked = "regexp_full_match(regexp_replace(coalesce(path, url), '^[a-zA-Z]+://[^/]*', ''), ?)"
        conditions.append(asked)
        values.append(_expression(pattern.uri))
    for column, value in (("user_agent", pattern.user_agent), ("method", pattern.method), ("dst_port", pattern.port)):
        if value is None:
            continue
        if column not in present:
            return None, []
        fits = f"upper({column}) = upper(?)" if column == "method" else f"{column} = ?"
        if column == "dst_port" and "proxied" in present:
            fits = f"({fits} OR coalesce(proxied, false))"  # the port is the proxy's there
        elif column == "user_agent" and pattern.uri:
            fits = f"({fits} OR user_agent IS NULL)"  # a proxy's log may tell no agent: that is no other agent
        conditions.append(fits)
        values.append(value)
    return " AND ".join(conditions), values


def _expression(template: str) -> str:
    """Return a template as a regular expression (RE2: linear time); one without a query also fits with one."""
    path = re.sub(r"^[A-Za-z]+://[^/]*", "", template)
    path = path if path.startswith(("/", "*")) else f"/{path}"
    body = ".*".join(re.escape(part) for part in path.split("*"))
    return f"(?s){body}" + ("" if "?" in path or path.endswith("*") else r"(\?.*)?")


def note(pattern: IntelPattern, seen: Requests) -> str:
    """Return how the match came about, and what the requests say of the stated period."""
    names = (
        ("URI", pattern.uri),
        ("user agent", pattern.user_agent),
        ("method", pattern.method),
        ("port", pattern.port),
    )
    text = say("hunt.pattern", facts={"parts": ", ".join(name for name, value in names if value is not None)})
    return f"{text}; {seen.period}" if seen.period else text
