"""Linux audit logs: the lines of one event joined by its id, with what the kernel writes in hex decoded."""

from __future__ import annotations

import re
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from keii.readers.logs.dialect import Dialect, Lines, Record, only_addresses
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch
from keii.readers.logs.pairs import MOST, Event, put, routed

_HEAD = re.compile(
    r"(?:\bnode=(?P<node>\S{1,255}) )?(?:type=(?P<type>\S{1,64}) )?(?:msg=)?audit\((?P<at>\d{1,12})\.(?P<ms>\d{1,3}):(?P<id>\d{1,20})\):"
)
_PAIR = re.compile(r"""(?<![\w\-])([A-Za-z_][\w\-]{0,63})(?:\[\d{1,6}\])?=("[^"]*+"|'[^']*+'|[^\s'"]\S*+|)""")
_HEX = re.compile(r"(?:[0-9A-F]{2}){2,}\Z")
_ENCODED = re.compile(r"(?:proctitle|comm|exe|name|cwd|acct|cmd|data|key|vm|ocomm|path|a\d{1,4}(?:\[\d{1,6}\])?)\Z")
_LOGON = ("USER_LOGIN", "USER_AUTH", "USER_START", "USER_END", "USER_ACCT", "CRED_ACQ", "USER_LOGOUT", "USER_ERR", "ADD_USER",
          "USER_CHAUTHTOK", "GRP_AUTH")  # fmt: skip
_ARGUMENT = re.compile(r"a(\d{1,4})\Z")  # a1_len is none; of a1[0], a1[1] the name ends before the bracket
_EMPTY = ("?", "(null)", "(none)", "")
_ID = r"\baudit\((?P<id>[0-9]{1,12}\.[0-9]{1,3}:[0-9]{1,20})\):"
_NEAR = 256  # lines back from the end of a block in which an event that goes on has one
_HELD = 8 * 1024 * 1024  # bytes of lines that wait for the next block; with more, none waits
_LINES = 512  # lines of one event that are joined; an event with more begins anew


def decoded(key: str, value: str, kind: str) -> str:
    """Return a value as text: quotes taken off, hex of names, titles and arguments decoded, NULs as blanks."""
    if value[:1] in "\"'":
        return value[1:-1]
    if _ENCODED.match(key) and _HEX.match(value) and (key[0] != "a" or kind == "EXECVE" or key == "acct"):
        return bytes.fromhex(value).decode("utf-8", "backslashreplace").replace("\0", " ").rstrip()
    return value


def socket_end(saddr: str) -> tuple[str, str] | None:
    """Return address and port of a socket address in hex (AF_INET, AF_INET6 as x86 and arm64 write it); else None."""
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}){8,128}", saddr):
        return None
    raw = bytes.fromhex(saddr)
    port = str(int.from_bytes(raw[2:4], "big"))
    if raw[:2] == b"\2\0":
        return ".".join(str(byte) for byte in raw[4:8]), port
    if raw[:2] == b"\n\0" and len(raw) >= 24:
        return ":".join(raw[place : place + 2].hex() for place in range(8, 24, 2)), port
    return None


def _pairs(text: str, kind: str, record: Record) -> None:
    for found in islice(_PAIR.finditer(text), MOST):
        key, value = found.groups()
        if key == "msg" and value[:1] == "'":
            _pairs(value[1:-1], kind, record)
        elif (plain := decoded(key, value, kind)) not in _EMPTY and not (key in record and record[key] == plain):
            put(record, key, plain)


def _command(text: str) -> str:
    """Return the arguments of an EXECVE line as one command; the parts of a long argument are put together."""
    words: dict[int, str] = {}
    for key, value in islice(_PAIR.findall(text), MOST):
        if number := _ARGUMENT.match(key):
            place = int(number[1])
            words[place] = words.get(place, "") + decoded(key, value, "EXECVE")
    return " ".join(words[place] for place in sorted(words))


