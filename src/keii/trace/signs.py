"""Signs of one machine entering another, from the records of both ends, of the controller and of the network."""

from __future__ import annotations

from typing import Any

import duckdb

from keii.data import load

_ATTACH_FAMILIES = ("logon", "rdp", "smb", "exec", "support", "winrm", "rpc")


def gather(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table ``sign``: one row per record that tells of an entry, by the kinds of ``data/trace/lateral.yaml``.

    Columns: kind (family, how, technique, base), end, src and dst (address or short name as the record has it), login (lower
    case, without domain), occurred (UTC, corrected), source, record, own (the id that the record gives itself), day.
    Rows of machine logins, of well-known logins without a person, of loopback and without one of both ends are left out; so
    are entries of a machine into itself.
    """
    table = load("trace/lateral")
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE raw_sign (family VARCHAR, how VARCHAR, technique VARCHAR, base DOUBLE, "end" VARCHAR,
            src VARCHAR, dst VARCHAR, login VARCHAR, session VARCHAR, occurred TIMESTAMPTZ, source VARCHAR, record BIGINT, own VARCHAR)
        """
    )
    for spec in table["windows"]:
        connection.execute(*_windows(spec))
    for spec in table["network"]:
        connection.execute(*_network(spec))
    for spec in table["remote"]:
        connection.execute(*_remote(spec))
    for spec in table["smb"]:
        connection.execute(*_smb(spec))
    _clean(connection, table)
    _attach(connection, table)


def _kind(spec: dict[str, Any]) -> list[Any]:
    return [spec["family"], spec["how"], spec["technique"], float(spec["base"])]


def _fields(names: list[str]) -> str:
    """Return the first filled of some columns; ``-`` counts as empty. Names come from our own table."""
    if not names:
        return "NULL"
    cleaned = [name if name == "machine" else f"nullif(nullif(trim(\"{name}\"), '-'), '')" for name in names]
    return f"coalesce({', '.join(cleaned)})"


