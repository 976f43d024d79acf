"""Logons that sshd, sudo, su, login, Samba and PAM tell of."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.readers.logs.dialect import NONE, Dialect, Lines, by_patterns, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

_COLUMNS = {
    "src_ip": ("src",),
    "src_port": ("spt",),
    "dst_ip": ("dst",),
    "dst_port": ("dpt",),
    "user": ("user",),
    "domain": ("domain",),
    "client_name": ("client",),
    "operation": ("operation",),
}


def _finish(columns: Columns) -> None:
    """A name where an address was expected is the client's; ``success`` follows the word that tells it."""
    values, frame = columns.values, columns.frame
    if "client_name" not in values and "src_ip" in values:
        values["client_name"] = values["src_ip"]
        only_addresses(columns, "src_ip")
        values["client_name"] = pc.if_else(pc.is_valid(values["src_ip"]), NONE, values["client_name"])
        columns.taken["src"] = None
    only_addresses(columns, "dst_ip")
    if "result" in frame.names:
        result = pc.utf8_lower(frame.get("result"))
        values["success"] = pc.match_substring_regex(result, r"^(accepted|nt_status_ok|session opened|successful)$")


def _forms() -> tuple[tuple[str, Spec], ...]:
    found = []
    for form in load("readers/logons")["forms"]:
        constants = {name: form[name] for name in ("protocol", "success", "operation") if name in form}
        columns: dict[str, tuple[str, ...]] = {
            name: fields for name, fields in _COLUMNS.items() if f"?P<{fields[0]}>" in form["pattern"]
        }
        found.append((form["pattern"], Spec(table="remote", columns=columns, constants=constants, finish=_finish)))
    return tuple(found)


_FORMS = _forms()


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS, column="body")


DIALECT = Dialect(
    id="logons",
    title="Unix logons (sshd, sudo, su, PAM, Samba)",
    sign=load("readers/logons")["sign"].replace(" |", "|"),
    take=_take,
    tables=("remote",),
)