def _joined(lines: Lines) -> tuple[list[Event | None], list[str]]:
    """Return one event at the first line of each id, None elsewhere where a line has gone into an earlier one."""
    events: list[Event | None] = []
    open_events: dict[tuple[str | None, str, str], Event] = {}
    texts: list[str] = []
    for text in lines.text.to_pylist():
        head = _HEAD.search(text)
        if head is None:
            events.append(None)
            texts.append("unknown")
            continue
        key = (head["node"], head["at"], head["id"])
        event = open_events.get(key)
        if event is None or int(event.fields["lines"]) >= _LINES:
            at = int(head["at"]) * 1_000_000 + int(head["ms"].ljust(3, "0")) * 1_000
            event = open_events[key] = Event({"id": head["id"], "types": "", "lines": "0", "text": ""}, at)
            events.append(event)
            texts.append("first")
        else:
            events.append(None)
            texts.append("joined")
        _add(event.fields, head, text)
    return events, texts


def _open(lines: Lines) -> pa.Array:
    """Return which lines are of events that had a line among the last ones; none of an event with too many already.

    The kernel's lines of one event stand close together, but those of several events may alternate.
    """
    ids = pc.struct_field(pc.extract_regex(lines.tail, _ID), "id")
    late = pc.is_in(ids, value_set=pc.drop_null(pc.unique(ids[-_NEAR:])))
    counts = pc.value_counts(ids.filter(late))
    full = counts.field("values").filter(pc.greater_equal(counts.field("counts"), _LINES))
    open_ = pc.and_(late, pc.invert(pc.is_in(ids, value_set=full)))
    held = pc.sum(pc.binary_length(lines.text.filter(open_))).as_py() or 0
    return open_ if held <= _HELD else pa.repeat(pa.scalar(value=False), len(lines))


def _add(fields: Record, head: re.Match[str], text: str) -> None:
    kind = head["type"] or "kernel"
    if kind not in fields["types"].split(" "):
        fields["types"] = f"{fields['types']} {kind}".strip()
    fields["lines"] = str(int(fields["lines"]) + 1)
    fields["text"] = f"{fields['text']}\n{text}".strip()
    if kind == "EXECVE":
        fields["command"] = _command(text[head.end() :])
    elif len(fields) < MOST:
        _pairs(text[head.end() :], kind, fields)
    if head["node"] and "node" not in fields:
        fields["node"] = head["node"]
    if kind == "SOCKADDR" and (end := socket_end(fields.get("saddr", ""))):
        fields["address"], fields["port"] = end


def _route(fields: Record) -> str:
    if any(kind in _LOGON for kind in fields["types"].split(" ")):
        return "remote"
    return "network" if "address" in fields else "generic"


def _logon(columns: Columns) -> None:
    values = columns.values
    only_addresses(columns, "src_ip")
    if "res" in columns.frame.names:
        told = columns.frame.get("res").to_pylist()
        values["success"] = pa.array(
            [None if word is None else word in ("success", "1", "yes") for word in told], pa.bool_()
        )


_SPECS = {
    "remote": Spec(
        table="remote",
        columns={"src_ip": ("addr",), "user": ("acct",), "client_name": ("hostname",), "operation": ("types",), "service": ("exe",)},
        constants={"protocol": "audit"},
        finish=_logon,
    ),
    "network": Spec(table="network", columns={"dst_ip": ("address",), "dst_port": ("port",)}),
    "generic": Spec(table="generic", columns={"message": ("text",)}, constants={"log": "auditd"}),
}  # fmt: skip


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    events, places = _joined(lines)
    batches, _ = routed(lines, events, _route, _SPECS)
    return batches, pa.array([place != "unknown" for place in places], pa.bool_())


DIALECT = Dialect(
    id="auditd",
    title="Linux audit log (auditd)",
    sign=r"\baudit\([0-9]{1,12}\.[0-9]{1,3}:[0-9]{1,20}\):",
    take=_take,
    open=_open,
    tables=("network", "remote", "generic"),
    times="zoned",
)
