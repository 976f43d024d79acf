"""What the fields of each Zeek stream mean: ``data/zeek.yaml`` and the few columns that are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from keii.data import load
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.web_address import fill_url

_ENDS: dict[str, tuple[str, ...]] = {
    "src_ip": ("id.orig_h",),
    "src_port": ("id.orig_p",),
    "dst_ip": ("id.resp_h",),
    "dst_port": ("id.resp_p",),
    "uid": ("uid",),
}
_MESSAGE = ("msg", "message", "note", "name", "failure_reason", "query")


@cache
def spec(stream: str) -> Spec:
    """Return how a stream becomes a table; an unknown stream becomes ``generic`` with all its words."""
    entry = load("zeek").get(stream)
    if entry is None:
        columns: dict[str, tuple[str, ...]] = {"occurred": ("ts",), "message": _MESSAGE}
        return Spec(table="generic", columns=columns, constants={"log": f"zeek:{stream}"})
    columns = {"occurred": ("ts",)} | (_ENDS if entry.get("ends") else {})
    columns |= {column: tuple(names) for column, names in entry["columns"].items()}
    return Spec(
        table=entry["table"],
        columns={column: _spellings(names) for column, names in columns.items()},
        constants=entry.get("constants", {}),
        finish=_FINISH.get(entry.get("finish", "")),
    )


def _spellings(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(spelt for name in names for spelt in dict.fromkeys((name, name.replace(".", "_"))))


def _first_words(columns: Columns, column: str, separator: str = ",") -> None:
    """Keep the first of several values that a set was written as; the whole set goes to ``more``."""
    values = columns.values.get(column)
    if values is None or not pc.any(pc.match_substring(values, separator)).as_py():
        return
    several = pc.fill_null(pc.match_substring(values, separator), fill_value=False)
    columns.values[column] = pc.list_element(pc.split_pattern(values, separator, max_splits=1), 0)
    for name in spec_fields(columns, column):
        columns.taken[name] = several


def spec_fields(columns: Columns, column: str) -> tuple[str, ...]:
    """Return the source fields that a set column was filled from."""
    return tuple(name for name in _SETS.get(column, ()) if name in columns.taken)


_SETS = {
    "src_ip": ("tx_hosts",),
    "dst_ip": ("rx_hosts",),
    "uid": ("conn_uids",),
    "mime_type": ("resp_mime_types",),
    "certificate": ("cert_chain_fps",),
}


def _http(columns: Columns) -> None:
    _first_words(columns, "mime_type")
    fill_url(columns)


def _tls(columns: Columns) -> None:
    _first_words(columns, "certificate")
    if "certificate" in columns.values:
        columns.values["certificate"] = pc.utf8_lower(columns.values["certificate"])


def _files(columns: Columns) -> None:
    """Ends are sender and receiver: older Zeek names them, newer says whether the originator sent."""
    for column in ("src_ip", "dst_ip", "uid"):
        _first_words(columns, column)
    frame = columns.frame
    ends = {
        column: next((name for name in _spellings(names) if name in frame.names), None)
        for column, names in _ENDS.items()
    }
    if ends["src_ip"] is None or ends["dst_ip"] is None or "is_orig" not in frame.names:
        return
    got = Columns(frame)
    for column in ("src_ip", "src_port", "dst_ip", "dst_port"):
        got.fill(column, pa.string() if column.endswith("ip") else pa.int32(), _spellings(_ENDS[column]))
    got.fill("sent", pa.bool_(), ("is_orig",))
    if len(got.values) < 5:
        return
    sent = pc.fill_null(got.values["sent"], fill_value=True)
    for kind in ("ip", "port"):
        origin, responder = got.values[f"src_{kind}"], got.values[f"dst_{kind}"]
        for side, end in (("src", pc.if_else(sent, origin, responder)), ("dst", pc.if_else(sent, responder, origin))):
            told = columns.values.get(f"{side}_{kind}", end)
            columns.values[f"{side}_{kind}"] = pc.coalesce(end, told) if kind == "ip" else end
    columns.taken |= got.taken


_SMB_ACTIONS = {
    "OPEN": "open", "READ": "read", "WRITE": "write", "DELETE": "delete", "RENAME": "rename", "CLOSE": "close",
    "UNKNOWN": "unknown", "SET_ATTRIBUTE": "set-attribute",
}  # fmt: skip


def _smb_files(columns: Columns) -> None:
    """``SMB::FILE_OPEN`` → open; a root that Zeek writes as ``<share_root>`` stays as it is."""
    actions = columns.values.get("action")
    if actions is None:
        return
    words = actions.dictionary_encode()
    names = [_smb_action(item) for item in words.dictionary.to_pylist()]
    columns.values["action"] = pa.array(names, pa.string()).take(words.indices)


def _smb_action(text: str) -> str:
    plain = text.removeprefix("SMB::").removeprefix("FILE_").removeprefix("PRINT_").removeprefix("PIPE_")
    return _SMB_ACTIONS.get(plain, text)


def _rdp(columns: Columns) -> None:
    """The result says whether the connection was set up, not whether the logon succeeded; only failures are told."""
    if "result" not in columns.frame.names:
        return
    text = pc.utf8_lower(pc.cast(columns.frame.get("result"), pa.string()))
    failed = pc.match_substring_regex(text, "fail|failure")
    columns.values["success"] = pc.if_else(failed, pa.scalar(value=False), pa.scalar(None, pa.bool_()))


def _kerberos(columns: Columns) -> None:
    """The client is ``user/REALM``; a machine account keeps its ``$``."""
    client = columns.values.get("user")
    if client is None:
        return
    pairs = [_realm(item) for item in client.to_pylist()]
    columns.values["user"] = pa.array([user for user, _ in pairs], pa.string())
    columns.values["domain"] = pa.array([realm for _, realm in pairs], pa.string())


def _realm(client: str | None) -> tuple[str | None, str | None]:
    if client is None:
        return None, None
    user, slash, realm = client.rpartition("/")
    return (user or None, realm or None) if slash else (client or None, None)


def _dhcp(columns: Columns) -> None:
    """What happened, from the message types of the exchange; older Zeek logs only acknowledged leases."""
    rows = len(columns.frame.records)
    if "msg_types" in columns.frame.names:
        got = Columns(columns.frame)
        got.fill("types", pa.list_(pa.string()), ("msg_types",))
        actions = [_lease_action(item or []) for item in got.values["types"].to_pylist()]
    else:
        actions = ["assign"] * rows
    columns.values["action"] = pa.array(actions, pa.string())


def _lease_action(types: list[str]) -> str | None:
    if "RELEASE" in types:
        return "release"
    if "ACK" not in types or "INFORM" in types:
        return None
    return "assign" if "DISCOVER" in types else "renew"


def _capture_loss(columns: Columns) -> None:
    """Percent to a share of one."""
    if "lost_share" in columns.values:
        columns.values["lost_share"] = pc.divide(columns.values["lost_share"], 100.0)


_FINISH: dict[str, Callable[[Columns], None]] = {
    "http": _http,
    "tls": _tls,
    "files": _files,
    "smb_files": _smb_files,
    "rdp": _rdp,
    "kerberos": _kerberos,
    "dhcp": _dhcp,
    "capture_loss": _capture_loss,
}
