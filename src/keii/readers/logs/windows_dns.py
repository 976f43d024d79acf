"""The debug log of the Windows DNS server: one line for each packet; details of packets stay as generic lines."""

from __future__ import annotations

import re
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from keii.lake.schema import TIME
from keii.readers.logs.convert import convert
from keii.readers.logs.dialect import Dialect, Lines, by_pattern
from keii.readers.logs.frame import Columns, Spec
from keii.readers.logs.interface import Batch
from keii.readers.logs.local_time import placed

_DATE = r"(?:[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}|[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[0-9]{8}) [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?: [AP]M)?"
_LINE = (
    rf"^(?P<when>{_DATE}) (?P<thread>[0-9A-F]{{3,8}}) (?P<context>PACKET) +(?P<packet>[0-9A-F]{{8,16}}) "
    r"(?P<transport>UDP|TCP) (?P<direction>Rcv|Snd) (?P<remote>\S+) +(?P<id>[0-9a-f]{4})\s*(?P<reply>R?)\s*(?P<opcode>[A-Z?]) "
    r"\[(?P<flags>[0-9a-f]{4})(?P<letters>.{0,16}?)(?P<rcode>[A-Z]{3,10})?\] (?P<qtype>\S+) +(?P<question>.*?)\s*$"
)
_LABEL = re.compile(r"\((\d{1,3})\)")


def name_of(question: str | None) -> str | None:
    """Return ``www.example.com`` for ``(3)www(7)example(3)com(0)``; the text itself where it has no lengths."""
    if not question or not question.startswith("("):
        return question
    return ".".join(label for label in _LABEL.split(question)[2::2] if label) or "."


def _finish(columns: Columns, zone: str | None) -> None:
    """Times stand in the server's own zone and, in some countries, with the day first: see ``_when``."""
    values, frame = columns.values, columns.frame
    asked = frame.get("question").dictionary_encode()
    names = pa.array([name_of(item) for item in asked.dictionary.to_pylist()], pa.string())
    values["query"] = names.take(asked.indices)
    remote = frame.get("remote")
    received = pc.equal(frame.get("direction"), "Rcv")
    reply = pc.is_valid(frame.get("reply"))
    client = pc.not_equal(received, reply)  # the other end asked: it sends a question or is sent an answer
    client = pc.fill_null(client, fill_value=False)
    none = pa.scalar(None, pa.string())
    values["src_ip"], values["dst_ip"] = pc.if_else(client, remote, none), pc.if_else(client, none, remote)
    columns.taken |= {"remote": None, "question": None}
    values["rcode"] = pc.if_else(reply, frame.get("rcode"), none)
    local, sure = _when(frame.get("when"))
    values["occurred"], marks = placed(local, pc.is_valid(local), zone)
    doubt = pc.binary_join_element_wise(marks, "day-before-month", ",")
    frame.values["inferred"] = pc.if_else(sure, marks, doubt)  # type: ignore[attr-defined]


def _when(words: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return times as if in UTC, and where the order of day and month is certain.

    The order is that of the block's own lines: a first number above 12 says day first, else a second above 12 or a dot
    decides. Where nothing says it, it is month first as the server's default has it, and that is marked.
    """
    parts = pc.extract_regex(
        words,
        r"^(?P<a>[0-9]{1,4})[-/.](?P<b>[0-9]{1,2})[-/.](?P<c>[0-9]{1,4}) (?P<clock>[0-9:]{7,8})(?: (?P<half>[AP])M)?$",
    )
    a, b, c = (pc.struct_field(parts, name) for name in "abc")
    year_first = pc.equal(pc.utf8_length(a), 4)
    first, second = (pc.cast(pc.if_else(year_first, None, part), pa.int64()) for part in (a, b))
    day_first = _any(pc.greater(first, 12)) or _any(pc.match_substring(words, "."))
    certain = day_first or _any(pc.greater(second, 12))
    month, day = (b, a) if day_first else (a, b)
    month, day = pc.if_else(year_first, b, month), pc.if_else(year_first, c, day)
    year = pc.if_else(year_first, a, c)
    clock = pc.struct_field(parts, "clock")
    hour = pc.cast(pc.struct_field(pc.extract_regex(clock, r"^(?P<h>[0-9]{1,2}):"), "h"), pa.int64())
    half = pc.struct_field(parts, "half")
    hour = pc.if_else(
        pc.equal(half, "P"), pc.add(_modulo(hour), 12), pc.if_else(pc.equal(half, "A"), _modulo(hour), hour)
    )
    rest = pc.utf8_slice_codeunits(clock, -6)
    date = pc.binary_join_element_wise(year, _two(month), _two(day), "-")
    whole = pc.binary_join_element_wise(date, "T", _two(pc.cast(hour, pa.string())), rest, "Z", "")
    return convert(whole, TIME), pc.or_(year_first, pa.scalar(certain))


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())


def _two(text: pa.Array) -> pa.Array:
    return pc.utf8_lpad(text, 2, "0")


def _modulo(hour: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(hour, 12), 0, hour)


def _take(lines: Lines) -> tuple[list[Batch], pa.Array]:
    finish = partial(_finish, zone=lines.zone)
    spec = Spec(table="dns", columns={"query_type": ("qtype",)}, finish=finish)
    return by_pattern(lines, _LINE, spec, column="text")


DIALECT = Dialect(
    id="windows_dns",
    title="Windows DNS server debug log",
    sign=r"\b[0-9A-F]{3,8} PACKET +[0-9A-F]{8,16} (?:UDP|TCP) (?:Rcv|Snd) ",
    take=_take,
    tables=("dns",),
    times="local",
)
