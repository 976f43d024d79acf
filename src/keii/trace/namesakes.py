"""Machines that share a short name: told apart by their full names, never merged."""

from __future__ import annotations

import duckdb

_SHORT = "upper(rtrim(split_part(name, '.', 1), '$'))"


def name_machines(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table ``namesake`` (``name``, ``short``, upper case) and the macro ``machine_name(name)`` from host logs.

    A machine is called by its short name in upper case, without ``$``. Where host logs hold one short name under more than
    one domain, each is called by its full name; a record that tells only the short name belongs to none of them by itself.
    """
    connection.execute(
        """
        CREATE OR REPLACE TABLE namesake AS
        WITH full_name AS (
            SELECT DISTINCT upper(rtrim(host, '.')) AS name FROM windows
            WHERE contains(rtrim(host, '.'), '.') AND NOT regexp_full_match(host, '[0-9.]+')
        )
        SELECT name, split_part(name, '.', 1) AS short FROM full_name
        QUALIFY count(*) OVER (PARTITION BY split_part(name, '.', 1)) > 1
        """
    )
    known = ""
    if namesakes(connection):
        known = "WHEN upper(rtrim(name, '.')) IN (SELECT namesake.name FROM namesake) THEN upper(rtrim(name, '.'))"
    connection.execute(f"CREATE OR REPLACE MACRO machine_name(name) AS CASE {known} WHEN true THEN {_SHORT} END")


def namesakes(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return full name → short name of the machines that share a short name, in upper case."""
    return dict(connection.execute("SELECT name, short FROM namesake ORDER BY name").fetchall())