def _conditions(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    """Return the conditions ``where``, ``like`` and ``not_like`` of a kind with their values."""
    parts, values = [], []
    for field, wanted in spec.get("where", {}).items():
        parts.append(f'lower(trim("{field}")) IN (SELECT unnest(?))')
        values.append([str(word).lower() for word in wanted])
    for field, patterns in spec.get("like", {}).items():
        parts.append("(" + " OR ".join(f'lower("{field}") LIKE ?' for _ in patterns) + ")")
        values += patterns
    for field, patterns in spec.get("not_like", {}).items():
        parts += [f"coalesce(lower(\"{field}\"), '') NOT LIKE ?" for _ in patterns]
        values += patterns
    return (" AND ".join(parts) or "true"), values


def _windows(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    where, values = _conditions(spec)
    session = "lower(TargetLogonId)" if spec["event_id"] == 4624 else "NULL"
    return (
        f"""
        INSERT INTO raw_sign
        SELECT ?, ?, ?, ?, ?, {_fields(spec["from"])}, {_fields(spec["to"])}, {_fields(spec["user"])}, {session}, occurred,
               source, record, CAST(record_id AS VARCHAR)
        FROM windows_true WHERE event_id = ? AND contains(lower(coalesce(channel, '')), ?) AND occurred IS NOT NULL AND {where}
        """,
        [*_kind(spec), spec["end"], spec["event_id"], spec["channel"], *values],
    )


def _network(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    return (
        """
        INSERT INTO raw_sign
        SELECT ?, ?, ?, ?, 'network', src_ip, dst_ip, NULL, NULL, occurred, source, record, uid
        FROM network WHERE dst_port IN (SELECT unnest(?)) AND occurred IS NOT NULL
          AND coalesce(bytes_out, 0) + coalesce(bytes_in, 0) > 0
        """,
        [*_kind(spec), spec["ports"]],
    )


def _remote(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    operations = " OR ".join("lower(operation) LIKE ?" for _ in spec["operation"]) or "true"
    endpoint = "lower(endpoint) IN (SELECT unnest(?))" if spec["endpoint"] else "true"
    return (
        f"""
        INSERT INTO raw_sign
        SELECT ?, ?, ?, ?, 'network', src_ip, dst_ip, "user", NULL, occurred, source, record, uid
        FROM remote WHERE protocol = ? AND {endpoint} AND ({operations}) AND occurred IS NOT NULL AND coalesce(success, true)
        """,
        [*_kind(spec), spec["protocol"], *([spec["endpoint"]] if spec["endpoint"] else []), *spec["operation"]],
    )


def _smb(spec: dict[str, Any]) -> tuple[str, list[Any]]:
    where, values = _conditions(spec)
    filled = " AND ".join(f"{name} IS NOT NULL" for name in (*spec.get("like", ()), *spec.get("not_like", ())))
    return (
        f"""
        INSERT INTO raw_sign
        SELECT ?, ?, ?, ?, 'network', src_ip, dst_ip, "user", NULL, occurred, source, record, uid
        FROM smb WHERE occurred IS NOT NULL AND {filled} AND {where}
        """,
        [*_kind(spec), *values],
    )


_SHORT = """
    CASE WHEN regexp_matches({0}, '^[0-9.]+$') OR contains({0}, ':') THEN regexp_replace(lower({0}), '^::ffff:', '')
         ELSE machine_name(regexp_replace({0}, '^\\\\\\\\', '')) END
"""
_LOGIN = "split_part(regexp_extract(lower(login), '[^\\\\]*$'), '@', 1)"


def _clean(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    noise = [word.lower() for word in table["address_noise"]]
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE sign AS
        SELECT family, how, technique, base, "end", {_SHORT.format("src")} AS src, {_SHORT.format("dst")} AS dst,
               nullif({_LOGIN}, '') AS login, session, occurred, source, record, own
        FROM raw_sign
        WHERE lower(src) NOT IN (SELECT unnest(?)) AND lower(dst) NOT IN (SELECT unnest(?)) AND src IS NOT NULL AND dst IS NOT NULL
          AND coalesce({_LOGIN}, 'x') NOT IN (SELECT unnest(?)) AND coalesce({_LOGIN}, '') NOT LIKE '%$'
          AND coalesce(login, '') NOT LIKE '%$@%' AND lower(src) NOT LIKE 'fe80:%' AND length(src) <= 255 AND length(dst) <= 255
        """,
        [noise, noise, [word for word in table["user_noise"] if word]],
    )
    connection.execute("DELETE FROM sign WHERE src = dst")
    connection.execute("DROP TABLE raw_sign")


def _attach(connection: duckdb.DuckDBPyConnection, table: dict[str, Any]) -> None:
    """Add what remote sessions started: by the logon id of the session, else the nearest session of the machine in time."""
    families = ", ".join(f"'{name}'" for name in _ATTACH_FAMILIES)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE arrival AS
        SELECT src, dst, login, session, occurred FROM sign WHERE "end" = 'target' AND family IN ({families})
        """
    )
    for spec in table["local"]:
        where, values = _conditions(spec)
        session = f"lower({_fields(spec['session'])})"
        # A process of WinRM or WMI is itself a remote one; a task or service may be anybody's, so its login must have come in.
        either = "a.login = local.login OR local.login IS NULL OR local.session = a.session"
        same_login = f"(a.login IS NULL OR {either})" if spec["family"] in ("winrm", "wmi") else f"({either})"
        person = (
            "true" if spec.get("by_system") else "local.login NOT LIKE '%$' AND local.login NOT IN (SELECT unnest(?))"
        )
        system = [] if spec.get("by_system") else [[word for word in table["user_noise"] if word]]
        connection.execute(
            f"""
            INSERT INTO sign
            WITH local AS (
                SELECT machine, {session} AS session,
                       nullif(split_part(regexp_extract(lower({_fields(spec["user"])}), '[^\\\\]*$'), '@', 1), '') AS login,
                       occurred, source, record, CAST(record_id AS VARCHAR) AS own
                FROM windows_true WHERE event_id = ? AND contains(lower(coalesce(channel, '')), ?) AND occurred IS NOT NULL AND {where}
            ),
            paired AS (
                SELECT local.*, a.src, coalesce(local.login, a.login) AS who,
                       row_number() OVER (PARTITION BY local.source, local.record ORDER BY
                           (local.session IS NOT NULL AND local.session = a.session) DESC, abs(epoch(local.occurred) - epoch(a.occurred)),
                           a.src) AS nearest
                FROM local JOIN arrival AS a ON a.dst = local.machine
                 AND (abs(epoch(local.occurred) - epoch(a.occurred)) <= ? OR local.session = a.session)
                 AND {same_login}
                WHERE {person}
            )
            SELECT ?, ?, ?, ?, 'target', src, machine, who, session, occurred, source, record, own FROM paired WHERE nearest = 1
            """,
            [spec["event_id"], spec["channel"], *values, float(table["attach"]), *system, *_kind(spec)],
        )
    connection.execute("DROP TABLE arrival")
