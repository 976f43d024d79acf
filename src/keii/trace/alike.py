"""Other servers that look like an adversary's known one: the same certificate, or the same rare client talks to both."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

_MOST = 8  # destinations that show a mark: what shows more of them is a library's or a provider's


def alike(connection: duckdb.DuckDBPyConnection, told: Iterable[str]) -> dict[str, set[str]]:
    """Return other destinations by what they share with those ``told``: signs ``same-certificate`` and ``same-agent``.

    A certificate is known by its fingerprint, a self-signed one without by its subject; a client by JA3 with JA3S, by JA4, or by its user
    agent. Only what at most eight destinations of all logs show is a mark. Needs ``talk``.
    """
    known = sorted(set(told))
    if not known:
        return {}
    connection.register("told_far", pa.table({"far": pa.array(known, pa.string())}))
    rows = connection.execute(_ALIKE, [_MOST]).fetchall()
    connection.unregister("told_far")
    found: dict[str, set[str]] = {}
    for far, sign in rows:
        found.setdefault(far, set()).add(sign)
    return found


_ALIKE = """
    WITH place AS (SELECT DISTINCT ip, far FROM talk WHERE ip IS NOT NULL),
    mark AS (
        SELECT DISTINCT 'same-certificate' AS sign, coalesce(certificate, subject) AS mark, dst_ip AS ip, CAST(NULL AS VARCHAR) AS name
            FROM tls WHERE certificate IS NOT NULL OR (subject IS NOT NULL AND subject = issuer)
        UNION SELECT 'same-agent', 'ja3 ' || ja3 || ' ' || ja3s, dst_ip, NULL FROM tls WHERE ja3 IS NOT NULL AND ja3s IS NOT NULL
        UNION SELECT 'same-agent', 'ja4 ' || ja4, dst_ip, NULL FROM tls WHERE ja4 IS NOT NULL
        UNION SELECT 'same-agent', 'agent ' || user_agent, NULL, lower(coalesce(nullif(hostname, ''), dst_ip)) FROM http
            WHERE length(user_agent) > 3
    ),
    shown AS (
        SELECT sign, mark, coalesce(place.far, mark.name) AS far FROM mark LEFT JOIN place ON mark.ip = place.ip
        WHERE coalesce(place.far, mark.name) IS NOT NULL
    ),
    rare AS (
        SELECT sign, mark FROM shown GROUP BY sign, mark
        HAVING count(DISTINCT far) <= ? AND bool_or(far IN (SELECT far FROM told_far))
    )
    SELECT DISTINCT far, sign FROM shown SEMI JOIN rare USING (sign, mark) WHERE far NOT IN (SELECT far FROM told_far) ORDER BY far, sign
"""
