"""Domains that are asked for and never gone to: what talks through the look-ups themselves, as tunnels and beacons in DNS do."""

from __future__ import annotations

from typing import Any

import duckdb


def gather_lookups(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Add to ``talk`` the look-ups of domains that a machine never contacts, and create ``lookup_sign``.

    ``lookup_sign``: client, far, many_names (nearly every look-up asks another name below the domain), long_names (their mean length
    below it), odd_type (most ask for records that carry data), only_looked_up (none of this). ``far`` is the domain as registered, by the
    number of its labels. Look-ups for addresses, services and own names are left out; a machine without any other contact
    in the logs is judged by its names alone, as nothing tells what it went to.
    """
    connection.execute(_LOOKUP)
    connection.execute(_ASKED, [int(table["least_check_ins"])])
    connection.execute(_NEVER_CONTACTED)
    limits = {
        "names": int(table["tunnel_names"]),
        "length": float(table["tunnel_length"]),
        "share": float(table["tunnel_share"]),
    }
    connection.execute(_SIGNS.format(**limits))
    connection.execute(_INTO_TALK)
    connection.execute("DROP VIEW lookup; DROP TABLE asked_domain")


# Two labels, or three below a country's second level (co.jp, com.au, ac.uk).
_DOMAIN = r"""
    CASE WHEN regexp_matches(name, '[.](ac|ad|co|com|ed|edu|go|gov|gr|lg|ne|net|or|org)[.][a-z][a-z]$')
         THEN regexp_extract(name, '[^.]+[.][^.]+[.][^.]+$') ELSE regexp_extract(name, '[^.]+[.][^.]+$') END
"""
_LOOKUP = rf"""
    CREATE OR REPLACE TEMP VIEW lookup AS
    SELECT client, {_DOMAIN} AS far, name, upper(query_type) AS query_type, answers, occurred, source, record, uid
    FROM (SELECT src_ip AS client, rtrim(lower(query), '.') AS name, * FROM dns WHERE occurred IS NOT NULL)
    WHERE contains(name, '.') AND client IN (SELECT ip FROM own_address)
      AND NOT regexp_matches(name, '[.](arpa|local|lan|internal|home|corp|localdomain|test)$|(^|[.])_')
"""
_ASKED = """
    CREATE OR REPLACE TEMP TABLE asked_domain AS
    SELECT client, far FROM lookup GROUP BY client, far HAVING count(*) >= ?
"""
_SIGNS = """
    CREATE OR REPLACE TEMP TABLE lookup_sign AS
    SELECT client, far, names >= {names} AND names >= {share} * events AS many_names, names >= {names} AND length >= {length} AS long_names,
           names >= {names} AND odd >= 0.5 * events AS odd_type, NOT (many_names OR long_names OR odd_type) AS only_looked_up
    FROM (
        SELECT client, far, count(*) AS events, count(DISTINCT name) AS names, avg(length(name) - length(far) - 1) AS length,
               count(*) FILTER (query_type IN ('TXT', 'NULL', 'CNAME', 'MX', 'KEY', 'SRV', 'PRIVATE', '10', '16', '65399')) AS odd
        FROM lookup SEMI JOIN asked_domain USING (client, far) GROUP BY client, far
    )
"""
# Gone to: by name in any log, or to an address that the look-ups gave, on any port.
_NEVER_CONTACTED = f"""
    DELETE FROM asked_domain WHERE (client, far) IN (
        SELECT client, {_DOMAIN} FROM (SELECT DISTINCT client, far AS name FROM talk WHERE NOT regexp_matches(far, '^[0-9.]+$|:'))
        UNION
        SELECT a.client, a.far FROM asked_domain AS a
        JOIN (SELECT DISTINCT client, far, unnest(answers) AS ip FROM lookup) AS l USING (client, far)
        JOIN (SELECT DISTINCT src_ip, dst_ip FROM network UNION SELECT DISTINCT client, ip FROM talk) AS n
            ON n.src_ip = a.client AND n.dst_ip = l.ip
    );
    DELETE FROM asked_domain WHERE far IN (
        SELECT far FROM (SELECT far, unnest(answers) AS ip FROM lookup SEMI JOIN asked_domain USING (client, far))
        WHERE ip IN (SELECT ip FROM own_address))
"""
# What a machine went to is unknown where no log tells any contact of it.
_INTO_TALK = """
    DELETE FROM lookup_sign WHERE only_looked_up AND client NOT IN (SELECT client FROM talk);
    INSERT INTO talk BY NAME
    SELECT client, far, NULL AS ip, 53 AS port, occurred, 0 AS duration, 0 AS out, 0 AS into_, false AS failed, 'lookup' AS kind,
           'dns' AS service, source, record, uid AS own
    FROM lookup SEMI JOIN lookup_sign USING (client, far)
"""
