"""VPN sessions: OpenVPN, strongSwan and libreswan, WireGuard left aside as it logs none."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.readers.logs.dialect import NONE, Dialect, Lines, by_patterns, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch

_COLUMNS: dict[str, tuple[str, ...]] = {
    "src_ip": ("src",), "src_port": ("spt",), "dst_ip": ("dst",), "dst_port": ("dpt",), "user": ("user",), "client_name": ("client",),
}  # fmt: skip


def _finish(columns: Columns) -> None:
    only_addresses(columns, "src_ip", "dst_ip")
    if "client_name" in columns.values and "user" in columns.values:
        same = pc.equal(columns.values["client_name"], columns.values["user"])
        columns.values["client_name"] = pc.if_else(
            pc.fill_null(same, fill_value=False), NONE, columns.values["client_name"]
        )


def _forms() -> tuple[tuple[str, Spec], ...]:
    found = []
    for form in load("readers/vpn")["forms"]:
        constants = {"protocol": "vpn"} | {name: value for name, value in form.items() if name != "pattern"}
        columns = {name: fields for name, fields in _COLUMNS.items() if f"?P<{fields[0]}>" in form["pattern"]}
        found.append((form["pattern"], Spec(table="remote", columns=columns, constants=constants, finish=_finish)))
    return tuple(found)


_FORMS = _forms()


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_patterns(lines, _FORMS)


DIALECT = Dialect(
    id="vpn",
    title="VPN sessions (OpenVPN, strongSwan)",
    sign=load("readers/vpn")["sign"],
    take=_take,
    tables=("remote",),
)
