"""Samba's full_audit and extd_audit modules: what users did with files of a share."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.dialect import NONE, Dialect, Lines, by_pattern, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch
from keii.readers.logs.web_address import is_address

# prefix (the administrator's choice, by default user|address of the client)|operation|result|what it was done to
_LINE = (
    r"(?:^|[\s:])(?P<prefix>[^|]*\|(?:[^|]*\|){0,8}?)(?P<operation>[a-z_]{3,40})\|"
    r"(?P<result>ok|fail(?: \([^|]*\))?)(?:\|(?P<object>.*))?$"
)
_ACTIONS = {
    "open": "open", "openat": "open", "create_file": "open", "close": "close", "read": "read", "pread": "read", "pread_send": "read",
    "pread_recv": "read", "sendfile": "read", "write": "write", "pwrite": "write", "pwrite_send": "write", "pwrite_recv": "write",
    "recvfile": "write", "unlink": "delete", "unlinkat": "delete", "rmdir": "delete", "rename": "rename", "renameat": "rename",
    "mkdir": "create", "mkdirat": "create", "connect": "tree-connect", "disconnect": "tree-disconnect", "opendir": "list",
    "fdopendir": "list", "readdir": "list", "chmod": "permissions", "fchmod": "permissions", "chown": "permissions",
    "ftruncate": "write",
}  # fmt: skip


def _finish(columns: Columns) -> None:
    """The parts of the prefix have no names: an address is the client; with one the part before it is the user."""
    values, frame = columns.values, columns.frame
    parts = [
        [part.strip() for part in text.split("|")[:-1]] for text in pc.fill_null(frame.get("prefix"), "").to_pylist()
    ]
    flat = pa.array([part for row in parts for part in row], pa.string())
    found = is_address(flat).to_pylist() if len(flat) else []
    users: list[str | None] = []
    clients: list[str | None] = []
    start = 0
    for row in parts:
        marks = found[start : start + len(row)]
        start += len(row)
        place = marks.index(True) if True in marks else None
        clients.append(row[place] if place is not None else None)
        users.append(next((part for part, mark in zip(row, marks, strict=True) if part and not mark), None))
    values["user"], values["src_ip"] = pa.array(users, pa.string()), pa.array(clients, pa.string())
    only_addresses(columns, "src_ip")
    operation = frame.get("operation")
    values["action"] = pc.coalesce(
        pa.array(list(_ACTIONS.values())).take(pc.index_in(operation, value_set=pa.array(list(_ACTIONS)))), operation
    )
    _objects(columns, operation)


def _objects(columns: Columns, operation: pa.Array) -> None:
    """The last part is the path; before it may stand how a file was opened. A tree connect names the share."""
    values = columns.values
    last = columns.frame.get("object")
    share = pc.is_in(operation, value_set=pa.array(["connect", "disconnect"]))
    created = pc.equal(operation, "create_file")
    opened = pc.or_(created, pc.is_in(operation, value_set=pa.array(["open", "openat"])))
    ways = pc.replace_substring_regex(last, r"^[rw]\|", "")
    path = pc.if_else(created, pc.replace_substring_regex(last, r"^[^|]*\|[^|]*\|[^|]*\|", ""), ways)
    renamed = pc.is_in(operation, value_set=pa.array(["rename", "renameat"]))
    path = pc.if_else(opened, path, pc.if_else(renamed, pc.replace_substring_regex(last, r"\|.*$", ""), last))
    values["path"] = pc.if_else(share, NONE, path)
    values["share"] = pc.if_else(share, last, NONE)
    columns.taken["object"] = pc.and_(pc.is_valid(last), pc.or_(opened, renamed))
    wrote = pc.fill_null(pc.match_substring_regex(last, r"^w\|"), fill_value=False)
    values["action"] = pc.if_else(pc.and_(opened, wrote), pa.scalar("write"), values["action"])


_SPEC = Spec(table="smb", columns={}, finish=_finish)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    return by_pattern(lines, _LINE, _SPEC, column="body")


DIALECT = Dialect(
    id="samba_audit",
    title="Samba full_audit",
    sign=r"\|[a-z_]{3,40}\|(?:ok|fail(?: \([^|]*\))?)(?:\||$)",
    take=_take,
    tables=("smb",),
)
